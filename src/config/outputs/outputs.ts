import { textPatterns } from '../../domain/clause.ts';
import { limits } from '../../domain/limits.ts';
import { pointName } from '../../domain/point.ts';
import type { PinDevice } from '../../domain/board.ts';
import type { Feedback, OutputSpec, OutputWay } from '../../domain/output.ts';
import type { Rule } from '../../domain/rule.ts';
import { embedded } from '../sources/brokers.ts';
import { readClause } from '../rules/clauses.ts';
import {
  checkName,
  checkReference,
  readDuration,
  readLevel,
  readLine,
  readText,
  type Context,
} from '../context.ts';
import { configLimits } from '../limits.ts';
import { checkPinName } from '../sources/board-pins.ts';
import { readPinDevice } from './pin-devices.ts';
import { checkInterlocks, checkTimes } from './output-protection.ts';
import { splitPoint, type FindSettings } from '../points/point-units.ts';
import { quote, type Path } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';
import { readSwitch } from '../text/schema-parts.ts';
import { closest } from '../text/suggest.ts';
import { checkTopic } from '../sources/topics.ts';

/** What Limen can switch. */
export function readOutputs(
  context: Context,
  input: SalvagedConfig,
  known: Known,
): readonly OutputSpec[] {
  const owners = new Map<string, string>();
  const specs = Object.entries(input.outputs ?? {}).flatMap(([name, output]) => {
    const path = ['outputs', name];
    checkName(context, path);
    if (output === undefined) return [];
    const spec = readOutput(context, path, output, known);
    if (spec === null) return [];
    checkOwner(context, path, spec, owners);
    return [spec];
  });
  checkInterlocks(context, specs, Object.keys(input.outputs ?? {}));
  return specs;
}

/** A feedback point that rules compare with texts shows neither on nor off. */
export function checkFeedback(
  context: Context,
  outputs: readonly OutputSpec[],
  rules: readonly Rule[],
): void {
  const texts = rules.flatMap(textPatterns);
  for (const { name, feedback } of outputs) {
    if (feedback === null) continue;
    const { device, metric } = feedback;
    if (!texts.some((pattern) => pattern.matches(device, metric))) continue;
    context.report.problem(['outputs', name, 'feedback', 'point'], {
      message: `a rule compares ${quote(pointName(feedback))} with a text`,
      allowed: 'a point that is on or off, true or false, or a number: 0 is off',
    });
  }
}

type OutputInput = NonNullable<NonNullable<SalvagedConfig['outputs']>[string]>;

/** What outputs may refer to. */
export interface Known {
  readonly brokerNames: readonly string[];
  /** Boards whose pins can be driven. */
  readonly boardNames: readonly string[];
  /** Those among them with StandardFirmata. */
  readonly firmataNames: readonly string[];
  readonly findSettings: FindSettings;
}

function readOutput(
  context: Context,
  path: Path,
  output: OutputInput,
  known: Known,
): OutputSpec | null {
  const { findSettings } = known;
  const safe = readLevel(output.safe) ?? 'off';
  const readTime = (key: 'max_on' | 'min_on' | 'min_off' | 'pulse' | 'ttl'): number | null =>
    readDuration(context, [...path, key], output[key], { min: 1 }) ?? null;
  const leaseMs = readLease(context, [...path, 'lease'], output.lease);
  const feedback = readFeedback(context, [...path, 'feedback'], output.feedback);
  const onlyWhile =
    output.only_while === undefined
      ? null
      : readClause(context, [...path, 'only_while'], output.only_while, { findSettings, depth: 1 });
  const neverWith = (output.never_with ?? []).flatMap((other, index) =>
    other === undefined ? [] : [readText(context, [...path, 'never_with', index], other)],
  );
  const way = readWay(context, path, output, known);
  const rest = {
    name: String(path.at(-1)),
    safe,
    idle: readLevel(output.idle) ?? safe,
    onUnknown: output.on_unknown ?? null,
    maxOnMs: readTime('max_on'),
    minOnMs: readTime('min_on'),
    minOffMs: readTime('min_off'),
    pulseMs: readTime('pulse'),
    leaseMs,
    ttlMs: readTime('ttl') ?? limits.commandTtlMs,
    neverWith,
    onlyWhile,
    feedback,
  };
  checkTimes(context, path, rest);
  return way === null ? null : { ...rest, way };
}

