// The firmware of a Limen board: reads inputs, drives outputs, and goes safe by itself when nobody commands it.
// What it says and understands is in firmware-bridge/protocol.md. Nothing here waits, and no memory is asked for.
#include "receiver.h"

void setup() {
  // The outputs first: they stand at their safe level before the line to the host is even open.
  memoryBegin();
  loadSettings();
  startPins(outStart);
  startWatchdog();
  Serial.begin(baudRate);
  tellWho();
}

void loop() {
  feedWatchdog();
  watchLease();
  receive();
  stepSave();
  if (hasRoom()) finishSave();
  stepTelling();
  samplePins();
  tellPins();
  tellBeat();
  emptyQueue();
  rest();
}
