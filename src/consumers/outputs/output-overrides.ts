import type {
  ManualHold,
  OutputCommand,
  OutputLevel,
  OutputSpec,
  OutputStatus,
  Trip,
} from '../../domain/output.ts';
import type { EngineMs } from '../../domain/time.ts';
import type { Counter } from '../../host/metrics.ts';
import { refusal, type Interlock, type Situation } from './arbiter.ts';
import type { OutputMemory } from './output-memory.ts';
import type { OutputSurroundings } from './output-surroundings.ts';

/** What goes before the claims on one output: a trip until its reset, and what people hold by hand until its end. */
export class OutputOverrides {
  readonly #around: OutputSurroundings;
  readonly #trips: Counter;
  #hold: ManualHold | null = null;
  /** The hold was taken over from the last run: time that is found out later counts for it. */
  #isHoldRestored = false;
  #trip: Trip | null = null;
  /** The highest number of a command so far. */
  #order: number | null = null;

  constructor({ name }: OutputSpec, around: OutputSurroundings) {
    this.#around = around;
    this.#trips = around.metrics.counter(
      'limen_output_trips_total',
      'Times an output was sent safe until somebody resets it.',
      { output: name },
    );
  }

  get hold(): ManualHold | null {
    return this.#hold;
  }

  get trip(): Trip | null {
    return this.#trip;
  }

  get order(): number | null {
    return this.#order;
  }

  /** The hold as it is shown: with its end in wall time. */
  get shownHold(): OutputStatus['hold'] {
    if (this.#hold === null) return null;
    const { level, by, comment, endsMs } = this.#hold;
    return { level, by, comment, until: this.#around.wallMs() + endsMs - this.#around.engineMs() };
  }

  /** When the hold ends, engine time; Infinity: there is none. */
  get holdEndsMs(): number {
    return this.#hold?.endsMs ?? Infinity;
  }

  /** Takes over what was there in the last run, or at another place. */
  restore({ hold, trip, order }: Pick<OutputMemory, 'hold' | 'trip' | 'order'>): void {
    this.#hold = hold;
    this.#isHoldRestored = true;
    this.#trip = trip;
    this.#order = order;
  }

  /** Why a command with this number is not heeded, in words; null: it is. */
  lateness(order: number): string | null {
    if (this.#order === null || order > this.#order) return null;
    return `its number ${order} is not above ${this.#order}: a newer command was there before`;
  }

  /** A command with this number was heeded. */
  count(order: number): void {
    this.#order = order;
  }

  /** A person sets it. Returns why that is refused; null: it is done. */
  set(
    { value, by, comment, holdMs }: Extract<OutputCommand, { act: 'set' }>,
    situation: Situation,
  ): string | null {
    if (value === 'auto') {
      if (this.#hold === null) return 'nobody holds it by hand';
      this.#hold = null;
      return null;
    }
    const refused = value === situation.spec.safe ? null : refusal(situation);
    if (refused !== null) return refused;
    const endsMs = (situation.now + holdMs) as EngineMs;
    this.#hold = { level: value, by, comment, endsMs };
    this.#isHoldRestored = false;
    return null;
  }

  /** A person resets it. Returns why that is refused; null: it is done. */
  reset(interlock: Interlock, isAnySpent: boolean): string | null {
    if (this.#trip === null && !isAnySpent)
      return 'it is not tripped, and nothing it did is used up: there is nothing to reset';
    if (this.#trip !== null && interlock.kind !== 'free')
      return `its cause is still there: ${interlock.why}`;
    this.#trip = null;
    return null;
  }

  /** Safe until somebody resets it. */
  tripFor(why: string, { name, safe }: OutputSpec): void {
    this.#trip = { why, at: this.#around.wallMs() };
    // Nobody who resets it wants what somebody else had wanted before.
    this.releaseEnergised(safe);
    this.#trips.value += 1;
    this.#around.log.warn('output tripped, safe until it is reset', { output: name, why });
  }

  /** Ends a hold at a level that is not safe. */
  releaseEnergised(safe: OutputLevel): void {
    if (this.#hold !== null && this.#hold.level !== safe) this.#hold = null;
  }

  /** Ends a hold that is over. Returns whether one was. */
  expire(): boolean {
    if (this.holdEndsMs > this.#around.engineMs()) return false;
    this.#hold = null;
    return true;
  }

  /** A hold from before the start ends sooner by this time. Returns whether there is one. */
  credit(ms: number): boolean {
    if (this.#hold === null || !this.#isHoldRestored) return false;
    this.#hold = { ...this.#hold, endsMs: (this.#hold.endsMs - ms) as EngineMs };
    return true;
  }

  clear(): void {
    this.#hold = null;
    this.#trip = null;
  }
}
