import type {
  Expectation,
  ExpectedAlert,
  ExpectedCommand,
  ExpectedEvent,
  ExpectedFlag,
  ExpectedPoint,
} from '../../domain/rehearsal.ts';
import { readLevel, readText } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import { readSwitch } from '../text/schema-parts.ts';
import {
  checkName,
  readAlertRef,
  readExpectedValue,
  readMoment,
  type TestContext,
} from './test-names.ts';
import {
  expectKeys,
  type ExpectationInput,
  type ExpectedAlertInput,
  type ExpectedPointInput,
  type ScriptInput,
} from './test-schema.ts';

/** What must hold at one moment. */
export function readExpectation(
  context: TestContext,
  path: Path,
  input: ExpectationInput,
): Expectation {
  const { place } = context;
  const own: readonly string[] = expectKeys;
  const alerts = Object.keys(input).flatMap((name) => {
    // checked by the schema under any name that is not one of the own keys
    const expected = input[name] as ExpectedAlertInput | undefined;
    if (own.includes(name) || expected === undefined) return [];
    const alert = readAlert(context, [...path, name], name, expected);
    return alert === null ? [] : [alert];
  });
  const outputs = entries(input.outputs).flatMap(([output, level]) => {
    const at = [...path, 'outputs', output];
    const wanted = readLevel(level);
    if (!checkName(context, at, 'output', output) || wanted === undefined) return [];
    return [{ ...place(at), output, level: wanted }];
  });
  const points = entries(input.points).flatMap(([name, expected]) => {
    const point = readPoint(context, [...path, 'points', name], name, expected);
    return point === null ? [] : [point];
  });
  const notified = entries(input.notified).flatMap(([notifier, times]) => {
    const at = [...path, 'notified', notifier];
    if (!checkName(context, at, 'notifier', notifier) || times === undefined) return [];
    return [{ ...place(at), notifier, times }];
  });
  const open = input.open?.flatMap((name, index) => {
    if (name === undefined) return [];
    const at = [...path, 'open', index];
    return readAlertRef(context, at, readText(context, at, name)) ?? [];
  });
  checkContent(context, path, input);
  return {
    alerts,
    outputs,
    points,
    notified,
    open: open === undefined ? null : { ...place([...path, 'open']), alerts: open },
  };
}

// What names nothing holds whatever happens. Of a point it says that it was heard.
function checkContent({ report }: TestContext, path: Path, input: ExpectationInput): void {
  const check = (at: Path, value: unknown, allowed: string): void => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isMap || Object.keys(value).length > 0) return;
    report.problem(at, { message: 'an expectation of nothing', allowed });
  };
  check(path, input, 'alerts by their rule, outputs, points, notified or open');
  for (const [name, value] of Object.entries(input)) {
    check([...path, name], value, allowedOf.get(name) ?? allowedOfAlert);
  }
}

const allowedOf: ReadonlyMap<string, string> = new Map([
  ['outputs', 'outputs, each on or off'],
  ['points', 'points, each with its value'],
  ['notified', 'notifiers, each with how often they were told'],
]);
const allowedOfAlert = 'the state of the alert, or what else is expected of it';

function readAlert(
  context: TestContext,
  path: Path,
  name: string,
  input: ExpectedAlertInput,
): ExpectedAlert | null {
  const alert = readAlertRef(context, path, name, { atKey: true, beside: expectKeys });
  if (alert === null) return null;
  const place = context.place(path);
  if (typeof input === 'string') return { ...place, alert, state: input };
  const { value, message, acknowledged_by: by, comment, due } = input;
  const wanted = value === undefined ? null : readExpectedValue(context, [...path, 'value'], value);
  const latched = readSwitch(input.latched);
  const dueMs = readMoment(context, [...path, 'due'], due);
  const asText = (key: string, text: string | number | boolean | undefined): string | null =>
    text === undefined ? null : readText(context, [...path, key], text);
  return {
    ...place,
    alert,
    ...present('state', input.state),
    ...present('condition', input.condition),
    ...present('quality', input.quality),
    ...present('severity', input.severity),
    ...present('severityMax', input.severity_max),
    ...present('value', wanted),
    ...present('message', asText('message', message)),
    ...present('raises', input.raises),
    ...present('acknowledgedBy', asText('acknowledged_by', by)),
    ...present('comment', asText('comment', comment)),
    ...present('latched', latched),
    ...present('shelved', readSwitch(input.shelved)),
    ...present('outOfService', readSwitch(input.out_of_service)),
    ...present('suppressedBy', asText('suppressed_by', input.suppressed_by)),
    ...present('firstOut', readSwitch(input.first_out)),
    ...present('reason', input.reason),
    ...present('dueMs', dueMs),
  };
}

