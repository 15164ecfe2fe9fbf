import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overlap } from '../../../src/config/points/pattern-overlap.ts';
import { compilePattern } from '../../../src/domain/point.ts';

test('overlap() is true of exactly those patterns that some point matches both', () => {
  const part = fc
    .array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 })
    .map((letters) => letters.join(''));
  const words = allWords(4);
  fc.assert(
    fc.property(part, part, (one, other) => {
      const [a, b] = [compilePattern(`${one}/m`), compilePattern(`${other}/m`)];
      const isMet = words.some((word) => a.matches(word, 'm') && b.matches(word, 'm'));
      expect(overlap(a, b)).toBe(isMet);
      expect(overlap(b, a)).toBe(isMet);
    }),
    { numRuns: 500 },
  );
});

test('overlap() compares device with device and metric with metric', () => {
  const glob = compilePattern('freezer-*/temperature');
  expect(overlap(glob, compilePattern('freezer-3/*'))).toBe(true);
  expect(overlap(glob, compilePattern('freezer-3/humidity'))).toBe(false);
  expect(overlap(glob, compilePattern('hall/freezer-3/temperature'))).toBe(false);
});

/** Every text of a and b up to a length; two patterns of three letters meet in one of six at most, and of four here. */
function allWords(lengthMax: number): readonly string[] {
  const words = [''];
  for (const word of words) if (word.length < lengthMax) words.push(`${word}a`, `${word}b`);
  return words;
}
