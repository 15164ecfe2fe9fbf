// The conversation with the host: who it is, whether it still lives, and what it commands. Each line of the host gets one
// answer. A function that carries out a command returns the reason of its refusal, or null.
#pragma once
#include "pins.h"
#include "words.h"

const char modeWords[] PROGMEM = "off in out count analog";
const char pullWords[] PROGMEM = "none up down";
const char edgeWords[] PROGMEM = "rising falling both";

uint16_t session;  // 0: nobody is there, and every output is safe
uint16_t hostSeq;
uint32_t leaseFromMs;
uint32_t beatAtMs;
uint16_t badLines;

PGM_P answer;        // of the last line: null is yes
bool isAnswerOpen;   // it comes later
enum Telling : uint8_t { tellHello, tellCans, tellPinsFirst = tellCans + 4, tellEnd = tellPinsFirst + pinCount };
uint8_t telling = tellEnd + 1;

void sendAnswer(uint16_t seq, PGM_P refusal) {
  beginLine(refusal ? PSTR("err") : PSTR("ack"));
  putField(seq);
  if (refusal) {
    put(' ');
    putText(refusal);
  }
  endLine();
}
// About a line whose number cannot be trusted.
void sendBadLine(PGM_P reason) {
  badLines++;
  beginLine(PSTR("err - "));
  putText(reason);
  endLine();
}
void closeAnswer(PGM_P refusal) {
  isAnswerOpen = false;
  answer = refusal;
  sendAnswer(hostSeq, refusal);
}

// --- Telling who the board is ---

void tellWho() {
  beginLine(PSTR("hello limen "));
  putNumber(PROTOCOL_VERSION);
  putText(PSTR(" fw=" FIRMWARE_VERSION " board=" BOARD_NAME));
  putKey(PSTR("id"));
  putHex(settings.id, 8);
  putKey(PSTR("lease"));
  putNumber(settings.leaseMs);
  putKey(PSTR("saves"));
  putNumber(saves);
  putKey(PSTR("adc"));
  putNumber(analogFull);
  putKey(PSTR("why"));
  putText(resetReason());
  endLine();
}
// `can out 2-12 A0-A5`: the pins that can do something, as ranges.
void tellCan(uint8_t index) {
  const uint8_t bit = index == 0 ? canRead : index == 1 ? canDrive : index == 2 ? canCount : canMeasure;
  beginLine(PSTR("can "));
  putText(index == 0 ? PSTR("in") : index == 1 ? PSTR("out") : index == 2 ? PSTR("count") : PSTR("analog"));
  for (uint8_t pin = 0; pin < pinCount; pin++) {
    if (!(pinCan(pin) & bit)) continue;
    put(' ');
    putPin(pin);
    const uint8_t first = pin;
    while (pin + 1 < pinCount && pin + 1 != pinNamedFirst && (pinCan(pin + 1) & bit)) pin++;
    if (pin == first) continue;
    put('-');
    putPin(pin);
  }
  endLine();
}
void putWordOf(PGM_P list, uint8_t index) {
  put(' ');
  while (index > 0) {
    if (pgm_read_byte(list++) == ' ') index--;
  }
  while (pgm_read_byte(list) != 0 && pgm_read_byte(list) != ' ') put(pgm_read_byte(list++));
}
// The same words as the command that made it so.
void tellSetting(uint8_t pin) {
  const PinSetting &setting = settings.pins[pin];
  beginLine(PSTR("pin "));
  putPin(pin);
  putWordOf(modeWords, setting.mode);
  if (setting.mode == modeOut) putField(setting.choice);
  if (setting.mode == modeIn || setting.mode == modeCount) putWordOf(pullWords, setting.pull);
  if (setting.mode == modeCount) putWordOf(edgeWords, setting.choice);
  if (setting.mode == modeIn || setting.mode == modeCount) putField(setting.debounceMs);
  if (setting.mode != modeOut) putField(setting.everyMs);
  if (setting.mode == modeAnalog) putField(setting.debounceMs);
  endLine();
}
// After a hello: who, what it can, what it is set to, and then the answer. One line at a time, as there is room.
void stepTelling() {
  if (telling > tellEnd || !hasRoom()) return;
  const uint8_t step = telling++;
  if (step == tellHello) return tellWho();
  if (step < tellPinsFirst) return tellCan(step - tellCans);
  if (step == tellEnd) return closeAnswer(0);
  const uint8_t pin = step - tellPinsFirst;
  if (settings.pins[pin].mode != modeOff) tellSetting(pin);
}

