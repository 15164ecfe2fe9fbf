// Aim: no interleaving of raises, acknowledgements, returns, escalations, resets, dying sensors, restarts, lost links
// and time energises an output without a claim that counts (O2), or for longer than max_on (O4), and every command has
// its row in the same tick (O7). Method: random steps against the real outputs and a wire that remembers the device's
// level; an independent model says which level the device must have after each step.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutputs, type Outputs } from '../../../src/consumers/outputs/outputs.ts';
import { alertKey, isOpen, type Alert, type Reason } from '../../../src/domain/alert.ts';
import type { OutputLevel, OutputSpec } from '../../../src/domain/output.ts';
import { severityRank, type Severity } from '../../../src/domain/rule.ts';
import type { EngineMs } from '../../../src/domain/time.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import {
  alertOf,
  eventOf,
  memoryJournal,
  memoryLog,
  ruleOf,
  unprotected,
  wall,
} from '../fixtures.ts';

const maxOnMs = 10_000;
const heater: OutputSpec = {
  name: 'heater',
  way: {
    kind: 'mqtt',
    broker: 'home',
    topic: 'heater/set',
    payloads: { on: 'on', off: 'off' },
  },
  safe: 'off',
  idle: 'off',
  onUnknown: null,
  ...unprotected,
  maxOnMs,
  leaseMs: 4_000,
};
const claimOf = (level: OutputLevel, span: 'raised' | 'unacknowledged' | 'open') =>
  ({ kind: 'claim', output: 'heater', level, span }) as const;
const rules = [
  ruleOf('a-raised', [claimOf('on', 'raised')]),
  ruleOf('b-unacknowledged', [claimOf('on', 'unacknowledged')]),
  ruleOf('c-lock', [claimOf('off', 'open')]),
  ruleOf('d-open', [claimOf('on', 'open')]),
];
const claimingStates: Readonly<Record<string, readonly Alert['state'][]>> = {
  'a-raised': ['active', 'acknowledged'],
  'b-unacknowledged': ['active', 'returned'],
  'c-lock': ['active', 'acknowledged', 'returned'],
  'd-open': ['active', 'acknowledged', 'returned'],
};

/** The outputs under test, the device at the end of the wire, and what the model knows of it. */
class World {
  readonly #clock = createFakeClock();
  readonly #journal = memoryJournal();
  readonly #alerts = new Map<string, Alert>();
  /** Alerts whose claim was present when max_on was over, until they count again. */
  readonly #spent = new Set<string>();
  /** Restored alerts of which nothing was heard since, with their condition then. */
  readonly #unheard = new Map<string, Alert>();
  #device: OutputLevel = 'off';
  #energisedSinceMs: number | null = null;
  #rowLevel: OutputLevel | null = null;
  /** Ends the running process as a kill would: its timers never call back. */
  #kill: () => void = () => {};
  #outputs: Outputs;

  readonly #spec: OutputSpec;

  constructor(onUnknown: 'hold' | 'safe') {
    this.#spec = { ...heater, onUnknown };
    this.#outputs = this.#create();
    this.#outputs.start([], new Map());
    this.#settle();
  }

  find(rule: string): Alert {
    const normal = { rule, state: 'normal', condition: 'clear', raises: 0 } as const;
    return this.#alerts.get(rule) ?? alertOf({ ...normal, id: `${rule}/0` });
  }

  become(alert: Alert, reason: Reason, kind: 'transition' | 'condition' = 'transition'): void {
    const from = this.find(alert.rule).state;
    const isRaise = alert.state === 'active' && from !== 'active';
    if (!isOpen(alert.state) || isRaise || reason === 'escalated' || reason === 'reset') {
      this.#spent.delete(alert.rule);
    }
    const restored = this.#unheard.get(alert.rule);
    if (restored?.condition !== alert.condition || restored.id !== alert.id) {
      this.#unheard.delete(alert.rule);
    }
    this.#alerts.set(alert.rule, { ...alert, reason });
    this.#outputs.onAlert(eventOf({ ...alert, reason }, { from, kind }));
    this.#settle();
  }

