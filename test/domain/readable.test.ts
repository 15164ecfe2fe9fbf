import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readable } from '../../src/domain/readable.ts';

describe('readable()', () => {
  test.each([
    [5.09099933819, 5.091],
    [119.306126315, 119.306],
    [-18.4375, -18.4375],
    [0.1 + 0.2, 0.3],
    [1 / 3, 0.333333],
    [101_325.25, 101_325],
    [1_234_567.8, 1_234_568],
    [1_234_567, 1_234_567],
    [0, 0],
    [0.000_012_345_678, 0.000_012_345_7],
  ])('readable() writes %d as %d', (value, expected) => {
    expect(readable(value)).toBe(expected);
  });

  test('readable() keeps as many digits as it takes to be beyond the limit', () => {
    expect(readable(5.000_000_1, [5])).toBe(5.000_000_1);
    expect(readable(52.520_008, [52.520_005])).toBe(52.520_008);
    expect(readable(4.999_999_9, [2, 5])).toBe(4.999_999_9);
  });

  test('readable() never moves a number to the other side of a limit', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const close = fc.tuple(number, fc.double({ min: -1e-3, max: 1e-3, noNaN: true }));
    fc.assert(
      fc.property(close, ([limit, distance]) => {
        const value = Number((limit + distance).toPrecision(12));
        expect(Math.sign(readable(value, [limit]) - limit)).toBe(Math.sign(value - limit));
      }),
    );
  });
});
