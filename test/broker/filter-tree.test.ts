import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FilterTree } from '../../src/broker/filter-tree.ts';
import { matchesFilter } from '../../src/domain/topic.ts';

test('FilterTree matches what one of its filters matches', () => {
  const level = fc.constantFrom('a', 'b', '$a', '');
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(fc.array(filter, { maxLength: 5 }), topic, (filters, each) => {
      const expected = filters.some((one) => matchesFilter(one, each));
      expect(new FilterTree(filters).matches(each)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});
