import { limits } from '../../domain/limits.ts';
import type { Aggregate } from '../../domain/rule.ts';
import { column } from './block-sums.ts';
import { addMoments, addReading, clearMoments, createMoments, slopeOf } from './moments.ts';
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
  addUp(samples, at, first, reachOf(samples, expectEveryMs), question);
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
      return slope(samples, first, question.limit);
  }
}

/** How much of the window (at − span, at] its readings cover, from 0 to 1. */
export function coveredShare(
  samples: SampleWindow,
  question: Question,
  at: number,
  expectEveryMs: number | null,
): number {
  samples.forgetBefore(at);
  const first = firstInside(samples, at);
  if (first >= samples.end) return 0;
  addUp(samples, at, first, reachOf(samples, expectEveryMs), question);
  return sums.totalMs / samples.spanMs;
}

/** The time that one reading covers at most. */
function reachOf(samples: SampleWindow, expectEveryMs: number | null): number {
  return limits.missedIntervals * (expectEveryMs ?? samples.medianGapMs);
}

// One reading before the window may be kept, not more.
function firstInside(samples: SampleWindow, at: number): number {
  const { times, begin } = samples;
  return samples.length > 0 && times[begin]! <= at - samples.spanMs ? begin + 1 : begin;
}

// One object for all calls, written by `addUp`.
const sums = { totalMs: 0, area: 0, aboveMs: 0, low: 0, high: 0, weight: 0 };

// Locals and one straight loop: a long window is judged at each reading.
function addUp(
  samples: SampleWindow,
  at: number,
  first: number,
  reachMs: number,
  question: Question,
): void {
  const { times, values, weights, end, blocks } = samples;
  const { limit, of } = question;
  const hasRange = of === 'min' || of === 'max' || of === 'count';
  blocks.cutFor(samples.length, limit);
  if (blocks.blockMs === Infinity) {
    addStraight(samples, at, reachMs, question);
    if (hasRange) addRange(samples, first);
    return;
  }
  const from = at - samples.spanMs;
  const firstBlock = blocks.idOf(times[first]!);
  const openBlock = blocks.idOf(times[end - 1]!);
  let totalMs = 0;
  let area = 0;
  let aboveMs = 0;
  let low = Infinity;
  let high = -Infinity;
  let weight = 0;
  let index = samples.begin;
  for (let id = firstBlock; id <= openBlock; id += 1) {
    const blockEnd = blocks.startOf(id) + blocks.blockMs;
    // Of the first block readings may be gone already, and the last one is still growing.
    if (id > firstBlock && id < openBlock) {
      if (times[index]! >= blockEnd) continue;
      const row = keptRow(samples, index, id, limit);
      const { rows } = blocks;
      if (rows[row + column.gapMsMax]! <= reachMs) {
        totalMs += rows[row + column.totalMs]!;
        area += rows[row + column.area]!;
        aboveMs += rows[row + column.aboveMs]!;
        if (hasRange) {
          low = Math.min(low, rows[row + column.low]!);
          high = Math.max(high, rows[row + column.high]!);
          weight += rows[row + column.weight]!;
        }
        index += rows[row + column.count]!;
        continue;
      }
    }
    let blockMs = 0;
    let blockArea = 0;
    let blockAboveMs = 0;
    let begin = times[index]!;
    while (index < end && begin < blockEnd) {
      const value = values[index]!;
      const next = index + 1 < end ? times[index + 1]! : at;
      let lengthMs = next - begin < reachMs ? next - begin : reachMs;
      // Only of the reading before the window.
      if (begin < from) lengthMs -= from - begin;
      if (lengthMs > 0) {
        blockMs += lengthMs;
        blockArea += value * lengthMs;
        if (value > limit) blockAboveMs += lengthMs;
      }
      if (hasRange && index >= first) {
        low = Math.min(low, value);
        high = Math.max(high, value);
        weight += weights[index]!;
      }
      begin = next;
      index += 1;
    }
    totalMs += blockMs;
    area += blockArea;
    aboveMs += blockAboveMs;
  }
  sums.totalMs = totalMs;
  sums.area = area;
  sums.aboveMs = aboveMs;
  sums.low = low;
  sums.high = high;
  sums.weight = weight;
}

function addStraight(
  samples: SampleWindow,
  at: number,
  reachMs: number,
  { of, limit }: Question,
): void {
  const { times, values, begin: first, end, spanMs } = samples;
  const last = end - 1;
  if (of === 'mean' && !samples.hasGapOver(reachMs)) addWhole(samples);
  else addParts(samples, reachMs, limit);
  const lengthMs = Math.min(at - times[last]!, reachMs);
  const value = values[last]!;
  // Only the first reading may lie before the window, and then a part of what it covers, too.
  const lostMs = lostOf(times[first]!, first < last ? times[first + 1]! : at, reachMs, at - spanMs);
  const lostValue = values[first]!;
  sums.totalMs += lengthMs - lostMs;
  sums.area += value * lengthMs - lostValue * lostMs;
  sums.aboveMs += (value > limit ? lengthMs : 0) - (lostValue > limit ? lostMs : 0);
}

