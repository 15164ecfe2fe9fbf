import type { DurationMs } from './time.ts';

/** Ten years. */
export const durationMsMax = 10 * 365 * 86_400_000;

/** The units a duration is written in, smallest first. */
export const durationUnitsMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Milliseconds of `250ms 30s 5m 2h 7d`; null for anything else, for parts of a millisecond and beyond ten years. */
export function parseDuration(text: string): DurationMs | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (durationUnitsMs.get(match[2] ?? '') ?? NaN);
  const wholeMs = Math.round(ms);
  return Math.abs(ms - wholeMs) < 1e-6 && wholeMs <= durationMsMax ? wholeMs : null;
}

/** A duration the way the config writes it, in the largest unit that leaves a whole number. */
export function formatDuration(durationMs: DurationMs): string {
  for (const [unit, ms] of [...durationUnitsMs].toReversed()) {
    if (durationMs >= ms && durationMs % ms === 0) return `${durationMs / ms}${unit}`;
  }
  return `${durationMs}ms`;
}
