import { expect, test } from 'vitest';
import type { Rule } from '../../src/domain/rule.ts';
import { above, edges, level, makeRule, pointEntry, quantity, startBench } from './bench.ts';

function twoLevels(more: Partial<Rule> = {}, warningMs = 0, criticalMs = 0): Rule {
  return makeRule({
    levels: [
      level({ comparator: above(5), deadband: quantity(1), onDelayMs: warningMs }),
      level({
        severity: 'critical',
        comparator: above(10),
        deadband: quantity(2),
        onDelayMs: criticalMs,
      }),
    ],
    acknowledge: null,
    ...more,
  });
}

test('settle() raises at the most severe level that is due at once', () => {
  const bench = startBench([twoLevels()]);
  bench.read(1, 12);
  expect(edges(bench.events)).toEqual(['normal>active breached']);
  expect(bench.alert()).toMatchObject({ severity: 'critical', severityMax: 'critical', limit: 10 });
});

test('settle() counts the on-delay of each level from the moment its own limit is passed', () => {
  const bench = startBench([twoLevels({}, 10_000, 5_000)]);
  bench.read(1_000, 6);
  expect(bench.alert()).toMatchObject({ state: 'pending', severity: 'warning', limit: 5 });
  bench.read(3_000, 11);
  expect(bench.alert()).toMatchObject({ state: 'pending', severity: 'critical', limit: 10 });
  bench.advance(8_000);
  expect(bench.alert()).toMatchObject({ state: 'active', severity: 'critical' });
  expect(bench.events.at(-1)?.at).toBe(8_000);
});

test('settle() cancels the on-delay of the level whose limit is no longer passed', () => {
  const bench = startBench([twoLevels({}, 10_000, 5_000)]);
  bench.read(1_000, 11);
  bench.read(3_000, 9);
  expect(bench.alert()).toMatchObject({ state: 'pending', severity: 'warning' });
  bench.advance(10_999);
  expect(bench.alert().state).toBe('pending');
  bench.advance(11_000);
  expect(bench.alert()).toMatchObject({ state: 'active', severity: 'warning' });
});

test('settle() puts an acknowledged alert back to active when it escalates', () => {
  const bench = startBench([twoLevels()]);
  bench.read(1, 6);
  bench.act(2, 'acknowledge', { comment: 'on my way' });
  bench.read(3, 11);
  expect(edges(bench.events)).toEqual([
    'normal>active breached',
    'active>acknowledged acknowledged',
    'acknowledged>active escalated',
  ]);
  expect(bench.alert()).toMatchObject({
    severity: 'critical',
    raises: 1,
    acknowledgedBy: null,
    acknowledgedAt: null,
  });
});

test('settle() escalates a returned alert under the same id', () => {
  const bench = startBench([twoLevels({ acknowledge: 'required' })]);
  bench.read(1, 6);
  const { id } = bench.alert();
  bench.read(2, 3);
  bench.read(3, 11);
  expect(edges(bench.events).at(-1)).toBe('returned>active escalated');
  expect(bench.alert()).toMatchObject({ id, raises: 2 });
});

test('settle() lets the severity fall to the level still held, and keeps the acknowledgement', () => {
  const bench = startBench([twoLevels({ offDelayMs: 1_000 })]);
  bench.read(1_000, 11);
  bench.act(2_000, 'acknowledge');
  bench.read(3_000, 8.5);
  bench.advance(9_000);
  expect(bench.alert().severity).toBe('critical');
  bench.read(10_000, 8);
  bench.advance(10_999);
  expect(bench.alert().severity).toBe('critical');
  bench.advance(11_000);
  expect(edges(bench.events).at(-1)).toBe('acknowledged>acknowledged deescalated');
  expect(bench.alert()).toMatchObject({
    severity: 'warning',
    severityMax: 'critical',
    limit: 5,
    acknowledgedBy: 'ann',
  });
});