// --- Commands ---

PGM_P doHello() {
  uint32_t version, number;
  if (!nextNumber(0, 65535, version)) return PSTR("bad_args");
  if (version != PROTOCOL_VERSION) return PSTR("version");
  if (!nextNumber(1, 65535, number) || !isEnd()) return PSTR("bad_args");
  session = number;
  leaseFromMs = millis();
  draft = settings;
  // Whoever greets does not know what was commanded before.
  driveSafe(outHello);
  for (uint8_t pin = 0; pin < pinCount; pin++) {
    const uint8_t mode = settings.pins[pin].mode;
    if (mode == modeIn || mode == modeCount) states[pin].isDue = true;
  }
  telling = tellHello;
  isAnswerOpen = true;
  return 0;
}

PGM_P doSet() {
  uint8_t pin;
  if (!nextPin(pin)) return PSTR("bad_pin");
  if (settings.pins[pin].mode != modeOut) return PSTR("not_output");
  uint32_t level, byMs;
  if (!nextNumber(0, 1, level)) return PSTR("bad_value");
  if (!isEnd()) {
    if (!nextNumber(0, 0xFFFFFFFF, byMs) || !isEnd()) return PSTR("bad_args");
    if ((int32_t)(millis() - byMs) > 0) return PSTR("late");
  }
  drive(pin, level, outCommand);
  return 0;
}

PGM_P doBeat() {
  if (!isEnd()) return PSTR("bad_args");
  leaseFromMs = millis();
  return 0;
}

void endSession(uint8_t reason) {
  session = 0;
  if (telling <= tellEnd) isAnswerOpen = false;
  telling = tellEnd + 1;
  driveSafe(reason);
}
PGM_P doBye() {
  if (!isEnd()) return PSTR("bad_args");
  endSession(outBye);
  return 0;
}

PGM_P readPinSetting(uint8_t pin, PinSetting &setting) {
  uint32_t number;
  setting.mode = nextChoice(modeWords, modeEnd);
  const uint8_t can = pinCan(pin);
  switch (setting.mode) {
    case modeOff: break;
    case modeOut:
      if (!(can & canDrive)) return PSTR("cannot");
      if (!nextNumber(0, 1, number)) return PSTR("bad_value");
      setting.choice = number;
      break;
    case modeIn:
    case modeCount:
      if (!(can & (setting.mode == modeIn ? canRead : canCount))) return PSTR("cannot");
      setting.pull = nextChoice(pullWords, hasPullDown ? pullEnd : pullDown);
      if (setting.pull == pullEnd || (setting.pull == pullDown && !hasPullDown)) return PSTR("bad_args");
      if (setting.mode == modeCount) {
        setting.choice = nextChoice(edgeWords, edgeEnd);
        if (setting.choice == edgeEnd) return PSTR("bad_args");
      }
      if (!nextNumber(0, debounceMsMax, number)) return PSTR("bad_value");
      setting.debounceMs = number;
      break;
    case modeAnalog:
      if (!(can & canMeasure)) return PSTR("cannot");
      break;
    default: return PSTR("bad_args");
  }
  if (setting.mode == modeOff || setting.mode == modeOut) return 0;
  if (!nextNumber(everyMsMin, everyMsMax, number)) return PSTR("bad_value");
  setting.everyMs = number;
  if (setting.mode != modeAnalog) return 0;
  if (!nextNumber(1, samplesMax, number) || number > setting.everyMs) return PSTR("bad_value");
  setting.debounceMs = number;
  return 0;
}

