// Bytes from the host, one after the other, to whole lines. Nothing is kept beyond one line, whatever comes in.
#pragma once
#include "session.h"

const uint8_t bodyBytesMax = lineBytesMax - 2;
char line[bodyBytesMax + 1];
uint8_t lineLength;
bool isInLine;

bool readCrc(const char *digits, uint16_t &crc) {
  crc = 0;
  for (uint8_t i = 0; i < 4; i++) {
    const char c = digits[i];
    if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F')) return false;
    crc = crc << 4 | (c <= '9' ? c - '0' : c - 'A' + 10);
  }
  return true;
}

void endOfLine() {
  isInLine = false;
  uint16_t said;
  if (lineLength < 5 || line[lineLength - 5] != '*' || !readCrc(line + lineLength - 4, said)) {
    return sendBadLine(PSTR("no_crc"));
  }
  lineLength -= 5;
  uint16_t crc = 0xFFFF;
  for (uint8_t i = 0; i < lineLength; i++) crc = crcOf(crc, line[i]);
  if (crc != said) return sendBadLine(PSTR("crc"));
  line[lineLength] = 0;
  takeLine(line);
}

void takeByte(uint8_t byte) {
  if (byte == '>') {
    // A line that began and never ended: its rest is lost, the new one is not.
    if (isInLine) badLines++;
    isInLine = true;
    lineLength = 0;
    return;
  }
  if (!isInLine || byte == '\r') return;
  if (byte == '\n') return endOfLine();
  const bool isText = byte >= ' ' && byte <= '~';
  if (isText && lineLength < bodyBytesMax) {
    line[lineLength++] = byte;
    return;
  }
  isInLine = false;
  sendBadLine(isText ? PSTR("long") : PSTR("garbage"));
}

// Stops when there is no room for an answer: the host waits for one before it sends the next line. The turns are bounded,
// so that no flood of bytes keeps the pins from their work.
void receive() {
  for (uint8_t i = 0; i < 16 && hasRoom() && Serial.available() > 0; i++) takeByte(Serial.read());
}
