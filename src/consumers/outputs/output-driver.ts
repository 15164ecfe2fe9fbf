import { alertKey, type Alert } from '../../domain/alert.ts';
import { messageOf } from '../../domain/error.ts';
import type { RowWriter } from '../../domain/journal.ts';
import type { OutputLevel, OutputSpec, OutputStatus } from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import type { EngineMs, WallMs } from '../../domain/time.ts';
import type { Clock, Timer } from '../../host/clock.ts';
import type { Log } from '../../host/log.ts';
import type { Counter, Metrics } from '../../host/metrics.ts';
import type { FaultPoint } from '../fault-point.ts';
import {
  arbitrate,
  respend,
  spend,
  type Claim,
  type OutputReason,
  type SpentClaim,
  type Verdict,
} from './arbiter.ts';
import { commandPayload } from './command-payload.ts';
import { placeOf, type OutputMemory, type OutputPlace, type OutputRow } from './output-memory.ts';

/** What an output needs of its surroundings. */
export interface OutputSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly journal: RowWriter;
  /** Engine time now: `max_on` counts in it. */
  engineMs(): EngineMs;
  /** Wall time now, for showing. */
  wallMs(): WallMs;
  /** Hands a command to the link; a link that is down drops it, never keeps it. */
  send(place: Pick<OutputSpec, 'broker' | 'topic'>, payload: string, level: OutputLevel): void;
  publishStatus(status: OutputStatus): void;
  readonly faultPoint: FaultPoint;
}

/**
 * One output: the claims on it, its protection, and the only place that commands it. Every change of the commanded
 * level, the owner or the spent claims is a journal row, appended before the command is sent, in the same tick.
 */
export class OutputDriver {
  readonly #placesLeft: () => readonly OutputPlace[];
  #spec: OutputSpec;
  readonly #around: OutputSurroundings;
  readonly #commands: Counter;
  readonly #trips: Counter;
  readonly #claims = new Map<string, Claim>();
  readonly #spent = new Map<string, SpentClaim>();
  #idleSpent = false;
  #energisedSince: EngineMs | null = null;
  #status: OutputStatus;
  /** The last row of this output: what `max_on` gives as its cause. */
  #lastSeq: readonly Seq[] = [];
  #maxOnTimer: Timer | null = null;
  #leaseTimer: Timer | null = null;
  #isEnded = false;