PGM_P doPin() {
  uint8_t pin;
  if (!nextPin(pin)) return PSTR("bad_pin");
  PinSetting setting;
  memset(&setting, 0, sizeof setting);
  PGM_P refusal = readPinSetting(pin, setting);
  if (refusal) return refusal;
  if (!isEnd()) return PSTR("bad_args");
  if (setting.mode == modeCount) {
    uint8_t count = 0;
    for (uint8_t i = 0; i < pinCount; i++) count += i != pin && draft.pins[i].mode == modeCount;
    if (count >= counterCount) return PSTR("full");
  }
  draft.pins[pin] = setting;
  return 0;
}
PGM_P doLease() {
  uint32_t number;
  if (!nextNumber(leaseMsMin, leaseMsMax, number) || !isEnd()) return PSTR("bad_value");
  draft.leaseMs = number;
  return 0;
}
PGM_P doId() {
  uint32_t number;
  if (!nextHex(8, number) || number == 0 || !isEnd()) return PSTR("bad_value");
  if (draft.id != 0 && draft.id != number) return PSTR("has_id");
  draft.id = number;
  return 0;
}
PGM_P doFactory() {
  if (!isEnd()) return PSTR("bad_args");
  makeBlank(draft);
  return 0;
}
// Answered when the new settings are in memory and at work. What is there already is not written again.
PGM_P doSave() {
  if (!isEnd()) return PSTR("bad_args");
  if (saves != 0 && memcmp(&draft, &settings, sizeof draft) == 0) return 0;
  beginSave();
  isAnswerOpen = true;
  return 0;
}
void finishSave() {
  if (saveStep == saveDone) {
    settings = saving.settings;
    startPins(outSettings);
    closeAnswer(0);
  } else if (saveStep == saveFailed) {
    closeAnswer(PSTR("memory"));
  } else {
    return;
  }
  saveStep = saveIdle;
}

PGM_P carryOut(const char *word) {
  if (is(word, PSTR("hello"))) return doHello();
  if (session == 0) return PSTR("no_session");
  if (is(word, PSTR("set"))) return doSet();
  if (is(word, PSTR("beat"))) return doBeat();
  if (is(word, PSTR("bye"))) return doBye();
  if (is(word, PSTR("pin"))) return doPin();
  if (is(word, PSTR("lease"))) return doLease();
  if (is(word, PSTR("id"))) return doId();
  if (is(word, PSTR("factory"))) return doFactory();
  if (is(word, PSTR("save"))) return doSave();
  return PSTR("unknown");
}

// One whole line whose CRC is right, without start and CRC.
void takeLine(char *line) {
  words = line;
  uint32_t seq;
  if (!nextNumber(0, 65535, seq)) return sendBadLine(PSTR("no_seq"));
  const char *word = nextWord();
  const bool isHello = is(word, PSTR("hello"));
  // A new host may greet while the board still answers the greeting of another one.
  if (isAnswerOpen && !(isHello && saveStep == saveIdle)) {
    // The same line again, while its answer is still to come, is no second command.
    if (seq == hostSeq && !isHello) return;
    // A save takes half a second: the lease must not run out over it.
    if (session != 0 && is(word, PSTR("beat"))) return sendAnswer(seq, doBeat());
    return sendAnswer(seq, PSTR("busy"));
  }
  if (session != 0 && !isHello) {
    if (seq == hostSeq) return sendAnswer(seq, answer);
    if ((int16_t)(seq - hostSeq) < 0) return sendAnswer(seq, PSTR("old"));
  }
  PGM_P refusal = carryOut(word);
  // A greeting that is refused takes nothing from the one that is still to be answered.
  if (refusal && isAnswerOpen) return sendAnswer(seq, refusal);
  hostSeq = seq;
  answer = refusal;
  if (!isAnswerOpen) sendAnswer(seq, answer);
}

// --- Time ---

void watchLease() {
  if (session == 0 || millis() - leaseFromMs < settings.leaseMs) return;
  endSession(outLease);
}
// A lease can be over that is not noticed yet: time went on, or a save has made it shorter.
uint32_t leaseLeft(uint32_t now) {
  const uint32_t gone = now - leaseFromMs;
  return session == 0 || gone >= settings.leaseMs ? 0 : settings.leaseMs - gone;
}
void tellBeat() {
  if (millis() - beatAtMs < beatEveryMs || !hasRoom()) return;
  beatAtMs = millis();
  beginLine(PSTR("beat"));
  putField(session);
  putField(leaseLeft(beatAtMs));
  putField(badLines);
  putField(dropped);
  endLine();
}
