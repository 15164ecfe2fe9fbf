import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../../src/domain/act.ts';
import type { AlertEvent } from '../../src/domain/alert.ts';
import type { PointEntry } from '../../src/domain/config.ts';
import type { Quality } from '../../src/domain/reading.ts';
import type { Rule } from '../../src/domain/rule.ts';
import {
  above,
  level,
  makeRule,
  pointEntry,
  quantity,
  startBench,
  type Bench,
} from '../rules/bench.ts';
import { all, any, atLeast, compoundRule, hotter, room } from '../rules/clause-fixture.ts';

const onDelayMs = 3_000;
const offDelayMs = 2_000;

const rules: readonly Rule[] = [
  makeRule({
    levels: [level({ deadband: quantity(1), onDelayMs })],
    offDelayMs,
  }),
  makeRule({
    name: 'levels',
    levels: [
      level({ deadband: quantity(2), onDelayMs: 4_000 }),
      level({
        severity: 'critical',
        comparator: above(8),
        deadband: quantity(1),
        onDelayMs: 1_000,
      }),
    ],
    offDelayMs: 1_500,
    acknowledge: null,
  }),
  makeRule({ name: 'latched', latch: true, offDelayMs: 1_000 }),
  makeRule({
    name: 'band',
    levels: [
      level({
        comparator: { kind: 'outside', low: quantity(2), high: quantity(7) },
        deadband: quantity(0.5),
      }),
    ],
    acknowledge: 'not_required',
    unknown: 'raise',
  }),
  makeRule({
    name: 'quiet',
    levels: [level({ comparator: { kind: 'silent_for', forMs: 5_000 } })],
  }),
  // Two members on one point: one of them is held by its deadband while the other comes and goes.
  compoundRule(atLeast(1, hotter('fridge/*', 5, 2), all(hotter('fridge/*', 4, 1))), {
    name: 'compound',
    levels: [
      level({
        comparator: atLeast(1, hotter('fridge/*', 5, 2), all(hotter('fridge/*', 4, 1))),
        onDelayMs: 1_500,
      }),
    ],
    offDelayMs: 1_000,
    shelveMaxMs: 60_000,
    acknowledge: 'required',
  }),
];

const points: readonly PointEntry[] = [pointEntry('fridge/temperature', { expectEveryMs: 2_000 })];

type Step =
  | {
      readonly kind: 'read';
      readonly waitMs: number;
      readonly value: number;
      readonly quality: Quality;
    }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'act'; readonly rule: number; readonly act: Ask }
  | { readonly kind: 'start'; readonly downMs: number; readonly known: boolean }
  | { readonly kind: 'credit'; readonly creditMs: number };

const read = fc.record({
  kind: fc.constant('read' as const),
  waitMs: fc.integer({ min: 0, max: 2_500 }),
  value: fc.constantFrom(0, 1.5, 2, 3, 4, 4.5, 5, 5.5, 6, 7, 7.5, 8, 9, NaN),
  quality: fc.constantFrom<Quality>('good', 'good', 'good', 'good', 'suspect', 'bad', 'stale'),
});
const wait = fc.record({
  kind: fc.constant('wait' as const),
  waitMs: fc.integer({ min: 0, max: 9_000 }),
});
const act = fc.record({
  kind: fc.constant('act' as const),
  rule: fc.nat({ max: rules.length - 1 }),
  act: fc.constantFrom<Ask>(
    { act: 'acknowledge' },
    { act: 'acknowledge' },
    { act: 'reset' },
    { act: 'reset' },
    { act: 'shelve', forMs: 5_000 },
    { act: 'shelve', forMs: null },
    { act: 'unshelve' },
    { act: 'service', in: false },
    { act: 'service', in: true },
  ),
});
const start = fc.record({
  kind: fc.constant('start' as const),
  downMs: fc.integer({ min: 0, max: 90_000 }),
  known: fc.boolean(),
});
const credit = fc.record({
  kind: fc.constant('credit' as const),
  creditMs: fc.integer({ min: 0, max: 5_000 }),
});
const anySteps = fc.array(
  fc.oneof(
    { arbitrary: read, weight: 10 },
    { arbitrary: wait, weight: 2 },
    { arbitrary: act, weight: 4 },
    { arbitrary: start, weight: 1 },
    { arbitrary: credit, weight: 1 },
  ),
  { maxLength: 60 },
);
// Without restarts and credits, where engine time alone decides every delay.
const undisturbedSteps = fc.array(
  fc.oneof(
    { arbitrary: read, weight: 8 },
    { arbitrary: wait, weight: 2 },
    { arbitrary: act, weight: 3 },
  ),
  { maxLength: 60 },
);