  raise(rule: string, severity: Severity): void {
    const before = this.find(rule);
    if (before.state === 'active' || before.state === 'acknowledged') return;
    const isNew = before.state === 'normal';
    const number = Number(before.id.split('/').at(-1));
    const id = isNew ? `${rule}/${number + 1}` : before.id;
    const raisedAt = isNew ? wall(this.#clock.wallMs()) : before.raisedAt;
    const raises = isNew ? 1 : before.raises + 1;
    const state = 'active';
    const condition = 'breached';
    this.become({ ...before, id, state, condition, severity, raisedAt, raises }, 'on_delay_over');
  }

  /** Time passes in small steps, so that the model sees max_on exactly when it is over. */
  advance(byMs: number): void {
    for (let passedMs = 0; passedMs < byMs; passedMs += 500) {
      this.#clock.advance(500);
      if (this.#isOverdue()) this.#spendPresent();
      this.#settle();
    }
  }

  /** A good reading that changes nothing about the alerts. */
  hear(): void {
    this.#unheard.clear();
    this.#outputs.heard(alertOf());
    this.#settle();
  }

  linkUp(): void {
    // The device may have lost its level while it was away.
    this.#device = 'off';
    this.#energisedSinceMs = null;
    this.#outputs.linkUp('home');
    this.#settle();
  }

  restart(downMs: number, isOrderly: boolean): void {
    if (isOrderly) {
      this.#outputs.stop();
      expect(this.#device, 'a stop leaves the device safe').toBe('off');
    }
    this.#kill();
    this.#clock.advance(downMs);
    this.#unheard.clear();
    for (const alert of this.#alerts.values()) {
      if (alert.state !== 'normal') this.#unheard.set(alert.rule, alert);
    }
    // The start counts as a switching-off; what was spent before it stays spent.
    this.#energisedSinceMs = null;
    const rows = new Map(this.#journal.rows.map(({ key, body }) => [key, body]));
    this.#outputs = this.#create();
    this.#outputs.start(
      [...this.#alerts.values()].filter(({ state }) => state !== 'normal'),
      rows,
    );
    this.#settle();
  }

  #create(): Outputs {
    const life = { isOver: false };
    this.#kill = () => void (life.isOver = true);
    const journal = this.#journal;
    return createOutputs({
      specs: [this.#spec],
      rules,
      clock: {
        ...this.#clock,
        after: (delayMs, callback) =>
          this.#clock.after(delayMs, () => {
            if (!life.isOver) callback();
          }),
      },
      log: memoryLog(),
      metrics: createMetrics(),
      journal: {
        ...journal,
        append: (kind, key, body) => {
          const seq = journal.append(kind, key, body);
          this.#rowLevel = journal.rows.at(-1)?.body['commanded'] === 'on' ? 'on' : 'off';
          return seq;
        },
      },
      engineMs: () => this.#clock.monotonicMs() as EngineMs,
      wallMs: () => this.#clock.wallMs(),
      drive: () => undefined,
      programs: { run: () => undefined },
      gpio: { hold: () => undefined },
      isClockTrusted: () => true,
      fault: () => undefined,
      publish: (_place, payload) => {
        const level = payload === 'on' ? 'on' : 'off';
        expect(life.isOver, 'a dead process sends nothing').toBe(false);
        expect(level, 'the row of a command comes first').toBe(this.#rowLevel);
        this.#device = level;
      },
      linkOf: () => 'up',
      publishStatus: ({ commanded, seq }) => {
        expect(commanded).toBe(this.#device);
        expect(seq).toBe(journal.rows.at(-1)?.seq);
      },
    });
  }

  #present(): readonly Alert[] {
    return [...this.#alerts.values()].filter(({ rule, state }) =>
      claimingStates[rule]?.includes(state),
    );
  }

  #isLock({ rule }: Alert): boolean {
    return rule === 'c-lock';
  }

  /** The model's own arbitration: the first claim that counts decides. */
  #wanted(): OutputLevel {
    const [owner] = this.#present()
      .filter((alert) => this.#isLock(alert) || !this.#spent.has(alert.rule))
      .toSorted(
        (a, b) =>
          severityRank(b.severity) - severityRank(a.severity) ||
          (a.raisedAt ?? 0) - (b.raisedAt ?? 0) ||
          (alertKey(a) < alertKey(b) ? -1 : 1),
      );
    if (owner === undefined || this.#isLock(owner)) return 'off';
    const isUnknown = owner.condition === 'unknown' || this.#unheard.has(owner.rule);
    return isUnknown && this.#spec.onUnknown === 'safe' ? 'off' : 'on';
  }

  #isOverdue(): boolean {
    return (
      this.#energisedSinceMs !== null &&
      this.#clock.monotonicMs() - this.#energisedSinceMs >= maxOnMs
    );
  }

  #spendPresent(): void {
    for (const alert of this.#present()) {
      if (!this.#isLock(alert)) this.#spent.add(alert.rule);
    }
  }

  #settle(): void {
    expect(this.#device, 'the device has the level the claims want').toBe(this.#wanted());
    if (this.#device === 'off') this.#energisedSinceMs = null;
    else this.#energisedSinceMs ??= this.#clock.monotonicMs();
    expect(this.#isOverdue(), 'energised no longer than max_on').toBe(false);
    expect(this.#outputs.statuses()[0]?.commanded).toBe(this.#device);
  }
}

type Step = (world: World) => void;

const rule = fc.constantFrom(...rules.map(({ name }) => name));
const severity = fc.constantFrom('info' as const, 'warning' as const, 'critical' as const);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(rule, severity).map(([name, rank]) => raise(name, rank)) },
  { weight: 2, arbitrary: rule.map(acknowledge) },
  { weight: 2, arbitrary: fc.tuple(rule, fc.boolean()).map(([name, seen]) => goBack(name, seen)) },
  { weight: 2, arbitrary: fc.tuple(rule, fc.boolean()).map(([name, up]) => shift(name, up)) },
  { weight: 2, arbitrary: fc.tuple(rule, fc.boolean()).map(([name, lost]) => sense(name, lost)) },
  { weight: 1, arbitrary: rule.map(reset) },
  { weight: 4, arbitrary: fc.constantFrom(500, 2_000, 6_000, 9_500, 10_000).map(advance) },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.hear()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.linkUp()) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(0, 500, 5_000, 20_000), fc.boolean()).map(
      ([downMs, orderly]): Step =>
        (world) =>
          world.restart(downMs, orderly),
    ),
  },
);

