import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notifyTargets } from '../../src/consumers/notifiers/edges.ts';
import { isHeld } from '../../src/consumers/outputs/arbiter.ts';
import type { Ask } from '../../src/domain/act.ts';
import { isFlagged, type Alert, type AlertEvent } from '../../src/domain/alert.ts';
import { compilePattern } from '../../src/domain/point.ts';
import type { Seq } from '../../src/domain/reading.ts';
import { claimSpans, type Clause, type Rule } from '../../src/domain/rule.ts';
import { scheduleKey, type Schedule } from '../../src/domain/schedule.ts';
import type { EngineMs } from '../../src/domain/time.ts';
import { above, level, makeRule, quantity, startBench, type Bench } from '../rules/bench.ts';

const shelveMaxMs = 20_000;
const schedules: readonly Schedule[] = [
  { fromMinute: 480, toMinute: 1080, days: ['mon'], zone: null },
  { fromMinute: 1320, toMinute: 360, days: ['sun'], zone: 'UTC' },
];
const keys = schedules.map(scheduleKey);
const activeWhen = { schedules, clause: null };
// Of the same readings: suppressed while it is very warm, and while it is not known how warm it is, told.
const coolEnough: Clause = {
  kind: 'compare',
  points: [compilePattern('fridge/temperature')],
  comparator: { kind: 'below', limit: quantity(7.5) },
  deadband: quantity(1),
};
const notify = { kind: 'notify', notifier: 'kitchen', on: ['active'] } as const;
const rules: readonly Rule[] = [
  makeRule({
    levels: [
      level({ deadband: quantity(1), onDelayMs: 3_000 }),
      level({ severity: 'critical', comparator: above(8), onDelayMs: 1_000 }),
    ],
    offDelayMs: 2_000,
    shelveMaxMs,
    activeWhen,
    then: [notify],
  }),
  makeRule({
    name: 'free',
    acknowledge: 'not_required',
    shelveMaxMs,
    activeWhen,
    settleMs: 0,
    then: [notify],
  }),
  makeRule({
    name: 'latched',
    latch: true,
    offDelayMs: 1_000,
    shelveMaxMs,
    activeWhen: { schedules: [], clause: coolEnough },
    settleMs: 2_000,
    then: [notify],
  }),
];

type Step =
  | { readonly kind: 'read'; readonly waitMs: number; readonly value: number }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'act' | 'flag'; readonly rule: string; readonly ask: Ask }
  | { readonly kind: 'schedule'; readonly key: string; readonly isOpen: boolean | null }
  | { readonly kind: 'start'; readonly downMs: number; readonly known: boolean }
  | { readonly kind: 'clock'; readonly creditMs: number; readonly stepMs: number };

const rule = fc.constantFrom(...rules.map(({ name }) => name));
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        waitMs: fc.integer({ min: 0, max: 2_500 }),
        value: fc.constantFrom(0, 3, 4.5, 5, 6, 7, 8, 9, NaN),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        waitMs: fc.integer({ min: 0, max: 9_000 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('act' as const),
        rule,
        ask: fc.constantFrom<Ask>({ act: 'acknowledge' }, { act: 'reset' }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('flag' as const),
        rule,
        ask: fc.oneof(
          fc.record({
            act: fc.constant('shelve' as const),
            forMs: fc.constantFrom(null, 1, 5_000, shelveMaxMs, shelveMaxMs + 1),
          }),
          fc.constantFrom<Ask>(
            { act: 'unshelve' },
            { act: 'service', in: false },
            { act: 'service', in: true },
          ),
        ),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('schedule' as const),
        key: fc.constantFrom(...keys),
        isOpen: fc.constantFrom(true, true, false, null),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('start' as const),
        downMs: fc.integer({ min: 0, max: 60_000 }),
        known: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('clock' as const),
        creditMs: fc.constantFrom(0, 0, 4_000),
        stepMs: fc.integer({ min: -1e9, max: 1e9 }),
      }),
    },
  ),
  { maxLength: 60 },
);

/** Does one step; returns the engine time after it. */
function take(bench: Bench, at: number, step: Step): number {
  switch (step.kind) {
    case 'read':
      bench.read(at + step.waitMs, step.value, Number.isNaN(step.value) ? 'bad' : 'good');
      return at + step.waitMs;
    case 'wait':
      bench.advance(at + step.waitMs);
      return at + step.waitMs;
    case 'act':
    case 'flag':
      bench.act(at, step.ask, {
        alert: { rule: step.rule, device: 'fridge', metric: 'temperature' },
      });
      return at;
    case 'schedule':
      bench.schedule(at, step.key, step.isOpen);
      return at;
    case 'start': {
      const elapsedMs = step.known ? step.downMs : null;
      bench.started(at + (elapsedMs ?? 0), { elapsedMs });
      return at + (elapsedMs ?? 0);
    }
    case 'clock':
      bench.clock(at, step.creditMs, step.stepMs);
      return at;
  }
}

