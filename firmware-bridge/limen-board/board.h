// What differs between boards: pins, memory that survives, watchdog.
#pragma once
#include <Arduino.h>

const uint8_t canRead = 1, canDrive = 2, canCount = 4, canMeasure = 8;

#if defined(__AVR_ATmega328P__)
#include "board-uno.h"
#elif defined(ARDUINO_ARCH_ESP32)
#include "board-esp32.h"
#else
#error "This sketch knows the Arduino Uno (ATmega328P) and the ESP32."
#endif
