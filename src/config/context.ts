import { formatDuration, parseDuration } from '../domain/duration.ts';
import { isReservedName } from '../domain/name.ts';
import { parseUnit, unitNames } from '../domain/units.ts';
import type { Quantity } from '../domain/rule.ts';
import type { DurationMs } from '../domain/time.ts';
import { configLimits } from './limits.ts';
import { quote, type Path } from './text/problem.ts';
import type { Report } from './text/report.ts';
import { quantityPattern, readSwitch } from './text/schema-parts.ts';
import { closest } from './text/suggest.ts';

/** What every part of the check works with. */
export interface Context {
  readonly report: Report;
  /** Relative paths start here. */
  readonly directory: string;
  /** Files with passwords are read. */
  readonly readsSecrets: boolean;
  /** A scalar as it is written. */
  sourceText(path: Path): string | null;
}

type Scalar = string | number | boolean;

/** Text as it is written: `007` stays `007`. */
export function readText(context: Context, path: Path, value: Scalar): string {
  return typeof value === 'string' ? value : (context.sourceText(path) ?? String(value));
}

/** Text of one line for a name, an address or a topic; null and a problem if it is not fit. */
export function readLine(
  context: Context,
  path: Path,
  value: Scalar,
  charsMax: number = configLimits.topicCharsMax,
): string | null {
  const text = readText(context, path, value);
  const mistake = lineMistake(text, charsMax);
  if (mistake === null) return text;
  context.report.problem(path, { message: mistake, allowed: lineAllowed(charsMax) });
  return null;
}

/** Checks a name that the user chose as a key. */
export function checkName(context: Context, path: Path): boolean {
  const name = String(path.at(-1));
  const mistake = lineMistake(name, configLimits.nameCharsMax);
  if (mistake !== null) {
    const allowed = lineAllowed(configLimits.nameCharsMax);
    context.report.problem(path, { message: mistake, allowed, atKey: true });
    return false;
  }
  return !isReserved(context, path, name, true);
}

function isReserved(context: Context, path: Path, name: string, atKey: boolean): boolean {
  if (!isReservedName(name)) return false;
  context.report.problem(path, {
    message: `the name ${quote(name)} is reserved`,
    allowed: 'any name that does not begin with limen.',
    atKey,
  });
  return true;
}

/** The name of a device that the user chose; null and a problem if it is none. */
export function readDeviceName(context: Context, path: Path, value: Scalar): string | null {
  const name = readLine(context, path, value, configLimits.nameCharsMax);
  return name === null || isReserved(context, path, name, false) ? null : name;
}

function lineAllowed(charsMax: number): string {
  return `1 to ${charsMax} characters, no control characters`;
}

function lineMistake(text: string, charsMax: number): string | null {
  if (text.trim() === '') return 'found empty text';
  if (text.length > charsMax) return `found ${text.length} characters`;
  // C0, DEL and C1: MQTT forbids them in topics, terminals act on them.
  if (/\p{Cc}/u.test(text)) return `found a control character in ${quote(text)}`;
  return text.isWellFormed() ? null : `found half a character in ${quote(text)}`;
}

/** Bounds of a duration. */
export interface DurationBounds {
  readonly min: DurationMs;
  readonly max?: DurationMs;
}

/** Milliseconds of a duration; undefined stays undefined; a problem and undefined if it is out of bounds. */
export function readDuration(
  context: Context,
  path: Path,
  value: string | number | undefined,
  bounds: DurationBounds = { min: 0 },
): DurationMs | undefined {
  if (value === undefined) return undefined;
  const max = bounds.max ?? configLimits.durationMsMax;
  const durationMs = value === 0 ? 0 : parseDuration(String(value));
  if (durationMs !== null && durationMs >= bounds.min && durationMs <= max) return durationMs;
  context.report.problem(path, {
    message: `found ${value}`,
    allowed: `whole milliseconds from ${formatDuration(bounds.min)} to ${formatDuration(max)}`,
  });
  return undefined;
}

/** A number and its unit in canonical spelling; undefined and a problem if there is no such unit. */
export function readQuantity(
  context: Context,
  path: Path,
  value: string | number | undefined,
): Quantity | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return { value, unit: null };
  const [, digits = '', unitText] = quantityPattern.exec(value) ?? [];
  const number = Number(digits.replace('−', '-'));
  if (!Number.isFinite(number)) {
    context.report.problem(path, { message: `found ${quote(value)}`, allowed: 'a finite number' });
    return undefined;
  }
  if (unitText === undefined) return { value: number, unit: null };
  const unit = readUnit(context, path, unitText.trim());
  return unit === undefined ? undefined : { value: number, unit };
}

/** A unit in canonical spelling; undefined and a problem if it is not in the table. */
export function readUnit(context: Context, path: Path, text: string): string | undefined {
  const unit = parseUnit(text);
  if (unit !== null) return unit;
  const suggestion = closest(text, unitNames);
  context.report.problem(path, {
    message: `unknown unit ${quote(text)}`,
    allowed: unitNames.join(' '),
    suggestion,
  });
  return undefined;
}

/** On or off; undefined where nothing is said. */
export function readLevel(value: string | boolean | undefined): 'on' | 'off' | undefined {
  const isOn = readSwitch(value);
  return isOn === null ? undefined : isOn ? 'on' : 'off';
}

/** The one of several names that a reference means; a problem and false if there is none. */
export function checkReference(
  context: Context,
  path: Path,
  reference: { readonly kind: string; readonly name: string; readonly known: readonly string[] },
): boolean {
  const { kind, name, known } = reference;
  if (known.includes(name)) return true;
  context.report.problem(path, {
    message: `there is no ${kind} ${quote(name)}`,
    allowed: known.length === 0 ? `a name from ${kind}s:, which is empty` : known.join(', '),
    suggestion: closest(name, known),
  });
  return false;
}
