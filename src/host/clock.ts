import type { DurationMs, WallMs } from '../domain/time.ts';

/** A timer that can be cancelled. */
export interface Timer {
  cancel(): void;
}

/** Time, passed in: tests own it. */
export interface Clock {
  /** Wall clock. Not for differences. */
  wallMs(): WallMs;
  /** Monotonic milliseconds since the machine booted (CLOCK_MONOTONIC), with fractions. */
  monotonicMs(): number;
  /** Calls back once after at least this long. */
  after(delayMs: DurationMs, callback: () => void): Timer;
}

// setTimeout cannot wait longer than 2^31 - 1 ms (24.8 days); longer waits are cut into pieces.
const timeoutMaxMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now() as WallMs,
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  after(delayMs, callback) {
    let timeout: NodeJS.Timeout;
    const arm = (restMs: number): void => {
      timeout = setTimeout(
        () => {
          if (restMs > timeoutMaxMs) arm(restMs - timeoutMaxMs);
          else callback();
        },
        Math.min(Math.max(restMs, 0), timeoutMaxMs),
      );
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(timeout) };
  },
};
