// The words and numbers of one line from the host, read from left to right.
#pragma once
#include "board.h"
#include "settings.h"

char *words;  // the rest of the line, ends with a zero

// The next word, or an empty one. It overwrites the space behind it: a line is read once.
const char *nextWord() {
  const char *word = words;
  while (*words != 0 && *words != ' ') words++;
  if (*words == ' ') *words++ = 0;
  return word;
}
inline bool isEnd() { return *words == 0; }
inline bool is(const char *word, PGM_P text) { return strcmp_P(word, text) == 0; }

// Digits and nothing else, no zero before others, within the limits.
bool readNumber(const char *word, uint32_t min, uint32_t max, uint32_t &number) {
  if (*word == 0 || (*word == '0' && word[1] != 0)) return false;
  number = 0;
  for (; *word != 0; word++) {
    const uint8_t digit = *word - '0';
    if (digit > 9 || number > (0xFFFFFFFF - digit) / 10) return false;
    number = number * 10 + digit;
  }
  return number >= min && number <= max;
}
inline bool nextNumber(uint32_t min, uint32_t max, uint32_t &number) {
  return readNumber(nextWord(), min, max, number);
}
bool nextHex(uint8_t digits, uint32_t &number) {
  const char *word = nextWord();
  number = 0;
  for (; digits > 0; digits--, word++) {
    const char c = *word;
    if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F')) return false;
    number = number << 4 | (c <= '9' ? c - '0' : c - 'A' + 10);
  }
  return *word == 0;
}
bool nextPin(uint8_t &pin) {
  const char *word = nextWord();
  const bool isNamed = *word == 'A';
  if (isNamed && pinNamedFirst >= pinCount) return false;
  uint32_t number;
  if (!readNumber(isNamed ? word + 1 : word, 0, 99, number)) return false;
  number += isNamed ? pinNamedFirst : 0;
  if (number >= pinCount || (!isNamed && number >= pinNamedFirst)) return false;
  pin = number;
  return pinCan(pin) != 0;
}
// The place of the next word in a list of words that are divided by spaces, or `end`.
uint8_t nextChoice(PGM_P list, uint8_t end) {
  const char *word = nextWord();
  for (uint8_t i = 0; i < end; i++) {
    const char *c = word;
    char listed;
    while ((listed = pgm_read_byte(list)) != 0 && listed != ' ' && listed == *c) list++, c++;
    if (*c == 0 && c != word && (listed == 0 || listed == ' ')) return i;
    while ((listed = pgm_read_byte(list)) != 0 && listed != ' ') list++;
    if (listed == ' ') list++;
  }
  return end;
}
