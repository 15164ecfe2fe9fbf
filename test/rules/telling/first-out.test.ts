import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertKey, type AlertEvent } from '../../../src/domain/alert.ts';
import { compilePattern } from '../../../src/domain/point.ts';
import { level, makePoint, makeRule, startBench, type Bench } from '../bench.ts';

const points = ['a', 'b', 'c'].map((device, index) => makePoint(index + 1, device, 'm'));
const [a, b] = points;
const rule = makeRule({ points: [compilePattern('*/m')], group: 'line', acknowledge: null });

describe('first-out', () => {
  test('is the alert that was active first since the whole group was normal, for any readings and restarts', () => {
    const rules = [{ ...rule, levels: [level({ onDelayMs: 2_000 })], offDelayMs: 1_000 }];
    const step = fc.record({
      point: fc.nat(2),
      value: fc.constantFrom(0, 6),
      waitMs: fc.integer({ min: 1, max: 1_500 }),
      restarts: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let at = 0;
        let bench = startBench(rules, [], points);
        const model = createModel();
        for (const { point, value, waitMs, restarts } of steps) {
          at += waitMs;
          bench.read(at, value, 'good', points[point]);
          bench.take().forEach(model.take);
          if (!restarts) continue;
          bench = bench.reborn(at, rules, [], points);
          bench.started(at, { elapsedMs: 0 });
          bench.take().forEach(model.take);
          model.check(bench);
        }
        model.check(bench);
      }),
      { numRuns: 300 },
    );
  });

  test('is nothing without a group', () => {
    const bench = startBench([{ ...rule, group: null }], [], points);
    bench.read(0, 6, 'good', a);
    expect(bench.alert('warm', a).firstOut).toBeNull();
  });

  test('is the one raised longest if a reload puts raised alerts into a group', () => {
    const bench = startBench([{ ...rule, group: null }], [], points);
    bench.read(1, 6, 'good', b);
    bench.read(2, 6, 'good', a);
    bench.config(3, [rule]);
    const first = { group: 'line', alert: 'warm/b/m' };
    expect(bench.alert('warm', a).firstOut).toEqual(first);
    expect(bench.alert('warm', b).firstOut).toEqual(first);
  });

  test('of another group says nothing after a reload', () => {
    const bench = startBench([rule], [], points);
    bench.read(1, 6, 'good', b);
    bench.read(2, 6, 'good', a);
    bench.config(3, [{ ...rule, group: 'hall' }]);
    expect(bench.alert('warm', a).firstOut).toEqual({ group: 'hall', alert: 'warm/b/m' });
    bench.config(4, [{ ...rule, group: null }]);
    expect(bench.alert('warm', a).firstOut).toBeNull();
  });
});

/** The sentence of the contract, kept with a map of states. */
function createModel(): { take(event: AlertEvent): void; check(bench: Bench): void } {
  const open = new Set<string>();
  let first: string | null = null;
  return {
    take({ alert, to }) {
      const key = alertKey(alert);
      if (to === 'normal') open.delete(key);
      else open.add(key);
      if (open.size === 0) first = null;
      if (to === 'active') first ??= key;
      expect(alert.firstOut?.alert ?? null).toBe(to === 'normal' ? null : first);
    },
    check(bench) {
      for (const alert of bench.engine.all()) {
        const wanted = alert.state === 'normal' ? null : first;
        if (alert.rule === 'warm') expect(alert.firstOut?.alert ?? null).toBe(wanted);
      }
    },
  };
}
