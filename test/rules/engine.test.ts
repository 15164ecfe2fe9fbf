import { expect, test } from 'vitest';
import { edges, level, makeRule, startBench } from './bench.ts';

test('createEngine() takes an alert through pending, active, returned and normal', () => {
  const bench = startBench([
    makeRule({ levels: [level({ onDelayMs: 60_000 })], offDelayMs: 10_000 }),
  ]);
  bench.read(1_000, 4);
  bench.read(2_000, 6);
  bench.read(30_000, 7);
  bench.advance(70_000);
  bench.read(80_000, 4);
  bench.advance(100_000);
  bench.act(110_000, 'acknowledge');
  expect(edges(bench.events)).toEqual([
    'normal>pending breached',
    'pending>active on_delay_over',
    'active>returned off_delay_over',
    'returned>normal acknowledged',
  ]);
  const raised = bench.events.find((event) => event.to === 'active');
  expect(raised).toMatchObject({ at: 62_000, cause: [6, 8] });
  expect(bench.alert().message).toBe('fridge/temperature is 4 °C (worst 7 °C, lasted 1 min 28 s)');
});
