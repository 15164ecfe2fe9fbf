import { alertKey, type Alert } from '../domain/alert.ts';
import type { OutputStatus } from '../domain/output.ts';
import { pointName } from '../domain/point.ts';
import type { Value } from '../domain/reading.ts';
import {
  alertRefText,
  momentText,
  type AlertRef,
  type Difference,
  type Expectation,
  type ExpectedAlert,
  type ExpectedPoint,
  type Failure,
} from '../domain/rehearsal.ts';
import type { Quantity } from '../domain/rule.ts';
import { isState } from '../domain/state.ts';
import { convert } from '../domain/units.ts';
import type { LastReading } from './limen-in-test.ts';
import { isNamed } from './sequence.ts';

/** How everything is at the moment of an expectation. */
export interface Present {
  readonly atMs: number;
  readonly alerts: readonly Alert[];
  readonly outputs: readonly OutputStatus[];
  readonly lastReadings: ReadonlyMap<string, LastReading>;
  readonly notified: ReadonlyMap<string, number>;
  /** A wall time in the time of the test. */
  toTestMs(wallMs: number): number;
}

/** Everything that is not as expected. */
export function check(expectation: Expectation, present: Present): Failure[] {
  const { atMs } = present;
  const failures: Failure[] = [];
  const add = (
    place: { readonly line: number; readonly column: number },
    subject: string,
    differences: readonly Difference[],
  ): void => {
    if (differences.length === 0) return;
    const { line, column } = place;
    failures.push({ line, column, atMs, subject, differences, diff: [] });
  };
  for (const expected of expectation.alerts) {
    add(expected, alertRefText(expected.alert), checkAlert(expected, present));
  }
  for (const { output, level, ...place } of expectation.outputs) {
    const status = present.outputs.find(({ name }) => name === output);
    const actual = status?.commanded ?? 'not there';
    const why = status === undefined ? '' : ` (${whyOutput(status)})`;
    add(place, `output ${output}`, differ('level', level, actual, `${actual}${why}`));
  }
  for (const expected of expectation.points) {
    add(expected, pointName(expected), checkPoint(expected, present));
  }
  for (const { notifier, times, ...place } of expectation.notified) {
    const actual = present.notified.get(notifier) ?? 0;
    add(place, `notifier ${notifier}`, differ('told', timesText(times), timesText(actual)));
  }
  if (expectation.open !== null) {
    add(expectation.open, 'open alerts', checkOpen(expectation.open.alerts, present));
  }
  return failures;
}

/** The one alert that is meant: the only one of its rule, or the only one that is not normal. */
export function findAlert(
  ref: AlertRef,
  alerts: readonly Alert[],
): { readonly alert: Alert | null; readonly several: readonly Alert[] } {
  const named = alerts.filter((alert) => alert.rule === ref.rule && isNamed(ref, alertKey(alert)));
  const open = named.filter(({ state }) => state !== 'normal');
  if (named.length === 1 || open.length === 0) return { alert: named[0] ?? null, several: [] };
  return open.length === 1
    ? { alert: open[0] ?? null, several: [] }
    : { alert: null, several: open };
}

