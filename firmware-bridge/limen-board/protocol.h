// The constants of firmware-bridge/protocol.md. The host's are in firmware-bridge/host/protocol.ts; a test compares them.
#pragma once
#include <Arduino.h>

#define FIRMWARE_VERSION "1.0.0"
#define PROTOCOL_VERSION 1

const uint32_t baudRate = 115200;
// Bytes of one line with everything: start character, body, star, CRC, newline.
const uint8_t lineBytesMax = 120;
const uint32_t leaseDefaultMs = 10000;
const uint32_t leaseMsMin = 1000;
const uint32_t leaseMsMax = 600000;
const uint16_t everyMsMin = 20;
const uint16_t everyMsMax = 60000;
const uint8_t samplesMax = 64;
const uint8_t debounceMsMax = 250;
const uint16_t beatEveryMs = 1000;

// CRC-16/CCITT-FALSE, one byte: polynomial 0x1021, begins with 0xFFFF.
inline uint16_t crcOf(uint16_t crc, uint8_t byte) {
  crc ^= (uint16_t)byte << 8;
  for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
}
