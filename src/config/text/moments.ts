import { parseDuration } from '../../domain/duration.ts';
import type { DurationMs } from '../../domain/time.ts';
import { configLimits } from '../limits.ts';

/** How a time since the start of a test is written: `0s`, `11m`, `1h30m`. */
export const momentPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d) ?)+$/;

/** Milliseconds of `11m` or `1h30m`; null for anything else and beyond ten years. */
export function parseMoment(text: string): DurationMs | null {
  if (!momentPattern.test(text)) return null;
  let sumMs = 0;
  for (const [part] of text.matchAll(/\d+(?:\.\d+)?(?:ms|s|m|h|d)/g)) {
    const partMs = parseDuration(part);
    if (partMs === null) return null;
    sumMs += partMs;
  }
  return sumMs <= configLimits.durationMsMax ? sumMs : null;
}
