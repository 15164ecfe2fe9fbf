import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeDecimal } from '../../src/codecs/decimal.ts';

const decode = (text: string): number => {
  const bytes = Buffer.from(`<<${text}>>`);
  return decodeDecimal(bytes, 2, bytes.length - 2);
};

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: min, maxLength: max });

test('decodeDecimal() equals Number() for every plain decimal of up to 15 digits', () => {
  const plain = fc
    .tuple(fc.constantFrom('', '-', '+'), digits(0, 15), fc.boolean(), digits(0, 15))
    .filter(([, whole, , fraction]) => (whole + fraction).length > 0)
    .map(([sign, whole, hasPoint, fraction]) => {
      const kept = (whole + fraction).slice(0, 15);
      const cut = Math.min(whole.length, kept.length);
      return sign + kept.slice(0, cut) + (hasPoint ? '.' : '') + kept.slice(cut);
    });
  fc.assert(
    fc.property(plain, (text) => {
      expect(decode(text)).toBe(Number(text));
    }),
    { numRuns: 5_000 },
  );
});

test('decodeDecimal() gives NaN for what is longer, and for anything but a plain decimal', () => {
  for (const text of [
    '',
    '+',
    '-',
    '.',
    '-.',
    '1e5',
    '1.2.3',
    '--1',
    '1-',
    ' 1',
    '1 ',
    '1,5',
    '0x1',
  ])
    expect(decode(text)).toBeNaN();
  for (const text of ['1234567890123456', '0.1234567890123456', 'NaN', 'Infinity', '٣'])
    expect(decode(text)).toBeNaN();
});

test('decodeDecimal() is either NaN or what Number() reads in the same bytes', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'0123456789+-.e ,x'.split('')),
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, (chars) => {
      const value = decode(chars);
      if (!Number.isNaN(value)) expect(value).toBe(Number(chars));
    }),
    { numRuns: 5_000 },
  );
});

test('decodeDecimal() keeps the sign of zero and takes a bare point at either end', () => {
  expect(decode('-0')).toBe(-0);
  expect(decode('.5')).toBe(0.5);
  expect(decode('5.')).toBe(5);
  expect(decode('-18.25')).toBe(-18.25);
});
