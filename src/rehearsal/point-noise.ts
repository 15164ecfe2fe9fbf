// Buckets of 8 to the octave, from 2^-32 to 2^32: within 6 % of what is measured, and 2 KiB a point.
const perOctaveBits = 3;
const octaveMin = -32;
const octaveMax = 32;
const buckets = (octaveMax - octaveMin) << perOctaveBits;
const exponentBias = 1023;

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
// The word with the exponent is the second one on every machine Node runs on but one.
const high = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** Positive numbers, counted by size. */
class Counts {
  readonly #counts = new Uint32Array(buckets);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(value: number): void {
    scratch[0] = value;
    // The top bits of a double are its exponent and the first digits after it: a logarithm for nothing.
    const place = ((words[high] ?? 0) >>> (20 - perOctaveBits)) - firstPlace;
    const bucket = place < 0 ? 0 : place >= buckets ? buckets - 1 : place;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** The value that `rank` of them do not exceed, to within a bucket; 0: there is none. */
  nth(rank: number): number {
    let left = rank;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      left -= this.#counts[bucket] ?? 0;
      if (left < 0) return middleOf(bucket);
    }
    return 0;
  }
}

const firstPlace = (exponentBias + octaveMin) << perOctaveBits;

function middleOf(bucket: number): number {
  const octave = octaveMin + (bucket >> perOctaveBits);
  const part = (bucket & ((1 << perOctaveBits) - 1)) + 0.5;
  return 2 ** octave * (1 + part / (1 << perOctaveBits));
}

/** What is measured of a point on the way: how often it is heard, and how much its value moves from one to the next. */
export class PointNoise {
  readonly #gaps = new Counts();
  readonly #steps = new Counts();
  #count = 0;
  #at = NaN;
  #value = NaN;

  /** Takes a usable reading. */
  add(at: number, value: number): void {
    if (this.#at === this.#at) {
      const gap = at - this.#at;
      const step = Math.abs(value - this.#value);
      if (gap > 0) this.#gaps.add(gap);
      if (step > 0) this.#steps.add(step);
      this.#count += 1;
    }
    this.#at = at;
    this.#value = value;
  }

  /** Median time between two readings; 0: not known. */
  get intervalMs(): number {
    return this.#gaps.nth(this.#gaps.total / 2);
  }

  /**
   * Median difference between two readings in a row. Of a point that mostly repeats itself that is 0: then the median of
   * the differences there are, which is how finely the sensor tells values apart.
   */
  get step(): number {
    const zeros = this.#count - this.#steps.total;
    const rank = this.#count / 2 - zeros;
    return this.#steps.nth(rank >= 0 ? rank : this.#steps.total / 2);
  }
}