function readLease(context: Context, path: Path, value: OutputInput['lease']): number | null {
  const leaseMs = readDuration(context, path, value, { min: 2_000 });
  if (leaseMs !== undefined && leaseMs % 1_000 !== 0) {
    context.report.problem(path, { message: `found ${value ?? ''}`, allowed: 'whole seconds' });
  }
  return leaseMs ?? null;
}

function readFeedback(
  context: Context,
  path: Path,
  input: OutputInput['feedback'],
): Feedback | null {
  if (input?.point === undefined) return null;
  const pointPath = [...path, 'point'];
  const point = readLine(context, pointPath, input.point);
  if (point === null) return null;
  const withinMs = readDuration(context, [...path, 'within'], input.within, { min: 1 });
  const { retries = 2 } = input;
  if (retries < 0 || retries > retriesMax) {
    context.report.problem([...path, 'retries'], {
      message: `found ${retries}`,
      allowed: `a whole number from 0 to ${retriesMax}`,
    });
  }
  const { device, metric } = splitPoint(point);
  if (device === '' || metric === '' || point.includes('*')) {
    const allowed = 'one point as device/metric';
    context.report.problem(pointPath, { message: `found ${quote(point)}`, allowed });
    return null;
  }
  return { device, metric, withinMs: withinMs ?? 5_000, retries };
}

const retriesMax = 100;

const ways = ['mqtt', 'pin', 'gpio', 'command'] as const;

function readWay(
  context: Context,
  path: Path,
  output: OutputInput,
  known: Known,
): OutputWay | null {
  const { mqtt, command, pin, gpio } = output;
  const count = ways.filter((way) => way in output).length;
  if (count !== 1) {
    if (context.report.isTouched(path)) return null;
    const message = count === 0 ? 'an output without a way' : 'an output with several ways';
    context.report.problem(path, { message, allowed: `one of ${ways.join(', ')}`, atKey: true });
    return null;
  }
  if (mqtt !== undefined) return readMqtt(context, path, output, known.brokerNames);
  if (pin !== undefined) return readPin(context, path, output, known);
  if (gpio !== undefined) return readGpio(context, path, output);
  return command === undefined ? null : readCommand(context, path, output);
}

function readMqtt(
  context: Context,
  path: Path,
  output: OutputInput,
  brokerNames: readonly string[],
): OutputWay | null {
  const mqttPath = [...path, 'mqtt'];
  const payloads = {
    on: readPayload(context, [...mqttPath, 'on'], output.mqtt?.on, 'on'),
    off: readPayload(context, [...mqttPath, 'off'], output.mqtt?.off, 'off'),
  };
  if (payloads.on === payloads.off && !context.report.isTouched(mqttPath)) {
    const message = `on and off both send ${quote(payloads.on)}`;
    context.report.problem(mqttPath, { message, allowed: 'two payloads that differ', atKey: true });
  }
  for (const level of ['on', 'off'] as const) {
    if (output.lease !== undefined || !payloads[level].includes('{lease_s}')) continue;
    if (context.report.isTouched([...path, 'lease'])) continue;
    context.report.problem([...mqttPath, level], {
      message: 'found {lease_s} without a lease',
      allowed: 'lease: beside mqtt:',
    });
  }
  const target = readTarget(context, mqttPath, output, brokerNames);
  return target === null ? null : { kind: 'mqtt', ...target, payloads };
}

