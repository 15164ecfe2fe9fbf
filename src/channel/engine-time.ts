import type { ClockStamp, DurationMs, EngineMs, WallMs } from '../domain/time.ts';
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
  readonly #clock: Clock;
  readonly #bootId: string;
  readonly #baseMs: number;
  readonly #before: ClockStamp | null;
  #wallOffsetMs: number;
  #trusted: boolean;
  #credited = false;
  /** Engine time since when the clock is not trusted; null: it is. */
  #unsureSinceMs: EngineMs | null;

  constructor(options: {
    clock: Clock;
    bootId: string;
    trusted: boolean;
    before: ClockStamp | null;
  }) {
    const { clock, bootId, trusted, before } = options;
    this.#clock = clock;
    this.#bootId = bootId;
    this.#trusted = trusted;
    this.#before = before;
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
    this.#unsureSinceMs = trusted ? null : isSameBoot ? (this.#baseMs as EngineMs) : this.now();
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

  /** The last commit of the run before, if the clock was trusted then: no earlier time is true. null: none is known. */
  get lastTrustedMs(): WallMs | null {
    return this.#before?.trusted === true ? this.#before.wallMs : null;
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
    this.#wallOffsetMs = offsetMs;
    this.#trusted = trusted;
    const unsureSinceMs = this.#unsureSinceMs;
    this.#unsureSinceMs = trusted ? null : (unsureSinceMs ?? engineMs);
    const creditMs = becameTrusted ? this.#creditMs(engineMs) : 0;
    // Engine time itself does not jump: the same down time must not be credited again if trust comes and goes.
    if (creditMs > 0) this.#credited = true;
    return { wallOffsetMs: offsetMs, creditMs, trusted, unsureSinceMs };
  }

  #creditMs(engineMs: EngineMs): DurationMs {
    const before = this.#before;
    if (before === null || !before.trusted || this.elapsedMs !== null || this.#credited) return 0;
    const passedMs = this.#clock.wallMs() - before.wallMs;
    return Math.max(0, Math.round(passedMs - (engineMs - before.engineMs)));
  }
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