function readPoint(
  context: TestContext,
  path: Path,
  name: string,
  input: ExpectedPointInput | undefined,
): ExpectedPoint | null {
  const point = splitPoint(context, path, name);
  if (point === null || input === undefined) return null;
  const expected: Exclude<ExpectedPointInput, string | number | boolean> =
    typeof input === 'object' ? input : { value: input };
  const { value, quality } = expected;
  const at = typeof input === 'object' ? [...path, 'value'] : path;
  const wanted = value === undefined ? null : readExpectedValue(context, at, value);
  return {
    ...context.place(path),
    ...point,
    ...present('value', wanted),
    ...present('quality', quality),
  };
}

/** Device and metric of a name; a problem and null if it is not one. */
export function splitPoint(
  context: TestContext,
  path: Path,
  name: string,
): { readonly device: string; readonly metric: string } | null {
  const slash = name.lastIndexOf('/');
  const device = name.slice(0, slash);
  const metric = name.slice(slash + 1);
  if (slash > 0 && metric !== '' && !name.includes('*')) return { device, metric };
  context.report.problem(path, {
    message: `${quote(name)} is not a point`,
    allowed: 'device/metric, without *',
    atKey: true,
  });
  return null;
}

/** The whole sequence of transitions. */
export function readEvents(
  context: TestContext,
  path: Path,
  input: NonNullable<ScriptInput['events']>,
): ExpectedEvent[] {
  return input.flatMap((event, index) => {
    const at = [...path, index];
    if (event?.alert === undefined || event.to === undefined) return [];
    const alertPath = [...at, 'alert'];
    const alert = readAlertRef(context, alertPath, readText(context, alertPath, event.alert));
    const notify = readNotify(context, [...at, 'notify'], event.notify);
    const atMs = readMoment(context, [...at, 'at'], event.at);
    if (alert === null) return [];
    const { from = null, to, reason = null, severity = null } = event;
    const place = context.place(at);
    return [{ ...place, atMs, alert, from, to, reason, severity, notify }];
  });
}

/** The whole sequence of flags. */
export function readFlags(
  context: TestContext,
  path: Path,
  input: NonNullable<ScriptInput['flags']>,
): ExpectedFlag[] {
  return input.flatMap((flag, index) => {
    const at = [...path, index];
    if (flag?.alert === undefined || flag.reason === undefined) return [];
    const alertPath = [...at, 'alert'];
    const alert = readAlertRef(context, alertPath, readText(context, alertPath, flag.alert));
    const notify = readNotify(context, [...at, 'notify'], flag.notify);
    const atMs = readMoment(context, [...at, 'at'], flag.at);
    if (alert === null) return [];
    return [{ ...context.place(at), atMs, alert, reason: flag.reason, notify }];
  });
}

// Who is told; null: not asked.
function readNotify(
  context: TestContext,
  path: Path,
  input: readonly (string | number | boolean | undefined)[] | undefined,
): string[] | null {
  if (input === undefined) return null;
  return input.flatMap((each, index) => {
    if (each === undefined) return [];
    const name = readText(context, [...path, index], each);
    return checkName(context, [...path, index], 'notifier', name) ? [name] : [];
  });
}

/** The whole sequence of changes of outputs. */
export function readCommands(
  context: TestContext,
  path: Path,
  input: NonNullable<ScriptInput['commands']>,
): ExpectedCommand[] {
  return input.flatMap((command, index) => {
    const at = [...path, index];
    const to = readLevel(command?.to);
    if (command?.output === undefined || to === undefined) return [];
    const outputPath = [...at, 'output'];
    const output = readText(context, outputPath, command.output);
    const atMs = readMoment(context, [...at, 'at'], command.at);
    if (!checkName(context, outputPath, 'output', output)) return [];
    return [{ ...context.place(at), atMs, output, to }];
  });
}

function entries<T>(map: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(map ?? {});
}

// A key that is left out is not the same as one that is undefined.
function present<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { readonly [K in Key]?: Value } {
  const part: { [K in Key]?: Value } = {};
  if (value !== null && value !== undefined) part[key] = value;
  return part;
}
