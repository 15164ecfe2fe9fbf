import { durationUnitsMs, parseDuration } from '../../domain/duration.ts';

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

/** What somebody probably meant who wrote `30` or `5 minutes`; null if that is not clear. */
export function suggestDuration(found: unknown): string | null {
  if (typeof found === 'number') return found > 0 && Number.isFinite(found) ? `${found}s` : null;
  if (typeof found !== 'string') return null;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(found.trim().toLowerCase());
  const unit = match?.[2] ?? '';
  const known = durationUnitsMs.has(unit) ? unit : otherSpellings.get(unit);
  const text = known === undefined ? null : `${match?.[1] ?? ''}${known}`;
  return text !== null && text !== found && parseDuration(text) !== null ? text : null;
}
