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
  // A ring: grows by doubling, since most windows hold few readings.
  #at = new Float64Array(16);
  #value = new Float64Array(16);
  #weight = new Float64Array(16);
  #head = 0;
  #length = 0;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
    this.#bucketMs = Math.max(1, Math.ceil(spanMs / bucketsMax));
  }

  get length(): number {
    return this.#length;
  }

  /** Engine time of a kept reading; 0 is the oldest. */
  at(index: number): number {
    return this.#at[this.#place(index)]!;
  }

  value(index: number): number {
    return this.#value[this.#place(index)]!;
  }

  /** How many readings it stands for: itself, and those of its bucket right before it that were not kept. */
  weight(index: number): number {
    return this.#weight[this.#place(index)]!;
  }

  /** Whether there is a reading in the window that ends at this time. */
  holdsAt(at: number): boolean {
    return this.#length > 0 && this.at(this.#length - 1) > at - this.spanMs;
  }

  /** Takes a reading; times never go back. */
  add(at: number, value: number): void {
    this.forgetBefore(at);
    this.#reserve();
    const place = this.#place(this.#length);
    this.#at[place] = at;
    this.#value[place] = value;
    this.#weight[place] = 1;
    this.#length += 1;
    this.#thin(Math.floor(at / this.#bucketMs));
  }

  /** Drops what lies before the window that ends at this time, but for the last reading before it. */
  forgetBefore(at: number): void {
    const from = at - this.spanMs;
    while (this.#length > 1 && this.at(1) <= from) {
      this.#head = this.#place(1);
      this.#length -= 1;
    }
  }

  // Only the newest bucket can have become too full, by one.
  #thin(bucket: number): void {
    const first = this.#length - 1 - perBucket;
    if (first < 0 || Math.floor(this.at(first) / this.#bucketMs) !== bucket) return;
    let lowest = first;
    let highest = first;
    for (let index = first + 1; index < this.#length; index += 1) {
      if (this.value(index) < this.value(lowest)) lowest = index;
      if (this.value(index) > this.value(highest)) highest = index;
    }
    let spare = first + 1;
    while (spare === lowest || spare === highest) spare += 1;
    this.#remove(spare);
  }

  #remove(index: number): void {
    this.#weight[this.#place(index + 1)] = this.weight(index) + this.weight(index + 1);
    for (let later = index + 1; later < this.#length; later += 1) {
      const from = this.#place(later);
      const to = this.#place(later - 1);
      this.#at[to] = this.#at[from]!;
      this.#value[to] = this.#value[from]!;
      this.#weight[to] = this.#weight[from]!;
    }
    this.#length -= 1;
  }

  #place(index: number): number {
    return (this.#head + index) & (this.#at.length - 1);
  }

  #reserve(): void {
    if (this.#length < this.#at.length) return;
    const grown = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const wider = new Float64Array(2 * column.length);
      for (let index = 0; index < this.#length; index += 1) {
        wider[index] = column[this.#place(index)]!;
      }
      return wider;
    };
    const columns = [this.#at, this.#value, this.#weight].map(grown);
    this.#at = columns[0] ?? this.#at;
    this.#value = columns[1] ?? this.#value;
    this.#weight = columns[2] ?? this.#weight;
    this.#head = 0;
  }
}
