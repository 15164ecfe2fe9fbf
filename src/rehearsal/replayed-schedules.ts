import type { Rule } from '../domain/rule.ts';
import { scheduleKey, type Schedule } from '../domain/schedule.ts';
import { findScheduleState } from '../host/schedule-times.ts';

/** The schedules of some rules in the time of a history, whose clock counts as right. */
export class ReplayedSchedules {
  readonly #schedules: ReadonlyMap<string, Schedule>;
  readonly #given = new Map<string, boolean>();
  readonly #give: (key: string, isOpen: boolean, wallMs: number) => void;
  #nextMs = Infinity;

  constructor(
    rules: readonly Rule[],
    give: (key: string, isOpen: boolean, wallMs: number) => void,
  ) {
    const all = rules.flatMap(({ activeWhen }) => activeWhen?.schedules ?? []);
    this.#schedules = new Map(all.map((schedule) => [scheduleKey(schedule), schedule]));
    this.#give = give;
  }

  /** Wall time of the next edge; Infinity: there is none. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Gives every edge up to this time, each at its own. */
  moveTo(wallMs: number): void {
    while (this.#nextMs <= wallMs) this.look(this.#nextMs);
  }

  /** Gives what has changed, as of this time: the clock may have been set. */
  look(wallMs: number): void {
    this.#nextMs = Infinity;
    for (const [key, schedule] of this.#schedules) {
      const { isOpen, untilMs } = findScheduleState(schedule, wallMs);
      this.#nextMs = Math.min(this.#nextMs, untilMs);
      if (this.#given.get(key) === isOpen) continue;
      this.#given.set(key, isOpen);
      this.#give(key, isOpen, wallMs);
    }
  }
}
