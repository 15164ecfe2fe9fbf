// Arduino Uno and other boards with an ATmega328P at 16 MHz.
#pragma once
#include <avr/eeprom.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#define BOARD_NAME "uno"
#define COUNTER_CODE

const uint8_t pinCount = 20;
const uint8_t counterCount = 2;
const uint16_t analogFull = 1023;

// Pins 0 and 1 are the line to the host. The boot loader blinks pin 13 at each reset: never an output.
inline uint8_t pinCan(uint8_t pin) {
  if (pin < 2 || pin >= pinCount) return 0;
  uint8_t can = canRead;
  if (pin != 13) can |= canDrive;
  if (pin == 2 || pin == 3) can |= canCount;
  if (pin >= A0) can |= canMeasure;
  return can;
}

// Pins from here on are named A0, A1, ...
const uint8_t pinNamedFirst = A0;
const bool hasPullDown = false;
inline void setInput(uint8_t pin, uint8_t pull) { pinMode(pin, pull ? INPUT_PULLUP : INPUT); }

// Why the board started, read before anything can clear it. A boot loader may have cleared it before us.
uint8_t resetFlags __attribute__((section(".noinit")));
void keepResetFlags() __attribute__((naked, used, section(".init3")));
void keepResetFlags() {
  resetFlags = MCUSR;
  MCUSR = 0;
  // After a reset by the watchdog it still runs, with its shortest time.
  wdt_disable();
}
inline PGM_P resetReason() {
  if (resetFlags & _BV(WDRF)) return PSTR("watchdog");
  if (resetFlags & _BV(BORF)) return resetFlags & _BV(PORF) ? PSTR("power") : PSTR("brown_out");
  if (resetFlags & _BV(PORF)) return PSTR("power");
  if (resetFlags & _BV(EXTRF)) return PSTR("button");
  return PSTR("unknown");
}

// Switching an interrupt on can set it off: what was noted before is no pulse.
inline void forgetPulses() { EIFR = _BV(INTF0) | _BV(INTF1); }

inline void startWatchdog() { wdt_enable(WDTO_1S); }
inline void feedWatchdog() { wdt_reset(); }

// Sleeps until something happens: a byte, a pulse, a contact that moves, or the next millisecond.
EMPTY_INTERRUPT(PCINT0_vect)
EMPTY_INTERRUPT(PCINT1_vect)
EMPTY_INTERRUPT(PCINT2_vect)
inline void wakeAt(uint8_t pin) {
  *digitalPinToPCMSK(pin) |= _BV(digitalPinToPCMSKbit(pin));
  PCICR |= _BV(digitalPinToPCICRbit(pin));
}
inline void wakeAtNone() { PCICR = PCMSK0 = PCMSK1 = PCMSK2 = 0; }
inline void rest() {
  set_sleep_mode(SLEEP_MODE_IDLE);
  sleep_mode();
}

inline void memoryBegin() {}
inline uint8_t memoryRead(uint16_t at) { return eeprom_read_byte((const uint8_t *)at); }
// A byte takes 3.3 ms to write: it is begun here and nobody waits for it.
inline bool memoryReady() { return eeprom_is_ready(); }
inline void memoryWrite(uint16_t at, uint8_t value) { eeprom_write_byte((uint8_t *)at, value); }
inline bool memoryCommit() { return true; }
