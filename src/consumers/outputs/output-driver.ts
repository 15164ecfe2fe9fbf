import { alertKey, type Alert } from '../../domain/alert.ts';
import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type {
  Instruction,
  ManualHold,
  OutputCommand,
  OutputLevel,
  OutputSpec,
  OutputStatus,
  Trip,
} from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import type { EngineMs } from '../../domain/time.ts';
import type { Timer } from '../../host/clock.ts';
import type { Counter } from '../../host/metrics.ts';
import {
  arbitrate,
  refusal,
  type Claim,
  type Interlock,
  type OutputReason,
  type Situation,
  type Verdict,
} from './arbiter.ts';
import { OutputClaims } from './output-claims.ts';
import { instructionFor, instructionText, linkOf, showsText } from './instruction.ts';
import type { OutputNeighbours, OutputSurroundings } from './output-surroundings.ts';
import { placeOf, storedHold, type OutputMemory, type OutputRow } from './output-memory.ts';
import { OutputTimes } from './output-times.ts';
import { ReadBack, type ReadBackTerms } from './read-back.ts';

/**
 * One output: the claims on it, its protection, and the only place that commands it. Every change of the commanded
 * level, the owner, the hold, the trip, the spent claims or what is read back is a journal row, appended before the
 * command is sent, in the same tick.
 */
export class OutputDriver {
  #spec: OutputSpec;
  readonly #around: OutputSurroundings;
  readonly #neighbours: OutputNeighbours;
  readonly #commands: Counter;
  readonly #maxOns: Counter;
  readonly #trips: Counter;
  readonly #claims = new OutputClaims();
  readonly #times: OutputTimes;
  #hold: ManualHold | null = null;
  /** The hold was taken over from the last run: time that is found out later counts for it. */
  #isHoldRestored = false;
  #trip: Trip | null = null;
  /** The highest number of a command so far. */
  #order: number | null = null;
  /** When an instruction last had a link to go by; the lease counts from then. */
  #renewedAt: EngineMs;
  /** Why the device has gone safe by itself, in words; null: it has not. */
  #leaseLost: string | null = null;
  /** What the device shows now; null: it shows no text. */
  #text: string | null = null;
  /** The last safe instruction had a link to go by, or its program has ended well. */
  #isSafeSent = false;
  /** It was energised in this run, or nobody knows what an earlier one did. */
  #mayBeEnergised = false;
  #readBack: ReadBack | null = null;
  #failures = 0;
  /** Why it cannot be commanded at all, in words; null: it can. */
  #problem: string | null = null;
  #status: OutputStatus;
  /** The last row of this output: what a timer gives as its cause. */
  #lastSeq: readonly Seq[] = [];
  #wakeTimer: Timer | null = null;
  #leaseTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  /** Its board is away, and people are not told yet. */
  #away: Timer | null = null;
  #isEnded = false;

