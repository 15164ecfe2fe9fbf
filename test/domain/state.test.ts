import { expect, test } from 'vitest';
import { isState, readSwitchWord, stateIndex } from '../../src/domain/state.ts';

test('readSwitchWord() knows on and off in each spelling, and no other word', () => {
  for (const word of ['on', 'ON', 'true', 'Yes']) expect(readSwitchWord(word)).toBe(true);
  for (const word of ['off', 'OFF', 'false', 'no']) expect(readSwitchWord(word)).toBe(false);
  for (const word of ['', 'open', '1', 'on ', 'offline', 'x'.repeat(9_999)])
    expect(readSwitchWord(word)).toBeNull();
});

test('stateIndex() finds a state in whatever spelling it came first, and other words as they are', () => {
  const states = ['OFF', 'standby', 'on', 'ON', '3'];
  for (const state of ['off', 'no', false]) expect(stateIndex(states, state)).toBe(0);
  for (const state of ['ON', true, 'yes']) expect(stateIndex(states, state)).toBe(2);
  expect(stateIndex(states, 'standby')).toBe(1);
  expect(stateIndex(states, 'Standby')).toBe(-1);
  expect(stateIndex(states, 3)).toBe(4);
  expect(stateIndex(['standby'], false)).toBe(-1);
});

test('isState() takes the spellings of on and off for the same on either side', () => {
  expect(isState('OFF', false)).toBe(true);
  expect(isState(true, 'yes')).toBe(true);
  expect(isState('on', 'off')).toBe(false);
  expect(isState('open', 'open')).toBe(true);
  expect(isState('open', true)).toBe(false);
  expect(isState(1, true)).toBe(false);
});
