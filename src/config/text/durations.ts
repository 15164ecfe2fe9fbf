import { durationMsMax, durationUnitsMs, parseDuration } from '../../domain/duration.ts';
import type { DurationMs } from '../../domain/time.ts';

/** Spellings people try, and the one that counts. */
const otherSpellings = new Map(
  Object.entries({
    ms: ['msec', 'millis', 'milliseconds'],
    s: ['sec', 'secs', 'second', 'seconds'],
    m: ['min', 'mins', 'minute', 'minutes'],
    h: ['hr', 'hrs', 'hour', 'hours'],
    d: ['day', 'days'],
  }).flatMap(([unit, spellings]) => spellings.map((spelling) => [spelling, unit] as const)),
);

/** How a duration is written; the JSON schema carries it. */
export const durationPattern = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/;

/** Stands before the longest time in what is said of a duration that is limited. */
export const atMostMark = ', at most ';

/** The longest time that a key takes, by what is said to be allowed. */
export function longestAllowed(allowed: string): DurationMs {
  return parseDuration(allowed.split(atMostMark)[1] ?? '') ?? durationMsMax;
}

/**
 * What somebody probably meant who wrote `30` or `5 minutes`; null if that is not clear. A number means seconds, or
 * milliseconds where so many seconds are more than the key takes.
 */
export function suggestDuration(found: unknown, maxMs: DurationMs = durationMsMax): string | null {
  const fits = (text: string): boolean => (parseDuration(text) ?? Infinity) <= maxMs;
  if (typeof found === 'number') return [`${found}s`, `${found}ms`].find(fits) ?? null;
  if (typeof found !== 'string') return null;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(found.trim().toLowerCase());
  const unit = match?.[2] ?? '';
  const known = durationUnitsMs.has(unit) ? unit : otherSpellings.get(unit);
  const text = known === undefined ? null : `${match?.[1] ?? ''}${known}`;
  return text !== null && text !== found && fits(text) ? text : null;
}