/** Does one step at a time; returns the engine time after it. */
function take(bench: Bench, at: number, step: Step): number {
  switch (step.kind) {
    case 'read':
      bench.read(at + step.waitMs, step.value, step.quality);
      return at + step.waitMs;
    case 'wait':
      bench.advance(at + step.waitMs);
      return at + step.waitMs;
    case 'act': {
      const rule = rules[step.rule]?.name ?? '';
      const about = rule === 'compound' ? room : { device: 'fridge', metric: 'temperature' };
      bench.act(at, step.act, { alert: { rule, ...about } });
      return at;
    }
    case 'start': {
      const elapsedMs = step.known ? step.downMs : null;
      bench.started(at + (elapsedMs ?? 0), { elapsedMs, downMs: elapsedMs });
      return at + (elapsedMs ?? 0);
    }
    case 'credit':
      bench.clock(at, step.creditMs);
      return at;
  }
}

/** Runs all steps and looks at the bench after each. */
function run(steps: readonly Step[], look: (bench: Bench, at: number) => void = () => {}): Bench {
  const bench = startBench(rules, points);
  let at = 0;
  for (const step of steps) {
    at = take(bench, at, step);
    look(bench, at);
  }
  return bench;
}

const edgesOfTheTable = new Set([
  'normal>pending breached',
  'normal>active breached',
  'pending>normal cleared_in_delay',
  'pending>active on_delay_over',
  'active>returned off_delay_over',
  'active>normal off_delay_over',
  'acknowledged>normal off_delay_over',
  'returned>active on_delay_over',
  'active>acknowledged acknowledged',
  'acknowledged>acknowledged acknowledged',
  'acknowledged>active re_alarmed',
  'returned>normal acknowledged',
  'active>returned reset',
  'active>normal reset',
  'acknowledged>normal reset',
  'active>active escalated',
  'acknowledged>active escalated',
  'returned>active escalated',
  'active>active deescalated',
  'acknowledged>acknowledged deescalated',
]);

function nameOf(event: AlertEvent): string {
  return `${event.from}>${event.to} ${event.reason}`;
}

function ofRule(events: readonly AlertEvent[], rule: string): readonly AlertEvent[] {
  return events.filter((event) => event.alert.rule === rule);
}

function transitions(events: readonly AlertEvent[]): readonly AlertEvent[] {
  return events.filter((event) => event.kind === 'transition');
}

