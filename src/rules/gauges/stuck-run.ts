import { SampleWindow } from './samples.ts';

/** The readings up to the last one that lie within a tolerance of each other: highest − lowest ≤ tolerance. */
export class StuckRun {
  readonly #tolerance: number;
  #samples: SampleWindow;
  #low = NaN;
  #high = NaN;
  /** Engine time of its last reading; NaN: there is none. */
  lastAt = NaN;
  /** Engine time of its first reading; NaN: there is none. */
  since = NaN;
  /** A reading beyond the tolerance came before it: it began there. Else it may be longer than is known. */
  isWhole = false;

  /** `spanMs`: the longest run that has to be told from a longer one. */
  constructor(spanMs: number, tolerance: number) {
    this.#tolerance = tolerance;
    this.#samples = new SampleWindow(spanMs);
  }

  /** Takes a reading. After a silence longer than `silenceMsMax` nobody knows what happened: a run begins anew. */
  add(at: number, value: number, silenceMsMax: number): void {
    if (!(at - this.lastAt <= silenceMsMax)) this.#begin(at, value);
    this.lastAt = at;
    this.#samples.add(at, value);
    const low = Math.min(this.#low, value);
    const high = Math.max(this.#high, value);
    if (high - low <= this.#tolerance) {
      this.#low = low;
      this.#high = high;
    } else {
      this.#breakOff(at, value);
    }
  }

  #begin(at: number, value: number): void {
    this.#samples = new SampleWindow(this.#samples.spanMs);
    this.#low = value;
    this.#high = value;
    this.since = at;
    this.isWhole = false;
  }

  // The end of the old run may be the beginning of the new one.
  #breakOff(at: number, value: number): void {
    this.#low = value;
    this.#high = value;
    this.since = at;
    this.isWhole = true;
    const { times, values, begin, end } = this.#samples;
    for (let index = end - 2; index >= begin; index -= 1) {
      const earlier = values[index]!;
      const low = Math.min(this.#low, earlier);
      const high = Math.max(this.#high, earlier);
      if (high - low > this.#tolerance) return;
      this.#low = low;
      this.#high = high;
      this.since = times[index]!;
    }
  }
}
