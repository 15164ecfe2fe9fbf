import type { Brand } from './brand.ts';

/**
 * Whole milliseconds of engine time: follows the monotonic clock, goes on over a restart, never steps back.
 * Every delay and timer is measured with it. Its zero is arbitrary; it is close to the wall clock only by habit.
 */
export type EngineMs = Brand<number, 'EngineMs'>;

/** Milliseconds since 1970 UTC by the wall clock: what people and other programs are shown. */
export type WallMs = Brand<number, 'WallMs'>;

/** No wall clock before this is right: this version was not yet written. A board without a clock starts in 1970. */
export const releasedMs = Date.UTC(2026, 10, 1);

/** A length of time in milliseconds. */
export type DurationMs = number;

/** The last moment at which the wall clock was trusted, by both times. */
export interface TrustedMoment {
  readonly wallMs: WallMs;
  readonly engineMs: EngineMs;
  /** How often engine time went on since after a stop of unknown length. */
  readonly unknownStops: number;
}

/** Wall times that a clock gave which was not trusted, and the mapping they were made by. */
export interface UnsureStamps {
  /** Engine time since when. */
  readonly sinceMs: EngineMs;
  /** Added to engine time then. */
  readonly wallOffsetMs: number;
}

/** How far the clock on the wall was ahead of UTC when Limen stopped, and is where it started. */
export interface LocalOffsets {
  readonly stopped: DurationMs;
  readonly started: DurationMs;
}

/** What the clock said when a group was committed; the next start computes the time it was down from it. */
export interface ClockStamp {
  /** The kernel's boot id: the same id means the monotonic clock can be compared. */
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly wallMs: WallMs;
  /** Whether the wall clock was trusted (`clock:` in the config). */
  readonly trusted: boolean;
  readonly engineMs: EngineMs;
}