function checkAlert(expected: ExpectedAlert, { alerts, toTestMs }: Present): Difference[] {
  const { alert, several } = findAlert(expected.alert, alerts);
  if (several.length > 0) {
    const actual = several.map(alertKey).join(', ');
    return [{ what: 'alert', expected: 'one that is not normal', actual }];
  }
  // Of a point that nobody has heard of there is no alert, and nothing is raised.
  if (alert === null) {
    const { state = 'normal' } = expected;
    const isPlain = Object.keys(expected).every((key) =>
      ['alert', 'line', 'column', 'state'].includes(key),
    );
    return state === 'normal' && isPlain
      ? []
      : [{ what: 'alert', expected: state, actual: 'no such alert: its point was never heard' }];
  }
  const due = alert.dueAt === null ? null : toTestMs(alert.dueAt);
  const wanted = (what: string, value: Value | undefined, actual: Value | null): Difference[] =>
    value === undefined ? [] : differ(what, shown(value), shown(actual));
  return [
    ...wanted('state', expected.state, alert.state),
    ...wanted('condition', expected.condition, alert.condition),
    ...wanted('quality', expected.quality, alert.quality),
    ...wanted('severity', expected.severity, alert.severity),
    ...wanted('severity_max', expected.severityMax, alert.severityMax),
    ...checkValue(expected.value, alert.value, alert.unit),
    ...wanted('message', expected.message, alert.message),
    ...wanted('raises', expected.raises, alert.raises),
    ...wanted('acknowledged_by', expected.acknowledgedBy, alert.acknowledgedBy),
    ...wanted('comment', expected.comment, alert.comment),
    ...wanted('latched', expected.latched, alert.latched),
    ...wanted('shelved', expected.shelved, alert.shelvedUntil !== null),
    ...wanted('suppressed_by', expected.suppressedBy, alert.suppressedBy),
    ...wanted('out_of_service', expected.outOfService, alert.outOfService),
    ...wanted('first_out', expected.firstOut, alert.firstOut?.alert === alertKey(alert)),
    ...wanted('reason', expected.reason, alert.reason),
    ...(expected.dueMs === undefined
      ? []
      : differ('due', momentText(expected.dueMs), due === null ? 'no delay' : momentText(due))),
  ];
}

function checkPoint(expected: ExpectedPoint, { lastReadings }: Present): Difference[] {
  const last = lastReadings.get(pointName(expected));
  if (last === undefined) {
    return [{ what: 'point', expected: 'a reading', actual: 'never heard' }];
  }
  const quality =
    expected.quality === undefined ? [] : differ('quality', expected.quality, last.quality);
  return [...checkValue(expected.value, last.value, last.unit), ...quality];
}

function checkValue(
  expected: Quantity | boolean | string | undefined,
  actual: Value | null,
  unit: string | null,
): Difference[] {
  if (expected === undefined) return [];
  const found = `${shown(actual)}${unit === null ? '' : ` ${unit}`}`;
  if (typeof expected !== 'object')
    return actual !== null && isState(actual, expected)
      ? []
      : differ('value', shown(expected), shown(actual));
  const written =
    expected.unit === null ? `${expected.value}` : `${expected.value} ${expected.unit}`;
  const wanted =
    expected.unit === null || unit === null
      ? expected.value
      : convert(expected.value, expected.unit, unit);
  const isSame =
    typeof actual === 'number' &&
    wanted !== null &&
    Math.abs(actual - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
  return isSame ? [] : [{ what: 'value', expected: written, actual: found }];
}

function checkOpen(refs: readonly AlertRef[], { alerts }: Present): Difference[] {
  const open = alerts.filter(({ state }) => state !== 'normal');
  const named = (alert: Alert): boolean =>
    refs.some((ref) => ref.rule === alert.rule && isNamed(ref, alertKey(alert)));
  const missing = refs.filter(
    (ref) => !open.some((alert) => ref.rule === alert.rule && isNamed(ref, alertKey(alert))),
  );
  if (missing.length === 0 && open.every(named)) return [];
  const list = (names: readonly string[]): string =>
    names.length === 0 ? 'none' : names.join(', ');
  const actual = list(open.map((alert) => `${alertKey(alert)} (${alert.state})`));
  return [{ what: 'not normal', expected: list(refs.map(alertRefText)), actual }];
}

function whyOutput({ reason, owner }: OutputStatus): string {
  return owner === null ? reason : `${reason}, ${owner}`;
}

function differ(what: string, expected: string, actual: string, detail = actual): Difference[] {
  return expected === actual ? [] : [{ what, expected, actual: detail }];
}

function shown(value: Value | null): string {
  return value === null ? 'nothing' : String(value);
}

function timesText(count: number): string {
  return count === 1 ? '1 time' : `${count} times`;
}
