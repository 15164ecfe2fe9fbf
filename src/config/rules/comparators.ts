import type { Comparator } from '../../domain/rule.ts';
import { readDuration, readQuantity, readText, type Context } from '../context.ts';
import { readRange } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import { readRate } from './rates.ts';
import { readSwitch } from '../text/schema-parts.ts';

/** The keys of a rule that say what is compared; a rule has one of them. */
export const conditionKeys = [
  'above',
  'below',
  'outside',
  'inside',
  'equals',
  'changes_to',
  'silent_for',
  'stuck_for',
  'rate_above',
  'rate_below',
] as const;
export type ConditionKey = (typeof conditionKeys)[number];

/** Reads one limit, whose shape the schema has checked; null if it is wrong. */
export function readComparator(
  context: Context,
  path: Path,
  kind: ConditionKey,
  value: unknown,
  bareUnit: string | null,
): Comparator | null {
  switch (kind) {
    case 'above':
    case 'below': {
      const limit = readQuantity(context, path, isNumberOrText(value) ? value : undefined);
      return limit === undefined ? null : { kind, limit };
    }
    case 'outside':
    case 'inside': {
      const values: readonly unknown[] = Array.isArray(value) ? value : [];
      const pair = values.map((item) => (isNumberOrText(item) ? item : undefined));
      const range = readRange(context, path, pair, bareUnit);
      return range === null ? null : { kind, ...range };
    }
    case 'equals':
    case 'changes_to':
      return { kind, value: readState(context, path, value) };
    case 'silent_for': {
      const written = isNumberOrText(value) ? value : undefined;
      const forMs = readDuration(context, path, written, { min: 1 });
      return forMs === undefined ? null : { kind, forMs };
    }
    case 'stuck_for': {
      const written = isNumberOrText(value) ? value : undefined;
      const forMs = readDuration(context, path, written, { min: 1 });
      // The tolerance is one for all levels, and is read beside them.
      return forMs === undefined ? null : { kind, forMs, tolerance: { value: 0, unit: null } };
    }
    case 'rate_above':
    case 'rate_below': {
      const limit = typeof value === 'string' ? readRate(context, path, value) : undefined;
      return limit === undefined ? null : { kind, limit };
    }
  }
}

/**
 * A state: a number, true or false, or a text. Readings turn `on`, `yes`, `true` and numbers into values wherever they come
 * as words, quoted or not. A limit must be read the same way, or it would never be met.
 */
export function readState(context: Context, path: Path, value: unknown): number | boolean | string {
  if (typeof value === 'number') return value;
  const text = readText(context, path, typeof value === 'boolean' ? value : String(value)).trim();
  const word = readSwitch(text.toLowerCase());
  if (word !== null) return word;
  return /^[-+]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function isNumberOrText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
