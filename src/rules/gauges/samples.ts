import { limits } from '../../domain/limits.ts';
import { BlockSums } from './block-sums.ts';
import { SortedNumbers } from './sorted-numbers.ts';

/** Readings kept in one bucket: its first, its lowest, its highest and its last. */
const perBucket = 4;
// The window may begin and end within a bucket, and one reading before its beginning is kept beside them.
const bucketsMax = Math.floor(limits.windowSamplesMax / perBucket) - 2;

/**
 * The readings of the last `spanMs` of a point, and the one before them, which still holds at the beginning of the
 * window. At most `limits.windowSamplesMax`: time is cut into buckets of a 1022nd of the window, and of a bucket with
 * more than four readings the first, the last, the lowest and the highest are kept. Which ones depends on the readings
 * alone, not on when anybody asked.
 */
export class SampleWindow {
  readonly spanMs: number;
  readonly #bucketMs: number;
  /** Sums over blocks of buckets. */
  readonly blocks: BlockSums;
  /** Engine times from `begin` to before `end`: one piece, so that an aggregate runs straight through. */
  times = new Float64Array(16);
  values = new Float64Array(16);
  /** Of each but the last: value times the milliseconds until the next one. */
  areas = new Float64Array(16);
  /** How many readings each stands for: itself, and those of its bucket right before it that were not kept. */
  weights = new Float64Array(16);
  begin = 0;
  end = 0;
  /** The times between two readings, and the values, in order; null: nobody asked yet. */
  #gaps: SortedNumbers | null = null;
  #ranks: SortedNumbers | null = null;
  /** No time between two readings is longer. */
  #gapMsBound = 0;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
    this.#bucketMs = Math.max(1, Math.ceil(spanMs / bucketsMax));
    this.blocks = new BlockSums(this.#bucketMs);
  }

  get length(): number {
    return this.end - this.begin;
  }

  /** Whether there is a reading in the window that ends at this time. */
  holdsAt(at: number): boolean {
    return this.length > 0 && this.times[this.end - 1]! > at - this.spanMs;
  }

  /** The time between the last two readings; infinite if there is only one. */
  get lastGapMs(): number {
    return this.length > 1 ? this.times[this.end - 1]! - this.times[this.end - 2]! : Infinity;
  }

  /** Takes a reading at its place in time, as a rule the last one; of one time the later one comes after. */
  add(at: number, value: number): void {
    const newest = this.length > 0 ? Math.max(at, this.times[this.end - 1]!) : at;
    this.forgetBefore(newest);
    if (this.end === this.times.length) this.#makeRoom();
    const place = this.#placeOf(at);
    if (place < this.end) this.#moveBack(place);
    else if (this.#gaps !== null && this.length > 0) this.#gaps.add(at - this.times[this.end - 1]!);
    this.#ranks?.add(value);
    this.times[place] = at;
    this.values[place] = value;
    this.weights[place] = 1;
    this.end += 1;
    this.#measure(place - 1);
    this.#measure(place);
    if (at < newest) this.forgetBefore(newest);
    this.#thin(at);
  }

  /** Whether more time than this lies between any two readings that follow each other. */
  hasGapOver(gapMs: number): boolean {
    if (this.#gapMsBound <= gapMs) return false;
    // The longest one may have left the window since.
    this.#gapMsBound = 0;
    for (let index = this.begin; index < this.end - 1; index += 1) this.#measure(index);
    return this.#gapMsBound > gapMs;
  }

  // What lies between a reading and the next one.
  #measure(index: number): void {
    if (index < this.begin || index + 1 >= this.end) return;
    const gapMs = this.times[index + 1]! - this.times[index]!;
    this.areas[index] = this.values[index]! * gapMs;
    if (gapMs > this.#gapMsBound) this.#gapMsBound = gapMs;
  }

  // Seldom: what was added up and put in order is made anew.
  #moveBack(place: number): void {
    for (const column of [this.times, this.values, this.areas, this.weights])
      column.copyWithin(place + 1, place, this.end);
    this.#gaps = null;
    this.#ranks = null;
    this.blocks.forget();
  }

  #placeOf(at: number): number {
    let place = this.end;
    while (place > this.begin && this.times[place - 1]! > at) place -= 1;
    return place;
  }

