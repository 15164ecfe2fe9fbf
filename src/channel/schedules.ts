import type { EngineInput } from '../domain/engine.ts';
import { limits } from '../domain/limits.ts';
import type { Rule } from '../domain/rule.ts';
import { scheduleKey, type FindScheduleState, type Schedule } from '../domain/schedule.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { EngineTime } from './engine-time.ts';

/** What makes the edges of the schedules of all rules inputs of the engine. */
export interface Schedules {
  /**
   * Gives the present state of each schedule of these rules, and its edges from then on. To be called before the engine
   * gets the rules, so that none is taken for unknown.
   */
  configure(rules: readonly Rule[]): void;
  /** The wall clock was set, or is trusted now, or not any more. */
  clockChanged(): void;
  stop(): void;
}

/** What the schedules need of their surroundings. */
export interface SchedulesOptions {
  readonly clock: Clock;
  readonly time: Pick<EngineTime, 'trusted'>;
  /** null: not loaded, there is no schedule. */
  find(): FindScheduleState | null;
  input(key: string, body: unknown, given: EngineInput): void;
}

/** Creates the schedules; there are none before `configure`. */
export function createSchedules({ clock, time, find, input }: SchedulesOptions): Schedules {
  let schedules = new Map<string, Schedule>();
  let given = new Map<string, boolean | null>();
  let timer: Timer | null = null;

  const give = (key: string, isOpen: boolean | null): void => {
    if (given.get(key) === isOpen) return;
    given.set(key, isOpen);
    input(key, { open: isOpen }, { kind: 'schedule', key, isOpen });
  };
  // A wall clock that nobody believes opens and closes nothing.
  const look = (): void => {
    timer?.cancel();
    timer = null;
    const findState = time.trusted ? find() : null;
    const nowMs = clock.wallMs();
    let nextMs = Infinity;
    for (const [key, schedule] of schedules) {
      const state = findState?.(schedule, nowMs) ?? null;
      if (state !== null) nextMs = Math.min(nextMs, state.untilMs);
      give(key, state?.isOpen ?? null);
    }
    // The wall clock is slewed against the timers: a long wait is cut, the last piece is short.
    const waitMs = Math.min(nextMs - nowMs, limits.scheduleWaitMsMax);
    if (nextMs < Infinity) timer = clock.after(waitMs, look);
  };
  return {
    configure(rules) {
      const all = rules.flatMap(({ activeWhen }) => activeWhen?.schedules ?? []);
      schedules = new Map(all.map((schedule) => [scheduleKey(schedule), schedule]));
      given = new Map([...given].filter(([key]) => schedules.has(key)));
      look();
    },
    clockChanged: look,
    stop: () => timer?.cancel(),
  };
}

/** Whether any of these rules has a schedule. */
export function hasSchedule(rules: readonly Rule[]): boolean {
  return rules.some(({ activeWhen }) => (activeWhen?.schedules.length ?? 0) > 0);
}