  /** `placesLeft`: former places of this output that wait for their link. */
  constructor(
    spec: OutputSpec,
    around: OutputSurroundings,
    placesLeft: () => readonly OutputPlace[],
  ) {
    this.#spec = spec;
    this.#placesLeft = placesLeft;
    this.#around = around;
    const labels = { output: spec.name };
    this.#commands = around.metrics.counter(
      'limen_output_commands_total',
      'Commands sent to an output, renewals of its lease included.',
      labels,
    );
    this.#trips = around.metrics.counter(
      'limen_output_max_on_total',
      'Times an output was sent safe because it was energised for longer than max_on.',
      labels,
    );
    this.#status = {
      name: spec.name,
      state: 'unknown',
      commanded: spec.safe,
      owner: null,
      reason: 'start' satisfies OutputReason,
      sinceAt: around.wallMs(),
      seq: 0,
    };
  }

  get status(): OutputStatus {
    return this.#status;
  }

  get spec(): OutputSpec {
    return this.#spec;
  }

  /** What protection needs to go on after a restart, or on another topic. */
  get memory(): OutputMemory {
    return {
      spent: [...this.#spent.values()],
      idleSpent: this.#idleSpent,
    };
  }

  /** Sends safe, then asserts what the claims want. `open`: every open alert by its key, claiming or not. */
  start(open: ReadonlyMap<string, Alert>, claims: Iterable<Claim>, memory: OutputMemory): void {
    this.#idleSpent = memory.idleSpent;
    this.#setClaims(claims);
    for (const spent of memory.spent) {
      const alert = open.get(spent.alert);
      const left = alert === undefined ? null : respend(spent, alert);
      if (left !== null) this.#spent.set(left.alert, left);
    }
    this.#sendSafe('start');
    this.#decide([]);
  }

  /** The link came back: safe first, whatever the device did meanwhile, then the present level. */
  linkUp(): void {
    // What was over before the link came back does not begin anew with it.
    this.#expire();
    this.#sendSafe('link_up');
    this.#decide([]);
  }

  /** An alert that may claim this output changed. `renews`: it was escalated or reset, so spent claims count again. */
  update(alert: Alert, claim: Claim | null, renews: boolean): void {
    const key = alertKey(alert);
    const spent = this.#spent.get(key);
    if (claim === null && spent === undefined && !this.#claims.has(key)) return;
    // What was over before this event is over for the claims of then, not for the one that comes now.
    this.#expire();
    if (claim === null) this.#claims.delete(key);
    else this.#claims.set(key, claim);
    this.#decide([alert.seq], this.#respend(alert, renews));
  }

  /**
   * Another config for the same device: limits and claims are applied in place. `changed`: alerts that changed by it, in
   * order, each with whether its spent claims count again.
   */
  reconfigure(
    spec: OutputSpec,
    claims: Iterable<Claim>,
    changed: readonly { readonly alert: Alert; readonly renews: boolean }[] = [],
  ): void {
    this.#expire();
    this.#spec = spec;
    const before = new Set(this.#claims.keys());
    this.#setClaims(claims);
    const cause: Seq[] = [];
    let spentChanged = false;
    for (const { alert, renews } of changed) {
      const key = alertKey(alert);
      if (before.has(key) || this.#claims.has(key)) cause.push(alert.seq);
      if (this.#respend(alert, renews)) spentChanged = true;
    }
    this.#decide(cause, spentChanged);
    this.#armTimers();
  }

  /** Writes the row of its present state again: something else in it has changed. */
  record(): void {
    const seq = this.#append(this.#status, [], false);
    this.#status = { ...this.#status, seq };
    this.#around.publishStatus(this.#status);
  }

  /** Sends safe for the last time; nothing is commanded afterwards. */
  end(reason: 'stop' | 'removed'): void {
    this.#isEnded = true;
    this.#claims.clear();
    if (reason === 'removed') this.#spent.clear();
    this.#sendSafe(reason);
    this.#cancelTimers();
  }

  #setClaims(claims: Iterable<Claim>): void {
    this.#claims.clear();
    for (const claim of claims) this.#claims.set(alertKey(claim.alert), claim);
  }

  // Returns whether the spent claims changed.
  #respend(alert: Alert, renews: boolean): boolean {
    const key = alertKey(alert);
    const spent = this.#spent.get(key);
    if (spent === undefined) return false;
    const left = renews ? null : respend(spent, alert);
    if (left === null) this.#spent.delete(key);
    else this.#spent.set(key, left);
    return left !== spent;
  }

  #decide(cause: readonly Seq[], spentChanged = false): void {
    if (this.#isEnded) return;
    let verdict = this.#arbitrate();
    let changed = spentChanged;
    if (verdict.level !== this.#spec.safe && this.#isOverdue()) {
      this.#spendAll();
      verdict = this.#arbitrate();
      changed = true;
    }
    if (this.#idleSpent && verdict.owner !== null && verdict.level !== this.#spec.safe) {
      this.#idleSpent = false;
      changed = true;
    }
    const { commanded, owner, reason } = this.#status;
    const wasQuiet = reason === 'start' || reason === 'link_up';
    changed ||= verdict.level !== commanded || verdict.owner !== owner;
    // The row of a start or of a returned link already says safe and nobody: `idle` would add nothing.
    changed ||= verdict.reason !== reason && !(wasQuiet && verdict.reason === 'idle');
    if (changed) this.#command(verdict, cause, verdict.level !== commanded);
  }

  #arbitrate(): Verdict {
    return arbitrate({
      spec: this.#spec,
      claims: this.#claims.values(),
      spent: this.#spent,
      idleSpent: this.#idleSpent,
    });
  }

  // It counts as switched off: what Limen was away for, or the link, is no reason to keep a siren silent. Claims that
  // are spent stay spent.
  #sendSafe(reason: OutputReason): void {
    this.#command({ level: this.#spec.safe, owner: null, reason }, [], true);
  }

  #command(verdict: Verdict, cause: readonly Seq[], isSent: boolean): void {
    const { wallMs, engineMs, publishStatus } = this.#around;
    const { level, owner, reason } = verdict;
    if (level === this.#spec.safe) this.#energisedSince = null;
    else this.#energisedSince ??= engineMs();
    const sinceAt = level === this.#status.commanded ? this.#status.sinceAt : wallMs();
    const seq = this.#append({ commanded: level, owner, reason, sinceAt }, cause, isSent);
    const name = this.#spec.name;
    this.#status = { name, state: 'unknown', commanded: level, owner, reason, sinceAt, seq };
    if (isSent) {
      this.#send(level);
      this.#around.faultPoint('command_sent');
      this.#armTimers();
    }
    publishStatus(this.#status);
  }

  #append(
    { commanded, owner, reason, sinceAt }: Omit<OutputStatus, 'name' | 'state' | 'seq'>,
    cause: readonly Seq[],
    isSent: boolean,
  ): Seq {
    const row: OutputRow = {
      commanded,
      owner,
      reason,
      cause,
      sent: isSent ? commandPayload(this.#spec, commanded) : null,
      since_at: sinceAt,
      spent: [...this.#spent.values()],
      idle_spent: this.#idleSpent,
      place: placeOf(this.#spec),
      left: this.#placesLeft(),
    };
    const seq = this.#around.journal.append('output', this.#spec.name, row);
    this.#lastSeq = [seq];
    return seq;
  }

  #send(level: OutputLevel): void {
    this.#commands.value += 1;
    try {
      this.#around.send(this.#spec, commandPayload(this.#spec, level), level);
    } catch (error) {
      const fields = { output: this.#spec.name, error: messageOf(error) };
      this.#around.log.error('command not sent', fields);
    }
  }

  #armTimers(): void {
    this.#cancelTimers();
    const { maxOnMs, leaseMs, safe } = this.#spec;
    if (this.#isEnded || this.#status.commanded === safe || this.#energisedSince === null) return;
    if (maxOnMs !== null) {
      const leftMs = this.#energisedSince + maxOnMs - this.#around.engineMs();
      this.#maxOnTimer = this.#around.clock.after(Math.max(leftMs, 0), () => {
        this.#expire();
        // Engine time is in whole milliseconds: the timer may come a fraction too early.
        if (!this.#isEnded && this.#status.commanded !== safe) this.#armTimers();
      });
    }
    if (leaseMs !== null) this.#armLease(leaseMs / 2);
  }

  #armLease(everyMs: number): void {
    this.#leaseTimer = this.#around.clock.after(everyMs, () => {
      this.#expire();
      if (this.#isEnded || this.#status.commanded === this.#spec.safe) return;
      this.#send(this.#status.commanded);
      this.#armLease(everyMs);
    });
  }

  #cancelTimers(): void {
    this.#maxOnTimer?.cancel();
    this.#leaseTimer?.cancel();
    this.#maxOnTimer = null;
    this.#leaseTimer = null;
  }

  #isOverdue(): boolean {
    const { maxOnMs } = this.#spec;
    if (maxOnMs === null || this.#energisedSince === null) return false;
    return this.#around.engineMs() - this.#energisedSince >= maxOnMs;
  }

  #expire(): void {
    if (this.#isOverdue()) this.#decide(this.#lastSeq);
  }

  #spendAll(): void {
    for (const { alert, level } of this.#claims.values()) {
      if (level !== this.#spec.safe) this.#spent.set(alertKey(alert), spend(alert));
    }
    this.#idleSpent = this.#spec.idle !== this.#spec.safe;
    this.#trips.value += 1;
    this.#around.log.warn('output energised for longer than max_on, sent safe', {
      output: this.#spec.name,
      max_on_ms: this.#spec.maxOnMs,
    });
  }
}