function readTarget(
  context: Context,
  path: Path,
  output: OutputInput,
  brokerNames: readonly string[],
): Pick<Extract<OutputWay, { kind: 'mqtt' }>, 'broker' | 'topic'> | null {
  const brokerPath = [...path, 'broker'];
  const value = output.mqtt?.broker;
  const broker = value === undefined ? embedded : readText(context, brokerPath, value);
  const known = [embedded, ...brokerNames];
  const isKnown = checkReference(context, brokerPath, { kind: 'broker', name: broker, known });
  if (output.mqtt?.topic === undefined) return null;
  const topicPath = [...path, 'topic'];
  const topic = readLine(context, topicPath, output.mqtt.topic);
  if (topic === null || !checkTopic(context, topicPath, topic)) return null;
  return isKnown ? { broker, topic } : null;
}

function readPayload(
  context: Context,
  path: Path,
  value: string | number | boolean | undefined,
  fallback: string,
): string {
  if (value === undefined) return fallback;
  const text = readText(context, path, value);
  if (text.length > configLimits.textCharsMax) {
    const allowed = `at most ${configLimits.textCharsMax} characters`;
    context.report.problem(path, { message: `found ${text.length} characters`, allowed });
  }
  return text;
}

function readCommand(context: Context, path: Path, output: OutputInput): OutputWay | null {
  const commandPath = [...path, 'command'];
  const { on, off } = output.command ?? {};
  refuseLease(context, path, output, 'command');
  if (on === undefined || off === undefined) return null;
  const programs = {
    on: readProgram(context, [...commandPath, 'on'], on),
    off: readProgram(context, [...commandPath, 'off'], off),
  };
  const isSame = JSON.stringify(programs.on) === JSON.stringify(programs.off);
  if (isSame && !context.report.isTouched(commandPath)) {
    context.report.problem(commandPath, {
      message: 'on and off both run the same',
      allowed: 'two programs, or one with different arguments',
      atKey: true,
    });
  }
  return { kind: 'command', programs };
}

// Only a device that listens to a broker is told its lease with each command.
function refuseLease(context: Context, path: Path, output: OutputInput, beside: string): void {
  if (output.lease === undefined) return;
  context.report.problem([...path, 'lease'], {
    message: `lease: has no meaning beside ${beside}:`,
    allowed:
      beside === 'pin'
        ? 'the lease of the board, at its source'
        : 'lease beside mqtt: the device must have a timer of its own',
    atKey: true,
  });
}

function readPin(
  context: Context,
  path: Path,
  output: OutputInput,
  { boardNames, firmataNames }: Known,
): OutputWay | null {
  const pinPath = [...path, 'pin'];
  refuseLease(context, path, output, 'pin');
  const input = output.pin ?? {};
  const { board: boardText, inverted } = input;
  if (boardText === undefined) return null;
  const board = readText(context, [...pinPath, 'board'], boardText);
  const isKnown = boardNames.includes(board);
  if (!isKnown)
    context.report.problem([...pinPath, 'board'], {
      message: `there is no board ${quote(board)}`,
      allowed:
        boardNames.length === 0
          ? 'the device of a source that is a board; there is none'
          : boardNames.join(', '),
      suggestion: closest(board, boardNames),
    });
  if (!isKnown) return null;
  const device = readPinDevice(context, pinPath, input, firmataNames.includes(board));
  const pin = device === null ? null : readPinName(context, pinPath, input.pin, device);
  if (device === null || pin === null) return null;
  return { kind: 'pin', board, pin, inverted: readSwitch(inverted) ?? false, device };
}

// A display has six pins, and is known by the first one.
function readPinName(
  context: Context,
  path: Path,
  value: NonNullable<OutputInput['pin']>['pin'],
  device: PinDevice,
): string | null {
  const pinPath = [...path, 'pin'];
  if (value === undefined) {
    if (device.kind === 'lcd') return device.pins[0] ?? null;
    if (!context.report.isTouched(pinPath))
      context.report.problem(path, { message: 'the key "pin" is missing', allowed: null });
    return null;
  }
  if (device.kind === 'lcd') {
    const message = '"pin" has no meaning with device: lcd';
    context.report.problem(pinPath, { message, allowed: 'pins: and six of them', atKey: true });
    return null;
  }
  const pin = readText(context, pinPath, value);
  return checkPinName(context, pinPath, pin) ? pin : null;
}

