import type { OutputSpec } from '../../domain/output.ts';
import type { EngineMs } from '../../domain/time.ts';

type Limits = Pick<OutputSpec, 'minOnMs' | 'minOffMs' | 'maxOnMs' | 'pulseMs'>;

/** Since when one output is energised or safe, as it was commanded, and when that is to end. Engine time. */
export class OutputTimes {
  #energisedSince: EngineMs | null = null;
  /** Since when its device may be energised: the command had a link to go by. */
  #reachedSince: EngineMs | null = null;
  #safeSince: EngineMs;

  constructor(now: EngineMs) {
    this.#safeSince = now;
  }

  /** Null: it is safe. */
  get energisedSince(): EngineMs | null {
    return this.#energisedSince;
  }

  get safeSince(): EngineMs {
    return this.#safeSince;
  }

  /** It is commanded now. */
  command(isEnergised: boolean, now: EngineMs): void {
    if (isEnergised) this.#energisedSince ??= now;
    else if (this.#energisedSince !== null) this.switchOff(now);
  }

  /** The present command has a link to go by. */
  reach(now: EngineMs): void {
    if (this.#energisedSince !== null) this.#reachedSince ??= now;
  }

  /** It counts as switched off now, whatever it was before. */
  switchOff(now: EngineMs): void {
    this.#energisedSince = null;
    this.#reachedSince = null;
    this.#safeSince = now;
  }

  /** Whether it has been energised for as long as it may be: `max_on`, or its pulse. */
  isOverdue(spec: Limits, now: EngineMs): boolean {
    return now >= this.#overdueAt(spec);
  }

  /** When it has to be looked at again, at its present level and for this reason; Infinity: never. */
  dueMs(spec: Limits, reason: string): number {
    const since = this.#energisedSince;
    return Math.min(
      this.#overdueAt(spec),
      since !== null && reason === 'min_on' ? since + (spec.minOnMs ?? 0) : Infinity,
      reason === 'min_off' ? this.#safeSince + (spec.minOffMs ?? 0) : Infinity,
    );
  }

  // A pulse is for now: it is not given later to a device that it did not reach. What may not be on for too long has
  // not been on at all while nothing reached it.
  #overdueAt({ pulseMs, maxOnMs }: Limits): number {
    if (pulseMs !== null) return (this.#energisedSince ?? Infinity) + pulseMs;
    return (this.#reachedSince ?? Infinity) + (maxOnMs ?? Infinity);
  }
}
