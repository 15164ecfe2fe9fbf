import { limits } from '../../domain/limits.ts';
import type { OutputLevel, OutputSpec, OutputStatus } from '../../domain/output.ts';
import type { Clock, Timer } from '../../host/clock.ts';

/** What is done about what is seen of a device. */
export interface ReadBackActions {
  /** Sends the present command again. */
  resend(): void;
  /** The device has not followed a command, in spite of all retries. */
  failed(why: string): void;
  /** It follows again after that. */
  followed(): void;
  /** A command can reach the device: without a link there is nothing to wait for. */
  isReachable(): boolean;
}

/** What has to be seen. */
export interface ReadBackTerms {
  readonly withinMs: number;
  readonly retries: number;
  /** Nothing to be seen is a failure, too: not so at a board that cannot tell. */
  readonly heedsUnknown: boolean;
}

/**
 * Compares what a device does with what it was told. Each command has a time in which it must be seen; then it is sent
 * again, a number of times, and then it has failed. It is sent again even after that, now and then.
 */
export class ReadBack {
  readonly #clock: Clock;
  readonly #actions: ReadBackActions;
  #withinMs: number;
  #retries: number;
  #heedsUnknown: boolean;
  #state: OutputStatus['state'];
  #wanted: OutputLevel | null = null;
  #attempts = 0;
  /** It was told that the device does not follow. */
  #hasFailed = false;
  /** The present command has had all its retries. */
  #isGivenUp = false;
  #timer: Timer | null = null;

  constructor(
    { withinMs, retries, heedsUnknown }: ReadBackTerms,
    state: OutputStatus['state'],
    clock: Clock,
    actions: ReadBackActions,
  ) {
    this.#withinMs = withinMs;
    this.#retries = retries;
    this.#heedsUnknown = heedsUnknown;
    this.#state = state;
    this.#clock = clock;
    this.#actions = actions;
  }

  get state(): OutputStatus['state'] {
    return this.#state;
  }

  get heedsUnknown(): boolean {
    return this.#heedsUnknown;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  configure({ withinMs, retries, heedsUnknown }: ReadBackTerms): void {
    this.#withinMs = withinMs;
    this.#retries = retries;
    this.#heedsUnknown = heedsUnknown;
  }

  /** A level was commanded: it is to be seen in time. */
  expect(level: OutputLevel): void {
    this.#wanted = level;
    this.#attempts = 0;
    this.#isGivenUp = false;
    this.#cancel();
    this.#compare();
  }

  /** The point shows another level, or nobody knows any more. */
  see(state: OutputStatus['state']): void {
    this.#state = state;
    this.#compare();
  }

  stop(): void {
    this.#wanted = null;
    this.#cancel();
  }

  #compare(): void {
    if (this.#wanted === null) return;
    if (this.#state === 'unknown' && !this.#heedsUnknown) return this.#cancel();
    if (this.#state !== this.#wanted) {
      if (this.#timer === null) this.#wait(this.#withinMs);
      return;
    }
    this.#cancel();
    this.#attempts = 0;
    this.#isGivenUp = false;
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    this.#actions.followed();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = null;
      if (!this.#actions.isReachable()) return this.#wait(this.#withinMs);
      if (this.#attempts < this.#retries || this.#isGivenUp) {
        this.#attempts += 1;
        this.#actions.resend();
        // What was sent may have been seen at once.
        if (this.#state !== this.#wanted && this.#timer === null)
          this.#wait(this.#isGivenUp ? limits.outputRetryMs : this.#withinMs);
        return;
      }
      this.#hasFailed = true;
      this.#isGivenUp = true;
      this.#wait(limits.outputRetryMs);
      const shown = this.#state === 'unknown' ? 'nothing is read back' : `read back ${this.#state}`;
      this.#actions.failed(`commanded ${this.#wanted ?? ''}, ${shown}`);
    });
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

/** What has to be seen of an output; null: nothing tells what it does. */
export function readBackTerms({
  feedback,
  way,
}: Pick<OutputSpec, 'feedback' | 'way'>): ReadBackTerms | null {
  // A board reads its pins back by itself; a point that shows the device itself says more.
  if (feedback !== null) return { ...feedback, heedsUnknown: true };
  if (way.kind !== 'pin') return null;
  const { pinShownWithinMs: withinMs, pinRetries: retries } = limits;
  return { withinMs, retries, heedsUnknown: false };
}
