// The outputs under test with everything around them in virtual time: devices that remember their level, links and a
// board that come and go, a relay that sticks, a process that is killed. Each instruction is checked when it is sent, and
// everything else after each step, against what the invariants O1 to O7 say.
import { createOutputs, type Outputs } from '../../../src/consumers/outputs/outputs.ts';
import type { ProgramRun } from '../../../src/consumers/outputs/programs.ts';
import { alertKey, type Alert, type Condition } from '../../../src/domain/alert.ts';
import type { ActingRule } from '../../../src/domain/config.ts';
import { conditionName, type OutputLevel, type OutputSpec } from '../../../src/domain/output.ts';
import type { Severity } from '../../../src/domain/rule.ts';
import type { EngineMs } from '../../../src/domain/time.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import { alertOf, eventOf, memoryJournal, memoryLog, ruleOf, seq, wall } from '../fixtures.ts';

/** Rule `<output>` claims that output on, rule `<output>-lock` claims it off. */
export function rulesFor(specs: readonly OutputSpec[]): readonly ActingRule[] {
  return specs.flatMap(({ name: output }) => [
    ruleOf(output, [{ kind: 'claim', output, level: 'on', span: 'raised' }]),
    ruleOf(`${output}-lock`, [{ kind: 'claim', output, level: 'off', span: 'raised' }]),
  ]);
}

/** A board, or a device with a lease, goes safe by itself so long after it was told anything last. */
const leaseMs = 2_000;

interface Device {
  level: OutputLevel;
  toldMs: number;
  /** A relay that sticks stays there whatever it is told; null: it does not. */
  stuck: OutputLevel | null;
}

/** What must be true of one output, kept apart from the code under test. */
interface Known {
  /** When it was energised by the instruction of then; null: it is safe. */
  energisedMs: number | null;
  /** When that, or a repetition, had a link to go by. */
  reachedMs: number | null;
  /** When it was told to be safe last. */
  safeMs: number;
  isTripped: boolean;
  hold: { readonly level: OutputLevel; readonly untilMs: number } | null;
  /** Claims that were present when max_on was over. */
  readonly spent: Set<string>;
  /** Since the level was told first: to tell states apart. */
  repeats: number;
  /** The highest number of a command. */
  order: number | null;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** One run of the outputs, over restarts. All outputs are safe at `off`. */
export class World {
  readonly #specs: readonly OutputSpec[];
  readonly #rules: readonly ActingRule[];
  readonly #clock = createFakeClock();
  readonly #journal = memoryJournal();
  readonly #alerts = new Map<string, Alert>();
  readonly #conditions = new Map<string, Condition>();
  readonly #away = new Set<string>();
  readonly #devices = new Map<string, Device>();
  readonly #known = new Map<string, Known>();
  readonly #failing = new Set<string>();
  readonly #programs: ProgramRun[] = [];
  #isRunning = false;
  #backAtMs = -1;
  #broken: unknown = null;
  #kill: () => void = () => {};
  #outputs: Outputs;
  #sentAtStart = new Set<string>();

