import five from 'johnny-five';
import type { EventEmitter } from 'node:events';
import type { ReadPin } from '../../src/domain/board-pins.ts';
import { scaled } from '../../src/domain/board-pins.ts';
import type { BoardSensor } from '../../src/domain/firmata.ts';
import { sensorTypes, type SensorBus, type SensorKind } from '../../src/domain/sensors.ts';
import type { Clock, Timer } from '../../src/host/clock.ts';
import type { Heard } from './firmata-heard.ts';
import { pinNumber, type FirmataLink } from './firmata-link.ts';

/** One value of an input. */
export interface FirmataReading {
  readonly metric: string;
  readonly unit: string | null;
  readonly value: number | boolean;
}

/** What the inputs of a board need. */
export interface InputsOptions {
  readonly link: FirmataLink;
  readonly clock: Clock;
  readonly heard: Heard;
  /** `text`: what the board said, in words. */
  take(reading: FirmataReading, text: string): void;
}

const digits = 7;

/** Reads a pin from now on. */
export function readPin(options: InputsOptions, pin: ReadPin): void {
  switch (pin.input.kind) {
    case 'analog':
      return readVolts(options, pin);
    case 'in':
      return readContact(options, pin, pin.input);
    case 'count':
      // A board with Firmata tells levels, not edges: the config has no such pin.
      return;
  }
}

// The mean of all that came in an interval.
function readVolts({ link, clock, take }: InputsOptions, read: ReadPin): void {
  const { pin, metric, unit, scale, everyMs } = read;
  let sum = 0;
  let count = 0;
  link.io.analogRead(Number(pin.slice(1)), (value) => {
    sum += value;
    count += 1;
  });
  every(clock, everyMs, () => {
    if (count === 0) return;
    const mean = Number((sum / count).toPrecision(digits));
    sum = 0;
    count = 0;
    const value = Number(scaled(mean, scale).toPrecision(digits));
    take({ metric, unit, value }, `${pin} ${mean}`);
  });
}

type Contact = Extract<ReadPin['input'], { kind: 'in' }>;

// Told at each change that lasts, and at each interval.
function readContact(
  { link, clock, take }: InputsOptions,
  { pin, metric, unit, everyMs }: ReadPin,
  { pull, debounceMs, inverted }: Contact,
): void {
  const { io } = link;
  const number = pinNumber(io, pin) ?? 0;
  let told: number | null = null;
  let settling: Timer | null = null;
  const tell = (level: number): void => {
    told = level;
    const reading = { metric, unit, value: (level === 1) !== inverted };
    take(reading, `${pin} ${level}`);
  };
  io.pinMode(number, pull === 'up' ? io.MODES.PULLUP : io.MODES.INPUT);
  io.digitalRead(number, (level) => {
    settling?.cancel();
    settling = null;
    if (told === null) tell(level);
    else if (level !== told) settling = clock.after(debounceMs, () => tell(level));
  });
  every(clock, everyMs, () => {
    if (told !== null) tell(told);
  });
}

/** The class of johnny-five for each kind, and what it calls the value. */
const classes: Readonly<
  Record<SensorKind, readonly [make: typeof five.Thermometer, property: string]>
> = {
  thermometer: [five.Thermometer, 'celsius'],
  hygrometer: [five.Hygrometer, 'relativeHumidity'],
  barometer: [five.Barometer, 'pressure'],
  altimeter: [five.Altimeter, 'meters'],
  light: [five.Light, 'lux'],
  proximity: [five.Proximity, 'cm'],
  motion: [five.Motion, 'detectedMotion'],
};

/** Reads a sensor from now on. Throws if johnny-five cannot. */
export function readSensor({ link, heard, take }: InputsOptions, sensor: BoardSensor): void {
  const { kind, controller, bus, pin, address, metric } = sensor;
  const [, property] = classes[kind];
  const { made, news } =
    pin === null
      ? heard.i2c(`${controller} ${address ?? ''}`, () => makeSensor(link, sensor))
      : { made: makeSensor(link, sensor), news: heard.pin(bus, sensorPin(link, bus, pin)) };
  const { unit } = sensorTypes[kind];
  // Some on the bus tell a value before their first measurement is over.
  let isMeasuring = pin === null;
  made.on('data', (data: Readonly<Record<string, unknown>>) => {
    if (!news.hasNews()) return;
    const value = mended(controller, data[property]);
    if (!isMeasuring && value !== null) take({ metric, unit, value }, `${controller} ${value}`);
    isMeasuring = false;
  });
}

function makeSensor(link: FirmataLink, sensor: BoardSensor): EventEmitter {
  const { kind, controller, pin, bus, address, everyMs } = sensor;
  const [Sensor] = classes[kind];
  return new Sensor({
    board: link.board,
    controller,
    freq: everyMs,
    ...(pin === null ? {} : { pin: bus === 'analog' ? pin : sensorPin(link, bus, pin) }),
    ...(address === null ? {} : { address }),
  });
}

function sensorPin({ io }: FirmataLink, bus: SensorBus, pin: string): number {
  return bus === 'analog' ? Number(pin.slice(1)) : (pinNumber(io, pin) ?? 0);
}

// What cannot be a measurement is none. johnny-five 2.1.0 reads an MCP9808 below zero as 256 degrees more.
function mended(controller: string, value: unknown): number | boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return controller === 'MCP9808' && value > 128 ? value - 256 : value;
}

function every(clock: Clock, ms: number, step: () => void): void {
  clock.after(ms, () => {
    every(clock, ms, step);
    step();
  });
}
