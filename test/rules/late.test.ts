// Aim: late and out-of-order readings are judged in the order of their own time or not at all, never as they came.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { qualityCodes, type Seq } from '../../src/domain/reading.ts';
import type { Rule } from '../../src/domain/rule.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import { SampleWindow } from '../../src/rules/gauges/samples.ts';
import {
  edges,
  fridge,
  level,
  makeRule,
  pointEntry,
  startBench,
  wallOffsetMs,
  type Bench,
} from './bench.ts';

const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];
const perMinute = 60_000;

/** Gives the bench a reading that left its source at `sourceAt`. */
function readLate(
  bench: Bench,
  at: number,
  reading: { readonly sourceAt: number; readonly value: number; readonly quality?: number },
): void {
  const { sourceAt, value, quality = qualityCodes.good } = reading;
  const atMs = (sourceAt + wallOffsetMs) as WallMs;
  bench.engine.late(9 as Seq, at as EngineMs, atMs, fridge.index, value, quality);
}

function evaluating(more: Partial<Rule> = {}): Rule {
  return makeRule({ late: 'evaluate', lateAfterMs: perMinute, ...more });
}

test('Engine.late() judges only by the rules that say so, or for which it is not late', () => {
  const bench = startBench(
    [
      evaluating(),
      makeRule({ name: 'warm-now', lateAfterMs: perMinute }),
      makeRule({ name: 'warm-soon', lateAfterMs: 200_000 }),
    ],
    [],
  );
  bench.read(0, 3);
  readLate(bench, 200_000, { sourceAt: 100_000, value: 9 });
  expect(bench.alert().state).toBe('active');
  expect(bench.alert('warm-now').state).toBe('normal');
  expect(bench.alert('warm-soon').state).toBe('active');
  // The one that did not judge it must not take the same value for quiet.
  bench.read(210_000, 9);
  expect(bench.alert('warm-now').state).toBe('active');
});

test('Engine.late() lets no older value overrule a newer one', () => {
  const bench = startBench([evaluating()]);
  bench.read(200_000, 3);
  readLate(bench, 201_000, { sourceAt: 100_000, value: 9 });
  expect(edges(bench.events)).toEqual([]);
  expect(bench.engine.newestAt(fridge.index)).toBe(200_000 + wallOffsetMs);
});

test('Engine.late() counts as heard what a rule evaluates, and nothing else', () => {
  const heard = (rule: Rule): number | null => {
    const bench = startBench([rule], every10s);
    bench.read(0, 3);
    readLate(bench, 200_000, { sourceAt: 100_000, value: 3 });
    return bench.engine.pointMemory(fridge.index)?.heardAt ?? null;
  };
  expect(heard(evaluating())).toBe(200_000);
  expect(heard(makeRule({ lateAfterMs: perMinute }))).toBe(0);
});

test('Engine.late() starts a delay at the arrival', () => {
  const bench = startBench([evaluating({ levels: [level({ onDelayMs: 10_000 })] })]);
  readLate(bench, 200_000, { sourceAt: 100_000, value: 9 });
  bench.advance(209_999);
  expect(bench.alert()).toMatchObject({ state: 'pending', breachedAt: 100_000 + wallOffsetMs });
  bench.advance(210_000);
  expect(edges(bench.events)).toEqual(['normal>pending breached', 'pending>active on_delay_over']);
});

test('Engine.late() takes a late bad reading for unknown, and clears nothing by it', () => {
  const bench = startBench([evaluating()]);
  bench.read(0, 9);
  readLate(bench, 200_000, { sourceAt: 100_000, value: NaN, quality: qualityCodes.bad });
  expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown', quality: 'bad' });
});

test('a point can be judged again after the clock was set back', () => {
  const bench = startBench([makeRule({})]);
  bench.read(100_000, 9);
  bench.clock(110_000, 0, -3_600_000);
  expect(bench.engine.newestAt(fridge.index)).toBe(110_000 - 3_600_000 + wallOffsetMs);
});

test('a window that evaluates late readings ends as if they had come in time', () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 59_999 }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(
      fc.uniqueArray(sample, { minLength: 1, maxLength: 40, selector: ([at]) => at }),
      (samples) => {
        const rules = [
          evaluating({
            name: 'mean',
            window: { spanMs: 60_000, of: { kind: 'mean' } },
            lateAfterMs: 0,
          }),
          evaluating({
            name: 'rate',
            window: { spanMs: 60_000, of: { kind: 'max' } },
            lateAfterMs: 0,
          }),
        ];
        const inTime = startBench(rules, every10s);
        const late = startBench(rules, every10s);
        for (const [at, value] of samples.toSorted(([a], [b]) => a - b)) inTime.read(at, value);
        for (const [at, value] of samples) readLate(late, 60_000, { sourceAt: at, value });
        inTime.read(60_000, 7);
        late.read(60_000, 7);
        for (const name of ['mean', 'rate'])
          expect(late.alert(name).value).toEqual(inTime.alert(name).value);
      },
    ),
  );
});

test('SampleWindow.add() keeps count, lowest and highest of readings in any order', () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: -9, max: 9 }));
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 300 }), (samples) => {
      // Buckets of 100 ms: they overflow.
      const window = new SampleWindow(102_200);
      for (const [at, value] of samples) window.add(at, value);
      const kept = (column: Float64Array): number[] => [
        ...column.subarray(window.begin, window.end),
      ];
      const times = kept(window.times);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(kept(window.weights).reduce((sum, weight) => sum + weight, 0)).toBe(samples.length);
      const values = samples.map(([, value]) => value);
      expect(Math.min(...kept(window.values))).toBe(Math.min(...values));
      expect(Math.max(...kept(window.values))).toBe(Math.max(...values));
      expect(window.length).toBeLessThanOrEqual(20);
    }),
  );
});