test.each(['bad', 'stale'] as const)(
  'settle() does not let the severity fall on %s data',
  (quality) => {
    const bench = startBench([twoLevels({ offDelayMs: 1_000 })]);
    bench.read(1_000, 11);
    bench.read(2_000, 7);
    bench.read(2_500, NaN, quality);
    bench.advance(60_000);
    expect(bench.alert()).toMatchObject({ severity: 'critical', condition: 'unknown' });
    bench.read(61_000, 7);
    bench.advance(62_000);
    expect(bench.alert().severity).toBe('warning');
  },
);

test('settle() starts the off-delay of a level anew after bad data', () => {
  const bench = startBench([twoLevels({ offDelayMs: 1_000 })]);
  bench.read(1_000, 11);
  bench.read(2_000, 7);
  bench.read(2_500, NaN, 'bad');
  bench.read(2_600, 7);
  bench.advance(3_599);
  expect(bench.alert().severity).toBe('critical');
  bench.advance(3_600);
  expect(bench.alert().severity).toBe('warning');
});

test('settle() does not let the severity fall in the millisecond the point goes stale', () => {
  // Its timer comes before that of limen.stale.
  const rule = twoLevels({ name: 'early', offDelayMs: 30_000 });
  const bench = startBench([rule], [pointEntry('*/temperature', { expectEveryMs: 10_000 })]);
  bench.read(0, 11);
  bench.read(1_000, 7);
  bench.advance(31_000);
  expect(bench.alert('early')).toMatchObject({ severity: 'critical', quality: 'stale' });
});

test('settle() returns without a deescalation when all levels are left together', () => {
  const bench = startBench([twoLevels({ offDelayMs: 1_000 })]);
  bench.read(1_000, 11);
  bench.read(2_000, 0);
  bench.advance(5_000);
  expect(edges(bench.events)).toEqual(['normal>active breached', 'active>returned off_delay_over']);
});

test('settle() keeps the severity while the less severe level is still in its on-delay', () => {
  const bench = startBench([twoLevels({}, 10_000, 1_000)]);
  bench.read(0, 11);
  bench.advance(1_000);
  bench.read(2_000, 7);
  expect(bench.alert()).toMatchObject({ state: 'active', severity: 'critical' });
  bench.advance(10_000);
  expect(bench.alert()).toMatchObject({ state: 'active', severity: 'warning' });
  expect(edges(bench.events).at(-1)).toBe('active>active deescalated');
});

test('settle() raises a critical level again after it was left', () => {
  const bench = startBench([twoLevels()]);
  bench.read(1, 11);
  bench.read(2, 7);
  bench.read(3, 11);
  expect(edges(bench.events)).toEqual([
    'normal>active breached',
    'active>active deescalated',
    'active>active escalated',
  ]);
});

test('settle() needs an acknowledgement by default once the occurrence was critical', () => {
  const warning = startBench([twoLevels()]);
  warning.read(1, 6);
  warning.read(2, 0);
  expect(warning.alert().state).toBe('normal');
  const critical = startBench([twoLevels()]);
  critical.read(1, 11);
  critical.read(2, 7);
  critical.read(3, 0);
  expect(critical.alert()).toMatchObject({ state: 'returned', severity: 'warning' });
});

test('Engine.compared() gives the numbers of each level in the unit of the point', () => {
  const bench = startBench([
    makeRule({
      levels: [
        level({ comparator: above(41, '°F'), deadband: quantity(1.8, '°F'), onDelayMs: 5_000 }),
        level({ severity: 'critical', comparator: above(10) }),
      ],
      offDelayMs: 2_000,
      latch: true,
    }),
  ]);
  bench.read(1, 6);
  expect(bench.engine.compared({ rule: 'warm', device: 'fridge', metric: 'temperature' })).toEqual({
    members: null,
    off_delay_ms: 2_000,
    latch: true,
    acknowledge_required: true,
    levels: [
      {
        severity: 'warning',
        comparator: 'above',
        limit: 5,
        clear_limit: 4,
        on_delay_ms: 5_000,
        breached: true,
        held: false,
      },
      {
        severity: 'critical',
        comparator: 'above',
        limit: 10,
        clear_limit: null,
        on_delay_ms: 0,
        breached: false,
        held: false,
      },
    ],
  });
  expect(bench.engine.compared({ rule: 'warm', device: 'x', metric: 'y' })).toBeNull();
});
