import { expect, test } from 'vitest';
import { compilePattern } from '../../src/domain/point.ts';
import { ruleDifference } from '../../src/rules/config-difference.ts';
import { above, level, makeRule } from './bench.ts';

test('ruleDifference() tells what is judged anew from what is applied in place', () => {
  const named = (name: string): ReturnType<typeof makeRule> => makeRule({ name });
  const before = ['same', 'limit', 'text', 'override', 'gone'].map(named);
  const changes = {
    levels: [level({ comparator: above(9) })],
    offDelayMs: 0,
    unknown: 'hold',
    message: null,
  } as const;
  const after = [
    named('same'),
    makeRule({ name: 'limit', levels: [level({ comparator: above(6) })] }),
    makeRule({ name: 'text', message: 'hot' }),
    makeRule({ name: 'override', variants: [{ patterns: [compilePattern('fridge/*')], changes }] }),
    named('new'),
  ];
  expect(ruleDifference(before, after)).toEqual({
    unchanged: ['same'],
    judgedAnew: ['limit', 'override'],
    inPlace: ['text'],
    added: ['new'],
    removed: ['gone'],
  });
});
