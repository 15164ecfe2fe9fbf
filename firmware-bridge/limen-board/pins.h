// The pins at work: outputs are driven, inputs sampled. What is to be told is marked and told when there is room, so that
// the newest state always arrives; a sampled reading that is overtaken by the next one is counted.
#pragma once
#include "sender.h"
#include "settings.h"

enum OutReason : uint8_t { outStart, outHello, outCommand, outLease, outBye, outSettings };

struct PinState {
  uint32_t sum;      // in: changes seen; analog: sum of the samples
  uint32_t sinceMs;  // in: the raw level has stood since; analog: the interval began
  uint32_t toldMs;   // in, count: when it was told last; analog: the mean in hundredths
  uint8_t level;     // in: the level that counts; out: what is commanded
  uint8_t raw;       // in: the level read last; analog: samples taken; out: why it is so
  uint8_t isDue;     // to be told
} __attribute__((packed));

PinState states[pinCount];
uint16_t dropped;
uint8_t turn;  // whose turn it is to tell: no pin keeps another one waiting

// --- Outputs ---

// The level is set before the direction: an output never shows the other one, not for a microsecond.
void drive(uint8_t pin, uint8_t level, uint8_t reason) {
  digitalWrite(pin, level);
  pinMode(pin, OUTPUT);
  states[pin].level = level;
  states[pin].raw = reason;
  states[pin].isDue = true;
}
void driveSafe(uint8_t reason) {
  for (uint8_t pin = 0; pin < pinCount; pin++) {
    if (settings.pins[pin].mode == modeOut) drive(pin, settings.pins[pin].choice, reason);
  }
}

// --- Counters: an interrupt each ---

struct Counter {
  volatile uint32_t total;
  volatile uint32_t lastMs;
  uint8_t pin;
  uint8_t debounceMs;
};
Counter counters[4];
uint8_t countersUsed;

void COUNTER_CODE countPulse(uint8_t index) {
  Counter &counter = counters[index];
  const uint32_t now = millis();
  if (counter.debounceMs != 0 && now - counter.lastMs < counter.debounceMs) return;
  counter.lastMs = now;
  counter.total++;
}
void COUNTER_CODE onPulse0() { countPulse(0); }
void COUNTER_CODE onPulse1() { countPulse(1); }
void COUNTER_CODE onPulse2() { countPulse(2); }
void COUNTER_CODE onPulse3() { countPulse(3); }
void (*const pulseHandlers[])() = {onPulse0, onPulse1, onPulse2, onPulse3};

uint32_t totalOf(uint8_t pin) {
  uint32_t total = 0;
  noInterrupts();
  for (uint8_t i = 0; i < countersUsed; i++) {
    if (counters[i].pin == pin) total = counters[i].total;
  }
  interrupts();
  return total;
}
void startCounter(uint8_t pin) {
  if (countersUsed == counterCount) return;
  Counter &counter = counters[countersUsed];
  counter.total = 0;
  counter.pin = pin;
  counter.debounceMs = settings.pins[pin].debounceMs;
  counter.lastMs = millis() - counter.debounceMs;
  const uint8_t edge = settings.pins[pin].choice;
  noInterrupts();
  attachInterrupt(digitalPinToInterrupt(pin), pulseHandlers[countersUsed++],
                  edge == edgeRising ? RISING : edge == edgeFalling ? FALLING : CHANGE);
  forgetPulses();
  interrupts();
}

// --- All pins, from the settings ---

void startPin(uint8_t pin, uint32_t now) {
  const PinSetting &setting = settings.pins[pin];
  PinState &state = states[pin];
  memset(&state, 0, sizeof state);
  state.sinceMs = now;
  if (setting.mode == modeOut) return;
  if (pinCan(pin) == 0) return;
  setInput(pin, setting.pull);
  if (setting.mode == modeAnalog) return;
  state.toldMs = now;
  state.isDue = setting.mode == modeIn || setting.mode == modeCount;
  if (setting.mode == modeIn) {
    wakeAt(pin);
    state.level = state.raw = digitalRead(pin);
  }
  if (setting.mode == modeCount) startCounter(pin);
}
void startPins(uint8_t reason) {
  while (countersUsed > 0) detachInterrupt(digitalPinToInterrupt(counters[--countersUsed].pin));
  wakeAtNone();
  const uint32_t now = millis();
  for (uint8_t pin = 0; pin < pinCount; pin++) startPin(pin, now);
  driveSafe(reason);
}

