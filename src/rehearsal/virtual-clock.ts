import type { DurationMs, WallMs } from '../domain/time.ts';
import type { Clock } from '../host/clock.ts';

/** A clock that goes only when it is moved, and calls back what falls due on the way. */
export interface VirtualClock extends Clock {
  /** When the next timer is due, in monotonic ms; null: none is set. */
  readonly nextDueMs: number | null;
  /** Moves on to a monotonic time; timers due until then are called back, each at its own time, in order. */
  moveTo(monotonicMs: number): void;
  /** Sets the wall clock, as a person or a time service would. */
  setWall(byMs: DurationMs): void;
  /** Forgets all timers, as the end of a process does. */
  dropTimers(): void;
}

interface Armed {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Monotonic time of every start: a machine that has been up for a while. */
export const startMonotonicMs = 1_000_000;

// After the release of this version, so that a clock without a time service is believed, too: a Monday morning.
const startWallMs = Date.UTC(2027, 0, 4, 8);

/** Creates a clock that stands at the start of a test. */
export function createVirtualClock(): VirtualClock {
  let nowMs = startMonotonicMs;
  let wallOffsetMs = startWallMs - startMonotonicMs;
  const armed = new Set<Armed>();

  // Those of the same time in the order they were set: a set keeps it.
  const next = (): Armed | null => {
    let first: Armed | null = null;
    for (const timer of armed) if (first === null || timer.dueMs < first.dueMs) first = timer;
    return first;
  };

  return {
    wallMs: () => (nowMs + wallOffsetMs) as WallMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), callback };
      armed.add(timer);
      return { cancel: () => void armed.delete(timer) };
    },
    get nextDueMs() {
      return next()?.dueMs ?? null;
    },
    moveTo(monotonicMs) {
      for (let timer = next(); timer !== null && timer.dueMs <= monotonicMs; timer = next()) {
        armed.delete(timer);
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.callback();
      }
      nowMs = Math.max(nowMs, monotonicMs);
    },
    setWall(byMs) {
      wallOffsetMs += byMs;
    },
    dropTimers: () => armed.clear(),
  };
}
