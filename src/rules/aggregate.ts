import { limits } from '../domain/limits.ts';
import type { Aggregate } from '../domain/rule.ts';
import type { SampleWindow } from './samples.ts';

/** What of a window is asked for; limits in the point's unit. */
export type AggregateKind = Aggregate['kind'];

/** One question to a window. */
export interface Question {
  readonly of: AggregateKind;
  /** For `percentile`. */
  readonly percent: number;
  /** For `time_above`, in the point's unit. */
  readonly limit: number;
}

/**
 * The aggregate of the window (at − span, at]; NaN: unknown. A reading covers the time until the next one, at most
 * `missedIntervals` (3) times the expected interval; where none is expected, as many times the median gap between the
 * readings in the window. Unknown is a window without a reading in it, and one that is covered for less than half.
 *
 * Everything is computed from the kept readings each time, in their order: two windows that hold the same readings give
 * the same number to the last bit, whatever was before.
 */
export function aggregate(
  samples: SampleWindow,
  question: Question,
  at: number,
  expectEveryMs: number | null,
): number {
  samples.forgetBefore(at);
  const first = firstInside(samples, at);
  if (first >= samples.end) return NaN;
  const reachMs = limits.missedIntervals * (expectEveryMs ?? medianGap(samples));
  cover(samples, at, reachMs, question.limit);
  if (2 * covered.totalMs < samples.spanMs) return NaN;
  switch (question.of) {
    case 'mean':
      return covered.area / covered.totalMs;
    case 'time_above':
      return covered.aboveMs / 1000;
    case 'min':
      return lowest(samples, first);
    case 'max':
      return highest(samples, first);
    case 'count':
      return count(samples, first);
    case 'percentile':
      return percentile(samples, first, question.percent);
    case 'rate':
      return slope(samples, first);
  }
}

// One reading before the window may be kept, not more.
function firstInside(samples: SampleWindow, at: number): number {
  const { times, begin } = samples;
  return samples.length > 0 && times[begin]! <= at - samples.spanMs ? begin + 1 : begin;
}

// One object for all calls, written by `cover`.
const covered = { totalMs: 0, area: 0, aboveMs: 0 };

function cover(samples: SampleWindow, at: number, reachMs: number, limit: number): void {
  const from = at - samples.spanMs;
  const { times, values, end } = samples;
  let totalMs = 0;
  let area = 0;
  let aboveMs = 0;
  for (let index = samples.begin; index < end; index += 1) {
    const begin = times[index]!;
    const next = index + 1 < end ? times[index + 1]! : at;
    const lengthMs = Math.min(next, begin + reachMs) - Math.max(begin, from);
    if (!(lengthMs > 0)) continue;
    const value = values[index]!;
    totalMs += lengthMs;
    area += value * lengthMs;
    if (value > limit) aboveMs += lengthMs;
  }
  covered.totalMs = totalMs;
  covered.area = area;
  covered.aboveMs = aboveMs;
}

// Large enough for every window: a median and a percentile are found in it.
const scratch = new Float64Array(limits.windowSamplesMax);

/** The median time between two readings, the upper one of an even number; 0 if there is no pair. */
function medianGap(samples: SampleWindow): number {
  const gaps = samples.length - 1;
  const { times, begin } = samples;
  if (gaps < 1) return 0;
  for (let index = 0; index < gaps; index += 1) {
    scratch[index] = times[begin + index + 1]! - times[begin + index]!;
  }
  return nthSmallest(gaps, gaps >> 1);
}

function lowest({ values, end }: SampleWindow, first: number): number {
  let found = Infinity;
  for (let index = first; index < end; index += 1) {
    found = Math.min(found, values[index]!);
  }
  return found;
}

function highest({ values, end }: SampleWindow, first: number): number {
  let found = -Infinity;
  for (let index = first; index < end; index += 1) {
    found = Math.max(found, values[index]!);
  }
  return found;
}

function count({ weights, end }: SampleWindow, first: number): number {
  let sum = 0;
  for (let index = first; index < end; index += 1) sum += weights[index]!;
  return sum;
}

// Nearest rank: a value that was really read, never one between two.
function percentile({ values, end }: SampleWindow, first: number, percent: number): number {
  const length = end - first;
  for (let index = 0; index < length; index += 1) scratch[index] = values[first + index]!;
  return nthSmallest(length, Math.max(0, Math.ceil((percent / 100) * length) - 1));
}

/** Slope of the least-squares line, per millisecond; NaN unless there are two times. */
function slope({ times, values, end }: SampleWindow, first: number): number {
  const length = end - first;
  let timeSum = 0;
  let valueSum = 0;
  // Relative to the first reading: engine times are large, and squares of them would eat the digits.
  const origin = times[first]!;
  for (let index = first; index < end; index += 1) {
    timeSum += times[index]! - origin;
    valueSum += values[index]!;
  }
  const meanTime = timeSum / length;
  const meanValue = valueSum / length;
  let together = 0;
  let spread = 0;
  for (let index = first; index < end; index += 1) {
    const time = times[index]! - origin - meanTime;
    together += time * (values[index]! - meanValue);
    spread += time * time;
  }
  return spread > 0 ? together / spread : NaN;
}

/** Hoare's selection among the first `length` numbers of the scratch, which it reorders. */
function nthSmallest(length: number, n: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const pivot = scratch[(low + high) >> 1]!;
    let left = low;
    let right = high;
    while (left <= right) {
      while (scratch[left]! < pivot) left += 1;
      while (scratch[right]! > pivot) right -= 1;
      if (left > right) break;
      const kept = scratch[left]!;
      scratch[left] = scratch[right]!;
      scratch[right] = kept;
      left += 1;
      right -= 1;
    }
    if (n <= right) high = right;
    else if (n >= left) low = left;
    else break;
  }
  return scratch[n]!;
}
