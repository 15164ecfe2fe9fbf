/** Length of the period that ISA-18.2 and EEMUA 191 count in. */
export const periodMs = 600_000;
/** EEMUA 191 and ISA-18.2 (16.5): about one in 10 minutes is very likely acceptable, two the most that is manageable. */
export const announcedPerPeriodTarget = 1;
/** ISA-18.2 (16.5.3): more than 10 in 10 minutes begin a flood, fewer than 5 end it. */
export const floodAbove = 10;
const floodEndsBelow = 5;

/** Counts announcements in periods of 10 minutes by the clock, one period at a time. */
export class AnnouncementRate {
  announced = 0;
  peak = 0;
  peakAt: number | null = null;
  floods = 0;
  floodMs = 0;
  #period = -Infinity;
  #count = 0;
  #isFlooded = false;

  add(atMs: number): void {
    const period = Math.floor(atMs / periodMs);
    // A timer's event carries the time it was due: it may come a little after younger ones.
    if (period > this.#period) {
      this.#close();
      // A period in between was empty, which ends a flood.
      if (period > this.#period + 1) this.#isFlooded = false;
      this.#period = period;
      this.#count = 0;
    }
    this.announced += 1;
    this.#count += 1;
    if (this.#count <= this.peak) return;
    this.peak = this.#count;
    this.peakAt = this.#period * periodMs;
  }

  /** No more will come. */
  end(): void {
    this.#close();
    this.#count = 0;
    this.#isFlooded = false;
  }

  #close(): void {
    if (this.#count > floodAbove && !this.#isFlooded) {
      this.#isFlooded = true;
      this.floods += 1;
    } else if (this.#count < floodEndsBelow) {
      this.#isFlooded = false;
    }
    if (this.#isFlooded) this.floodMs += periodMs;
  }
}
