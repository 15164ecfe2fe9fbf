import { expect, test } from 'vitest';
import {
  above,
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  quantity,
  startBench,
  type Bench,
} from './bench.ts';

const inFahrenheit = makePoint(2, 'fridge', 'temperature', { unit: '°F' });
const inVolts = makePoint(2, 'fridge', 'temperature', { unit: 'V' });
const inCelsius = makePoint(3, 'fridge', 'temperature', { unit: '°C' });
const rule = makeRule({ levels: [level({ comparator: above(30, '°C') })] });

function startAt(value: number): Bench {
  const bench = startBench([rule]);
  bench.read(0, value);
  bench.take();
  return bench;
}

test('replacePoint() converts the last value: another unit raises nothing and clears nothing', () => {
  const warm = startAt(40);
  warm.point(1, inFahrenheit, fridge);
  expect(warm.alert()).toMatchObject({
    state: 'active',
    condition: 'breached',
    value: 104,
    unit: '°F',
    limit: 86,
    worst: 104,
  });
  expect(edges(warm.take())).toEqual([]);
  const cold = startAt(20);
  cold.point(1, inFahrenheit, fridge);
  cold.read(2, 69, 'good', inFahrenheit);
  expect(cold.alert()).toMatchObject({ state: 'normal', value: 69, unit: '°F' });
  cold.read(3, 87, 'good', inFahrenheit);
  expect(cold.alert().state).toBe('active');
  expect(edges(cold.take())).toEqual(['normal>active breached']);
});

test('replacePoint() shows an open alert in the new unit, and keeps it so over a restart', () => {
  const bench = startAt(40);
  bench.point(1, inFahrenheit, fridge);
  expect(bench.take().map(({ kind, alert }) => [kind, alert.unit, alert.worst])).toEqual([
    ['condition', '°F', 104],
  ]);
  const again = bench.reborn(10, [rule], [], [inFahrenheit]);
  again.started(10);
  expect(again.alert()).toMatchObject({ state: 'active', value: 104, worst: 104 });
});

test('replacePoint() lets nobody know the value where the units do not convert', () => {
  const bench = startAt(40);
  const level40 = makeRule({ levels: [level({ comparator: above(40) })] });
  bench.config(1, [level40]);
  bench.take();
  bench.point(2, inVolts, fridge);
  expect(bench.alert()).toMatchObject({ condition: 'unknown', value: null, worst: null });
  expect(bench.take()).toHaveLength(1);
  bench.read(3, 41, 'good', inVolts);
  expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached', worst: 41 });
});

test('replacePoint() judges a limit without a unit anew: it is in the new unit', () => {
  const bench = startBench([makeRule({ levels: [level({ comparator: above(50) })] })]);
  bench.read(0, 20);
  bench.point(1, inFahrenheit, fridge);
  expect(bench.alert()).toMatchObject({ state: 'active', value: 68, limit: 50 });
});

test('replacePoint() goes on over several units, with delays and silence as they were', () => {
  const delayed = makeRule({
    levels: [level({ comparator: above(30, '°C'), onDelayMs: 10_000, deadband: quantity(1) })],
  });
  const bench = startBench([delayed]);
  bench.read(0, 40);
  bench.point(1_000, inFahrenheit, fridge);
  bench.point(2_000, inCelsius, inFahrenheit);
  expect(bench.alert()).toMatchObject({ state: 'pending', worst: 40, unit: '°C' });
  bench.advance(10_000);
  expect(bench.alert()).toMatchObject({ state: 'active', value: 40 });
  bench.advance(3_600_000);
  expect(bench.alert('limen.never_heard').state).toBe('normal');
});

test('replacePoint() before the start goes on with what was stored, and judges it after the restart table', () => {
  const bench = startAt(40);
  const stored = bench.engine.snapshot();
  const change = (to: typeof fridge): Bench => {
    const next = startAt(40);
    expect(next.engine.snapshot()).toEqual(stored);
    const again = next.reborn(10, [rule], [], []);
    again.point(10, to, fridge);
    expect(again.events).toEqual([]);
    again.started(10);
    return again;
  };
  expect(change(inFahrenheit).alert()).toMatchObject({
    state: 'active',
    condition: 'breached',
    value: 104,
    worst: 104,
  });
  expect(change(inVolts).alert()).toMatchObject({ state: 'active', condition: 'unknown' });
});

test('replacePoint() starts no off-delay: after a restart that takes a fresh reading', () => {
  const slow = makeRule({ levels: [level({ comparator: above(30, '°C') })], offDelayMs: 1_000 });
  const bench = startBench([slow]);
  bench.read(0, 40);
  bench.read(1, 20);
  bench.started(500);
  bench.point(600, inFahrenheit, fridge);
  bench.advance(10_000);
  expect(bench.alert()).toMatchObject({ state: 'active', condition: 'clear', unit: '°F' });
  bench.read(11_000, 68, 'good', inFahrenheit);
  bench.advance(12_000);
  expect(bench.alert().state).toBe('returned');
});
