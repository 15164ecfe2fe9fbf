import type { Engine } from '../domain/engine.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { EngineTime } from './engine-time.ts';

/** The one OS timer behind all timers of the engine. */
export interface EngineTimer {
  /** To be called when the engine may have another next timer. Cheap: looks at the end of the turn, once. */
  rearm(): void;
  stop(): void;
}

/** Fires the engine's timers when they are due. */
export function createEngineTimer(engine: Engine, time: EngineTime, clock: Clock): EngineTimer {
  let armed: Timer | null = null;
  let armedFor: number | null = null;
  let isAsked = false;
  let isStopped = false;

  const arm = (): void => {
    isAsked = false;
    const due = engine.nextDueAt;
    if (isStopped || due === armedFor) return;
    armed?.cancel();
    armedFor = due;
    armed = due === null ? null : clock.after(due - time.now(), fire);
  };
  const fire = (): void => {
    armedFor = null;
    engine.advance(time.now());
    arm();
  };
  return {
    rearm() {
      if (isAsked) return;
      isAsked = true;
      queueMicrotask(arm);
    },
    stop() {
      isStopped = true;
      armed?.cancel();
    },
  };
}
