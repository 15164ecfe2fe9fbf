// What the board knows before anybody speaks to it: its id, the lease, and what each pin is for. It is kept twice in
// memory that survives; a save goes to the older copy, its CRC last, so that a power cut in between loses nothing.
#pragma once
#include "board.h"
#include "protocol.h"

enum PinMode : uint8_t { modeOff, modeIn, modeOut, modeCount, modeAnalog, modeEnd };
enum Pull : uint8_t { pullNone, pullUp, pullDown, pullEnd };
enum Edge : uint8_t { edgeRising, edgeFalling, edgeBoth, edgeEnd };

struct PinSetting {
  uint8_t mode;
  uint8_t pull;        // in, count
  uint8_t choice;      // out: the safe level; count: the edge
  uint8_t debounceMs;  // in, count; analog: how many samples make one reading
  uint16_t everyMs;    // in, count, analog
} __attribute__((packed));

struct Settings {
  uint32_t id;
  uint32_t leaseMs;
  PinSetting pins[pinCount];
} __attribute__((packed));

struct SettingsCopy {
  uint16_t saves;
  Settings settings;
  uint16_t crc;
} __attribute__((packed));

Settings settings;  // what the board runs on: always what the memory holds
Settings draft;     // what the host is changing
uint16_t saves;     // 0: never saved, or nothing readable

const uint8_t settingsFormat = 1;
uint8_t presentCopy = 1;

inline uint16_t copyStart(uint8_t copy) { return (uint16_t)copy * sizeof(SettingsCopy); }

void makeBlank(Settings &blank) {
  memset(&blank, 0, sizeof blank);
  blank.leaseMs = leaseDefaultMs;
}

// Begins with the format: settings of another layout are not taken for these.
inline uint16_t firstCrc() { return crcOf(0xFFFF, settingsFormat); }

bool readCopy(uint8_t copy, Settings &into, uint16_t &savesOf) {
  SettingsCopy found;
  uint8_t *bytes = (uint8_t *)&found;
  uint16_t crc = firstCrc();
  for (uint16_t i = 0; i < sizeof found; i++) {
    bytes[i] = memoryRead(copyStart(copy) + i);
    if (i < sizeof found - sizeof found.crc) crc = crcOf(crc, bytes[i]);
  }
  if (crc != found.crc || found.saves == 0) return false;
  into = found.settings;
  savesOf = found.saves;
  return true;
}

void loadSettings() {
  makeBlank(settings);
  uint16_t savesOf;
  for (uint8_t copy = 0; copy < 2; copy++) {
    if (!readCopy(copy, draft, savesOf)) continue;
    if (saves != 0 && (int16_t)(savesOf - saves) < 0) continue;
    settings = draft;
    saves = savesOf;
    presentCopy = copy;
  }
  draft = settings;
}

// --- The save, one byte at a time ---

enum SaveStep : uint8_t { saveIdle, saveRunning, saveDone, saveFailed };
SaveStep saveStep = saveIdle;
uint16_t saveAt;
SettingsCopy saving;

void beginSave() {
  saving.saves = saves == 0xFFFF ? 1 : saves + 1;
  saving.settings = draft;
  uint16_t crc = firstCrc();
  for (uint16_t i = 0; i < sizeof saving - sizeof saving.crc; i++) {
    crc = crcOf(crc, ((uint8_t *)&saving)[i]);
  }
  saving.crc = crc;
  saveAt = 0;
  saveStep = saveRunning;
}

// Writes at most one byte and never waits for it.
void stepSave() {
  if (saveStep != saveRunning || !memoryReady()) return;
  const uint8_t copy = 1 - presentCopy;
  const uint8_t *bytes = (const uint8_t *)&saving;
  while (saveAt < sizeof saving) {
    const uint16_t at = copyStart(copy) + saveAt;
    const uint8_t value = bytes[saveAt++];
    if (memoryRead(at) == value) continue;
    memoryWrite(at, value);
    return;
  }
  if (!memoryCommit()) saveStep = saveFailed;
  for (uint16_t i = 0; i < sizeof saving; i++) {
    if (memoryRead(copyStart(copy) + i) != bytes[i]) saveStep = saveFailed;
  }
  if (saveStep == saveFailed) return;
  presentCopy = copy;
  saves = saving.saves;
  saveStep = saveDone;
}