  /** `seen`: what the feedback point shows. */
  constructor(
    spec: OutputSpec,
    around: OutputSurroundings,
    neighbours: OutputNeighbours,
    seen: OutputStatus['state'],
  ) {
    this.#spec = spec;
    this.#around = around;
    this.#neighbours = neighbours;
    const labels = { output: spec.name };
    this.#commands = around.metrics.counter(
      'limen_output_commands_total',
      'Commands sent to an output, renewals of its lease included.',
      labels,
    );
    this.#maxOns = around.metrics.counter(
      'limen_output_max_on_total',
      'Times an output was sent safe because it was energised for longer than max_on.',
      labels,
    );
    this.#trips = around.metrics.counter(
      'limen_output_trips_total',
      'Times an output was sent safe until somebody resets it.',
      labels,
    );
    this.#times = new OutputTimes(around.engineMs());
    this.#renewedAt = around.engineMs();
    this.#configureReadBack(seen);
    this.#status = {
      name: spec.name,
      state: this.#state,
      commanded: spec.safe,
      owner: null,
      reason: 'start' satisfies OutputReason,
      sinceAt: around.wallMs(),
      seq: 0,
      detail: null,
      hold: null,
      trip: null,
    };
  }

  get status(): OutputStatus {
    return this.#status;
  }

  get spec(): OutputSpec {
    return this.#spec;
  }

  /** What has to go on after a restart, or on another topic. */
  get memory(): OutputMemory {
    return {
      spent: [...this.#claims.spent.values()],
      idleSpent: this.#claims.isIdleSpent,
      hold: this.#hold,
      trip: this.#trip,
      order: this.#order,
      wasEnergised: this.#times.energisedSince !== null,
      mayBeEnergised: true,
    };
  }

  /** What its device is to do now; null: nobody was ever told anything but safe. */
  get present(): Instruction | null {
    return this.#mayBeEnergised ? this.#instruction : null;
  }

  get #instruction(): Instruction {
    const { commanded: level, seq } = this.#status;
    return instructionFor(this.#spec, { level, seq, text: this.#text });
  }

  /** Whether others that must never be energised with it have to stay safe. */
  get forbids(): Interlock {
    const { name, safe } = this.#spec;
    if (this.#status.commanded !== safe) return { kind: 'violated', why: `${name} is energised` };
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

  /** Sends safe. `open`: every open alert by its key, claiming or not. What the claims want comes with `assert`. */
  start(open: ReadonlyMap<string, Alert>, claims: Iterable<Claim>, memory: OutputMemory): void {
    this.#hold = memory.hold;
    this.#isHoldRestored = true;
    this.#mayBeEnergised = memory.mayBeEnergised;
    this.#trip = memory.trip;
    this.#order = memory.order;
    this.#claims.replace(claims);
    this.#claims.restore(memory, open);
    // A pulse that was under way is not given a second time.
    if (memory.wasEnergised && this.#spec.pulseMs !== null) this.#claims.spendPresent(this.#spec);
    const link = linkOf(this.#spec);
    if (link?.kind === 'board' && !this.#hasLink)
      this.#goAway(`the board ${link.name} has not answered yet`);
    this.#sendSafe('start');
    if (this.#trip !== null) this.#tellFailing();
  }

  /** The link came back: safe first, whatever the device did meanwhile. What the claims want comes with `assert`. */
  linkUp(): void {
    // What was over before the link came back does not begin anew with it.
    this.#expire();
    this.#leaseLost = null;
    this.#failures = 0;
    this.#away?.cancel();
    this.#away = null;
    this.#setProblem(null);
    this.#sendSafe('link_up');
  }

  /** Sends what is wanted now, if it is something else. */
  assert(cause: readonly Seq[] = []): void {
    this.#expire();
    this.#decide(cause);
  }

  /** An alert that may claim this output changed. `renews`: it was escalated or reset, so spent claims count again. */
  update(alert: Alert, claim: Claim | null, renews: boolean): void {
    if (claim === null && !this.#claims.knows(alert)) return;
    // What was over before this event is over for the claims of then, not for the one that comes now.
    this.#expire();
    this.#claims.put(alert, claim);
    this.#decide([alert.seq], this.#claims.respend(alert, renews));
  }

  /** What its feedback point shows is something else. */
  see(state: OutputStatus['state'], cause: readonly Seq[]): void {
    if (this.#readBack === null || this.#isEnded || this.#readBack.state === state) return;
    this.#expire();
    this.#readBack.see(state);
    if (this.#status.state !== this.#state) this.#record(cause);
    this.#decide(cause);
    this.#neighbours.changed();
  }

  /** What a person asks. Returns why it is refused; null: it is done. */
  command(asked: OutputCommand, seq: Seq): string | null {
    this.#expire();
    const { order } = asked;
    if (order !== null && this.#order !== null && order <= this.#order)
      return `its number ${order} is not above ${this.#order}: a newer command was there before`;
    const refused = asked.act === 'reset' ? this.#reset(seq) : this.#setByHand(asked, seq);
    // One that was refused counts as well: what was asked before it must not come after it.
    if (order !== null) {
      this.#order = order;
      this.#record([seq]);
    }
    return refused;
  }

  /** What was to switch it has failed, in words; null: it has done so. */
  carriedOut(problem: string | null): void {
    if (problem === null) {
      this.#failures = 0;
      if (this.#status.commanded === this.#spec.safe) this.#isSafeSent = true;
      this.#setProblem(null);
      this.#neighbours.changed();
      return;
    }
    this.#failures += 1;
    const retriesMax = this.#spec.feedback?.retries ?? limits.outputProgramRetries;
    const hasFailed = this.#failures > retriesMax;
    if (!this.#isEnded) {
      const pauseMs = hasFailed ? limits.outputRetryMs : limits.outputProgramPauseMs;
      this.#retryTimer?.cancel();
      this.#retryTimer = this.#around.clock.after(pauseMs, () => this.#send());
    }
    if (hasFailed && this.#problem === null) {
      this.#problem = `switching it ${this.#status.commanded} failed: ${problem}`;
      this.#notFollowed(this.#problem);
    }
  }

  /** Its board is away: it goes safe by itself, nothing that was commanded holds any more. */
  linkDown(problem: string): void {
    this.#expire();
    this.#goAway(problem);
    this.#decide([]);
    this.#neighbours.changed();
  }

  /** Its pin shows this, read back at the board. */
  shows(state: OutputStatus['state']): void {
    if (this.#spec.way.kind !== 'pin') return;
    if (state === this.#status.commanded) {
      this.#failures = 0;
      this.#setProblem(null);
    }
    if (this.#spec.feedback === null) this.see(state, []);
  }

  /** Time before the start is known only now to have passed: a hold from before ends sooner by it. */
  credit(ms: number): void {
    if (this.#hold === null || !this.#isHoldRestored) return;
    this.#hold = { ...this.#hold, endsMs: (this.#hold.endsMs - ms) as EngineMs };
    this.#expire();
    this.#armTimers();
  }

  /**
   * Another config for the same device: limits and claims are applied in place. `changed`: alerts that changed by it, in
   * order, each with whether its spent claims count again.
   */
  reconfigure(
    spec: OutputSpec,
    claims: Iterable<Claim>,
    seen: OutputStatus['state'],
    changed: readonly { readonly alert: Alert; readonly renews: boolean }[] = [],
  ): void {
    this.#expire();
    this.#spec = spec;
    this.#configureReadBack(seen);
    const before = new Set(this.#claims.present.keys());
    this.#claims.replace(claims);
    const cause: Seq[] = [];
    let spentChanged = false;
    for (const { alert, renews } of changed) {
      const key = alertKey(alert);
      if (before.has(key) || this.#claims.present.has(key)) cause.push(alert.seq);
      if (this.#claims.respend(alert, renews)) spentChanged = true;
    }
    this.#leaseTimer?.cancel();
    this.#leaseTimer = null;
    this.#decide(cause, spentChanged);
  }

  /** Writes the row of its present state again: something else in it has changed. */
  record(): void {
    this.#record([]);
  }

  /** Sends safe for the last time; nothing is commanded afterwards. */
  end(reason: 'stop' | 'removed'): void {
    this.#isEnded = true;
    this.#claims.clear();
    if (reason === 'removed') {
      this.#claims.renewAlerts();
      this.#hold = null;
      this.#trip = null;
    }
    this.#sendSafe(reason);
    this.#readBack?.stop();
    this.#cancelTimers();
  }

  #goAway(problem: string): void {
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

  get #state(): OutputStatus['state'] {
    return this.#readBack?.state ?? 'unknown';
  }

  #configureReadBack(seen: OutputStatus['state']): void {
    const terms = readBackTerms(this.#spec);
    if (terms === null) {
      const hadFailed = this.#readBack?.hasFailed === true;
      this.#readBack?.stop();
      this.#readBack = null;
      if (hadFailed) this.#tellFailing();
      return;
    }
    if (this.#readBack !== null) {
      const isSeenAtPoint = terms.heedsUnknown;
      const wasSeenAtPoint = this.#readBack.heedsUnknown;
      this.#readBack.configure(terms);
      // A pin tells by itself what it shows, and only when it changes.
      if (isSeenAtPoint || wasSeenAtPoint) this.see(seen, []);
      return;
    }
    this.#readBack = new ReadBack(terms, seen, this.#around.clock, {
      resend: () => this.#send(),
      failed: (why) => this.#notFollowed(`it does not follow: ${why}`),
      followed: () => this.#tellFailing(),
      isReachable: () => this.#hasLink,
    });
  }

  #setByHand(asked: Extract<OutputCommand, { act: 'set' }>, seq: Seq): string | null {
    const { value, by, comment, holdMs } = asked;
    if (value === 'auto') {
      if (this.#hold === null) return 'nobody holds it by hand';
      this.#hold = null;
    } else {
      const refused = value === this.#spec.safe ? null : refusal(this.#situation());
      if (refused !== null) return refused;
      const endsMs = (this.#around.engineMs() + holdMs) as EngineMs;
      this.#hold = { level: value, by, comment, endsMs };
      this.#isHoldRestored = false;
    }
    this.#decide([seq], true);
    return null;
  }

  #reset(seq: Seq): string | null {
    if (this.#trip === null && !this.#claims.isAnySpent)
      return 'it is not tripped, and nothing it did is used up: there is nothing to reset';
    const interlock = this.#neighbours.interlock();
    if (this.#trip !== null && interlock.kind !== 'free')
      return `its cause is still there: ${interlock.why}`;
    this.#trip = null;
    this.#claims.renewAll();
    this.#decide([seq], true);
    this.#tellFailing();
    return null;
  }

  #decide(cause: readonly Seq[], isNews = false): void {
    if (this.#isEnded) return;
    let changed = isNews || this.#tripIfForbidden();
    let verdict = arbitrate(this.#situation());
    if (verdict.level !== this.#spec.safe && this.#isOverdue()) {
      this.#spendAll();
      verdict = arbitrate(this.#situation());
      changed = true;
    }
    if (this.#claims.isIdleSpent && verdict.owner !== null && verdict.level !== this.#spec.safe) {
      this.#claims.renewIdle();
      changed = true;
    }
    const { commanded, owner, reason } = this.#status;
    const wasQuiet = reason === 'start' || reason === 'link_up';
    changed ||= verdict.level !== commanded || verdict.owner !== owner;
    // The row of a start or of a returned link already says safe and nobody: `idle` would add nothing.
    changed ||= verdict.reason !== reason && !(wasQuiet && verdict.reason === 'idle');
    const isSent = verdict.level !== commanded || this.#textOf(verdict) !== this.#text;
    if (changed || isSent) this.#command(verdict, cause, isSent);
    this.#armTimers();
  }

  #situation(): Situation {
    return {
      spec: this.#spec,
      claims: this.#claims.present.values(),
      spent: this.#claims.spent,
      idleSpent: this.#claims.isIdleSpent,
      hold: this.#hold,
      trip: this.#trip,
      interlock: this.#neighbours.interlock(),
      leaseLost: this.#leaseLost,
      energisedSince: this.#times.energisedSince,
      safeSince: this.#times.safeSince,
      now: this.#around.engineMs(),
    };
  }

  // It may not be energised and is: that is more than a reason to wait.
  #tripIfForbidden(): boolean {
    if (this.#trip !== null || this.#times.energisedSince === null) return false;
    const interlock = this.#neighbours.interlock();
    if (interlock.kind !== 'violated') return false;
    this.#tripFor(`an interlock was violated: ${interlock.why}`);
    return true;
  }

  #tripFor(why: string): void {
    this.#trip = { why, at: this.#around.wallMs() };
    // Nobody who resets it wants what somebody else had wanted before.
    if (this.#hold !== null && this.#hold.level !== this.#spec.safe) this.#hold = null;
    this.#trips.value += 1;
    this.#around.log.warn('output tripped, safe until it is reset', {
      output: this.#spec.name,
      why,
    });
    this.#tellFailing();
  }

  // A siren that cannot be read back goes on sounding if the config says so.
  #notFollowed(why: string): void {
    this.#around.log.warn('output failed', { output: this.#spec.name, why });
    if (this.#times.energisedSince !== null && this.#spec.onUnknown !== 'hold') {
      this.#tripFor(why);
      this.#decide(this.#lastSeq, true);
    } else this.#tellFailing();
    this.#neighbours.changed();
  }

  #setProblem(problem: string | null): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    this.#tellFailing();
  }

  #tellFailing(): void {
    const readBack = this.#readBack?.hasFailed === true ? 'it does not follow its commands' : null;
    const trip = this.#trip === null ? null : `tripped: ${this.#trip.why}`;
    this.#neighbours.failing(trip ?? this.#problem ?? readBack);
  }

  // It counts as switched off: what Limen was away for, or the link, is no reason to keep a siren silent. Claims that
  // are spent stay spent.
  #sendSafe(reason: OutputReason): void {
    const verdict: Verdict = { level: this.#spec.safe, owner: null, reason, detail: null };
    this.#times.switchOff(this.#around.engineMs());
    this.#command(verdict, [], true);
  }

  #command(verdict: Verdict, cause: readonly Seq[], isSent: boolean): void {
    const { wallMs, engineMs, publishStatus } = this.#around;
    const { level } = verdict;
    const { safe } = this.#spec;
    this.#text = this.#textOf(verdict);
    this.#times.command(level !== safe, engineMs());
    if (level !== safe) this.#mayBeEnergised = true;
    const sinceAt = level === this.#status.commanded ? this.#status.sinceAt : wallMs();
    const seq = this.#append(verdict, sinceAt, cause, isSent);
    this.#status = this.#statusOf(verdict, sinceAt, seq);
    if (isSent) {
      this.#leaseTimer?.cancel();
      this.#leaseTimer = null;
      this.#send();
      this.#around.faultPoint('command_sent');
      this.#readBack?.expect(level);
    }
    publishStatus(this.#status);
    this.#neighbours.changed();
  }

  #record(cause: readonly Seq[]): void {
    const { commanded: level, owner, reason, detail, sinceAt } = this.#status;
    const same = { level, owner, reason, detail };
    const seq = this.#append(same, sinceAt, cause, false);
    this.#status = this.#statusOf(same, sinceAt, seq);
    this.#around.publishStatus(this.#status);
  }

  #statusOf(
    { level, owner, reason, detail }: Omit<Verdict, 'reason'> & { readonly reason: string },
    sinceAt: number,
    seq: Seq,
  ): OutputStatus {
    const hold = this.#hold;
    return {
      name: this.#spec.name,
      state: this.#state,
      commanded: level,
      owner,
      reason,
      sinceAt,
      seq,
      detail,
      hold:
        hold === null
          ? null
          : {
              level: hold.level,
              by: hold.by,
              comment: hold.comment,
              until: this.#around.wallMs() + hold.endsMs - this.#around.engineMs(),
            },
      trip: this.#trip,
    };
  }

  #append(
    { level, owner, reason, detail }: Omit<Verdict, 'reason'> & { readonly reason: string },
    sinceAt: number,
    cause: readonly Seq[],
    isSent: boolean,
  ): Seq {
    const { journal } = this.#around;
    const number = journal.nextSeq;
    const row: OutputRow = {
      commanded: level,
      state: this.#state,
      owner,
      reason,
      detail,
      cause,
      sent: isSent ? this.#sentText(level, number) : null,
      since_at: sinceAt,
      spent: [...this.#claims.spent.values()],
      idle_spent: this.#claims.isIdleSpent,
      hold: storedHold(this.#hold),
      trip: this.#trip,
      order: this.#order,
      place: placeOf(this.#spec, number),
      left: this.#neighbours.placesLeft(),
    };
    const seq = journal.append('output', this.#spec.name, row);
    this.#lastSeq = [seq];
    return seq;
  }

  #send(): void {
    const { commanded: level } = this.#status;
    const { name, safe } = this.#spec;
    this.#commands.value += 1;
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    if (this.#hasLink) {
      this.#renewedAt = this.#around.engineMs();
      this.#times.reach(this.#around.engineMs());
    }
    // What is told of later is not done yet.
    const isTold = this.#spec.way.kind === 'command' || this.#spec.way.kind === 'gpio';
    this.#isSafeSent = level === safe && this.#hasLink && !isTold;
    try {
      this.#around.send(this.#instruction, level, name);
    } catch (error) {
      this.#isSafeSent = false;
      const fields = { output: name, error: messageOf(error) };
      this.#around.log.error('command not sent', fields);
    }
  }

  #sentText(level: OutputLevel, seq: number): string {
    return instructionText(instructionFor(this.#spec, { level, seq, text: this.#text }));
  }

  #textOf({ level, owner }: Pick<Verdict, 'level' | 'owner'>): string | null {
    if (level !== 'on' || owner === null || !showsText(this.#spec)) return null;
    return this.#claims.present.get(owner)?.alert.message ?? null;
  }

  get #hasLink(): boolean {
    const link = linkOf(this.#spec);
    return link === null || this.#around.linkOf(link) === 'up';
  }

  #armTimers(): void {
    this.#wakeTimer?.cancel();
    this.#wakeTimer = null;
    const holdEndsMs = this.#hold?.endsMs ?? Infinity;
    const dueMs = this.#isEnded
      ? Infinity
      : Math.min(this.#times.dueMs(this.#spec, this.#status.reason), holdEndsMs);
    if (dueMs < Infinity) {
      const { clock, engineMs } = this.#around;
      this.#wakeTimer = clock.after(Math.max(dueMs - engineMs(), 0), () => {
        this.#expire();
        // Engine time is in whole milliseconds: the timer may come a fraction too early.
        this.#decide(this.#lastSeq);
      });
    }
    this.#armLease();
  }

  #armLease(): void {
    const { leaseMs } = this.#spec;
    const isNeeded = !this.#isEnded && leaseMs !== null && this.#times.energisedSince !== null;
    if (!isNeeded) {
      this.#leaseTimer?.cancel();
      this.#leaseTimer = null;
      return;
    }
    this.#leaseTimer ??= this.#around.clock.after(leaseMs / 2, () => {
      this.#leaseTimer = null;
      this.#expire();
      if (this.#isEnded || this.#times.energisedSince === null) return;
      if (!this.#hasLink && this.#around.engineMs() - this.#renewedAt >= leaseMs) {
        this.#leaseLost = 'the link is away';
        this.#decide(this.#lastSeq);
        return;
      }
      this.#send();
      this.#armLease();
    });
  }

  #cancelTimers(): void {
    for (const timer of [this.#wakeTimer, this.#leaseTimer, this.#retryTimer, this.#away])
      timer?.cancel();
    this.#wakeTimer = null;
    this.#leaseTimer = null;
    this.#retryTimer = null;
  }

  #isOverdue(): boolean {
    return this.#times.isOverdue(this.#spec, this.#around.engineMs());
  }

  // Holds that are over end, and what was energised for long enough is spent, before anything new counts.
  #expire(): void {
    const isHoldOver = this.#hold !== null && this.#hold.endsMs <= this.#around.engineMs();
    const isOverdue = this.#isOverdue();
    if (isHoldOver) this.#hold = null;
    if (isHoldOver || isOverdue) this.#decide(this.#lastSeq, isHoldOver);
  }

  #spendAll(): void {
    this.#claims.spendPresent(this.#spec);
    if (this.#hold !== null && this.#hold.level !== this.#spec.safe) this.#hold = null;
    if (this.#spec.pulseMs !== null) return;
    this.#maxOns.value += 1;
    this.#around.log.warn('output energised for longer than max_on, sent safe', {
      output: this.#spec.name,
      max_on_ms: this.#spec.maxOnMs,
    });
  }
}

// A board reads its pins back by itself; a point that shows the device itself says more.
function readBackTerms({ feedback, way }: OutputSpec): ReadBackTerms | null {
  if (feedback !== null) return { ...feedback, heedsUnknown: true };
  if (way.kind !== 'pin') return null;
  const { pinShownWithinMs: withinMs, pinRetries: retries } = limits;
  return { withinMs, retries, heedsUnknown: false };
}
