// Stands in for Arduino's Servo library, which Debian does not have: real pulses of 20 ms frames by timer 1.
#pragma once
#include <Arduino.h>
#define MIN_PULSE_WIDTH 544
#define MAX_PULSE_WIDTH 2400
#define MAX_SERVOS 4

class Servo;
static Servo *attachedServos[MAX_SERVOS];

class Servo {
public:
  uint8_t attach(int pin, int low = MIN_PULSE_WIDTH, int high = MAX_PULSE_WIDTH) {
    min = low;
    max = high;
    pinMode(pin, OUTPUT);
    this->pin = pin;
    for (Servo *&place : attachedServos) {
      if (place != 0 && place != this) continue;
      place = this;
      break;
    }
    TCCR1A = 0;
    TCCR1B = _BV(CS11);
    TIMSK1 |= _BV(OCIE1A);
    return 0;
  }
  void detach() {
    for (Servo *&place : attachedServos) if (place == this) place = 0;
    digitalWrite(pin, LOW);
  }
  bool attached() {
    for (Servo *place : attachedServos) if (place == this) return true;
    return false;
  }
  void write(int value) {
    micros = value < MIN_PULSE_WIDTH ? map(constrain(value, 0, 180), 0, 180, min, max) : value;
  }
  uint8_t pin;
  volatile int micros = 1500;
private:
  int min, max;
};

// One servo after the other, 5 ms each.
ISR(TIMER1_COMPA_vect) {
  static uint8_t at;
  static bool isHigh;
  Servo *servo = attachedServos[at];
  uint16_t wait = 5000;
  if (servo != 0) {
    digitalWrite(servo->pin, !isHigh);
    wait = isHigh ? 5000 - servo->micros : servo->micros;
    isHigh = !isHigh;
  }
  if (!isHigh) at = (at + 1) % MAX_SERVOS;
  OCR1A += wait * 2;
}
