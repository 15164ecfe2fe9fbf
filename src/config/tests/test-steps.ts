import { pointName } from '../../domain/point.ts';
import type { Deed, Move, Sent } from '../../domain/rehearsal.ts';
import type { DurationMs } from '../../domain/time.ts';
import { readDuration, readQuantity, readText } from '../context.ts';
import { suggestDuration } from '../text/durations.ts';
import { parseMoment } from '../text/moments.ts';
import { quote, type Path } from '../text/problem.ts';
import { readSwitch } from '../text/schema-parts.ts';
import { readExpectation, splitPoint } from './test-expect.ts';
import { actKeys, checkActCompany, readAct, readSettings } from './test-acts.ts';
import { isQuantity, type TestContext } from './test-names.ts';
import type { ReadingInput, StepInput } from './test-schema.ts';

/** The readings of one point in one step; values of a list are taken in turn. */
export interface StepReadings {
  readonly point: string;
  take(turn: number): Omit<Extract<Move, { kind: 'reading' }>, 'atMs'>;
}

/** Names of the points that a step has readings of. */
export function pointsOf(step: StepInput): string[] {
  return Object.keys(step).filter((name) => name.includes('/'));
}

/** What devices send in a step. */
export function readReadings(context: TestContext, path: Path, step: StepInput): StepReadings[] {
  return pointsOf(step).flatMap((name) => {
    const at = [...path, name];
    // every key with a slash was checked by the schema of readings
    const input = (step as Readonly<Record<string, unknown>>)[name] as ReadingInput | undefined;
    const point = splitPoint(context, at, name);
    if (point === null || input === undefined || isDerived(context, at, name)) return [];
    const values = readValues(context, at, input);
    const place = context.place(at);
    const first = values[0];
    if (first === undefined) return [];
    const take: StepReadings['take'] = (turn) => ({
      ...place,
      kind: 'reading',
      ...point,
      ...(values[turn % values.length] ?? first),
    });
    return [{ point: name, take }];
  });
}

// Nobody can send it: Limen would reject the reading.
function isDerived(context: TestContext, path: Path, name: string): boolean {
  const entry = context.config?.points.find(({ pattern }) => pattern.text === name);
  if (!entry?.expression) return false;
  const inputs = entry.expression.inputs.map(pointName).join(', ');
  const message = `${quote(name)} is calculated`;
  context.report.problem(path, { message, allowed: `readings of ${inputs}`, atKey: true });
  return true;
}

type Value = Omit<Sent, 'device' | 'metric'>;

function readValues(context: TestContext, path: Path, input: ReadingInput): Value[] {
  if (typeof input !== 'object') return [readValue(context, path, input)];
  if (isList(input)) {
    if (input.length === 0 && !context.report.isTouched(path)) {
      context.report.problem(path, { message: 'found an empty list', allowed: 'values' });
    }
    return input.flatMap((value, index) =>
      value === undefined ? [] : [readValue(context, [...path, index], value)],
    );
  }
  const { value, quality = null, age } = input;
  if (value === undefined) return [];
  const ageMs = readDuration(context, [...path, 'age'], age) ?? null;
  return [{ ...readValue(context, [...path, 'value'], value), quality, ageMs }];
}

function isList(value: object): value is readonly (string | number | boolean | undefined)[] {
  return Array.isArray(value);
}

// As it is written: `-18.40` is sent as such. What looks like a number with a unit is one.
function readValue(context: TestContext, path: Path, value: string | number | boolean): Value {
  const text = readText(context, path, value);
  const plain = { text, unit: null, quality: null, ageMs: null };
  if (typeof value !== 'string' || !isQuantity(value)) return plain;
  const quantity = readQuantity(context, path, value);
  if (quantity === undefined || quantity.unit === null) return plain;
  return { ...plain, text: String(quantity.value), unit: quantity.unit };
}

const deedKeys = [
  'clock',
  'payload',
  ...actKeys,
  'set',
  'disconnect',
  'connect',
  'reload',
  'restart',
  'expect',
] as const;

