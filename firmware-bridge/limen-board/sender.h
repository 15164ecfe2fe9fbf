// Lines to the host. A line is written into a queue whole or not at all, and the queue is emptied as fast as the port
// takes it: nothing here waits.
#pragma once
#include "board.h"
#include "protocol.h"

uint8_t queue[256];  // its indices wrap by themselves
uint8_t queueHead, queueTail;
uint16_t lineSeq;
uint16_t lineCrc;

inline uint8_t queueFree() { return 255 - (uint8_t)(queueHead - queueTail); }
// Answers may fill the queue; readings leave room for one answer.
inline bool hasRoom() { return queueFree() >= lineBytesMax; }
inline bool hasRoomForReading() { return queueFree() >= lineBytesMax + 60; }

void emptyQueue() {
  while (queueTail != queueHead && Serial.availableForWrite() > 0) Serial.write(queue[queueTail++]);
}

inline void put(char c) {
  lineCrc = crcOf(lineCrc, c);
  queue[queueHead++] = c;
}
void putText(PGM_P text) {
  while (const char c = pgm_read_byte(text++)) put(c);
}
void putNumber(uint32_t number) {
  char digits[10];
  uint8_t count = 0;
  do digits[count++] = '0' + number % 10;
  while (number /= 10);
  while (count) put(digits[--count]);
}
void putHex(uint32_t number, uint8_t digits) {
  while (digits--) {
    const uint8_t digit = (number >> (4 * digits)) & 15;
    put(digit < 10 ? '0' + digit : 'A' - 10 + digit);
  }
}
void putPin(uint8_t pin) {
  if (pin >= pinNamedFirst) put('A');
  putNumber(pin >= pinNamedFirst ? pin - pinNamedFirst : pin);
}
void putField(uint32_t number) {
  put(' ');
  putNumber(number);
}
void putKey(PGM_P key) {
  put(' ');
  putText(key);
  put('=');
}

// The caller has looked for room.
void beginLine(PGM_P word) {
  queue[queueHead++] = '<';
  lineCrc = 0xFFFF;
  putNumber(lineSeq++);
  putField(millis());
  put(' ');
  putText(word);
}
void endLine() {
  const uint16_t crc = lineCrc;
  put('*');
  putHex(crc, 4);
  put('\n');
}