  constructor(specs: readonly OutputSpec[]) {
    this.#specs = specs;
    this.#rules = rulesFor(specs);
    for (const { name, onlyWhile } of specs) {
      this.#devices.set(name, { level: 'off', toldMs: 0, stuck: null });
      this.#known.set(name, {
        energisedMs: null,
        reachedMs: null,
        safeMs: -Infinity,
        isTripped: false,
        hold: null,
        spent: new Set(),
        repeats: 0,
        order: null,
      });
      if (onlyWhile !== null) this.#conditions.set(conditionName('only_while', name), 'breached');
    }
    this.#outputs = this.#start();
  }

  get #nowMs(): number {
    return this.#clock.monotonicMs();
  }

  // --- What may happen ---

  raise(rule: string, severity: Severity = 'warning'): void {
    const before = this.#alerts.get(rule);
    if (before?.state === 'active' && before.severity === severity) return;
    const isNew = before === undefined || before.state === 'normal';
    const number = isNew ? Number(before?.id.split('/').at(-1) ?? 0) + 1 : null;
    const id = number === null ? (before?.id ?? '') : `${rule}/d/m/${number}`;
    const isEscalated = !isNew && severity === 'critical';
    if (isNew || isEscalated) for (const known of this.#known.values()) known.spent.delete(rule);
    const raisedAt = isNew ? wall(this.#nowMs) : (before.raisedAt ?? null);
    const reason = isEscalated ? 'escalated' : isNew ? 'on_delay_over' : 'deescalated';
    this.#become(rule, { id, state: 'active', condition: 'breached', severity, raisedAt, reason });
  }

  clear(rule: string): void {
    if (this.#alerts.get(rule)?.state !== 'active') return;
    for (const known of this.#known.values()) known.spent.delete(rule);
    this.#become(rule, { state: 'normal', condition: 'clear', reason: 'off_delay_over' });
  }

  /** Nobody knows any more whether the alert of a rule is still breached; or somebody does again. */
  sense(rule: string, condition: Condition): void {
    if (this.#alerts.get(rule)?.state !== 'active') return;
    this.#become(rule, { condition, reason: 'condition' }, 'condition');
  }

  #become(
    rule: string,
    change: Partial<Alert>,
    kind: 'transition' | 'condition' = 'transition',
  ): void {
    const before = this.#alerts.get(rule);
    const alert = alertOf({ rule, device: 'd', metric: 'm', ...before, ...change });
    this.#alerts.set(rule, alert);
    if (this.#isRunning) {
      this.#outputs.onAlert(eventOf(alert, { from: before?.state ?? 'normal', kind }));
      // A good reading came with it.
      if (alert.condition !== 'unknown') this.#outputs.heard(alert);
    }
    this.#settle();
  }

  allow(output: string, verdict: Condition): void {
    const name = conditionName('only_while', output);
    if (this.#conditions.get(name) === verdict) return;
    this.#conditions.set(name, verdict);
    if (this.#isRunning) {
      // Known to be forbidden while it is energised: it must trip.
      const known = this.#of(output);
      if (verdict === 'clear' && known.energisedMs !== null) this.#trip(known);
      this.#outputs.onCondition(name, verdict, seq(1));
    }
    this.#settle();
  }

  set(
    output: string,
    value: OutputLevel | 'auto',
    more: { order?: number; ageMs?: number } = {},
  ): void {
    if (!this.#isRunning) return;
    const { order = null, ageMs } = more;
    const known = this.#of(output);
    const before = this.#shown();
    const isOld =
      (order !== null && known.order !== null && order <= known.order) ||
      (ageMs !== undefined && ageMs > 60_000);
    // It counts while it is carried out.
    const { hold } = known;
    if (!isOld)
      known.hold = value === 'auto' ? null : { level: value, untilMs: this.#nowMs + 3_000 };
    const refused = this.#outputs.command(
      {
        act: 'set',
        value,
        holdMs: 3_000,
        output,
        by: 'anna',
        comment: null,
        order,
        sentAt: ageMs === undefined ? null : this.#clock.wallMs() - ageMs,
      },
      this.#journal.append('command', output, {}),
    );
    if (isOld) {
      must(refused !== null, 'O3: an old command is refused');
      must(this.#shown() === before, 'O3: an old command has no effect');
    }
    if (order !== null) known.order = Math.max(order, known.order ?? order);
    if (refused === null) {
      if (value === 'on') {
        must(!known.isTripped, 'O1: nobody holds on what is tripped');
        must(this.#verdict(output) === 'breached', 'O1: nobody holds on what is forbidden');
      }
    } else known.hold = hold;
    this.#settle();
  }

  reset(output: string): void {
    if (!this.#isRunning) return;
    const known = this.#of(output);
    // What it lets count again does so at once, while it is carried out.
    const { isTripped } = known;
    const spent = [...known.spent];
    known.isTripped = false;
    known.spent.clear();
    const refused = this.#outputs.command(
      { act: 'reset', output, by: 'anna', comment: null, order: null, sentAt: null },
      this.#journal.append('command', output, {}),
    );
    if (refused === null && isTripped)
      must(this.#verdict(output) === 'breached', 'O1: a reset needs the cause to be gone');
    if (refused !== null) {
      known.isTripped = isTripped;
      for (const key of spent) known.spent.add(key);
    }
    this.#settle();
  }

  tick(ms = 1_000): void {
    this.#clock.advance(ms);
    this.#settle();
  }

  /** A link, or the board, goes away or comes back. */
  toggle(link: string): void {
    const isBack = this.#away.delete(link);
    if (isBack) this.#backAtMs = this.#nowMs;
    if (!isBack) this.#away.add(link);
    if (link === 'bench') {
      // A board that lost its line, or began anew, is safe before it is up.
      if (isBack) this.#eachAt(link, (device) => void (device.level = device.stuck ?? 'off'));
      if (this.#isRunning && isBack) this.#boardUp();
      else if (this.#isRunning) this.#outputs.boards.down('bench', 'unplugged');
    } else if (isBack && this.#isRunning) this.#outputs.linkUp(link);
    this.#settle();
  }

  /** The relay of an output sticks, or is free again. */
  stick(output: string, level: OutputLevel | null): void {
    const device = this.#device(output);
    device.stuck = level;
    if (level !== null) device.level = level;
    this.#readBack(output);
    this.#settle();
  }

  /** The device of an output shows what it does; or nobody knows. */
  #readBack(output: string): void {
    const spec = this.#spec(output);
    const { level } = this.#device(output);
    if (spec.way.kind === 'pin') {
      if (this.#away.has('bench') || !this.#isRunning) return;
      const known = this.#of(output);
      for (const partner of this.#partners(output)) {
        const its = this.#of(partner);
        if (level === 'on' && known.energisedMs === null && its.energisedMs !== null)
          this.#trip(its);
      }
      this.#outputs.boards.shows('bench', spec.way.pin, level);
    } else if (spec.feedback !== null) {
      const name = conditionName('feedback', output);
      const verdict = level === 'on' ? 'breached' : 'clear';
      if (this.#conditions.get(name) === verdict) return;
      this.#conditions.set(name, verdict);
      if (this.#isRunning) this.#outputs.onCondition(name, verdict, seq(1));
    }
  }

  /** The feedback point of an output is stale. */
  blind(output: string): void {
    const name = conditionName('feedback', output);
    this.#conditions.set(name, 'unknown');
    if (this.#isRunning) this.#outputs.onCondition(name, 'unknown', seq(1));
    this.#settle();
  }

  /** The program of an output that runs ends. */
  end(problem: string | null): void {
    const run = this.#programs.shift();
    if (run === undefined) return;
    if (problem === null) this.#tell(run.output, run.level);
    run.done(problem);
    this.#settle();
  }

  /** kill -9, or an orderly stop, and a start after a while. */
  restart(how: 'kill' | 'stop', downMs: number): void {
    if (how === 'stop') {
      this.#outputs.stop();
      for (const { name, way } of this.#specs) {
        if (way.kind === 'command') {
          must(
            (this.#programs.at(-1)?.level ?? 'off') === 'off',
            'O5: the last program is for safe',
          );
          // The stop waits for it.
          this.#tell(name, 'off');
          continue;
        }
        const device = this.#device(name);
        if (!this.#isAway(name) && device.stuck === null)
          must(device.level === 'off', 'O5: safe is the last that is told');
      }
    }
    this.#kill();
    this.#isRunning = false;
    // A program goes on without Limen, unless the group ends with it.
    this.#programs.length = 0;
    this.#failing.clear();
    this.#clock.advance(downMs);
    // The start counts as switched off: what max_on had not ended yet begins anew.
    for (const { name, pulseMs } of this.#specs) {
      const known = this.#of(name);
      // A pulse that was cut short is not given again.
      if (pulseMs !== null && known.energisedMs !== null)
        for (const { rule } of this.#claims(name)) known.spent.add(rule);
      known.energisedMs = null;
      known.reachedMs = null;
    }
    this.#outputs = this.#start();
    this.#settle();
  }

  #start(): Outputs {
    const life = { isOver: false };
    this.#kill = () => void (life.isOver = true);
    this.#sentAtStart = new Set();
    const clock = this.#clock;
    const outputs = createOutputs({
      specs: this.#specs,
      rules: this.#rules,
      clock: {
        ...clock,
        after: (delayMs, callback) =>
          clock.after(delayMs, () => {
            if (!life.isOver) callback();
          }),
      },
      log: memoryLog(),
      metrics: createMetrics(),
      journal: this.#journal,
      engineMs: () => this.#nowMs as EngineMs,
      wallMs: () => clock.wallMs(),
      publish: ({ topic: output }, payload) => {
        must(!life.isOver, 'O7: a dead process tells nothing');
        const level = payload === 'on' ? 'on' : 'off';
        this.#check(output, level);
        if (!this.#isAway(output)) this.#tell(output, level);
      },
      drive: ({ pin, level }) => {
        must(!life.isOver, 'O7: a dead process tells nothing');
        const spec = this.#specs.find(({ way }) => way.kind === 'pin' && way.pin === pin);
        if (spec === undefined) throw new Error(`no output at ${pin}`);
        this.#check(spec.name, level);
        if (!this.#away.has('bench')) this.#tell(spec.name, level);
      },
      programs: {
        run: (run) => {
          this.#check(run.output, run.level);
          // The newest takes the place of one that waits; one that switches on is killed for safe.
          if (run.isSafe) this.#programs.length = 0;
          else this.#programs.splice(1);
          this.#programs.push(run);
        },
      },
      gpio: { hold: () => undefined },
      isClockTrusted: () => true,
      fault: (output, isThere) => {
        if (isThere) this.#failing.add(output);
        else this.#failing.delete(output);
      },
      linkOf: (broker) => (this.#away.has(broker) ? 'down' : 'up'),
      publishStatus: () => undefined,
    });
    this.#outputs = outputs;
    for (const [name, verdict] of this.#conditions) outputs.onCondition(name, verdict, seq(1));
    this.#isRunning = true;
    const memory = new Map(
      this.#journal.rows.flatMap(({ kind, key, body }) => (kind === 'output' ? [[key, body]] : [])),
    );
    const open = [...this.#alerts.values()].filter(({ state }) => state !== 'normal');
    outputs.start(open, memory);
    if (!this.#away.has('bench')) this.#boardUp();
    return outputs;
  }

  #boardUp(): void {
    if (!this.#specs.some(({ way }) => way.kind === 'pin')) return;
    this.#outputs.boards.up('bench');
    for (const { name, way } of this.#specs) if (way.kind === 'pin') this.#readBack(name);
  }

  /** An instruction reaches its device. */
  #tell(output: string, level: OutputLevel): void {
    const device = this.#device(output);
    const before = device.level;
    device.level = device.stuck ?? level;
    device.toldMs = this.#nowMs;
    if (device.level !== before || device.stuck !== null)
      this.#clock.after(0, () => this.#readBack(output));
  }

  // --- What must hold ---

  // The caller of this is not let down by what it calls: what is wrong is told after the step.
  #check(output: string, level: OutputLevel): void {
    try {
      this.#checkSent(output, level);
    } catch (error) {
      this.#broken ??= error;
    }
  }

  /** An instruction is sent. */
  #checkSent(output: string, level: OutputLevel): void {
    const known = this.#of(output);
    const row = this.#journal.rows.findLast(({ kind, key }) => kind === 'output' && key === output);
    must(row?.body['commanded'] === level, 'O7: the row of a command comes first');
    if (!this.#sentAtStart.has(output)) must(level === 'off', 'O5: safe is told first');
    const isRepeat = (known.energisedMs !== null) === (level === 'on');
    known.repeats = isRepeat ? Math.min(known.repeats + 1, 9) : 0;
    if (level === 'off') {
      this.#toldSafe(output, known);
      this.#sentAtStart.add(output);
      return;
    }
    const { minOffMs } = this.#spec(output);
    must(!known.isTripped, 'O1: tripped until reset');
    must(this.#verdict(output) === 'breached', 'O1: only while it is allowed');
    for (const partner of this.#partners(output))
      must(this.#levelOf(partner) === 'off', 'O1: never together');
    if (known.energisedMs === null) {
      must(this.#isWanted(output), 'O2: for a claim or a hold');
      must(this.#nowMs - known.safeMs >= (minOffMs ?? 0), 'O4: min_off');
      known.energisedMs = this.#nowMs;
    }
    if (!this.#isAway(output)) known.reachedMs ??= this.#nowMs;
  }

  #toldSafe(output: string, known: Known): void {
    const { energisedMs } = known;
    if (this.#onMs(output) >= this.#longestMs(output)) {
      for (const { rule } of this.#claims(output)) known.spent.add(rule);
      if (known.hold?.level === 'on') known.hold = null;
    }
    // A start and a link that is back count as switched off, whatever was before.
    const isNews = energisedMs !== null || !this.#sentAtStart.has(output);
    if (isNews || this.#backAtMs === this.#nowMs) known.safeMs = this.#nowMs;
    known.energisedMs = null;
    known.reachedMs = null;
  }

  /** For how long an output has been on: a pulse since it was told, anything else since that could reach its device. */
  #onMs(output: string): number {
    const { energisedMs, reachedMs } = this.#of(output);
    const sinceMs = this.#spec(output).pulseMs === null ? reachedMs : energisedMs;
    return this.#nowMs - (sinceMs ?? this.#nowMs);
  }

  /** After each step. */
  #settle(): void {
    this.#clock.advance(0);
    if (this.#broken !== null) throw this.#broken;
    if (!this.#isRunning) return;
    const statuses = this.#outputs.statuses();
    for (const { name, state, commanded, trip, hold } of statuses) {
      const known = this.#of(name);
      const spec = this.#spec(name);
      if (known.isTripped) must(trip !== null, 'O1, O4: a trip latches, over restarts too');
      if (trip !== null) this.#trip(known);
      const isOn = commanded === 'on';
      if (isOn) {
        must(!known.isTripped, 'O1');
        must(this.#verdict(name) === 'breached', 'O1');
        const isKept = this.#nowMs - (known.energisedMs ?? -Infinity) < (spec.minOnMs ?? 0);
        must(this.#isWanted(name) || isKept, 'O2: for a claim or a hold');
        must(this.#onMs(name) < this.#longestMs(name), 'O4: max_on');
        if (spec.leaseMs !== null && this.#isAway(name)) {
          // Half a lease is how often Limen looks.
          const toldMs = Math.max(this.#device(name).toldMs, known.energisedMs ?? 0);
          must(this.#nowMs - toldMs < 1.5 * spec.leaseMs, 'O1: safe when its lease is lost');
        }
      }
      must(
        (known.energisedMs !== null) === isOn,
        'O7: the last instruction is the commanded level',
      );
      const isHeld = known.hold !== null && known.hold.untilMs > this.#nowMs;
      if (hold !== null) must(isHeld, 'O4: a hold ends');
      if (known.hold !== null && !isHeld) known.hold = null;
      must(state === this.#shownBy(name), 'O6: read back or unknown');
    }
    for (const { name, commanded } of statuses)
      for (const partner of this.#partners(name))
        if (commanded === 'on')
          must(statuses.find((each) => each.name === partner)?.commanded === 'off', 'O1');
  }

  #trip(known: Known): void {
    known.isTripped = true;
    if (known.hold?.level === 'on') known.hold = null;
  }

  #isWanted(output: string): boolean {
    const { spent, hold } = this.#of(output);
    if (hold !== null && hold.untilMs > this.#nowMs) return hold.level === 'on';
    return this.#claims(output).some(({ rule }) => !spent.has(rule));
  }

  #claims(output: string): readonly Alert[] {
    const alert = this.#alerts.get(output);
    return alert?.state === 'active' ? [alert] : [];
  }

  #verdict(output: string): Condition {
    return this.#conditions.get(conditionName('only_while', output)) ?? 'breached';
  }

  /** What is read back of an output, as far as anybody can tell. */
  #shownBy(output: string): OutputLevel | 'unknown' {
    const { way, feedback } = this.#spec(output);
    if (feedback !== null) {
      const verdict = this.#conditions.get(conditionName('feedback', output)) ?? 'unknown';
      return verdict === 'unknown' ? 'unknown' : verdict === 'breached' ? 'on' : 'off';
    }
    if (way.kind !== 'pin' || this.#away.has('bench')) return 'unknown';
    return this.#levelOf(output);
  }

  /** What a device does in truth. */
  #levelOf(output: string): OutputLevel {
    const device = this.#device(output);
    const { way, leaseMs: itsLeaseMs } = this.#spec(output);
    const hasLease = itsLeaseMs !== null || (way.kind === 'pin' && this.#away.has('bench'));
    const isOver = hasLease && this.#nowMs - device.toldMs > (itsLeaseMs ?? leaseMs);
    if (isOver && device.stuck === null) device.level = 'off';
    return device.level;
  }

  #longestMs(output: string): number {
    const { pulseMs, maxOnMs } = this.#spec(output);
    return pulseMs ?? maxOnMs ?? Infinity;
  }

  #partners(output: string): readonly string[] {
    const { neverWith } = this.#spec(output);
    return this.#specs
      .filter(({ name, neverWith: its }) => neverWith.includes(name) || its.includes(output))
      .map(({ name }) => name);
  }

  #isAway(output: string): boolean {
    const { way } = this.#spec(output);
    if (way.kind === 'command' || way.kind === 'gpio') return false;
    return this.#away.has(way.kind === 'pin' ? way.board : way.broker);
  }

  #eachAt(board: string, step: (device: Device) => void): void {
    for (const { name, way } of this.#specs)
      if (way.kind === 'pin' && way.board === board) step(this.#device(name));
  }

  #of(output: string): Known {
    const known = this.#known.get(output);
    if (known === undefined) throw new Error(`no output ${output}`);
    return known;
  }

  #device(output: string): Device {
    const device = this.#devices.get(output);
    if (device === undefined) throw new Error(`no device ${output}`);
    return device;
  }

  #spec(output: string): OutputSpec {
    const spec = this.#specs.find(({ name }) => name === output);
    if (spec === undefined) throw new Error(`no output ${output}`);
    return spec;
  }

  // --- What a state is ---

  #shown(): string {
    return JSON.stringify(this.#outputs.statuses().map(({ seq: _seq, ...rest }) => rest));
  }

  /** How many outputs are energised, and how many tripped. */
  get counts(): { readonly energised: number; readonly tripped: number } {
    const known = [...this.#known.values()];
    return {
      energised: known.filter(({ energisedMs }) => energisedMs !== null).length,
      tripped: known.filter(({ isTripped }) => isTripped).length,
    };
  }

  /** Equal for states that behave alike: everything, with times counted from now. */
  get fingerprint(): string {
    const ago = (ms: number | null): number | null =>
      ms === null ? null : Math.min(this.#nowMs - ms, 5_000);
    return JSON.stringify([
      this.#outputs
        .statuses()
        .map(({ commanded, owner, reason, state, hold, trip, detail }) => [
          commanded,
          owner,
          reason,
          state,
          hold?.level,
          trip !== null,
          detail,
        ]),
      [...this.#alerts.values()].map((alert) => [
        alertKey(alert),
        alert.state,
        alert.condition,
        alert.severity,
      ]),
      [...this.#conditions],
      [...this.#away].toSorted(),
      this.#specs.map(({ name, way, leaseMs: itsLeaseMs, minOffMs, feedback }) => {
        const { level, stuck, toldMs } = this.#device(name);
        const { energisedMs, reachedMs, safeMs, isTripped, hold, spent, repeats, order } =
          this.#of(name);
        const hasLease = itsLeaseMs !== null || way.kind === 'pin';
        return [
          [level, stuck, hasLease && level === 'on' ? ago(toldMs) : null],
          [ago(energisedMs), ago(reachedMs), minOffMs === null ? null : ago(safeMs)],
          [isTripped, hold === null ? null : [hold.level, hold.untilMs - this.#nowMs]],
          [[...spent], feedback === null && way.kind !== 'pin' ? null : repeats, order],
        ];
      }),
      [...this.#failing],
      this.#programs.map(({ level }) => level),
      this.#clock.timersMs(),
    ]);
  }
}
