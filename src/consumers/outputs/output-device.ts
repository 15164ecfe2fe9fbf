import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type { OutputSpec, OutputStatus } from '../../domain/output.ts';
import type { EngineMs } from '../../domain/time.ts';
import type { Timer } from '../../host/clock.ts';
import type { Counter } from '../../host/metrics.ts';
import type { Interlock } from './arbiter.ts';
import { instructionFor, linkOf, type Wanted } from './instruction.ts';
import type { OutputSurroundings } from './output-surroundings.ts';
import type { OutputTimes } from './output-times.ts';
import { ReadBack, readBackTerms } from './read-back.ts';

/** What is done about what becomes of a device. */
export interface DeviceActions {
  /** What it is to do now. */
  wanted(): Wanted;
  /** Ends what is over by now: its lease is to be renewed only for what is left. */
  expire(): void;
  /** Its lease is over: it has gone safe by itself. */
  lost(): void;
  /** It has not done what it was told, in spite of all retries. */
  failed(why: string): void;
  /** What `failing` says is something else. */
  failingChanged(): void;
}

/**
 * The device of one output, as far as it is known from here: whether there is a link to it, until when its lease lasts,
 * what has become of the last command, and what is read back. A command that fails is sent again after a while.
 */
export class OutputDevice {
  #spec: OutputSpec;
  readonly #around: OutputSurroundings;
  readonly #times: OutputTimes;
  readonly #actions: DeviceActions;
  readonly #commands: Counter;
  /** When an instruction last had a link to go by; the lease counts from then. */
  #renewedAt: EngineMs;
  #leaseLost: string | null = null;
  /** The last safe instruction had a link to go by, or its program has ended well. */
  #isSafeSent = false;
  #readBack: ReadBack | null = null;
  #failures = 0;
  /** Why it cannot be commanded at all, in words; null: it can. */
  #problem: string | null = null;
  #leaseTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  /** Its board is away, and people are not told yet. */
  #away: Timer | null = null;
  #isStopped = false;

