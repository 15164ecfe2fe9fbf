import type { BoardSensor, FirmataSource } from '../../domain/firmata.ts';
import { busOf, sensorKinds, sensorTypes, type SensorKind } from '../../domain/sensors.ts';
import { checkPinName, readPins, type BoardAbilities, type PinsInput } from './board-pins.ts';
import { readDeviceName, readDuration, readLine, readText, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';
import { closest } from '../text/suggest.ts';

type SourceInput = NonNullable<NonNullable<SalvagedConfig['sources']>[number]>;
type PinInput = NonNullable<PinsInput[string]>;
type I2cInput = NonNullable<NonNullable<SourceInput['i2c']>[number]>;

/** What a board with StandardFirmata can say: it counts nothing, and every sample is taken. */
const abilities: BoardAbilities = {
  kinds: ['analog', 'in'],
  everyMsMin: 20,
  everyMsMax: configLimits.pinEveryMsMax,
  samplesMax: 1,
  debounceMsMax: configLimits.debounceMsMax,
};
// johnny-five measures all the time; what it tells is looked at this often at most.
const sensorEveryMsMin = 250;
const sensorKeys = ['metric', 'sensor', 'controller', 'every'];
const ownKeys = ['firmata', 'device', 'baud', 'pins', 'i2c'];
const standardBaud = 57_600;

/** A board with StandardFirmata as a source; null and problems if it cannot be read. */
export function readFirmataSource(
  context: Context,
  path: Path,
  entry: SourceInput,
): FirmataSource | null {
  refuseOtherKeys(context, path, entry, ownKeys, 'firmata:');
  const port = readPort(context, [...path, 'firmata'], entry.firmata);
  const device = readDevice(context, path, entry.device);
  const baud = readBaud(context, [...path, 'baud'], entry.baud);
  const pinsPath = [...path, 'pins'];
  const pins = Object.entries(entry.pins ?? {});
  const plain = pins.filter(([, pin]) => !isSensor(pin));
  const sampled = plain.map(
    ([pin, value]) => [pin, withoutSamples(context, [...pinsPath, pin], value)] as const,
  );
  const reads = readPins(context, pinsPath, Object.fromEntries(sampled), abilities);
  for (const { pin, input } of reads) {
    if (input.kind === 'analog' || input.pull !== 'down') continue;
    const message = 'a board with Firmata has no resistors to ground';
    context.report.problem([...pinsPath, pin, 'pull'], { message, allowed: 'up, none' });
  }
  const atPins = pins.flatMap(([pin, value]) =>
    value === undefined || !isSensor(value)
      ? []
      : (readPinSensor(context, [...pinsPath, pin], pin, value) ?? []),
  );
  const onBus = (entry.i2c ?? []).flatMap((value, index) =>
    value === undefined ? [] : (readI2cSensor(context, [...path, 'i2c', index], value) ?? []),
  );
  const sensors = [...atPins, ...onBus];
  checkMetrics(context, path, [...reads, ...sensors]);
  if (port === null || device === null) return null;
  return { kind: 'firmata', path: port, baud, device, reads, sensors };
}

function isSensor(pin: PinInput | undefined): boolean {
  return pin?.sensor !== undefined || pin?.controller !== undefined;
}

function withoutSamples(
  context: Context,
  path: Path,
  entry: PinInput | undefined,
): PinInput | undefined {
  if (entry?.samples === undefined) return entry;
  context.report.problem([...path, 'samples'], {
    message: '"samples" has no meaning with Firmata: a reading is the mean of its interval',
    allowed: 'the pin without it',
    atKey: true,
  });
  const { samples: _, ...rest } = entry;
  return rest;
}

function readPort(context: Context, path: Path, value: SourceInput['firmata']): string | null {
  const text = value === undefined ? null : readLine(context, path, value);
  if (text === null || text.startsWith('/')) return text;
  context.report.problem(path, {
    message: `${quote(text)} is not the path of a serial port`,
    allowed: 'a path such as /dev/serial/by-id/usb-Arduino_Nano-if00; limen ports lists them',
  });
  return null;
}

function readDevice(context: Context, path: Path, value: SourceInput['device']): string | null {
  if (value !== undefined) return readDeviceName(context, [...path, 'device'], value);
  if (!context.report.isTouched([...path, 'device'])) {
    const allowed = 'device: and the name that its readings get';
    context.report.problem(path, { message: 'a board without a device', allowed });
  }
  return null;
}

function readBaud(context: Context, path: Path, value: SourceInput['baud']): number {
  if (value === undefined || (value >= 50 && value <= 4_000_000)) return value ?? standardBaud;
  const allowed = 'a speed from 50 to 4000000';
  context.report.problem(path, { message: `found ${value}`, allowed });
  return standardBaud;
}

function readPinSensor(
  context: Context,
  path: Path,
  pin: string,
  entry: PinInput,
): BoardSensor | null {
  if (!checkPinName(context, path, pin, true)) return null;
  refuseOtherKeys(context, path, entry, sensorKeys, 'sensor:');
  const named = readSensor(context, path, entry, ['analog', 'digital']);
  if (named === null) return null;
  if (named.bus === 'analog' && !pin.startsWith('A')) {
    const message = `the ${named.controller} gives volts, and ${pin} is not an analog pin`;
    context.report.problem(path, { message, allowed: 'a pin such as A0', atKey: true });
  }
  return { ...named, pin, address: null };
}

function readI2cSensor(context: Context, path: Path, entry: I2cInput): BoardSensor | null {
  const named = readSensor(context, path, entry, ['i2c']);
  const { address } = entry;
  if (address !== undefined && (address < 3 || address > 0x77)) {
    const message = `found ${address}`;
    context.report.problem([...path, 'address'], { message, allowed: 'from 0x03 to 0x77' });
  }
  return named === null ? null : { ...named, pin: null, address: address ?? null };
}

interface SensorInput {
  readonly sensor?: SensorKind | undefined;
  readonly controller?: string | number | boolean | undefined;
  readonly metric?: string | number | boolean | undefined;
  readonly every?: string | number | undefined;
}

function readSensor(
  context: Context,
  path: Path,
  entry: SensorInput,
  buses: readonly BoardSensor['bus'][],
): Omit<BoardSensor, 'pin' | 'address'> | null {
  const bounds = { min: sensorEveryMsMin, max: abilities.everyMsMax };
  const everyMs = readDuration(context, [...path, 'every'], entry.every, bounds) ?? 1_000;
  const { sensor: kind } = entry;
  if (kind === undefined) {
    if (!context.report.isTouched([...path, 'sensor']))
      context.report.problem(path, {
        message: 'a controller without a sensor',
        allowed: `sensor: ${sensorKinds.join(', ')}`,
      });
    return null;
  }
  const known = buses.flatMap((bus) => sensorTypes[kind].controllers[bus] ?? []);
  if (entry.controller === undefined) {
    if (!context.report.isTouched([...path, 'controller']))
      context.report.problem(path, {
        message: `a ${kind} without a controller`,
        allowed: known.length === 0 ? 'i2c: it is not at a pin' : known.join(', '),
      });
    return null;
  }
  const controllerPath = [...path, 'controller'];
  const controller = readText(context, controllerPath, entry.controller);
  const bus = busOf(kind, controller);
  if (bus === null || !buses.includes(bus)) {
    context.report.problem(controllerPath, {
      message:
        bus === null
          ? `there is no ${kind} ${quote(controller)}`
          : `the ${controller} is ${bus === 'i2c' ? 'on the I2C bus' : 'at a pin'}`,
      allowed: bus === null ? known.join(', ') : bus === 'i2c' ? 'it under i2c:' : 'it under pins:',
      suggestion: bus === null ? closest(controller, known) : null,
    });
    return null;
  }
  if (entry.metric === undefined) return null;
  const metric = readLine(context, [...path, 'metric'], entry.metric, configLimits.nameCharsMax);
  return metric === null ? null : { kind, controller, bus, metric, everyMs };
}

function refuseOtherKeys(
  context: Context,
  path: Path,
  entry: object,
  allowed: readonly string[],
  beside: string,
): void {
  for (const name of Object.keys(entry)) {
    if (allowed.includes(name)) continue;
    context.report.problem([...path, name], {
      message: `${quote(name)} has no meaning with ${beside}`,
      allowed: allowed.join(', '),
      atKey: true,
    });
  }
}

// Two pins with one metric are told where they are read.
function checkMetrics(
  context: Context,
  path: Path,
  points: readonly { readonly metric: string; readonly pin: string | null }[],
): void {
  const owners = new Map<string, string>();
  for (const { metric, pin } of points) {
    const place = pin ?? 'the I2C bus';
    const owner = owners.get(metric);
    if (owner !== undefined && !context.report.isTouched([...path, 'pins', place]))
      context.report.problem(path, {
        message: `${owner} and ${place} both give ${quote(metric)}`,
        allowed: 'each metric once on a board',
      });
    owners.set(metric, place);
  }
}
