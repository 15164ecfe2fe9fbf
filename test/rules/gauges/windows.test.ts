import { describe, expect, test } from 'vitest';
import type { Aggregate, Comparator, Rule } from '../../../src/domain/rule.ts';
import {
  above,
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  pointEntry,
  quantity,
  startBench,
  type Bench,
} from '../bench.ts';

const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];
const perMinute = 60_000;

/** The rule `warm` over the last minute of the fridge. */
function windowed(of: Aggregate, more: Partial<Rule> = {}): Rule {
  return makeRule({ window: { spanMs: 60_000, of }, ...more });
}

function rateAbove(value: number, unit: string | null = '°C', perMs = perMinute): Comparator {
  return { kind: 'rate_above', limit: { value, unit, perMs } };
}

/** One reading in ten seconds, from this time on. */
function readAll(bench: Bench, from: number, values: readonly number[]): void {
  for (const [index, value] of values.entries()) bench.read(from + index * 10_000, value);
}

describe('a window', () => {
  test('is unknown until half of it is covered, for raising and for clearing', () => {
    const bench = startBench([windowed({ kind: 'mean' })], every10s);
    readAll(bench, 0, [9, 9, 9]);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'unknown', value: null });
    bench.read(30_000, 9);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached', value: 9 });
  });

  test('is judged by its aggregate, not by the value', () => {
    const bench = startBench([windowed({ kind: 'mean' })], every10s);
    readAll(bench, 0, [4, 4, 4, 4, 4, 4, 20]);
    expect(bench.alert()).toMatchObject({ state: 'normal', condition: 'clear', value: 4 });
    bench.read(70_000, 4);
    expect(bench.alert()).toMatchObject({ state: 'active', unit: '°C', limit: 5 });
    expect(bench.alert().value).toBeCloseTo(40 / 6, 9);
    // It was passed between the two readings, when the window had moved on by 4 s.
    expect(bench.alert().message).toBe(
      'mean over 1 min of fridge/temperature is 5.06667 °C, above 5 °C',
    );
  });

  test('keeps the worst aggregate, and tells it with the return', () => {
    const bench = startBench([windowed({ kind: 'max' })], every10s);
    readAll(bench, 0, [4, 9, 4, 4, 4, 4, 4, 4, 4]);
    expect(bench.alert()).toMatchObject({ state: 'returned', worst: 9, value: 4 });
    expect(bench.alert().message).toBe(
      'max over 1 min of fridge/temperature is 4 °C (worst 9 °C, lasted 40 s)',
    );
  });

  test('acts with deadband, levels and delays as a value does', () => {
    const levels = [
      level({ comparator: above(5), deadband: quantity(1), onDelayMs: 10_000 }),
      level({ severity: 'critical', comparator: above(10) }),
    ];
    const bench = startBench([windowed({ kind: 'min' }, { levels, offDelayMs: 5_000 })], every10s);
    readAll(bench, 0, [6, 6, 6, 6]);
    expect(bench.alert()).toMatchObject({ state: 'pending', severity: 'warning' });
    bench.read(40_000, 6);
    expect(bench.alert().state).toBe('active');
    readAll(bench, 50_000, [12, 12, 12, 12, 12, 12, 12]);
    expect(bench.alert()).toMatchObject({ severity: 'critical', value: 12 });
    bench.read(120_000, 4.5);
    expect(bench.alert()).toMatchObject({ condition: 'breached', value: 4.5 });
    bench.read(130_000, 4);
    bench.advance(135_000);
    expect(edges(bench.events).at(-1)).toBe('active>returned off_delay_over');
  });

  test('counts readings, and shows no unit', () => {
    const comparator: Comparator = { kind: 'below', limit: quantity(4) };
    const rule = windowed({ kind: 'count' }, { levels: [level({ comparator })] });
    const bench = startBench([rule], [pointEntry('*/*', { expectEveryMs: 30_000 })]);
    readAll(bench, 0, [1, 1, 1, 1, 1]);
    expect(bench.alert()).toMatchObject({ condition: 'clear', value: 5, unit: null });
    bench.advance(70_000);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 3, limit: 4 });
  });

  test('measures the time above a limit in seconds, whatever unit the limits are in', () => {
    const of: Aggregate = { kind: 'time_above', limit: quantity(46.4, '°F') };
    const levels = [level({ comparator: above(0.5, 'min') })];
    const bench = startBench([windowed(of, { levels })], every10s);
    readAll(bench, 0, [9, 9, 8, 8, 9, 9, 8]);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 40, unit: 's', limit: 30 });
    expect(bench.alert().message).toBe(
      'time above 46.4 °F over 1 min of fridge/temperature is 31 s, above 30 s',
    );
  });

  test('takes a percentile by nearest rank', () => {
    const bench = startBench([windowed({ kind: 'percentile', percent: 80 })], every10s);
    readAll(bench, 0, [1, 2, 3, 4, 5, 6]);
    expect(bench.alert()).toMatchObject({ condition: 'clear', value: 5 });
    bench.read(60_000, 7);
    expect(bench.alert()).toMatchObject({ condition: 'breached', value: 6 });
  });

  test('moves by itself: it fires and clears without a reading, and is unknown once it is empty', () => {
    const of: Aggregate = { kind: 'time_above', limit: quantity(8) };
    const levels = [level({ comparator: above(25) })];
    const bench = startBench(
      [windowed(of, { levels, acknowledge: 'not_required' })],
      [pointEntry('*/*', { expectEveryMs: 60_000 })],
    );
    bench.read(0, 1);
    bench.read(30_000, 9);
    bench.advance(55_000);
    expect(bench.alert().state).toBe('normal');
    bench.advance(56_000);
    expect(bench.events.at(-1)).toMatchObject({ at: 56_000, to: 'active' });
    bench.read(57_000, 1);
    bench.advance(100_000);
    expect(bench.events.findLast(({ kind }) => kind === 'transition')).toMatchObject({
      at: 92_000,
      from: 'active',
      to: 'normal',
      reason: 'off_delay_over',
    });
    bench.advance(117_000);
    expect(bench.alert()).toMatchObject({ condition: 'unknown', state: 'normal' });
    bench.advance(10_000_000);
    expect(bench.engine.nextDueAt).toBeNull();
  });

  test('does not clear when it has run empty', () => {
    const bench = startBench([windowed({ kind: 'max' })]);
    readAll(bench, 0, [9, 9, 9, 9, 9]);
    bench.advance(10_000_000);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
  });

  test('is unknown with a bad reading and while the point is stale, and cancels the off-delay', () => {
    const bench = startBench([windowed({ kind: 'max' }, { offDelayMs: 20_000 })], every10s);
    readAll(bench, 0, [9, 4, 4, 4, 4, 4, 4, 4]);
    expect(bench.alert()).toMatchObject({ condition: 'clear', state: 'active' });
    bench.read(80_000, NaN, 'bad');
    expect(bench.alert()).toMatchObject({ condition: 'unknown', dueAt: null });
    bench.advance(95_000);
    expect(bench.alert().condition).toBe('unknown');
    bench.read(96_000, 4);
    expect(bench.alert().condition).toBe('clear');
    bench.advance(200_000);
    expect(bench.alert()).toMatchObject({ condition: 'unknown', quality: 'stale' });
  });

  test('tells why it cannot be judged', () => {
    const text = makePoint(1, 'fridge', 'temperature', { kind: 'text', states: ['a'] });
    const pressure: Aggregate = { kind: 'time_above', limit: quantity(8, 'hPa') };
    const problem = (rule: Rule, point = fridge): string =>
      startBench([rule], [], [point]).engine.problems().join();
    expect(problem(windowed(pressure))).toContain('hPa cannot be converted to °C');
    expect(problem(windowed(pressure), text)).toContain('a text state cannot be compared');
    expect(problem(windowed({ kind: 'mean' }), text)).toContain('a text state');
    expect(problem(windowed({ kind: 'count' }), text)).toBe('');
  });

  test('begins empty after a restart: what is open stays open until it is known again', () => {
    const rule = windowed({ kind: 'mean' });
    const bench = startBench([rule], every10s);
    readAll(bench, 0, [9, 9, 9, 9]);
    const next = bench.reborn(40_000, [rule], every10s);
    next.started(40_000, { elapsedMs: 5_000 });
    readAll(next, 41_000, [1, 1, 1]);
    expect(next.alert()).toMatchObject({ state: 'active', condition: 'unknown', worst: 9 });
    next.read(71_000, 1);
    expect(next.alert()).toMatchObject({ state: 'returned', condition: 'clear' });
  });

  test('goes on when only its limit is changed, and starts anew when it is changed itself', () => {
    const bench = startBench([windowed({ kind: 'mean' })], every10s);
    readAll(bench, 0, [4, 4, 4, 4]);
    const levels = [level({ comparator: above(3) })];
    bench.config(31_000, [windowed({ kind: 'mean' }, { levels })], every10s);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached', value: 4 });
    bench.config(32_000, [windowed({ kind: 'max' }, { levels })], every10s);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
    readAll(bench, 40_000, [2, 2, 2]);
    expect(bench.alert()).toMatchObject({ condition: 'breached', value: 4 });
  });

  test('leaves no timer behind when the rule judges the value again', () => {
    const bench = startBench([windowed({ kind: 'mean' })]);
    readAll(bench, 0, [9, 9, 9, 9, 9]);
    bench.config(41_000, [makeRule()]);
    bench.advance(10_000_000);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached', value: 9 });
    expect(bench.engine.nextDueAt).toBeNull();
  });

  test('begins anew when the unit of its point changes, and keeps a worst that has another unit', () => {
    const of: Aggregate = { kind: 'time_above', limit: quantity(8, '°C') };
    const rules = [
      windowed({ kind: 'mean' }),
      windowed(of, { name: 'long', levels: [level({ comparator: above(10) })] }),
    ];
    const bench = startBench(rules, every10s);
    readAll(bench, 0, [9, 9, 9, 9, 9]);
    const fahrenheit = makePoint(2, 'fridge', 'temperature', { unit: '°F' });
    bench.point(41_000, fahrenheit, fridge);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown', worst: 48.2 });
    expect(bench.alert('long')).toMatchObject({ condition: 'unknown', worst: 41, unit: 's' });
    for (let at = 50_000; at <= 80_000; at += 10_000) bench.read(at, 50, 'good', fahrenheit);
    expect(bench.alert()).toMatchObject({ condition: 'breached', unit: '°F' });
  });

  test('gives the same events for the same inputs', () => {
    const run = (): string => {
      const rules = [
        windowed({ kind: 'mean' }),
        windowed({ kind: 'rate' }, { name: 'fast', levels: [level({ comparator: rateAbove(3) })] }),
      ];
      const bench = startBench(rules, every10s);
      for (let at = 0; at < 900_000; at += 7_300) bench.read(at, 5 + 4 * Math.sin(at / 60_000));
      bench.advance(2_000_000);
      return JSON.stringify([bench.events, bench.engine.snapshot()]);
    };
    expect(run()).toBe(run());
    expect(run().length).toBeGreaterThan(1_000);
  });
});