  /** Drops what lies before the window that ends at this time, but for the last reading before it. */
  forgetBefore(at: number): void {
    const from = at - this.spanMs;
    while (this.length > 1 && this.times[this.begin + 1]! <= from) {
      this.#gaps?.remove(this.times[this.begin + 1]! - this.times[this.begin]!);
      this.#ranks?.remove(this.values[this.begin]!);
      this.begin += 1;
    }
  }

  /** The median time between two readings, the upper one of an even number; 0 if there is no pair. */
  get medianGapMs(): number {
    const gaps = (this.#gaps ??= this.#sortGaps());
    return gaps.length === 0 ? 0 : gaps.at(gaps.length >> 1);
  }

  /** The value with so many kept readings below it, the one before the window left out if `first` comes after it. */
  ranked(rank: number, first: number): number {
    const ranks = (this.#ranks ??= this.#sortValues());
    const isBefore = first > this.begin && ranks.countBelow(this.values[this.begin]!) <= rank;
    return ranks.at(isBefore ? rank + 1 : rank);
  }

  // Only the bucket of the reading that was just taken can have become too full, by one.
  #thin(at: number): void {
    const bucket = Math.floor(at / this.#bucketMs);
    const isIn = (index: number): boolean =>
      index >= this.begin && Math.floor(this.times[index]! / this.#bucketMs) === bucket;
    let last = this.end - 1;
    while (last >= this.begin && this.times[last]! >= (bucket + 1) * this.#bucketMs) last -= 1;
    const first = last - perBucket;
    if (!isIn(first)) return;
    let lowest = first;
    let highest = first;
    for (let index = first + 1; index <= last; index += 1) {
      if (this.values[index]! < this.values[lowest]!) lowest = index;
      if (this.values[index]! > this.values[highest]!) highest = index;
    }
    let spare = first + 1;
    while (spare === lowest || spare === highest) spare += 1;
    this.#unsort(spare);
    this.weights[spare + 1] = this.weights[spare]! + this.weights[spare + 1]!;
    for (const column of [this.times, this.values, this.areas, this.weights]) {
      column.copyWithin(spare, spare + 1, this.end);
    }
    this.end -= 1;
    this.#measure(spare - 1);
  }

  // One reading in the middle goes: two gaps become one.
  #unsort(spare: number): void {
    this.#ranks?.remove(this.values[spare]!);
    if (this.#gaps === null) return;
    const [before, at, after] = [spare - 1, spare, spare + 1].map((index) => this.times[index]!);
    if (before === undefined || at === undefined || after === undefined) return;
    this.#gaps.remove(at - before);
    this.#gaps.remove(after - at);
    this.#gaps.add(after - before);
  }

  #sortGaps(): SortedNumbers {
    const gaps = new SortedNumbers();
    for (let index = this.begin + 1; index < this.end; index += 1)
      gaps.add(this.times[index]! - this.times[index - 1]!);
    return gaps;
  }

  #sortValues(): SortedNumbers {
    const ranks = new SortedNumbers();
    for (let index = this.begin; index < this.end; index += 1) ranks.add(this.values[index]!);
    return ranks;
  }

  // Most windows hold few readings, so it grows by doubling; once half is free at the front, moving is enough.
  #makeRoom(): void {
    const length = 2 * this.length > this.times.length ? 2 * this.times.length : this.times.length;
    const { begin, end } = this;
    const moved = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      if (length === column.length) return column.copyWithin(0, begin, end);
      const wider = new Float64Array(length);
      wider.set(column.subarray(begin, end));
      return wider;
    };
    this.times = moved(this.times);
    this.values = moved(this.values);
    this.areas = moved(this.areas);
    this.weights = moved(this.weights);
    this.end -= begin;
    this.begin = 0;
  }
}