describe('createEngine()', () => {
  test('emits only edges of the table, each from where the last one led (I1)', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { events } = run(steps);
        const states = new Map<string, string>();
        for (const event of events) {
          const key = `${event.alert.rule}/${event.alert.device}`;
          expect(event.from).toBe(states.get(key) ?? 'normal');
          expect(event.to).toBe(event.alert.state);
          states.set(key, event.to);
          if (event.kind === 'transition') expect(edgesOfTheTable).toContain(nameOf(event));
          else expect(event.from).toBe(event.to);
        }
      }),
    );
  });

  test('emits the same events for the same inputs (I2)', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        expect(JSON.stringify(run(steps).events)).toBe(JSON.stringify(run(steps).events));
      }),
    );
  });

  test('goes on from any snapshot with the same events, byte for byte (I2)', () => {
    fc.assert(
      fc.property(anySteps, fc.nat(), (steps, cut) => {
        const whole = startBench(rules, points);
        const place = steps.length === 0 ? 0 : cut % steps.length;
        let at = 0;
        for (const step of steps.slice(0, place)) at = take(whole, at, step);
        let copy = whole.reborn(at, rules, points);
        expect(copy.events).toEqual([]);
        whole.take();
        let copyAt = at;
        for (const step of steps.slice(place)) {
          at = take(whole, at, step);
          copyAt = take(copy, copyAt, step);
          expect(JSON.stringify(copy.take())).toBe(JSON.stringify(whole.take()));
          // Reborn again and again it never gets to skip a reading: what is skipped must change nothing.
          copy = copy.reborn(copyAt, rules, points);
        }
        expect(JSON.stringify(copy.engine.snapshot())).toBe(
          JSON.stringify(whole.engine.snapshot()),
        );
      }),
    );
  });

  test('gives a compound rule with one member the life of a rule over its point', () => {
    const levels = [level({ deadband: quantity(1), onDelayMs })];
    const single = makeRule({ name: 'single', levels, offDelayMs });
    const clause = any(hotter('fridge/temperature', 5, 1));
    const joined = compoundRule(clause, {
      name: 'joined',
      levels: [level({ comparator: clause, onDelayMs })],
      offDelayMs,
      acknowledge: 'required',
    });
    fc.assert(
      fc.property(anySteps, (steps) => {
        const bench = startBench([single, joined], points);
        let at = 0;
        for (const step of steps) {
          if (step.kind !== 'act') {
            at = take(bench, at, step);
            continue;
          }
          const fridge = { device: 'fridge', metric: 'temperature' };
          bench.act(at, step.act, { alert: { rule: 'single', ...fridge } });
          bench.act(at, step.act, { alert: { rule: 'joined', ...room } });
        }
        const lifeOf = (rule: string): readonly string[] =>
          transitions(ofRule(bench.events, rule)).map((event) => `${event.at} ${nameOf(event)}`);
        expect(lifeOf('joined')).toEqual(lifeOf('single'));
      }),
    );
  });

  test('never clears by an acknowledgement, never acknowledges by a return (I4)', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        for (const event of transitions(run(steps).events)) {
          if (event.from === 'active' && event.reason === 'acknowledged') {
            expect(event.to).toBe('acknowledged');
          }
          if (event.from === 'active' && event.reason === 'off_delay_over') {
            expect(event.alert.acknowledgedBy).toBeNull();
          }
        }
      }),
    );
  });

  test('lets a latched alert go only by a reset while it is clear (I5)', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        for (const event of transitions(ofRule(run(steps).events, 'latched'))) {
          const wasRaised = event.from === 'active' || event.from === 'acknowledged';
          const isRaised = event.to === 'active' || event.to === 'acknowledged';
          expect(event.alert.latched).toBe(isRaised);
          if (!wasRaised || isRaised) continue;
          expect(event.reason).toBe('reset');
          expect(event.alert.condition).toBe('clear');
        }
      }),
    );
  });

  test('raises and clears at most once when the value goes up and down once (I8)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (values) => {
          const up = values.toSorted((a, b) => a - b);
          const bench = startBench([makeRule({ levels: [level({ deadband: quantity(1) })] })]);
          for (const [at, value] of [...up, ...up.toReversed()].entries()) bench.read(at, value);
          const names = transitions(bench.events).map(nameOf);
          expect(names.filter((name) => name.includes('>active')).length).toBeLessThanOrEqual(1);
          expect(names.filter((name) => name.includes('>returned')).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('raises only after an on-delay without a clear verdict (I8)', () => {
    fc.assert(
      fc.property(undisturbedSteps, (steps) => {
        const bench = startBench(rules, points);
        const clears: number[] = [];
        let at = 0;
        for (const step of steps) {
          at = take(bench, at, step);
          const isGood =
            step.kind === 'read' && (step.quality === 'good' || step.quality === 'suspect');
          if (isGood && step.value <= 5) clears.push(at);
        }
        for (const event of transitions(ofRule(bench.events, 'warm'))) {
          if (event.reason !== 'on_delay_over') continue;
          const within = clears.filter((one) => one > event.at - onDelayMs && one < event.at);
          expect(within).toEqual([]);
        }
      }),
    );
  });

  test('clears only on good, fresh, clear readings through the off-delay (I9)', () => {
    fc.assert(
      fc.property(undisturbedSteps, (steps) => {
        const bench = startBench(rules, points);
        const readings: { at: number; isClear: boolean }[] = [];
        let at = 0;
        for (const step of steps) {
          at = take(bench, at, step);
          if (step.kind !== 'read') continue;
          const isUsable = step.quality === 'good' || step.quality === 'suspect';
          readings.push({ at, isClear: isUsable && step.value <= 4 });
        }
        for (const event of transitions(ofRule(bench.events, 'warm'))) {
          if (event.reason !== 'off_delay_over') continue;
          const since = event.at - offDelayMs;
          const within = readings.filter((one) => one.at > since && one.at < event.at);
          expect(within.every((one) => one.isClear)).toBe(true);
          const last = readings.findLast((one) => one.at <= event.at && one.isClear);
          expect(event.at - (last?.at ?? -Infinity)).toBeLessThan(6_000);
        }
      }),
    );
  });

  test('is the same after a kill and a start as if it had only been started (I10)', () => {
    fc.assert(
      fc.property(anySteps, start, anySteps, (before, restart, after) => {
        const living = startBench(rules, points);
        let at = 0;
        for (const step of before) at = take(living, at, step);
        const born = living.reborn(at, rules, points);
        living.take();
        let bornAt = at;
        for (const step of [restart, ...after]) {
          at = take(living, at, step);
          bornAt = take(born, bornAt, step);
        }
        expect(JSON.stringify(born.events)).toBe(JSON.stringify(living.take()));
      }),
    );
  });

  test('keeps state, acknowledgement and occurrence of a raised alert over a start (I10)', () => {
    fc.assert(
      fc.property(anySteps, start, (before, restart) => {
        const bench = run(before);
        const kept = bench.engine.open().filter((alert) => alert.state !== 'pending');
        const at =
          before.reduce((time, step) => time + ('waitMs' in step ? step.waitMs : 0), 0) + 1e7;
        const next = bench.reborn(at, rules, points);
        take(next, at - (restart.known ? restart.downMs : 0), restart);
        for (const { rule, device, metric, id, acknowledgedBy } of kept) {
          const alert = next.engine.find({ rule, device, metric });
          expect(alert?.state).not.toBe('normal');
          expect(alert?.id).toBe(id);
          if (alert?.state === 'acknowledged') expect(alert.acknowledgedBy).toBe(acknowledgedBy);
        }
      }),
    );
  });

  test('has one occurrence at a time per alert and never gives an id twice (I11)', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const seen = new Set<string>();
        const present = new Map<string, string>();
        for (const event of transitions(run(steps).events)) {
          const key = `${event.alert.rule}/${event.alert.device}`;
          if (event.from === 'normal') {
            expect(seen).not.toContain(event.alert.id);
            seen.add(event.alert.id);
            present.set(key, event.alert.id);
          }
          expect(event.alert.id).toBe(present.get(key));
        }
      }),
    );
  });

  test('shows with every alert that is raised why it is, and since when', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        run(steps, (bench) => {
          for (const alert of bench.engine.open()) {
            expect(alert.breachedAt).not.toBeNull();
            expect(alert.raisedAt === null).toBe(alert.state === 'pending');
            expect(alert.raises > 0).toBe(alert.state !== 'pending');
            if (alert.state === 'returned') expect(alert.returnedAt).not.toBeNull();
          }
        });
      }),
    );
  });
});
