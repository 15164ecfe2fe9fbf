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
