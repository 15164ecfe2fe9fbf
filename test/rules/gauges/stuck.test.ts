import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Comparator, Rule } from '../../../src/domain/rule.ts';
import { StuckRun } from '../../../src/rules/gauges/stuck-run.ts';
import { edges, level, makePoint, makeRule, pointEntry, quantity, startBench } from '../bench.ts';

function stuckFor(seconds: number, tolerance = quantity(0)): Comparator {
  return { kind: 'stuck_for', forMs: seconds * 1_000, tolerance };
}

function stuck(comparator: Comparator, more: Partial<Rule> = {}): Rule {
  return makeRule({ levels: [level({ comparator })], acknowledge: 'not_required', ...more });
}

const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];

describe('stuck_for', () => {
  test('raises at the reading that shows it, and clears at the first one beyond the tolerance', () => {
    const bench = startBench([stuck(stuckFor(30, quantity(0.5)))]);
    bench.read(0, 2);
    for (const at of [10_000, 20_000, 30_000, 39_999]) bench.read(at, 4);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'clear', value: 29.999 });
    bench.read(40_000, 4.5);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 30, limit: 30, unit: 's' });
    expect(bench.alert().message).toBe('fridge/temperature has been stuck for 30 s');
    bench.read(50_000, 4.2);
    bench.read(60_000, 3.9);
    expect(bench.alert()).toMatchObject({ state: 'normal', worst: 40 });
    expect(bench.alert().message).toBe('fridge/temperature is not stuck (worst 40 s, lasted 20 s)');
  });

  test('finds no silent point stuck: only a reading shows it', () => {
    const bench = startBench([stuck(stuckFor(30))], every10s);
    bench.read(0, 4);
    bench.read(10_000, 4);
    bench.advance(100_000);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'unknown' });
    // After the silence nobody knows whether it moved, and the run begins anew.
    bench.read(110_000, 4);
    bench.read(130_000, 4);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'unknown', value: 20 });
    bench.read(140_000, 4);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 30 });
  });

  test('stays raised over bad readings and a silence, and clears by a reading alone', () => {
    const bench = startBench([stuck(stuckFor(30))], every10s);
    for (let at = 0; at <= 30_000; at += 10_000) bench.read(at, 4);
    bench.read(35_000, NaN, 'bad');
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
    bench.read(40_000, 4);
    expect(bench.alert()).toMatchObject({ condition: 'breached', value: 40 });
    bench.advance(200_000);
    bench.read(210_000, 4);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
    bench.read(220_000, 4.1);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'clear' });
  });

  test('has levels, each with its own time', () => {
    const levels = [
      level({ comparator: stuckFor(20) }),
      level({ severity: 'critical', comparator: stuckFor(40) }),
    ];
    const bench = startBench([makeRule({ levels })]);
    for (let at = 0; at <= 40_000; at += 10_000) bench.read(at, 4);
    expect(edges(bench.events)).toEqual(['normal>active breached', 'active>active escalated']);
    bench.read(50_000, 5);
    expect(bench.alert()).toMatchObject({ state: 'returned', limit: 40 });
  });

  test('goes on after a restart without forgetting what was raised', () => {
    const levels = [
      level({ comparator: stuckFor(20) }),
      level({ severity: 'critical', comparator: stuckFor(40) }),
    ];
    const rules = [makeRule({ levels })];
    const bench = startBench(rules);
    for (let at = 0; at <= 40_000; at += 10_000) bench.read(at, 4);
    const next = bench.reborn(50_000, rules);
    next.started(50_000, { elapsedMs: 5_000 });
    next.read(60_000, 4);
    expect(next.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
    next.read(80_000, 4);
    expect(next.alert()).toMatchObject({ condition: 'breached', severity: 'critical' });
    next.read(90_000, 5);
    expect(next.alert()).toMatchObject({ state: 'returned' });
  });

  test('begins anew when its tolerance is changed, and goes on when its delays are', () => {
    const bench = startBench([stuck(stuckFor(30, quantity(1)))]);
    for (let at = 0; at <= 30_000; at += 10_000) bench.read(at, 4);
    bench.config(31_000, [stuck(stuckFor(30, quantity(1)), { offDelayMs: 1_000 })]);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached', value: 30 });
    bench.config(32_000, [stuck(stuckFor(30, quantity(2)))]);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown', value: 0 });
  });

  test('converts its tolerance as a difference, and says so if it cannot', () => {
    const bench = startBench([stuck(stuckFor(30, quantity(1.8, '°F')))]);
    bench.read(0, 9);
    for (let at = 10_000; at <= 40_000; at += 10_000) bench.read(at, 4 + (at % 20_000) / 10_000);
    expect(bench.alert().state).toBe('active');
    const misfit = startBench([stuck(stuckFor(30, quantity(1, 'hPa')))]);
    expect(misfit.engine.problems().join()).toContain('hPa cannot be converted to °C');
  });

  test('takes each text state as far from every other', () => {
    const valve = makePoint(1, 'fridge', 'temperature', { kind: 'text', states: ['a', 'b'] });
    const bench = startBench([stuck(stuckFor(30, quantity(5)))], [], [valve]);
    for (let at = 0; at <= 40_000; at += 10_000) bench.read(at, (at / 10_000) % 2);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'clear' });
  });
});

describe('StuckRun', () => {
  test('agrees with a search through every reading', () => {
    const trace = fc.array(
      fc.tuple(fc.integer({ min: 200, max: 9_000 }), fc.integer({ min: 0, max: 6 })),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(
        trace,
        fc.integer({ min: 0, max: 4 }),
        fc.nat(30_000),
        (steps, tolerance, span) => {
          const run = new StuckRun(span, tolerance);
          const all: (readonly [number, number])[] = [];
          let at = 0;
          for (const [step, value] of steps) {
            at += step;
            all.push([at, value]);
            run.add(at, value, Infinity);
            let first = all.length - 1;
            const fits = (from: number): boolean => {
              const values = all.slice(from).map(([, one]) => one);
              return Math.max(...values) - Math.min(...values) <= tolerance;
            };
            while (first > 0 && fits(first - 1)) first -= 1;
            const since = all[first]?.[0] ?? NaN;
            // Of a run longer than the span it is enough to know that it is.
            if (at - since <= span) expect(run.since).toBe(since);
            else expect(at - run.since).toBeGreaterThanOrEqual(span);
            if (first > 0 && at - since <= span) expect(run.isWhole).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
