// ESP32 (the classic one, with the Arduino core of Espressif).
#pragma once
#include <EEPROM.h>
#include <esp_system.h>

#define BOARD_NAME "esp32"
#define COUNTER_CODE IRAM_ATTR

const uint8_t pinCount = 40;
const uint8_t counterCount = 4;
const uint16_t analogFull = 4095;

// Left out: flash (6-11), serial line (1, 3), and pins that decide how the chip starts (0, 2, 5, 12, 15).
inline uint8_t pinCan(uint8_t pin) {
  if (pin >= pinCount) return 0;
  const bool isInputOnly = pin >= 34;
  const bool isFree = pin == 4 || pin == 13 || pin == 14 || (pin >= 16 && pin <= 19) ||
                      (pin >= 21 && pin <= 23) || (pin >= 25 && pin <= 27) || pin == 32 || pin == 33;
  if (!isFree && !isInputOnly) return 0;
  uint8_t can = canRead | canCount;
  if (!isInputOnly) can |= canDrive;
  // Only the first converter: the second one stands still while Wi-Fi runs.
  if (pin >= 32) can |= canMeasure;
  return can;
}

const uint8_t pinNamedFirst = 255;
const bool hasPullDown = true;
inline void setInput(uint8_t pin, uint8_t pull) {
  pinMode(pin, pull == 1 ? INPUT_PULLUP : pull == 2 ? INPUT_PULLDOWN : INPUT);
}

inline PGM_P resetReason() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON: return PSTR("power");
    case ESP_RST_EXT: return PSTR("button");
    case ESP_RST_BROWNOUT: return PSTR("brown_out");
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT: return PSTR("watchdog");
    default: return PSTR("unknown");
  }
}

inline void forgetPulses() {}

inline void startWatchdog() { enableLoopWDT(); }
inline void feedWatchdog() {}

// It does not sleep: a contact is looked at all the time.
inline void wakeAt(uint8_t) {}
inline void wakeAtNone() {}
inline void rest() {}

inline void memoryBegin() { EEPROM.begin(1024); }
inline uint8_t memoryRead(uint16_t at) { return EEPROM.read(at); }
inline bool memoryReady() { return true; }
inline void memoryWrite(uint16_t at, uint8_t value) { EEPROM.write(at, value); }
inline bool memoryCommit() { return EEPROM.commit(); }
