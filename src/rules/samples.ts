import { limits } from '../domain/limits.ts';

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
  /** Engine times from `begin` to before `end`: one piece, so that an aggregate runs straight through. */
  times = new Float64Array(16);
  values = new Float64Array(16);
  /** How many readings each stands for: itself, and those of its bucket right before it that were not kept. */
  weights = new Float64Array(16);
  begin = 0;
  end = 0;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
    this.#bucketMs = Math.max(1, Math.ceil(spanMs / bucketsMax));
  }

  get length(): number {
    return this.end - this.begin;
  }

  /** Whether there is a reading in the window that ends at this time. */
  holdsAt(at: number): boolean {
    return this.length > 0 && this.times[this.end - 1]! > at - this.spanMs;
  }

  /** Takes a reading; times never go back. */
  add(at: number, value: number): void {
    this.forgetBefore(at);
    if (this.end === this.times.length) this.#makeRoom();
    this.times[this.end] = at;
    this.values[this.end] = value;
    this.weights[this.end] = 1;
    this.end += 1;
    this.#thin(Math.floor(at / this.#bucketMs));
  }

  /** Drops what lies before the window that ends at this time, but for the last reading before it. */
  forgetBefore(at: number): void {
    const from = at - this.spanMs;
    while (this.length > 1 && this.times[this.begin + 1]! <= from) this.begin += 1;
  }

  // Only the newest bucket can have become too full, by one.
  #thin(bucket: number): void {
    const first = this.end - 1 - perBucket;
    if (first < this.begin || Math.floor(this.times[first]! / this.#bucketMs) !== bucket) return;
    let lowest = first;
    let highest = first;
    for (let index = first + 1; index < this.end; index += 1) {
      if (this.values[index]! < this.values[lowest]!) lowest = index;
      if (this.values[index]! > this.values[highest]!) highest = index;
    }
    let spare = first + 1;
    while (spare === lowest || spare === highest) spare += 1;
    this.weights[spare + 1] = this.weights[spare]! + this.weights[spare + 1]!;
    for (const column of [this.times, this.values, this.weights]) {
      column.copyWithin(spare, spare + 1, this.end);
    }
    this.end -= 1;
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
    this.weights = moved(this.weights);
    this.end -= begin;
    this.begin = 0;
  }
}
