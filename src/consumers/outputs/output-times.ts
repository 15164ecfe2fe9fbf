import type { OutputSpec } from '../../domain/output.ts';
import type { EngineMs } from '../../domain/time.ts';

type Limits = Pick<OutputSpec, 'minOnMs' | 'minOffMs' | 'maxOnMs' | 'pulseMs'>;

/** Since when one output is energised or safe, as it was commanded, and when that is to end. Engine time. */
export class OutputTimes {
  #energisedSince: EngineMs | null = null;
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
    else if (this.#energisedSince !== null) {
      this.#energisedSince = null;
      this.#safeSince = now;
    }
  }

  /** It counts as switched off now, whatever it was before. */
  switchOff(now: EngineMs): void {
    this.#energisedSince = null;
    this.#safeSince = now;
  }

  /** Whether it has been energised for as long as it may be: `max_on`, or its pulse. */
  isOverdue(spec: Limits, now: EngineMs): boolean {
    return this.#energisedSince !== null && now - this.#energisedSince >= longestMs(spec);
  }

  /** When it has to be looked at again, at its present level and for this reason; Infinity: never. */
  dueMs(spec: Limits, reason: string): number {
    const since = this.#energisedSince;
    return Math.min(
      since === null ? Infinity : since + longestMs(spec),
      since !== null && reason === 'min_on' ? since + (spec.minOnMs ?? 0) : Infinity,
      reason === 'min_off' ? this.#safeSince + (spec.minOffMs ?? 0) : Infinity,
    );
  }
}

function longestMs({ pulseMs, maxOnMs }: Limits): number {
  return pulseMs ?? maxOnMs ?? Infinity;
}
