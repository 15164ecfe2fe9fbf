import type { Brand } from './brand.ts';
import { isReservedName } from './name.ts';
import type { Value } from './reading.ts';
import { readSwitchWord } from './state.ts';
import { convert } from './units.ts';

/**
 * Index of a point in the registry: dense, starts at 1, given in the order points were first heard or declared. A point
 * whose unit changes goes on under a new one, so that what is stored keeps the unit it was stored in.
 */
export type PointIndex = Brand<number, 'PointIndex'>;

/** What the numbers of a point mean: a quantity, 1/0 for true/false, or the index of a text state. */
export type ValueKind = 'number' | 'boolean' | 'text';

/** One measured quantity of a device. Immutable: a change makes a new object. */
export interface Point {
  readonly index: PointIndex;
  readonly device: string;
  readonly metric: string;
  /** The point's unit (canonical spelling of the unit table), null while none is known. */
  readonly unit: string | null;
  readonly kind: ValueKind;
  /** Text states in the order they were first seen; a reading stores the index. Empty unless kind is `text`. */
  readonly states: readonly string[];
}

/** `device/metric`, the way points are written in config, CLI and logs. */
export function pointName(point: { readonly device: string; readonly metric: string }): string {
  return `${point.device}/${point.metric}`;
}

/** The stored number as people see it: a number, true/false, or a text state; null for a value that is not one. */
export function displayValue(point: Pick<Point, 'kind' | 'states'>, stored: number): Value | null {
  if (Number.isNaN(stored)) return null;
  if (point.kind === 'boolean') return stored !== 0;
  if (point.kind === 'text') return point.states[stored] ?? null;
  return stored;
}

/** The number that an expression takes for a stored one: of the states on and off among other words 1 and 0; NaN: none. */
export function calculableValue(
  { kind, states }: Pick<Point, 'kind' | 'states'>,
  stored: number,
): number {
  if (kind !== 'text') return stored;
  const isOn = readSwitchWord(states[stored] ?? '');
  return isOn === null ? NaN : Number(isOn);
}

/** A number stored of a point, in another unit of it; NaN: it cannot be converted. Without a unit it stays as it is. */
export function convertStored(
  stored: number,
  { kind, unit: from }: Pick<Point, 'kind' | 'unit'>,
  to: string | null,
): number {
  if (kind !== 'number' || from === null || to === null || from === to) return stored;
  return convert(stored, from, to) ?? NaN;
}

/**
 * A pattern over `device/metric`: `*` stands for any characters within one part, never for the slash between device
 * and metric. The device is everything before the last slash. What Limen measures of itself (`bench/limen.bad_lines`) is
 * meant only by a pattern whose metric says `limen.` too: a limit for all metrics of a device is none for its line.
 */
export interface PointPattern {
  readonly text: string;
  /** True if there is no `*`: the pattern names one point, which is then expected from the start. */
  readonly exact: boolean;
  matches(device: string, metric: string): boolean;
}

/** Compiles a pattern; the text must contain a slash (the config checks it). */
export function compilePattern(text: string): PointPattern {
  const slash = text.lastIndexOf('/');
  const device = compilePart(text.slice(0, slash));
  const metricText = text.slice(slash + 1);
  const metric = compilePart(metricText);
  const meansOwn = isReservedName(metricText);
  return {
    text,
    exact: !text.includes('*'),
    matches: (d, m) => device(d) && metric(m) && (meansOwn || !isReservedName(m)),
  };
}

// Greedy two-pointer matching: linear in practice and free of backtracking blow-up, unlike a regular expression.
function compilePart(part: string): (text: string) => boolean {
  if (!part.includes('*')) return (text) => text === part;
  if (part === '*') return () => true;
  const pieces = part.split('*');
  const head = pieces[0] ?? '';
  const tail = pieces.at(-1) ?? '';
  const middle = pieces.slice(1, -1);
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail))
      return false;
    let at = head.length;
    const end = text.length - tail.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