function targets(event: AlertEvent): readonly string[] {
  const found = rules.find(({ name }) => name === event.alert.rule);
  return found === undefined ? [] : notifyTargets(found, event);
}

// All of an alert but what a flag and the acts that set it leave behind.
function judged(alert: Alert): Partial<Alert> {
  const { state, condition, quality, severity, severityMax, worst, raises, latched, id } = alert;
  const { breachedAt, raisedAt, returnedAt, dueAt, acknowledgedAt, value } = alert;
  return {
    state,
    condition,
    quality,
    severity,
    severityMax,
    worst,
    raises,
    latched,
    id,
    breachedAt,
    raisedAt,
    returnedAt,
    dueAt,
    acknowledgedAt,
    value,
  };
}

describe('createEngine()', () => {
  test('ends every shelf at shelve_max at the latest, and announces what is true then (I6)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const bench = startBench(rules);
        let at = 0;
        const shelvedAt = new Map<string, number>();
        const look = (): void => {
          for (const { kind, reason, alert, at: eventAt, to } of bench.take()) {
            if (kind !== 'flag') continue;
            if (reason === 'shelved') shelvedAt.set(alert.rule, eventAt);
            if (reason === 'unshelved') {
              const since = shelvedAt.get(alert.rule) ?? NaN;
              expect(eventAt - since).toBeLessThanOrEqual(shelveMaxMs + 60_000);
              expect(alert.shelvedUntil).toBeNull();
              expect(to).toBe(alert.state);
            }
          }
        };
        for (const step of given) {
          at = take(bench, at, step);
          look();
        }
        bench.advance(at + shelveMaxMs);
        look();
        for (const alert of bench.engine.all()) expect(alert.shelvedUntil).toBeNull();
      }),
    );
  });

  test('tells nobody while a flag is set, and at the end of the last one whoever has to know; claims are withheld (I6)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const bench = startBench(rules);
        let at = 0;
        for (const step of given) at = take(bench, at, step);
        const flagged = new Map<string, boolean>();
        for (const event of bench.events) {
          const { alert, reason, to } = event;
          if (isFlagged(alert)) expect(targets(event)).toEqual([]);
          const isWithheld = alert.suppressedBy !== null || alert.outOfService;
          for (const span of claimSpans)
            if (isWithheld || (span === 'unacknowledged' && alert.shelvedUntil !== null))
              expect(isHeld(alert, span)).toBe(false);
          const hasEnded = flagged.get(alert.rule) === true && !isFlagged(alert);
          flagged.set(alert.rule, isFlagged(alert));
          if (!hasEnded) continue;
          expect(event.kind).toBe('flag');
          expect(['unshelved', 'unsuppressed', 'in_service']).toContain(reason);
          const isToBeTold = to === 'active' || to === 'returned';
          const isRule = rules.some(({ name }) => name === alert.rule);
          expect(targets(event)).toEqual(isToBeTold && isRule ? ['kitchen'] : []);
        }
      }),
    );
  });

  test('judges and records the same with flags as without (I7)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const flagged = startBench(rules);
        const plain = startBench(rules.map((one) => ({ ...one, activeWhen: null })));
        let at = 0;
        for (const step of given) {
          if (step.kind !== 'flag' && step.kind !== 'schedule') take(plain, at, step);
          at = take(flagged, at, step);
          expect(flagged.engine.all().map(judged)).toEqual(plain.engine.all().map(judged));
        }
        const history = (bench: Bench): unknown =>
          bench.events
            .filter(({ kind }) => kind === 'transition')
            .map((event) => {
              const { at: eventAt, from, to, reason, alert } = event;
              return { at: eventAt, from, to, reason, message: alert.message, ...judged(alert) };
            });
        expect(history(flagged)).toEqual(history(plain));
      }),
    );
  });

  test('keeps flags over a kill at any moment (I10)', () => {
    fc.assert(
      fc.property(steps, (given) => {
        // What a condition says is found out anew by a start, which has more effects than that.
        const timed = rules.filter((one) => (one.activeWhen?.clause ?? null) === null);
        let bench = startBench(timed);
        const living = startBench(timed);
        const known = new Map<string, boolean | null>();
        let at = 0;
        for (const step of given) {
          take(bench, at, step);
          at = take(living, at, step);
          if (step.kind === 'schedule') known.set(step.key, step.isOpen);
          bench = bench.reborn(at, timed);
          // The schedules are no memory: each start is told them anew.
          for (const [key, isOpen] of known)
            bench.engine.accept(0 as Seq, at as EngineMs, { kind: 'schedule', key, isOpen });
          bench.advance(at);
          expect(bench.engine.all()).toEqual(living.engine.all());
        }
      }),
    );
  });
});
