import { describe, expect, test } from 'vitest';
import {
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  pointEntry,
  quantity,
  startBench,
} from './bench.ts';
import { all, compoundRule, hotter, probes, room } from './clause-fixture.ts';

const delayed = makeRule({
  levels: [level({ onDelayMs: 10_000, deadband: quantity(1) })],
  offDelayMs: 5_000,
});

describe('settle() in the on-delay', () => {
  test('goes back to normal on a clear value without the deadband', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(1_000, 5);
    expect(edges(bench.events)).toEqual([
      'normal>pending breached',
      'pending>normal cleared_in_delay',
    ]);
  });

  test('runs on through bad samples', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(1_000, NaN, 'bad');
    expect(bench.alert()).toMatchObject({ state: 'pending', condition: 'unknown', quality: 'bad' });
    bench.advance(10_000);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
  });

  test('gives an occurrence its own id, also when it never becomes active', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(1, 0);
    bench.read(2, 6);
    expect(bench.alert().id).toBe('warm/fridge/temperature/2');
  });

  test('says when the delay ends', () => {
    const bench = startBench([delayed]);
    bench.read(1_000, 6);
    expect(bench.alert()).toMatchObject({
      breachedAt: 1_700_000_001_000,
      raisedAt: null,
      dueAt: 1_700_000_011_000,
    });
  });

  test('carries its due time however late it is noticed', () => {
    const bench = startBench([delayed]);
    bench.read(1_000, 6);
    bench.read(90_000, 7);
    expect(bench.events.find((event) => event.to === 'active')?.at).toBe(11_000);
    expect(bench.alert().raisedAt).toBe(1_700_000_011_000);
  });
});

describe('settle() in the off-delay', () => {
  test('starts it only beyond the deadband', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(10_000, 4.1);
    expect(bench.alert()).toMatchObject({ condition: 'breached', dueAt: null });
    bench.read(11_000, 4);
    expect(bench.alert()).toMatchObject({ condition: 'clear', dueAt: 1_700_000_016_000 });
  });

  test('is cancelled by a bad sample and starts anew at the next clear one', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(20_000, 0);
    bench.read(22_000, NaN, 'bad');
    bench.advance(60_000);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown', dueAt: null });
    bench.read(61_000, 0);
    bench.advance(65_999);
    expect(bench.alert().state).toBe('active');
    bench.advance(66_000);
    expect(bench.alert()).toMatchObject({ state: 'returned', returnedAt: 1_700_000_066_000 });
  });

  test('is cancelled by a breach within the deadband', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(20_000, 0);
    bench.read(22_000, 4.5);
    bench.advance(60_000);
    expect(bench.alert().state).toBe('active');
  });

  test.each(['early', 'warm'])(
    'is not over when the point goes stale at the same millisecond (%s)',
    (name) => {
      const points = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];
      const bench = startBench([makeRule({ name, offDelayMs: 30_000 })], points);
      bench.read(0, 6);
      bench.read(1_000, 0);
      bench.advance(31_000);
      expect(bench.alert(name)).toMatchObject({
        state: 'active',
        condition: 'unknown',
        quality: 'stale',
      });
    },
  );
});

test.each([['a'], ['warm']])(
  'settle() in the off-delay of a compound rule is not over when a member goes stale at the same millisecond (%s)',
  (name) => {
    const [probe] = probes;
    const rule = compoundRule(all(hotter('p1/t')), { name, offDelayMs: 30_000 });
    const bench = startBench([rule], [pointEntry('p1/t', { expectEveryMs: 10_000 })], [probe]);
    bench.read(0, 6, 'good', probe);
    bench.read(1_000, 0, 'good', probe);
    bench.advance(31_000);
    expect(bench.alert(name, room)).toMatchObject({ state: 'active', condition: 'unknown' });
  },
);