/** What else happens in a step, in the order of cause: clock, message, act, link, config, restart, expectation. */
export function readDeeds(
  context: TestContext,
  path: Path,
  step: StepInput,
  atMs: DurationMs,
): Move[] {
  checkCompany(context, path, step);
  const moves: Move[] = [];
  const add = (key: string, deed: Deed | null, laterMs = 0): void => {
    if (deed === null) return;
    moves.push({ ...context.place([...path, key]), atMs: atMs + laterMs, ...deed });
  };
  if (step.clock !== undefined) {
    add(
      'clock',
      readClock(context, [...path, 'clock'], readText(context, [...path, 'clock'], step.clock)),
    );
  }
  const { payload } = step;
  if (payload?.topic !== undefined && payload.text !== undefined) {
    const at = [...path, 'payload'];
    const broker =
      payload.broker === undefined
        ? 'embedded'
        : readText(context, [...at, 'broker'], payload.broker);
    checkBroker(context, [...at, 'broker'], broker);
    add('payload', {
      kind: 'payload',
      broker,
      topic: readText(context, [...at, 'topic'], payload.topic),
      text: readText(context, [...at, 'text'], payload.text),
      retained: readSwitch(payload.retained) ?? false,
    });
  }
  for (const key of actKeys) add(key, readAct(context, path, step, key));
  for (const deed of readSettings(context, path, step)) add('set', deed);
  add('disconnect', readLink(context, path, step, 'disconnect'));
  add('connect', readLink(context, path, step, 'connect'));
  const reloaded = step.reload === undefined ? null : context.reloaded([...path, 'reload']);
  add('reload', reloaded === null ? null : { kind: 'reload', config: reloaded });
  if (step.restart !== undefined) {
    const downMs = readDuration(context, [...path, 'restart', 'down'], step.restart.down) ?? 0;
    add('restart', { kind: 'kill' });
    add('restart', { kind: 'start', clock: step.restart.clock ?? 'known' }, downMs);
  }
  if (step.expect !== undefined) {
    const expectation = readExpectation(context, [...path, 'expect'], step.expect);
    add('expect', { kind: 'expect', expectation });
  }
  return moves;
}

/** What has no meaning beside something else, or without it. */
function checkCompany(context: TestContext, path: Path, step: StepInput): void {
  const { report } = context;
  const present = deedKeys.filter((key) => step[key] !== undefined);
  if (step.every !== undefined) {
    for (const key of present) {
      const message = `${key}: has no meaning beside every:`;
      report.problem([...path, key], { message, allowed: 'a step of its own', atKey: true });
    }
  } else if (present.length === 0 && pointsOf(step).length === 0 && !report.isTouched(path)) {
    const message = 'a step in which nothing happens';
    report.problem(path, { message, allowed: `device/metric, ${deedKeys.join(', ')}` });
  }
  const others = present.filter((key) => key !== 'restart');
  if (step.restart !== undefined && (others.length > 0 || pointsOf(step).length > 0)) {
    const message = 'restart: with something else in its step';
    const allowed = 'a step of its own: what comes after it needs a time after it';
    report.problem([...path, 'restart'], { message, allowed, atKey: true });
  }
  checkActCompany(context, path, step);
}

function checkBroker(
  context: TestContext,
  path: Path,
  broker: string,
  own: readonly string[] = ['embedded'],
): void {
  if (context.config === null) return;
  const names = [...own, ...context.config.brokers.map(({ name }) => name)];
  if (names.includes(broker)) return;
  const message = `there is no broker ${quote(broker)}`;
  context.report.problem(path, { message, allowed: names.join(', ') || 'a broker of brokers:' });
}

// Its own broker is never away from Limen.
function readLink(
  context: TestContext,
  path: Path,
  step: StepInput,
  key: 'connect' | 'disconnect',
): Deed | null {
  const named = step[key];
  if (named === undefined) return null;
  const broker = readText(context, [...path, key], named);
  checkBroker(context, [...path, key], broker, []);
  return { kind: 'link', broker, isUp: key === 'connect' };
}

function readClock(context: TestContext, path: Path, text: string): Deed | null {
  if (text === 'found') return { kind: 'clock', byMs: 'found' };
  const [, sign, length = ''] = /^([+-])(.+)$/.exec(text) ?? [];
  const ms = parseMoment(length);
  if (sign !== undefined && ms !== null) return { kind: 'clock', byMs: sign === '-' ? -ms : ms };
  const unsigned = parseMoment(text) === null ? suggestDuration(text) : text;
  context.report.problem(path, {
    message: `found ${quote(text)}`,
    allowed: 'how far the wall clock is set, such as +1h or -10m, or found',
    suggestion: unsigned === null ? null : `+${unsigned}`,
  });
  return null;
}
