import type {
  ClockStamp,
  DurationMs,
  EngineMs,
  TrustedMoment,
  UnsureStamps,
  WallMs,
} from '../domain/time.ts';
import type { Clock } from '../host/clock.ts';

/** A wall clock that moved against the monotonic one by less than this is only being slewed. */
const stepMs = 200;

/** A change of the mapping between engine time and wall time. */
export interface ClockChange {
  readonly wallOffsetMs: number;
  /** Down time that is only known now. */
  readonly creditMs: DurationMs;
  readonly trusted: boolean;
  /** Engine time since when the clock was not trusted until now; null: it was. */
  readonly unsureSinceMs: EngineMs | null;
  /** When it was last trusted before this; null: that is not known. */
  readonly lastTrusted: TrustedMoment | null;
}

/**
 * Engine time: whole milliseconds that follow the monotonic clock, go on over a restart by the contract's rule
 * ("Delays, unknown data, restarts, clocks") and never step back. Wall time is a mapping beside it.
 */
export class EngineTime {
  /** Engine time at which it began to run: follows from what is stored, so that a replay finds the same. */
  readonly startedAt: EngineMs;
  /** Engine time that passed since the last commit of the run before; null: unknown. */
  readonly elapsedMs: DurationMs | null;
  /** How long Limen was down by the best clock there is; null: unknown. */
  readonly downMs: DurationMs | null;
  /** Wall time of the last commit of the run before; null: the first start. */
  readonly stoppedAt: WallMs | null;
  /** Time of an earlier stop of this boot that was unknown then, and is known by this start; 0: none. */
  readonly creditMs: DurationMs;
  /** What runs before this one stamped in this boot by a clock that was not trusted; null: nothing, or it stays so. */
  readonly unsure: UnsureStamps | null;
  readonly #clock: Clock;
  readonly #bootId: string;
  readonly #baseMs: number;
  #wallOffsetMs: number;
  #trusted: boolean;
  /** While the clock is trusted it is now. */
  #lastTrusted: TrustedMoment | null;
  /** Engine time since when the clock is not trusted; null: it is. */
  #unsureSinceMs: EngineMs | null;

  constructor(options: {
    clock: Clock;
    bootId: string;
    trusted: boolean;
    before: ClockStamp | null;
    /** Left out: that is not known, unless the clock was trusted at the last commit. */
    lastTrusted?: TrustedMoment | null;
  }) {
    const { clock, bootId, trusted, before } = options;
    this.#clock = clock;
    this.#bootId = bootId;
    this.#trusted = trusted;
    const monotonicMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    this.elapsedMs =
      before === null ? null : elapsedSince(before, { bootId, monotonicMs, wallMs, trusted });
    const startMs = before === null ? wallMs : before.engineMs + (this.elapsedMs ?? 0);
    this.startedAt = Math.ceil(startMs) as EngineMs;
    this.#baseMs = this.startedAt - monotonicMs;
    this.#wallOffsetMs = wallMs - this.startedAt;
    this.stoppedAt = before?.wallMs ?? null;
    // Of one boot the monotonic clock tells every time: it was 0 when the machine had no better one yet.
    const isSameBoot = before?.bootId === bootId && !before.trusted && this.elapsedMs !== null;
    const bootedMs = this.#baseMs as EngineMs;
    this.#unsureSinceMs = trusted ? null : isSameBoot ? bootedMs : this.now();
    this.unsure = isSameBoot
      ? { sinceMs: bootedMs, wallOffsetMs: before.wallMs - before.engineMs }
      : null;
    const last = before?.trusted === true ? trustedMoment(before) : (options.lastTrusted ?? null);
    const isStopUnknown = before !== null && this.elapsedMs === null;
    this.#lastTrusted =
      last === null ? null : { ...last, unknownStops: last.unknownStops + (isStopUnknown ? 1 : 0) };
    this.creditMs = isSameBoot && trusted ? this.#unknownMs(this.startedAt) : 0;
    const wallDownMs = before === null ? null : wallMs - before.wallMs;
    this.downMs = this.elapsedMs ?? (wallDownMs !== null && wallDownMs >= 0 ? wallDownMs : null);
  }

  now(): EngineMs {
    return Math.floor(this.#clock.monotonicMs() + this.#baseMs) as EngineMs;
  }

  /** Add to engine time to get wall time. */
  get wallOffsetMs(): number {
    return this.#wallOffsetMs;
  }

  /** When the clock was last trusted, in this run or before: no earlier time is true. null: none is known. */
  get lastTrusted(): TrustedMoment | null {
    if (!this.#trusted) return this.#lastTrusted;
    const engineMs = this.now();
    return { wallMs: this.wallOf(engineMs), engineMs, unknownStops: 0 };
  }

  get trusted(): boolean {
    return this.#trusted;
  }

  wallOf(engineMs: EngineMs): WallMs {
    return (engineMs + this.#wallOffsetMs) as WallMs;
  }

  /** What every commit records, so that the next start can tell how long it was down. */
  stamp(): ClockStamp {
    const monotonicMs = this.#clock.monotonicMs();
    return {
      bootId: this.#bootId,
      monotonicMs: Math.floor(monotonicMs),
      wallMs: this.#clock.wallMs(),
      trusted: this.#trusted,
      engineMs: Math.floor(monotonicMs + this.#baseMs) as EngineMs,
    };
  }

  /** Looks whether the wall clock was set, or is trusted now; the change is in force when this returns. */
  check(trusted: boolean): ClockChange | null {
    const engineMs = this.now();
    const offsetMs = this.#clock.wallMs() - engineMs;
    const stepped = Math.abs(offsetMs - this.#wallOffsetMs) >= stepMs;
    const becameTrusted = trusted && !this.#trusted;
    if (!stepped && trusted === this.#trusted) return null;
    const { lastTrusted } = this;
    this.#wallOffsetMs = offsetMs;
    this.#trusted = trusted;
    const unsureSinceMs = this.#unsureSinceMs;
    this.#unsureSinceMs = trusted ? null : (unsureSinceMs ?? engineMs);
    const creditMs = becameTrusted ? this.#unknownMs(engineMs) : 0;
    this.#lastTrusted = lastTrusted;
    return { wallOffsetMs: offsetMs, creditMs, trusted, unsureSinceMs, lastTrusted };
  }

  // Of two stops of unknown length nobody can tell which delay was there before the first.
  #unknownMs(engineMs: EngineMs): DurationMs {
    if (this.#lastTrusted?.unknownStops !== 1) return 0;
    const passedMs = this.#clock.wallMs() - this.#lastTrusted.wallMs;
    return Math.max(0, Math.round(passedMs - (engineMs - this.#lastTrusted.engineMs)));
  }
}

function trustedMoment({ wallMs, engineMs }: ClockStamp): TrustedMoment {
  return { wallMs, engineMs, unknownStops: 0 };
}

function elapsedSince(
  before: ClockStamp,
  now: { bootId: string; monotonicMs: number; wallMs: number; trusted: boolean },
): DurationMs | null {
  if (before.bootId === now.bootId) {
    const passedMs = now.monotonicMs - before.monotonicMs;
    return passedMs >= 0 ? Math.floor(passedMs) : null;
  }
  if (!before.trusted || !now.trusted) return null;
  const passedMs = now.wallMs - before.wallMs;
  return passedMs >= 0 ? passedMs : null;
}
