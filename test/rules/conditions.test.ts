import { describe, expect, test } from 'vitest';
import type { Point } from '../../src/domain/point.ts';
import type { Comparator } from '../../src/domain/rule.ts';
import { compileRegion, isBreached } from '../../src/rules/conditions.ts';
import { fridge, level, makePoint, quantity } from './bench.ts';

const bare = makePoint(2, 'shed', 'level');

function judge(
  comparator: Comparator,
  value: number,
  options: { deadband?: ReturnType<typeof quantity>; held?: boolean; point?: Point } = {},
): boolean {
  const { deadband = quantity(0), held = false, point = bare } = options;
  return isBreached(compileRegion(level({ comparator, deadband }), point), held, value);
}

const above: Comparator = { kind: 'above', limit: quantity(5) };
const below: Comparator = { kind: 'below', limit: quantity(5) };
const outside: Comparator = { kind: 'outside', low: quantity(2), high: quantity(8) };
const inside: Comparator = { kind: 'inside', low: quantity(2), high: quantity(8) };

// Comparator, value, breached while not held, breached while held with a deadband of 1.
const edges: readonly (readonly [Comparator, number, boolean, boolean])[] = [
  [above, 5.000001, true, true],
  [above, 5, false, true],
  [above, 4.000001, false, true],
  [above, 4, false, false],
  [below, 4.999999, true, true],
  [below, 5, false, true],
  [below, 5.999999, false, true],
  [below, 6, false, false],
  [outside, 1.999999, true, true],
  [outside, 2, false, true],
  [outside, 2.999999, false, true],
  [outside, 3, false, false],
  [outside, 7, false, false],
  [outside, 7.000001, false, true],
  [outside, 8, false, true],
  [outside, 8.000001, true, true],
  [inside, 0.999999, false, false],
  [inside, 1, false, true],
  [inside, 1.999999, false, true],
  [inside, 2, true, true],
  [inside, 8, true, true],
  [inside, 8.000001, false, true],
  [inside, 9, false, true],
  [inside, 9.000001, false, false],
];

describe('isBreached()', () => {
  test.each(edges)('of %o at %d is %s, and %s while held', (comparator, value, free, held) => {
    const deadband = quantity(1);
    expect(judge(comparator, value, { deadband })).toBe(free);
    expect(judge(comparator, value, { deadband, held: true })).toBe(held);
  });

  test('never compares with NaN', () => {
    for (const comparator of [above, below, outside, inside]) {
      expect(judge(comparator, NaN)).toBe(false);
    }
  });
});

describe('compileRegion()', () => {
  test('converts a limit into the unit of the point', () => {
    const comparator: Comparator = { kind: 'above', limit: quantity(50, '°F') };
    const region = compileRegion(level({ comparator }), fridge);
    expect(region.high).toBeCloseTo(10, 9);
  });

  test('converts a deadband as a difference', () => {
    const comparator: Comparator = { kind: 'above', limit: quantity(10, '°C') };
    const region = compileRegion(level({ comparator, deadband: quantity(3.6, '°F') }), fridge);
    expect(region.heldHigh).toBeCloseTo(8, 9);
  });

  test('takes a bare limit in the unit of the point', () => {
    expect(compileRegion(level({ comparator: above }), fridge).high).toBe(5);
  });

  test('takes the number as it is at a point without a unit', () => {
    const comparator: Comparator = { kind: 'above', limit: quantity(50, '°F') };
    expect(compileRegion(level({ comparator }), bare).high).toBe(50);
  });

  test('tells of a unit that does not fit, of the limit or of the deadband', () => {
    const limit: Comparator = { kind: 'below', limit: quantity(3, 'hPa') };
    const problems = [
      compileRegion(level({ comparator: limit }), fridge).problem,
      compileRegion(level({ comparator: above, deadband: quantity(3, 'hPa') }), fridge).problem,
    ];
    expect(problems).toEqual(['hPa cannot be converted to °C', 'hPa cannot be converted to °C']);
  });

  test('compares a boolean point with true and false', () => {
    const door = makePoint(3, 'fridge', 'open', { kind: 'boolean' });
    const comparator: Comparator = { kind: 'equals', value: true };
    expect(judge(comparator, 1, { point: door })).toBe(true);
    expect(judge(comparator, 0, { point: door })).toBe(false);
  });

  test('compares a text point with a state by its index', () => {
    const valve = makePoint(3, 'plant', 'valve', { kind: 'text', states: ['shut', 'open'] });
    const comparator: Comparator = { kind: 'equals', value: 'open' };
    expect(judge(comparator, 1, { point: valve })).toBe(true);
    expect(judge(comparator, 0, { point: valve })).toBe(false);
  });

  test('finds a text state that was never heard equal to nothing', () => {
    const valve = makePoint(3, 'plant', 'valve', { kind: 'text', states: ['shut'] });
    const comparator: Comparator = { kind: 'equals', value: 'open' };
    expect(judge(comparator, 0, { point: valve })).toBe(false);
    expect(compileRegion(level({ comparator }), valve).problem).toBeNull();
  });

  test('tells of a text state that is written in other letters', () => {
    const valve = makePoint(3, 'plant', 'valve', { kind: 'text', states: ['shut', 'OPEN'] });
    const comparator: Comparator = { kind: 'equals', value: 'open' };
    expect(compileRegion(level({ comparator }), valve).problem).toBe(
      'it says "OPEN", and the rule "open"',
    );
  });

  test('tells that words and numbers cannot be compared', () => {
    const valve = makePoint(3, 'plant', 'valve', { kind: 'text', states: ['shut'] });
    const word: Comparator = { kind: 'equals', value: 'open' };
    expect(compileRegion(level({ comparator: word }), fridge).problem).toContain('number');
    expect(compileRegion(level({ comparator: above }), valve).problem).toContain('text');
  });

  test('applies the deadband of equals to numbers', () => {
    const comparator: Comparator = { kind: 'equals', value: 5 };
    const deadband = quantity(1);
    expect(judge(comparator, 5.5, { deadband })).toBe(false);
    expect(judge(comparator, 5.5, { deadband, held: true })).toBe(true);
    expect(judge(comparator, 6.5, { deadband, held: true })).toBe(false);
  });
});
