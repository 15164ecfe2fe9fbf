import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, displayValue, pointName } from '../../src/domain/point.ts';

test('displayValue() shows the stored number as what the point means', () => {
  const states = ['shut', 'open'];
  expect(displayValue({ kind: 'number', states: [] }, -18.5)).toBe(-18.5);
  expect(displayValue({ kind: 'boolean', states: [] }, 1)).toBe(true);
  expect(displayValue({ kind: 'boolean', states: [] }, 0)).toBe(false);
  expect(displayValue({ kind: 'text', states }, 1)).toBe('open');
  expect(displayValue({ kind: 'text', states }, 2)).toBeNull();
  for (const kind of ['number', 'boolean', 'text'] as const)
    expect(displayValue({ kind, states }, NaN)).toBeNull();
});

test('compilePattern() lets * stand for anything within one part', () => {
  const matches = (pattern: string, device: string, metric: string): boolean =>
    compilePattern(pattern).matches(device, metric);
  expect(matches('freezer-*/temperature', 'freezer-1', 'temperature')).toBe(true);
  expect(matches('freezer-*/temperature', 'freezer-', 'temperature')).toBe(true);
  expect(matches('freezer-*/temperature', 'fridge-1', 'temperature')).toBe(false);
  expect(matches('*/*', 'a/b', 'c')).toBe(true);
  expect(matches('*a*b*/t', 'xaxbx', 't')).toBe(true);
  expect(matches('*a*b*/t', 'xbxa', 't')).toBe(false);
  expect(matches('ab*ba/t', 'aba', 't')).toBe(false);
  expect(matches('a.c/t', 'abc', 't')).toBe(false);
  expect(matches('a/b/t', 'a/b', 't')).toBe(true);
  expect(compilePattern('a/t').exact).toBe(true);
  expect(compilePattern('a*/t').exact).toBe(false);
});

test('compilePattern() agrees with a regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  const device = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  fc.assert(
    fc.property(text, device, (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      expect(compilePattern(`${pattern}/t`).matches(name, 't')).toBe(expression.test(name));
    }),
    { numRuns: 2_000 },
  );
});

test('compilePattern() takes no longer for a pattern made to be slow', () => {
  const startMs = performance.now();
  const { matches } = compilePattern(`${'*a'.repeat(60)}*b/t`);
  expect(matches('a'.repeat(10_000), 't')).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(100);
});

test('pointName() writes device and metric with a slash', () => {
  expect(pointName({ device: 'freezer-1', metric: 'temperature' })).toBe('freezer-1/temperature');
});

test('compilePattern() means what Limen measures of itself only where it says so', () => {
  const matches = (pattern: string): boolean =>
    compilePattern(pattern).matches('bench', 'limen.bad_lines');
  expect(['bench/*', '*/*', 'bench/*lines'].map(matches)).toEqual([false, false, false]);
  expect(['bench/limen.bad_lines', '*/limen.*'].map(matches)).toEqual([true, true]);
});
