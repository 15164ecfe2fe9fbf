import { limits } from '../domain/limits.ts';
import type { Aggregate } from '../domain/rule.ts';
import { addCover, addReading, addSums, clearSums, createSums, type Sums } from './block-sums.ts';
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
 * It follows from the kept readings alone, added up block by block in their order: two windows that hold the same
 * readings give the same number to the last bit, whatever was before.
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
  asked.at = at;
  asked.first = first;
  asked.reachMs = limits.missedIntervals * (expectEveryMs ?? samples.medianGapMs);
  asked.limit = question.limit;
  asked.isSlope = question.of === 'rate';
  addUp(samples);
  if (2 * sums.totalMs < samples.spanMs) return NaN;
  switch (question.of) {
    case 'mean':
      return sums.area / sums.totalMs;
    case 'time_above':
      return sums.aboveMs / 1000;
    case 'min':
      return sums.low;
    case 'max':
      return sums.high;
    case 'count':
      return sums.weight;
    case 'percentile': {
      // Nearest rank: a value that was really read, never one between two.
      const rank = Math.ceil((question.percent / 100) * (samples.end - first)) - 1;
      return samples.ranked(Math.max(0, rank), first);
    }
    case 'rate':
      // Slope of the least-squares line, per millisecond; NaN unless there are two times.
      return sums.spread > 0 ? sums.together / sums.spread : NaN;
  }
}

// One reading before the window may be kept, not more.
function firstInside(samples: SampleWindow, at: number): number {
  const { times, begin } = samples;
  return samples.length > 0 && times[begin]! <= at - samples.spanMs ? begin + 1 : begin;
}

// One object each for all calls: sums of the window, those of a block of it, and what they are added up for.
const sums = createSums();
const part = createSums();
const asked = { at: 0, first: 0, reachMs: 0, limit: 0, isSlope: false };

function addUp(samples: SampleWindow): void {
  const { times, end, blocks } = samples;
  const { first, reachMs, limit, isSlope } = asked;
  clearSums(sums, times[first]!, isSlope);
  blocks.cutFor(samples.length);
  const openBlock = blocks.idOf(times[end - 1]!);
  const firstBlock = blocks.idOf(times[first]!);
  let index = samples.begin;
  while (index < end) {
    const id = blocks.idOf(times[index]!);
    // Of the first block readings may be gone already, and the last one is still growing.
    if (id > firstBlock && id < openBlock) {
      const kept = blocks.find(id, limit, isSlope) ?? addBlock(samples, index, id);
      if (kept.gapMsMax <= reachMs) {
        addSums(sums, kept);
        index += kept.count;
        continue;
      }
    }
    index = addReadings(samples, index, id);
  }
}

/** Adds the readings of one block one by one; returns the index of the one after them. */
function addReadings(samples: SampleWindow, from: number, id: number): number {
  const { times, values, weights, end, blocks, spanMs } = samples;
  const { at, first, reachMs, limit, isSlope } = asked;
  const blockEnd = blocks.startOf(id) + blocks.blockMs;
  clearSums(part, times[from]!, isSlope);
  let index = from;
  for (; index < end && times[index]! < blockEnd; index += 1) {
    const begin = times[index]!;
    const next = index + 1 < end ? times[index + 1]! : at;
    const value = values[index]!;
    const lengthMs = Math.min(next, begin + reachMs) - Math.max(begin, at - spanMs);
    addCover(part, lengthMs, value, limit);
    if (index >= first) addReading(part, begin, value, weights[index]!);
  }
  addSums(sums, part);
  return index;
}

/** Adds up a block after which there is a reading, and keeps it. */
function addBlock(samples: SampleWindow, from: number, id: number): Sums {
  const { times, values, weights, blocks } = samples;
  const { limit, isSlope } = asked;
  const kept = blocks.make(id, limit, isSlope);
  const blockEnd = blocks.startOf(id) + blocks.blockMs;
  for (let index = from; times[index]! < blockEnd; index += 1) {
    const begin = times[index]!;
    const gapMs = times[index + 1]! - begin;
    if (gapMs > kept.gapMsMax) kept.gapMsMax = gapMs;
    addCover(kept, gapMs, values[index]!, limit);
    addReading(kept, begin, values[index]!, weights[index]!);
  }
  return kept;
}
