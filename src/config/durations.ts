import type { DurationMs } from '../domain/time.ts';
import { configLimits } from './limits.ts';

const unitMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

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

/** Milliseconds of `250ms 30s 5m 2h 7d`; null for anything else, for parts of a millisecond and beyond ten years. */
export function parseDuration(text: string): DurationMs | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (unitMs.get(match[2] ?? '') ?? NaN);
  const wholeMs = Math.round(ms);
  return Math.abs(ms - wholeMs) < 1e-6 && wholeMs <= configLimits.durationMsMax ? wholeMs : null;
}

/** A duration the way the config writes it, in the largest unit that leaves a whole number. */
export function formatDuration(durationMs: DurationMs): string {
  for (const [unit, ms] of [...unitMs].toReversed()) {
    if (durationMs >= ms && durationMs % ms === 0) return `${durationMs / ms}${unit}`;
  }
  return `${durationMs}ms`;
}

/** What somebody probably meant who wrote `30` or `5 minutes`; null if that is not clear. */
export function suggestDuration(found: unknown): string | null {
  if (typeof found === 'number') return found > 0 && Number.isFinite(found) ? `${found}s` : null;
  if (typeof found !== 'string') return null;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(found.trim().toLowerCase());
  const unit = match?.[2] ?? '';
  const known = unitMs.has(unit) ? unit : otherSpellings.get(unit);
  const text = known === undefined ? null : `${match?.[1] ?? ''}${known}`;
  return text !== null && text !== found && parseDuration(text) !== null ? text : null;
}
