import type { Alert } from '../../domain/alert.ts';
import type { Instruction, OutputCommand, OutputSpec, OutputStatus } from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import type { Timer } from '../../host/clock.ts';
import type { Counter } from '../../host/metrics.ts';
import {
  arbitrate,
  type Claim,
  type Interlock,
  type OutputReason,
  type Situation,
  type Verdict,
} from './arbiter.ts';
import { instructionFor, showsText } from './instruction.ts';
import { OutputClaims, type ChangedAlert } from './output-claims.ts';
import { OutputDevice } from './output-device.ts';
import type { OutputMemory } from './output-memory.ts';
import { OutputOverrides } from './output-overrides.ts';
import { OutputRecord } from './output-record.ts';
import type { OutputNeighbours, OutputSurroundings } from './output-surroundings.ts';
import { OutputTimes } from './output-times.ts';

/**
 * One output, and the only place that commands it. Whatever happens goes one road: what is true now (claims, overrides,
 * times, device) → arbiter → row → device → status. Every change of the commanded level, the owner, the hold, the trip,
 * the spent claims or what is read back is a journal row, appended before the command is sent, in the same tick.
 */
export class OutputDriver {
  #spec: OutputSpec;
  readonly #around: OutputSurroundings;
  readonly #neighbours: OutputNeighbours;
  readonly #maxOns: Counter;
  readonly #claims = new OutputClaims();
  readonly #overrides: OutputOverrides;
  readonly #times: OutputTimes;
  readonly #device: OutputDevice;
  readonly #record: OutputRecord;
  /** It was energised in this run, or nobody knows what an earlier one did. */
  #mayBeEnergised = false;
  #wakeTimer: Timer | null = null;
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
    this.#times = new OutputTimes(around.engineMs());
    this.#device = new OutputDevice(
      spec,
      { around, times: this.#times, seen },
      {
        wanted: () => this.#record.wanted,
        expire: () => this.#expire(),
        lost: () => this.#decide(this.#record.last),
        failed: (why) => this.#notFollowed(why),
        failingChanged: () => this.#tellFailing(),
      },
    );
    this.#maxOns = around.metrics.counter(
      'limen_output_max_on_total',
      'Times an output was sent safe because it was energised for longer than max_on.',
      { output: spec.name },
    );
    this.#overrides = new OutputOverrides(spec, around);
    const [claims, overrides, device] = [this.#claims, this.#overrides, this.#device];
    this.#record = new OutputRecord(spec, { claims, overrides, device, around, neighbours });
  }

  get status(): OutputStatus {
    return this.#record.status;
  }

  get spec(): OutputSpec {
    return this.#spec;
  }

  /** What has to go on after a restart, or on another topic. */
  get memory(): OutputMemory {
    return {
      spent: [...this.#claims.spent.values()],
      idleSpent: this.#claims.isIdleSpent,
      hold: this.#overrides.hold,
      trip: this.#overrides.trip,
      order: this.#overrides.order,
      wasEnergised: this.#times.energisedSince !== null,
      mayBeEnergised: true,
    };
  }

  /** What its device is to do now; null: nobody was ever told anything but safe. */
  get present(): Instruction | null {
    return this.#mayBeEnergised ? instructionFor(this.#spec, this.#record.wanted) : null;
  }

  /** Whether others that must never be energised with it have to stay safe. */
  get forbids(): Interlock {
    const { name, safe } = this.#spec;
    if (this.status.commanded !== safe) return { kind: 'violated', why: `${name} is energised` };
    return this.#device.forbids;
  }

  /** Sends safe. `open`: every open alert by its key, claiming or not. What the claims want comes with `assert`. */
  start(open: ReadonlyMap<string, Alert>, claims: Iterable<Claim>, memory: OutputMemory): void {
    this.#overrides.restore(memory);
    this.#mayBeEnergised = memory.mayBeEnergised;
    this.#claims.replace(claims);
    this.#claims.restore(memory, open);
    // A pulse that was under way is not given a second time.
    if (memory.wasEnergised && this.#spec.pulseMs !== null) this.#claims.spendPresent(this.#spec);
    this.#device.start();
    this.#sendSafe('start');
    if (this.#overrides.trip !== null) this.#tellFailing();
  }

  /** The link came back: safe first, whatever the device did meanwhile. What the claims want comes with `assert`. */
  linkUp(): void {
    // What was over before the link came back does not begin anew with it.
    this.#expire();
    this.#device.comeBack();
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
    if (this.#isEnded || !this.#device.isNews(state)) return;
    this.#expire();
    this.#device.see(state);
    if (this.status.state !== this.#device.state) this.recordAnew(cause);
    this.#decide(cause);
    this.#neighbours.changed();
  }

  /** What a person asks. Returns why it is refused; null: it is done. */
  command(asked: OutputCommand, seq: Seq): string | null {
    this.#expire();
    const { order } = asked;
    const late = order === null ? null : this.#overrides.lateness(order);
    if (late !== null) return late;
    const refused = this.#override(asked);
    if (refused === null) this.#decide([seq], true);
    if (refused === null && asked.act === 'reset') this.#tellFailing();
    // One that was refused counts as well: what was asked before it must not come after it.
    if (order !== null) {
      this.#overrides.count(order);
      this.recordAnew([seq]);
    }
    return refused;
  }

  /** What was to switch it has failed, in words; null: it has done so. */
  carriedOut(problem: string | null): void {
    this.#device.carriedOut(problem);
    if (problem === null) this.#neighbours.changed();
  }

  /** Its board is away: it goes safe by itself, nothing that was commanded holds any more. */
  linkDown(problem: string): void {
    this.#expire();
    this.#device.goAway(problem);
    this.#decide([]);
    this.#neighbours.changed();
  }

  /** Its pin shows this, read back at the board. */
  shows(state: OutputStatus['state']): void {
    const { way, feedback } = this.#spec;
    if (way.kind !== 'pin') return;
    if (state === this.status.commanded) this.#device.carriedOut(null);
    if (feedback === null) this.see(state, []);
  }

  /** Time before the start is known only now to have passed: a hold from before ends sooner by it. */
  credit(ms: number): void {
    if (!this.#overrides.credit(ms)) return;
    this.#expire();
    this.#armTimers();
  }

  /**
   * Another config for the same device: limits and claims are applied in place. `changed`: alerts that changed by it, in
   * order.
   */
  reconfigure(
    spec: OutputSpec,
    claims: Iterable<Claim>,
    seen: OutputStatus['state'],
    changed: readonly ChangedAlert[],
  ): void {
    this.#expire();
    this.#spec = spec;
    if (this.#device.configure(spec, seen)) this.see(seen, []);
    const { claiming, isSpentChanged } = this.#claims.reconfigure(claims, changed);
    this.#device.dropLease();
    const cause = claiming.map(({ seq }) => seq);
    this.#decide(cause, isSpentChanged);
  }

  /** Writes the row of its present state again: something else in it has changed. */
  recordAnew(cause: readonly Seq[] = []): void {
    this.#record.renew(this.#spec, cause);
    this.#around.publishStatus(this.status);
  }

  /** Sends safe for the last time; nothing is commanded afterwards. */
  end(reason: 'stop' | 'removed'): void {
    this.#isEnded = true;
    this.#claims.clear();
    if (reason === 'removed') {
      this.#claims.renewAlerts();
      this.#overrides.clear();
    }
    this.#sendSafe(reason);
    this.#device.stop();
    this.#wakeTimer?.cancel();
    this.#wakeTimer = null;
  }

  #override(asked: OutputCommand): string | null {
    if (asked.act === 'set') return this.#overrides.set(asked, this.#situation());
    const refused = this.#overrides.reset(this.#neighbours.interlock(), this.#claims.isAnySpent);
    if (refused === null) this.#claims.renewAll();
    return refused;
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
    const { commanded, owner, reason } = this.status;
    const wasQuiet = reason === 'start' || reason === 'link_up';
    changed ||= verdict.level !== commanded || verdict.owner !== owner;
    // The row of a start or of a returned link already says safe and nobody: `idle` would add nothing.
    changed ||= verdict.reason !== reason && !(wasQuiet && verdict.reason === 'idle');
    const { text } = this.#record.wanted;
    const isSent = verdict.level !== commanded || this.#textOf(verdict) !== text;
    if (changed || isSent) this.#command(verdict, cause, isSent);
    this.#armTimers();
  }

  #situation(): Situation {
    return {
      spec: this.#spec,
      claims: this.#claims.present.values(),
      spent: this.#claims.spent,
      idleSpent: this.#claims.isIdleSpent,
      hold: this.#overrides.hold,
      trip: this.#overrides.trip,
      interlock: this.#neighbours.interlock(),
      leaseLost: this.#device.leaseLost,
      energisedSince: this.#times.energisedSince,
      safeSince: this.#times.safeSince,
      now: this.#around.engineMs(),
    };
  }

  // It may not be energised and is: that is more than a reason to wait.
  #tripIfForbidden(): boolean {
    if (this.#overrides.trip !== null || this.#times.energisedSince === null) return false;
    const interlock = this.#neighbours.interlock();
    if (interlock.kind !== 'violated') return false;
    this.#tripFor(`an interlock was violated: ${interlock.why}`);
    return true;
  }

  #tripFor(why: string): void {
    this.#overrides.tripFor(why, this.#spec);
    this.#tellFailing();
  }

  // A siren that cannot be read back goes on sounding if the config says so.
  #notFollowed(why: string): void {
    this.#around.log.warn('output failed', { output: this.#spec.name, why });
    if (this.#times.energisedSince !== null && this.#spec.onUnknown !== 'hold') {
      this.#tripFor(why);
      this.#decide(this.#record.last, true);
    } else this.#tellFailing();
    this.#neighbours.changed();
  }

  #tellFailing(): void {
    const { trip } = this.#overrides;
    this.#neighbours.failing(trip === null ? this.#device.failing : `tripped: ${trip.why}`);
  }

  // It counts as switched off: what Limen was away for, or the link, is no reason to keep a siren silent. Claims that
  // are spent stay spent.
  #sendSafe(reason: OutputReason): void {
    const verdict: Verdict = { level: this.#spec.safe, owner: null, reason, detail: null };
    this.#times.switchOff(this.#around.engineMs());
    this.#command(verdict, [], true);
  }

  #command(verdict: Verdict, cause: readonly Seq[], isSent: boolean): void {
    const isEnergised = verdict.level !== this.#spec.safe;
    this.#times.command(isEnergised, this.#around.engineMs());
    if (isEnergised) this.#mayBeEnergised = true;
    const text = this.#textOf(verdict);
    this.#record.command(this.#spec, verdict, { cause, text, isSent });
    if (isSent) this.#device.command();
    this.#around.publishStatus(this.status);
    this.#neighbours.changed();
  }

  #textOf({ level, owner }: Pick<Verdict, 'level' | 'owner'>): string | null {
    if (level !== 'on' || owner === null || !showsText(this.#spec)) return null;
    return this.#claims.present.get(owner)?.alert.message ?? null;
  }

  #armTimers(): void {
    this.#wakeTimer?.cancel();
    this.#wakeTimer = null;
    const dueMs = this.#isEnded
      ? Infinity
      : Math.min(this.#times.dueMs(this.#spec, this.status.reason), this.#overrides.holdEndsMs);
    if (dueMs < Infinity) {
      const { clock, engineMs } = this.#around;
      this.#wakeTimer = clock.after(Math.max(dueMs - engineMs(), 0), () => {
        this.#expire();
        // Engine time is in whole milliseconds: the timer may come a fraction too early.
        this.#decide(this.#record.last);
      });
    }
    this.#device.keepLease();
  }

  #isOverdue(): boolean {
    return this.#times.isOverdue(this.#spec, this.#around.engineMs());
  }

  // Holds that are over end, and what was energised for long enough is spent, before anything new counts.
  #expire(): void {
    const isHoldOver = this.#overrides.expire();
    if (isHoldOver || this.#isOverdue()) this.#decide(this.#record.last, isHoldOver);
  }

  #spendAll(): void {
    this.#claims.spendPresent(this.#spec);
    this.#overrides.releaseEnergised(this.#spec.safe);
    if (this.#spec.pulseMs !== null) return;
    this.#maxOns.value += 1;
    this.#around.log.warn('output energised for longer than max_on, sent safe', {
      output: this.#spec.name,
      max_on_ms: this.#spec.maxOnMs,
    });
  }
}