// Each reading covers the time until the next one. Four sums side by side: one waits for its last addition, and a
// processor can do several at once.
function addWhole({ times, areas, begin, end }: SampleWindow): void {
  const last = end - 1;
  let area = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let index = begin;
  for (; index + 3 < last; index += 4) {
    area += areas[index]!;
    second += areas[index + 1]!;
    third += areas[index + 2]!;
    fourth += areas[index + 3]!;
  }
  for (; index < last; index += 1) area += areas[index]!;
  sums.totalMs = times[last]! - times[begin]!;
  sums.area = area + second + (third + fourth);
  sums.aboveMs = 0;
}

// Kept bare: this runs over each reading of the window at each judgement.
function addParts(
  { times, values, begin: first, end }: SampleWindow,
  reachMs: number,
  limit: number,
): void {
  let totalMs = 0;
  let area = 0;
  let aboveMs = 0;
  let begin = times[first]!;
  for (let index = first; index < end - 1; index += 1) {
    const value = values[index]!;
    const next = times[index + 1]!;
    const lengthMs = next - begin < reachMs ? next - begin : reachMs;
    totalMs += lengthMs;
    area += value * lengthMs;
    if (value > limit) aboveMs += lengthMs;
    begin = next;
  }
  sums.totalMs = totalMs;
  sums.area = area;
  sums.aboveMs = aboveMs;
}

/** How much of what a reading covers lies before a time. */
function lostOf(begin: number, next: number, reachMs: number, from: number): number {
  return begin < from ? Math.min(from - begin, next - begin, reachMs) : 0;
}

function addRange(samples: SampleWindow, first: number): void {
  const { values, weights, end } = samples;
  let low = Infinity;
  let high = -Infinity;
  let weight = 0;
  for (let index = first; index < end; index += 1) {
    const value = values[index]!;
    low = value < low ? value : low;
    high = value > high ? value : high;
    weight += weights[index]!;
  }
  sums.low = low;
  sums.high = high;
  sums.weight = weight;
}

/** Where the sums of a closed block stand; made if they are not kept. */
function keptRow(samples: SampleWindow, from: number, id: number, limit: number): number {
  const { blocks } = samples;
  const found = blocks.find(id);
  if (found >= 0) return found;
  const { times, values, weights } = samples;
  const row = blocks.make(id);
  const { rows } = blocks;
  const blockStart = blocks.startOf(id);
  rows.fill(0, row, row + column.spread + 1);
  rows[row + column.low] = Infinity;
  rows[row + column.high] = -Infinity;
  clearMoments(part, blockStart);
  for (let index = from; times[index]! < blockStart + blocks.blockMs; index += 1) {
    const value = values[index]!;
    const gapMs = times[index + 1]! - times[index]!;
    rows[row + column.totalMs]! += gapMs;
    rows[row + column.area]! += value * gapMs;
    if (value > limit) rows[row + column.aboveMs]! += gapMs;
    rows[row + column.gapMsMax] = Math.max(gapMs, rows[row + column.gapMsMax]!);
    rows[row + column.low] = Math.min(value, rows[row + column.low]!);
    rows[row + column.high] = Math.max(value, rows[row + column.high]!);
    rows[row + column.weight]! += weights[index]!;
    addReading(part, times[index]!, value);
  }
  rows[row + column.count] = part.count;
  rows[row + column.meanTime] = part.meanTime;
  rows[row + column.meanValue] = part.meanValue;
  rows[row + column.together] = part.together;
  rows[row + column.spread] = part.spread;
  return row;
}

// Of the window, and of a block of it.
const whole = createMoments();
const part = createMoments();

/** Slope of the least-squares line, per millisecond; NaN unless there are two times. */
function slope(samples: SampleWindow, first: number, limit: number): number {
  const { times, values, end, blocks } = samples;
  const firstBlock = blocks.idOf(times[first]!);
  const openBlock = blocks.idOf(times[end - 1]!);
  // Relative to the first reading: engine times are large.
  clearMoments(whole, times[first]!);
  let index = first;
  while (index < end) {
    const id = blocks.idOf(times[index]!);
    if (id > firstBlock && id < openBlock) {
      const row = keptRow(samples, index, id, limit);
      const { rows } = blocks;
      part.originMs = blocks.startOf(id);
      part.count = rows[row + column.count]!;
      part.meanTime = rows[row + column.meanTime]!;
      part.meanValue = rows[row + column.meanValue]!;
      part.together = rows[row + column.together]!;
      part.spread = rows[row + column.spread]!;
      index += part.count;
    } else {
      const blockEnd = blocks.startOf(id) + blocks.blockMs;
      clearMoments(part, times[index]!);
      for (; index < end && times[index]! < blockEnd; index += 1)
        addReading(part, times[index]!, values[index]!);
    }
    addMoments(whole, part);
  }
  return slopeOf(whole);
}
