import type { AlertMark } from '../../domain/hygiene.ts';

/** How often and for how long one alert was shelved. */
export class ShelfTally {
  /** Acts that shelved it. */
  count = 0;
  totalMs = 0;
  /** Part of the time since it was first shelved. */
  share = 0;
  #isKnown = false;
  /** -Infinity: since before the time that is looked at. */
  #since: number | null = null;
  #firstAt: number | null = null;
  /** The end of a shelf that had begun before. */
  #beforeUntil: number | null = null;

  take({ atMs, kind, reason, isShelved }: AlertMark): void {
    const isAct = kind === 'flag' && reason === 'shelved';
    const wasShelved = reason === 'unshelved' || (isShelved && !isAct);
    if (!this.#isKnown && wasShelved) this.#begin(-Infinity);
    this.#isKnown = true;
    if (isAct) this.count += 1;
    if (isShelved) this.#begin(atMs);
    else this.#end(atMs);
  }

  finish(beginMs: number, endMs: number): void {
    this.#end(endMs);
    if (this.#beforeUntil !== null) this.totalMs += Math.max(0, this.#beforeUntil - beginMs);
    const firstMs = Math.max(beginMs, this.#firstAt ?? endMs);
    this.share = endMs > firstMs ? Math.min(1, this.totalMs / (endMs - firstMs)) : 0;
  }

  #begin(atMs: number): void {
    this.#since ??= atMs;
    this.#firstAt ??= atMs;
  }

  #end(atMs: number): void {
    if (this.#since === -Infinity) this.#beforeUntil = atMs;
    else if (this.#since !== null) this.totalMs += Math.max(0, atMs - this.#since);
    this.#since = null;
  }
}
