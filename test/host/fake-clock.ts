import type { Clock } from '../../src/host/clock.ts';
import type { WallMs } from '../../src/domain/time.ts';

/** A clock that only moves when it is told to. */
export interface FakeClock extends Clock {
  /** Moves both clocks forward; calls back all timers that fall due, each at its own time, in order. */
  advance(byMs: number): void;
  /** Steps the wall clock alone, as NTP would. */
  setWall(toMs: number): void;
  /** How long each timer that is set still has to run, shortest first. */
  timersMs(): readonly number[];
  /** Resolves as soon as a timer with exactly this much left is set. */
  whenArmed(delayMs: number): Promise<void>;
}

interface Armed {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Creates a clock that stands still at the given wall time and monotonic time. */
export function createFakeClock(
  startWallMs = 1_763_900_000_000,
  startMonotonicMs = 1_000,
): FakeClock {
  let nowMs = startMonotonicMs;
  let wallOffsetMs = startWallMs - startMonotonicMs;
  let order = 0;
  const armed = new Set<Armed>();
  const waiting = new Set<{ delayMs: number; resolve: () => void }>();

  const next = (): Armed | undefined =>
    [...armed].toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];

  const wakeWaiting = (): void => {
    for (const waiter of waiting) {
      if (![...armed].some((timer) => timer.dueMs - nowMs === waiter.delayMs)) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  };

  return {
    wallMs: () => (nowMs + wallOffsetMs) as WallMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + Math.max(delayMs, 0), order: order++, callback };
      armed.add(timer);
      wakeWaiting();
      return { cancel: () => void armed.delete(timer) };
    },
    advance(byMs) {
      const untilMs = nowMs + byMs;
      for (let timer = next(); timer !== undefined && timer.dueMs <= untilMs; timer = next()) {
        armed.delete(timer);
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.callback();
      }
      nowMs = untilMs;
      wakeWaiting();
    },
    setWall(toMs) {
      wallOffsetMs = toMs - nowMs;
    },
    timersMs: () => [...armed].map((timer) => timer.dueMs - nowMs).toSorted((a, b) => a - b),
    whenArmed(delayMs) {
      return new Promise((resolve) => {
        waiting.add({ delayMs, resolve });
        wakeWaiting();
      });
    },
  };
}