// --- Sampling ---

void sampleIn(uint8_t pin, uint32_t now) {
  PinState &state = states[pin];
  const PinSetting &setting = settings.pins[pin];
  const uint8_t level = digitalRead(pin);
  if (level != state.raw) {
    state.raw = level;
    state.sinceMs = now;
  }
  if (level != state.level && now - state.sinceMs >= setting.debounceMs) {
    state.level = level;
    state.sum++;
    state.isDue = true;
  }
  if (now - state.toldMs >= setting.everyMs) state.isDue = true;
}

// The samples are spread evenly over the interval; the mean of all is one reading.
void sampleAnalog(uint8_t pin, uint32_t now) {
  PinState &state = states[pin];
  const PinSetting &setting = settings.pins[pin];
  const uint8_t samples = setting.debounceMs;
  const uint32_t dueMs = (uint32_t)setting.everyMs * (state.raw + 1) / samples;
  if (now - state.sinceMs < dueMs) return;
  // The first look after a change of channel still holds a trace of the other one.
  analogRead(pin);
  state.sum += analogRead(pin);
  if (++state.raw < samples) return;
  if (state.isDue) dropped++;
  state.toldMs = (state.sum * 100 + samples / 2) / samples;
  state.isDue = true;
  state.sum = 0;
  state.raw = 0;
  // After a long pause of the board it does not run after the time it lost.
  state.sinceMs = now - state.sinceMs < 2UL * setting.everyMs ? state.sinceMs + setting.everyMs : now;
}

void samplePins() {
  const uint32_t now = millis();
  for (uint8_t pin = 0; pin < pinCount; pin++) {
    switch (settings.pins[pin].mode) {
      case modeIn: sampleIn(pin, now); break;
      case modeAnalog: sampleAnalog(pin, now); break;
      case modeCount:
        if (now - states[pin].toldMs >= settings.pins[pin].everyMs) states[pin].isDue = true;
        break;
    }
  }
}

// --- Telling ---

PGM_P reasonText(uint8_t reason) {
  switch (reason) {
    case outHello: return PSTR("hello");
    case outCommand: return PSTR("command");
    case outLease: return PSTR("lease");
    case outBye: return PSTR("bye");
    case outSettings: return PSTR("settings");
    default: return PSTR("start");
  }
}

void tellPin(uint8_t pin) {
  PinState &state = states[pin];
  const uint8_t mode = settings.pins[pin].mode;
  state.isDue = false;
  switch (mode) {
    case modeAnalog:
      beginLine(PSTR("analog "));
      putPin(pin);
      putField(state.toldMs / 100);
      put('.');
      put('0' + state.toldMs / 10 % 10);
      put('0' + state.toldMs % 10);
      break;
    case modeIn:
      beginLine(PSTR("in "));
      putPin(pin);
      putField(state.level);
      putField(state.sum);
      break;
    case modeCount:
      beginLine(PSTR("count "));
      putPin(pin);
      putField(totalOf(pin));
      break;
    default:
      beginLine(PSTR("out "));
      putPin(pin);
      // Read back at the pin itself: a short circuit shows here.
      putField(digitalRead(pin));
      put(' ');
      putText(reasonText(state.raw));
  }
  if (mode == modeIn || mode == modeCount) state.toldMs = millis();
  endLine();
}

// One line at a time, beginning where the last one ended.
void tellPins() {
  for (uint8_t i = 0; i < pinCount && hasRoomForReading(); i++) {
    turn = turn + 1 < pinCount ? turn + 1 : 0;
    if (!states[turn].isDue) continue;
    tellPin(turn);
    return;
  }
}