function raise(name: string, rank: Severity): Step {
  return (world) => world.raise(name, rank);
}

function acknowledge(name: string): Step {
  return (world) => {
    const alert = world.find(name);
    if (alert.state === 'active') {
      world.become({ ...alert, state: 'acknowledged' }, 'acknowledged');
    } else if (alert.state === 'returned') {
      world.become({ ...alert, state: 'normal' }, 'acknowledged');
    }
  };
}

function goBack(name: string, isSeen: boolean): Step {
  return (world) => {
    const alert = world.find(name);
    if (alert.state !== 'active' && alert.state !== 'acknowledged') return;
    const state = alert.state === 'active' && !isSeen ? 'returned' : 'normal';
    world.become({ ...alert, state, condition: 'clear' }, 'off_delay_over');
  };
}

function shift(name: string, isUp: boolean): Step {
  return (world) => {
    const alert = world.find(name);
    if (!isOpen(alert.state)) return;
    const rank = severityRank(alert.severity) + (isUp ? 1 : -1);
    const next = (['info', 'warning', 'critical'] as const)[rank];
    if (next === undefined) return;
    if (isUp) world.become({ ...alert, severity: next, state: 'active' }, 'escalated');
    else world.become({ ...alert, severity: next }, 'deescalated');
  };
}

function sense(name: string, isLost: boolean): Step {
  return (world) => {
    const alert = world.find(name);
    if (!isOpen(alert.state)) return;
    const known = alert.state === 'returned' ? 'clear' : 'breached';
    world.become({ ...alert, condition: isLost ? 'unknown' : known }, 'condition', 'condition');
  };
}

function reset(name: string): Step {
  return (world) => {
    const alert = world.find(name);
    if (alert.state === 'active') world.become({ ...alert, state: 'returned' }, 'reset');
  };
}

function advance(byMs: number): Step {
  return (world) => world.advance(byMs);
}

test.each(['hold', 'safe'] as const)(
  'createOutputs() energises only for a claim that counts, with on_unknown %s',
  (onUnknown) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World(onUnknown);
        for (const act of steps) act(world);
      }),
      { numRuns: 1_000 },
    );
  },
  120_000,
);