  /** `seen`: what the feedback point shows. */
  constructor(
    spec: OutputSpec,
    {
      around,
      times,
      seen,
    }: {
      readonly around: OutputSurroundings;
      readonly times: OutputTimes;
      readonly seen: OutputStatus['state'];
    },
    actions: DeviceActions,
  ) {
    this.#spec = spec;
    this.#around = around;
    this.#times = times;
    this.#actions = actions;
    this.#commands = around.metrics.counter(
      'limen_output_commands_total',
      'Commands sent to an output, renewals of its lease included.',
      { output: spec.name },
    );
    this.#renewedAt = around.engineMs();
    this.#configureReadBack(seen);
  }

  /** As it is read back. */
  get state(): OutputStatus['state'] {
    return this.#readBack?.state ?? 'unknown';
  }

  /** Why it has gone safe by itself, in words; null: it has not. */
  get leaseLost(): string | null {
    return this.#leaseLost;
  }

  /** Why it does not do what it is told, in words; null: it does. */
  get failing(): string | null {
    const readBack = this.#readBack?.hasFailed === true ? 'it does not follow its commands' : null;
    return this.#problem ?? readBack;
  }

  /** Whether others that must never be energised with it have to stay safe even when it is commanded safe. */
  get forbids(): Interlock {
    const { name, safe } = this.#spec;
    if (this.#readBack !== null) {
      const { state } = this.#readBack;
      if (state === safe) return { kind: 'free' };
      return state === 'unknown'
        ? { kind: 'unknown', why: `nobody knows what ${name} does` }
        : { kind: 'violated', why: `${name} is read back ${state}` };
    }
    if (this.#isSafeSent) return { kind: 'free' };
    return { kind: 'unknown', why: `${name} could not be told to be safe` };
  }

  /** A board that was not up yet counts as away. */
  start(): void {
    const link = linkOf(this.#spec);
    if (link?.kind === 'board' && !this.#hasLink)
      this.goAway(`the board ${link.name} has not answered yet`);
  }

  /** Another config for it. Returns whether what its feedback point shows counts, now or until now. */
  configure(spec: OutputSpec, seen: OutputStatus['state']): boolean {
    this.#spec = spec;
    return this.#configureReadBack(seen);
  }

  /** Sends a new command: what is wanted now is to be seen in time. */
  command(): void {
    const { level } = this.#actions.wanted();
    this.dropLease();
    this.#send();
    this.#around.faultPoint('command_sent');
    this.#readBack?.expect(level);
  }

  /** What was to switch it has failed, in words; null: it has done so. */
  carriedOut(problem: string | null): void {
    const { level } = this.#actions.wanted();
    if (problem === null) {
      this.#failures = 0;
      if (level === this.#spec.safe) this.#isSafeSent = true;
      this.#setProblem(null);
      return;
    }
    this.#failures += 1;
    const retriesMax = this.#spec.feedback?.retries ?? limits.outputProgramRetries;
    const hasFailed = this.#failures > retriesMax;
    if (!this.#isStopped) {
      const pauseMs = hasFailed ? limits.outputRetryMs : limits.outputProgramPauseMs;
      this.#retryTimer?.cancel();
      this.#retryTimer = this.#around.clock.after(pauseMs, () => this.#send());
    }
    if (hasFailed && this.#problem === null) {
      this.#problem = `switching it ${level} failed: ${problem}`;
      this.#actions.failed(this.#problem);
    }
  }

  /** Whether this is read back of it, and was not before. */
  isNews(state: OutputStatus['state']): boolean {
    return this.#readBack !== null && this.#readBack.state !== state;
  }

  see(state: OutputStatus['state']): void {
    this.#readBack?.see(state);
  }

  /** It goes safe by itself: nothing that was commanded holds any more. */
  goAway(problem: string): void {
    this.#leaseLost = problem;
    this.#isSafeSent = false;
    this.#failures = 0;
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    // What is told is why it is away by then: of a board that starts more is known soon.
    this.#away ??= this.#around.clock.after(limits.boardAwayMs, () =>
      this.#setProblem(this.#leaseLost),
    );
  }

  comeBack(): void {
    this.#leaseLost = null;
    this.#failures = 0;
    this.#away?.cancel();
    this.#away = null;
    this.#setProblem(null);
  }

  /** Renews the lease twice in its time, while it is energised. */
  keepLease(): void {
    const { leaseMs } = this.#spec;
    if (this.#isStopped || leaseMs === null || this.#times.energisedSince === null)
      return this.dropLease();
    this.#leaseTimer ??= this.#around.clock.after(leaseMs / 2, () => {
      this.#leaseTimer = null;
      this.#actions.expire();
      if (this.#isStopped || this.#times.energisedSince === null) return;
      if (!this.#hasLink && this.#around.engineMs() - this.#renewedAt >= leaseMs) {
        this.#leaseLost = 'the link is away';
        this.#actions.lost();
        return;
      }
      this.#send();
      this.keepLease();
    });
  }

  /** The lease is not renewed until `keepLease`, and counts anew from there. */
  dropLease(): void {
    this.#leaseTimer?.cancel();
    this.#leaseTimer = null;
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#isStopped = true;
    this.#readBack?.stop();
    this.dropLease();
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    this.#away?.cancel();
  }

  get #hasLink(): boolean {
    const link = linkOf(this.#spec);
    return link === null || this.#around.linkOf(link) === 'up';
  }

  #send(): void {
    const { name, safe, way } = this.#spec;
    const wanted = this.#actions.wanted();
    this.#commands.value += 1;
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    if (this.#hasLink) {
      this.#renewedAt = this.#around.engineMs();
      this.#times.reach(this.#around.engineMs());
    }
    // What is told of later is not done yet.
    const isTold = way.kind === 'command' || way.kind === 'gpio';
    this.#isSafeSent = wanted.level === safe && this.#hasLink && !isTold;
    try {
      this.#around.send(instructionFor(this.#spec, wanted), wanted.level, name);
    } catch (error) {
      this.#isSafeSent = false;
      const fields = { output: name, error: messageOf(error) };
      this.#around.log.error('command not sent', fields);
    }
  }

  #setProblem(problem: string | null): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    this.#actions.failingChanged();
  }

  #configureReadBack(seen: OutputStatus['state']): boolean {
    const terms = readBackTerms(this.#spec);
    if (terms === null) {
      const hadFailed = this.#readBack?.hasFailed === true;
      this.#readBack?.stop();
      this.#readBack = null;
      if (hadFailed) this.#actions.failingChanged();
      return false;
    }
    if (this.#readBack !== null) {
      const wasSeenAtPoint = this.#readBack.heedsUnknown;
      this.#readBack.configure(terms);
      // A pin tells by itself what it shows, and only when it changes.
      return terms.heedsUnknown || wasSeenAtPoint;
    }
    this.#readBack = new ReadBack(terms, seen, this.#around.clock, {
      resend: () => this.#send(),
      failed: (why) => this.#actions.failed(`it does not follow: ${why}`),
      followed: () => this.#actions.failingChanged(),
      isReachable: () => this.#hasLink,
    });
    return false;
  }
}
