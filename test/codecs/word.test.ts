import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readWord } from '../../src/codecs/word.ts';

test('readWord() reads a whole number and nothing less', () => {
  for (const text of ['21.5', '-18', '+3', '.5', '5.', '1e3', '1E-3', ' 7 ', '\t7\n'])
    expect(readWord(text)).toEqual({ kind: 'number', value: Number(text) });
  for (const text of ['27,00', '12abc', 'value27', '1 2', '0x10', '1_000', '1e', '--5', '5%'])
    expect(readWord(text)).toEqual({ kind: 'text', text });
});

test('readWord() reads a number too large for a double as no value', () => {
  expect(readWord('1e999')).toEqual({ kind: 'none', text: '1e999' });
  expect(readWord('-1e999')).toEqual({ kind: 'none', text: '-1e999' });
  expect(readWord('1e-999')).toEqual({ kind: 'number', value: 0 });
});

test('readWord() reads true and false in the usual words, and keeps the word', () => {
  for (const text of ['on', 'ON', 'On', 'true', 'TRUE', 'yes'])
    expect(readWord(text)).toEqual({ kind: 'boolean', value: true, text });
  for (const text of ['off', 'OFF', 'false', 'no'])
    expect(readWord(text)).toEqual({ kind: 'boolean', value: false, text });
});

test('readWord() knows the words that say there is no value', () => {
  const words = [
    '',
    ' ',
    'null',
    'None',
    'NaN',
    '-nan',
    'inf',
    '-Infinity',
    'unavailable',
    'unknown',
  ];
  for (const text of [...words, 'N/A', '--', 'undefined'])
    expect(readWord(text)).toEqual({ kind: 'none', text: text.trim() });
});

test('readWord() takes everything else for a text', () => {
  for (const text of ['open', 'constructor', '__proto__', 'toString', 'online', 'true!', 'ünknown'])
    expect(readWord(text)).toEqual({ kind: 'text', text });
});

test('readWord() never gives a number that is not finite', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const word = readWord(text);
      if (word.kind === 'number') expect(Number.isFinite(word.value)).toBe(true);
    }),
  );
});