describe('a rate', () => {
  function rateRule(comparator: Comparator, more: Partial<Parameters<typeof level>[0]> = {}): Rule {
    return windowed({ kind: 'rate' }, { levels: [level({ comparator, ...more })] });
  }

  test('is the slope of the window, in the unit and time of its limit', () => {
    const bench = startBench([rateRule(rateAbove(2))], every10s);
    readAll(bench, 0, [0, 0.5, 1, 1.5]);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 3, limit: 2, unit: '°C/min' });
    expect(bench.alert().message).toBe(
      'rate over 1 min of fridge/temperature is 3 °C/min, above 2 °C/min',
    );
  });

  test('converts as differences do', () => {
    const bench = startBench([rateRule(rateAbove(300, '°F', 3_600_000))], every10s);
    readAll(bench, 0, [0, 0.5, 1, 1.5]);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 324, unit: '°F/h' });
  });

  test('takes a limit without a unit in that of the point', () => {
    const bench = startBench([rateRule(rateAbove(2, null))], every10s);
    readAll(bench, 0, [0, 0.5, 1, 1.5]);
    expect(bench.alert()).toMatchObject({ state: 'active', value: 3, unit: '°C/min' });
  });

  test('compares levels of other times and units, and clears behind the deadband', () => {
    const levels = [
      level({ comparator: rateAbove(2), deadband: quantity(1) }),
      level({ severity: 'critical', comparator: rateAbove(324, '°F', 3_600_000) }),
    ];
    const bench = startBench([windowed({ kind: 'rate' }, { levels })], every10s);
    readAll(bench, 0, [0, 0.4, 0.8, 1.2]);
    expect(bench.alert()).toMatchObject({ severity: 'warning', value: 2.4 });
    readAll(bench, 40_000, [3, 5, 7, 9]);
    expect(bench.alert()).toMatchObject({ severity: 'critical', limit: 3, unit: '°C/min' });
    readAll(bench, 80_000, [9.2, 9.4, 9.6, 9.8, 10, 10.2, 10.4]);
    expect(bench.alert()).toMatchObject({ condition: 'breached', value: 1.2 });
    readAll(bench, 150_000, [10.4, 10.4, 10.4, 10.4]);
    expect(bench.alert()).toMatchObject({ state: 'returned', condition: 'clear' });
  });

  test('falls below a negative limit', () => {
    const comparator: Comparator = {
      kind: 'rate_below',
      limit: { value: -2, unit: '°C', perMs: perMinute },
    };
    const bench = startBench([rateRule(comparator)], every10s);
    readAll(bench, 0, [9, 8.9, 8.8, 8.7]);
    expect(bench.alert().condition).toBe('clear');
    readAll(bench, 40_000, [5, 2]);
    expect(bench.alert()).toMatchObject({ state: 'active', limit: -2, unit: '°C/min' });
  });

  test('tells of a unit that does not fit the point', () => {
    const { engine } = startBench([rateRule(rateAbove(2, '%'))]);
    expect(engine.problems().join()).toContain('% cannot be converted to °C');
  });
});