describe('settle() after the return', () => {
  test('raises the same occurrence again, without the deadband', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(20_000, 0);
    bench.advance(25_000);
    bench.read(30_000, 5);
    expect(bench.alert().condition).toBe('clear');
    bench.read(31_000, 5.5);
    bench.advance(41_000);
    expect(bench.alert()).toMatchObject({
      id: 'warm/fridge/temperature/1',
      state: 'active',
      raises: 2,
      returnedAt: null,
    });
  });

  test('goes on as the next pending occurrence when it is acknowledged in its on-delay', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.read(20_000, 0);
    bench.advance(25_000);
    bench.read(30_000, 6);
    bench.act(32_000, 'acknowledge');
    bench.advance(40_000);
    expect(edges(bench.events).slice(-3)).toEqual([
      'returned>normal acknowledged',
      'normal>pending breached',
      'pending>active on_delay_over',
    ]);
    expect(bench.alert()).toMatchObject({
      id: 'warm/fridge/temperature/2',
      breachedAt: 1_700_000_030_000,
      acknowledgedBy: null,
    });
  });
});

describe('settle() with an unknown verdict', () => {
  const raising = makeRule({ unknown: 'raise', levels: [level({ onDelayMs: 1_000 })] });

  test('leaves a normal alert alone', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 3);
    bench.read(1, NaN, 'bad');
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'unknown' });
  });

  test('raises it with unknown: raise', () => {
    const bench = startBench([raising]);
    bench.read(0, NaN, 'bad');
    expect(bench.alert()).toMatchObject({
      state: 'pending',
      condition: 'unknown',
      severity: 'warning',
    });
    bench.advance(1_000);
    expect(bench.alert().state).toBe('active');
    bench.read(2_000, 0);
    expect(bench.alert().state).toBe('returned');
  });

  test('does not judge NaN whatever its quality says', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.read(1, NaN);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown', quality: 'bad' });
  });

  test('judges a suspect reading like a good one', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6, 'suspect');
    expect(bench.alert()).toMatchObject({ state: 'active', quality: 'suspect' });
  });

  test('is the verdict of a limit whose unit does not fit, and is told', () => {
    const point = makePoint(1, 'fridge', 'temperature', { unit: 'hPa' });
    const rule = makeRule({
      levels: [level({ comparator: { kind: 'above', limit: quantity(5, '°C') } })],
    });
    const bench = startBench([rule], [], [point]);
    bench.read(0, 6);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'unknown' });
    expect(bench.engine.problems()).toEqual([
      'rule "warm" cannot judge fridge/temperature: °C cannot be converted to hPa',
    ]);
    bench.point(1, fridge);
    bench.read(2, 6);
    expect(bench.alert().state).toBe('active');
    expect(bench.engine.problems()).toEqual([]);
  });
});

describe('createEngine()', () => {
  test('emits nothing for a reading that changes nothing', () => {
    const bench = startBench([delayed, makeRule({ name: 'hot', levels: [level()] })]);
    bench.read(0, 6);
    bench.advance(10_000);
    bench.take();
    for (let at = 10_001; at < 10_100; at += 1) bench.read(at, 6 + at / 1e6);
    expect(bench.take()).toEqual([]);
    expect(bench.alert().worst).toBe(6 + 10_099 / 1e6);
  });

  test('fires timers of the same time in the order of rule, then point', () => {
    const other = makePoint(2, 'attic', 'temperature');
    const rules = ['b', 'a'].map((name) =>
      makeRule({
        name,
        points: ['fridge/temperature', 'attic/temperature'].map((text) => pointEntry(text).pattern),
        levels: [level({ onDelayMs: 1_000 })],
      }),
    );
    const bench = startBench(rules, [], [fridge, other]);
    bench.read(0, 6, 'good', fridge);
    bench.read(0, 6, 'good', other);
    bench.take();
    bench.advance(1_000);
    expect(bench.take().map(({ alert }) => `${alert.rule} ${alert.device}`)).toEqual([
      'a attic',
      'a fridge',
      'b attic',
      'b fridge',
    ]);
  });

  test('forgets the worst value of the occurrence before', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required' })]);
    for (const [at, value] of [9, 0, 6].entries()) bench.read(at, value);
    expect(bench.alert()).toMatchObject({ id: 'warm/fridge/temperature/2', worst: 6 });
  });

  test('keeps the worst value in the direction of the breach', () => {
    const rule = makeRule({
      levels: [level({ comparator: { kind: 'outside', low: quantity(2), high: quantity(8) } })],
    });
    const bench = startBench([rule]);
    for (const [at, value] of [8.5, 0.5, 9, 5].entries()) bench.read(at, value);
    expect(bench.alert()).toMatchObject({ worst: 0.5, limit: [2, 8] });
  });
});
