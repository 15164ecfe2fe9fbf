import { expect, test } from 'vitest';
import { findState, readSwitchWord } from '../../src/domain/state.ts';

test('readSwitchWord() knows six words in any case, and no other', () => {
  for (const word of ['on', 'YES', 'True']) expect(readSwitchWord(word)).toBe(true);
  for (const word of ['Off', 'no', 'FALSE']) expect(readSwitchWord(word)).toBe(false);
  for (const word of ['', 'o', 'onn', 'none', '1', 'truest', 'constructor'])
    expect(readSwitchWord(word)).toBeNull();
});

test('findState() takes words for a switch by what they mean, and all others by the letter', () => {
  const states = ['idle', 'OFF', 'running'];
  for (const state of [false, 'off', 'OFF', 'no']) expect(findState(states, state)).toBe(1);
  expect(findState(states, 'running')).toBe(2);
  for (const state of [true, 'on', 'Running', 'gone', 1]) expect(findState(states, state)).toBe(-1);
});

test('findState() prefers what is written just so', () => {
  expect(findState(['no', 'off'], 'off')).toBe(1);
  expect(findState(['no', 'false'], false)).toBe(1);
});
