import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalOrder } from '../../src/domain/natural-order.ts';

test('naturalOrder() puts numbers in names in their order', () => {
  const sorted = [
    '',
    'f',
    'f1',
    'f2',
    'f2-9',
    'f2-10',
    'f07',
    'f7',
    'f10',
    'f10b',
    'f 2',
    'g1',
    'ä1',
  ];
  expect(sorted.toReversed().toSorted(naturalOrder)).toEqual(sorted);
  expect(['10', '9', ' 1'].toSorted(naturalOrder)).toEqual([' 1', '9', '10']);
});

test('naturalOrder() is an order: what is before cannot be after, and only the same name is equal', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'b', '0', '1', '9', '-', ' ', '.', 'e'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      expect(Math.sign(naturalOrder(a, b))).toBe(-Math.sign(naturalOrder(b, a)) + 0);
      expect(naturalOrder(a, b) === 0).toBe(a === b);
      if (naturalOrder(a, b) < 0 && naturalOrder(b, c) < 0)
        expect(naturalOrder(a, c)).toBeLessThan(0);
    }),
  );
});