function readGpio(context: Context, path: Path, output: OutputInput): OutputWay | null {
  const gpioPath = [...path, 'gpio'];
  refuseLease(context, path, output, 'gpio');
  const { chip: chipText, line, inverted } = output.gpio ?? {};
  if (chipText === undefined || line === undefined) return null;
  const chip = readText(context, [...gpioPath, 'chip'], chipText);
  // It becomes an argument of a program: nothing that could be an option.
  if (!/^[A-Za-z0-9/][\w./:-]*$/.test(chip)) {
    const message = `found ${quote(chip)}`;
    const allowed = 'a chip as gpiodetect lists it: gpiochip0';
    context.report.problem([...gpioPath, 'chip'], { message, allowed });
    return null;
  }
  if (line < 0 || line > lineMax) {
    const allowed = `the number of a line, from 0 to ${lineMax}`;
    context.report.problem([...gpioPath, 'line'], { message: `found ${line}`, allowed });
    return null;
  }
  return { kind: 'gpio', chip: chipName(chip), line, inverted: readSwitch(inverted) ?? false };
}

// libgpiod takes a chip by name, path or number: one spelling, so that two outputs on one line are seen.
function chipName(chip: string): string {
  const number = /^(?:(?:\/dev\/)?gpiochip)?(\d+)$/.exec(chip)?.[1];
  return number === undefined ? chip : `gpiochip${Number(number)}`;
}

const lineMax = 1_023;

function readProgram(
  context: Context,
  path: Path,
  values: readonly (string | number | boolean | undefined)[],
): readonly string[] {
  const program = values.map((value, index) =>
    value === undefined ? '' : readText(context, [...path, index], value),
  );
  if (program.some((part) => part.includes('\0'))) {
    const message = 'found a NUL character';
    context.report.problem(path, { message, allowed: 'text without it' });
  }
  if ((program[0] ?? '').trim() === '' && !context.report.isTouched(path)) {
    context.report.problem(path, {
      message: 'found no program',
      allowed: 'a list such as [/usr/local/bin/pump, on]',
    });
  }
  return program;
}

// What two outputs drive would be switched by whoever comes last.
function checkOwner(
  context: Context,
  path: Path,
  { name, way }: OutputSpec,
  owners: Map<string, string>,
): void {
  const address = addressOf(way);
  const owner = owners.get(address);
  if (owner === undefined) {
    owners.set(address, name);
    return;
  }
  switch (way.kind) {
    case 'mqtt':
      return context.report.problem([...path, 'mqtt', 'topic'], {
        message: `the output ${quote(owner)} already drives the topic ${quote(way.topic)}`,
        allowed: 'one output for each topic of a broker',
      });
    case 'pin':
      return context.report.problem([...path, 'pin', 'pin'], {
        message: `the output ${quote(owner)} already drives the pin ${way.pin} of ${quote(way.board)}`,
        allowed: 'one output for each pin',
      });
    case 'gpio':
      return context.report.problem([...path, 'gpio', 'line'], {
        message: `the output ${quote(owner)} already drives the line ${way.line} of ${quote(way.chip)}`,
        allowed: 'one output for each line',
      });
    case 'command':
      return context.report.problem([...path, 'command', 'on'], {
        message: `the output ${quote(owner)} already runs ${quote(way.programs.on.join(' '))}`,
        allowed: 'a program, or an argument, of its own for each output',
      });
  }
}

function addressOf(way: OutputWay): string {
  switch (way.kind) {
    case 'mqtt':
      return JSON.stringify(['mqtt', way.broker, way.topic]);
    case 'pin':
      return JSON.stringify(['pin', way.board, way.pin]);
    case 'gpio':
      return JSON.stringify(['gpio', way.chip, way.line]);
    case 'command':
      return JSON.stringify(['command', ...way.programs.on]);
  }
}
