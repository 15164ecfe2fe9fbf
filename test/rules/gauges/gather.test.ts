import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PointEntry } from '../../../src/domain/config.ts';
import type { Aggregate, Rule } from '../../../src/domain/rule.ts';
import type { EngineMs } from '../../../src/domain/time.ts';
import {
  above,
  edges,
  fridge,
  level,
  makeRule,
  pointEntry,
  quantity,
  startBench,
  type Bench,
} from '../bench.ts';

function windowed(of: Aggregate, more: Partial<Rule> = {}): Rule {
  return makeRule({ window: { spanMs: 60_000, of }, ...more });
}

const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];

type Sample = readonly [at: number, value: number];

/** Kills the bench and starts another one that is given what was read before. */
function restart(
  bench: Bench,
  at: number,
  rules: readonly Rule[],
  { points, samples }: { points: readonly PointEntry[]; samples: readonly Sample[] },
): Bench {
  const next = bench.reborn(at, rules, points);
  for (const [time, value] of samples) next.engine.gather(time as EngineMs, fridge.index, value);
  next.started(at, { elapsedMs: 0 });
  return next;
}

test('a window that was gathered shows after a start what it would have shown without it', () => {
  const rules = [
    windowed({ kind: 'mean' }),
    windowed({ kind: 'percentile', percent: 90 }, { name: 'high' }),
    makeRule({
      name: 'stuck',
      levels: [level({ comparator: { kind: 'stuck_for', forMs: 25_000, tolerance: quantity(1) } })],
    }),
  ];
  const trace = fc.array(
    fc.tuple(fc.integer({ min: 1_000, max: 12_000 }), fc.integer({ min: 0, max: 9 })),
    { minLength: 2, maxLength: 60 },
  );
  fc.assert(
    fc.property(trace, fc.nat(59), (steps, cut) => {
      let at = 0;
      const samples = steps.map(([step, value]): Sample => [(at += step), value]);
      const whole = startBench(rules, every10s);
      for (const [time, value] of samples) whole.read(time, value);
      const before = startBench(rules, every10s);
      const early = samples.slice(0, cut % samples.length);
      const late = samples.slice(early.length);
      for (const [time, value] of early) before.read(time, value);
      const restartAt = early.at(-1)?.[0] ?? 0;
      const after = restart(before, restartAt, rules, { points: every10s, samples: early });
      for (const [time, value] of late) after.read(time, value);
      for (const { name } of rules) {
        // Not the state: until the first reading after a start a window does not move by itself.
        const { condition, value } = whole.alert(name);
        expect(after.alert(name)).toMatchObject({ condition, value });
      }
    }),
    { numRuns: 200 },
  );
});

test('gathering judges nothing: only a reading after the start does', () => {
  const rules = [windowed({ kind: 'mean' })];
  const bench = startBench(rules, every10s);
  const samples = [0, 10_000, 20_000, 30_000, 40_000].map((at): Sample => [at, 9]);
  const next = restart(bench, 41_000, rules, { points: every10s, samples });
  next.advance(45_000);
  expect(edges(next.events)).toEqual([]);
  next.read(46_000, 9);
  expect(next.alert()).toMatchObject({ state: 'active', value: 9 });
});

test('the time Limen was down is a gap in a gathered window', () => {
  const levels = [level({ comparator: above(5) })];
  const rules = [windowed({ kind: 'mean' }, { levels })];
  const bench = startBench(rules, every10s);
  const samples = [0, 10_000, 20_000, 30_000].map((at): Sample => [at, 9]);
  for (const [at, value] of samples) bench.read(at, value);
  const next = restart(bench, 80_000, rules, { points: every10s, samples });
  next.read(85_000, 1);
  // From 25 s to 60 s it was covered: that is more than half.
  expect(next.alert()).toMatchObject({ condition: 'breached', value: 9 });
  next.read(93_000, 1);
  expect(next.alert()).toMatchObject({ state: 'active', condition: 'breached' });
  const later = restart(bench, 100_000, rules, { points: every10s, samples });
  later.read(105_000, 1);
  expect(later.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
});
