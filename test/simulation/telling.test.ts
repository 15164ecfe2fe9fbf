import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notifyTargets } from '../../src/consumers/notifiers/edges.ts';
import type { Ask } from '../../src/domain/act.ts';
import { isFlagged, type AlertEvent } from '../../src/domain/alert.ts';
import { compilePattern } from '../../src/domain/point.ts';
import type { Rule } from '../../src/domain/rule.ts';
import { above, level, makePoint, makeRule, startBench, type Bench } from '../rules/bench.ts';

const minute = 60_000;
const points = Array.from({ length: 10 }, (_, index) =>
  makePoint(index + 1, `room-${index}`, 'temperature'),
);
const everyRoom = { points: [compilePattern('*/temperature')], shelveMaxMs: 60 * minute };
const telling: Partial<Rule> = {
  then: [{ kind: 'notify', notifier: 'ann', on: ['active', 'escalated', 'returned', 'normal'] }],
  chain: [{ afterMs: 2 * minute, notifier: 'bob' }],
  repeatMs: [minute, 5 * minute],
};
const plain: readonly Rule[] = [
  makeRule({
    ...everyRoom,
    acknowledge: 'not_required',
    levels: [level(), level({ severity: 'critical', comparator: above(8) })],
  }),
  makeRule({ ...everyRoom, name: 'hot', levels: [level({ comparator: above(6) })] }),
];
const loud = plain.map((rule) => ({ ...rule, ...telling }));

type Step =
  | {
      readonly kind: 'read';
      readonly waitMs: number;
      readonly room: number;
      readonly value: number;
    }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'act'; readonly room: number; readonly rule: string; readonly ask: Ask };

// One of them comes and goes more often than the others.
const room = fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        waitMs: fc.integer({ min: 0, max: 6_000 }),
        room,
        value: fc.constantFrom(4, 4, 5.5, 5.5, 7, 7, 9),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        waitMs: fc.integer({ min: 0, max: 12 * minute }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('act' as const),
        room,
        rule: fc.constantFrom('warm', 'hot'),
        ask: fc.constantFrom<Ask>(
          { act: 'acknowledge' },
          { act: 'shelve', forMs: 3 * minute },
          { act: 'unshelve' },
          { act: 'service', in: false },
          { act: 'service', in: true },
        ),
      }),
    },
  ),
  { minLength: 40, maxLength: 150 },
);

function start(rules: readonly Rule[]): Bench {
  return startBench(rules, [], points);
}

function take(bench: Bench, at: number, step: Step): number {
  switch (step.kind) {
    case 'read':
      bench.read(at + step.waitMs, step.value, 'good', points[step.room]);
      return at + step.waitMs;
    case 'wait':
      bench.advance(at + step.waitMs);
      return at + step.waitMs;
    case 'act':
      bench.act(at, step.ask, {
        alert: { rule: step.rule, device: `room-${step.room}`, metric: 'temperature' },
      });
      return at;
  }
}

function run(rules: readonly Rule[], given: readonly Step[]): Bench {
  const bench = start(rules);
  let at = 0;
  for (const step of given) at = take(bench, at, step);
  bench.advance(at + 30 * minute);
  return bench;
}

/** The life of the alerts, without what people are told of it. */
function life(events: readonly AlertEvent[]): readonly unknown[] {
  return events
    .filter(({ kind, alert }) => kind !== 'notice' && alert.rule !== 'limen.flood')
    .filter(({ kind }) => kind !== 'condition')
    .map(({ kind, at, from, to, reason, alert }) => {
      const { id, severity, raises, shelvedUntil, outOfService } = alert;
      return { kind, at, from, to, reason, id, severity, raises, shelvedUntil, outOfService };
    });
}

describe('telling, over any course of readings and acts', () => {
  test('never changes the life of an alert: chatter, flood, chain and repeat or none of them (I7)', () => {
    const hushed = { chatter: 0, flood: 0 };
    fc.assert(
      fc.property(steps, (given) => {
        const told = run(loud, given);
        for (const event of told.events) if (event.hushed !== undefined) hushed[event.hushed] += 1;
        expect(life(told.events)).toEqual(life(run(plain, given).events));
      }),
    );
    // Else it would prove nothing.
    expect(hushed.chatter).toBeGreaterThan(20);
    expect(hushed.flood).toBeGreaterThan(20);
  });

  test('tells every raise of what is critical, and nothing while a flag is set (I6)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const event of run(loud, given).events) {
          const { alert, kind, from, to, reason } = event;
          const rule = loud.find(({ name }) => name === alert.rule);
          if (rule === undefined) continue;
          const targets = notifyTargets(rule, event);
          if (isFlagged(alert)) expect(targets).toEqual([]);
          const isCall = kind === 'transition' && to === 'active' && from !== 'active';
          const isRise = kind === 'transition' && reason === 'escalated';
          if (!isFlagged(alert) && alert.severity === 'critical' && (isCall || isRise))
            expect(targets).toEqual(['ann']);
        }
      }),
    );
  });

  test('tells the same over a kill at any moment (I10)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const living = start(loud);
        let bench = start(loud);
        const told: AlertEvent[] = [];
        let at = 0;
        for (const step of given) {
          take(bench, at, step);
          at = take(living, at, step);
          told.push(...bench.events);
          bench = bench.reborn(at, loud, [], points);
          bench.started(at, { elapsedMs: 0, downMs: 0 });
        }
        bench.advance(at + 30 * minute);
        living.advance(at + 30 * minute);
        told.push(...bench.events);
        const words = (events: readonly AlertEvent[]): readonly unknown[] =>
          events
            .filter(({ kind }) => kind !== 'condition')
            .map(({ kind, at: eventAt, alert, reason, hushed, notice }) => {
              return { kind, eventAt, id: alert.id, reason, hushed, text: notice?.text };
            });
        expect(words(told)).toEqual(words(living.events));
      }),
      { numRuns: 50 },
    );
  });
});
