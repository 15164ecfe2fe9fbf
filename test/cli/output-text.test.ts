import { expect, test } from 'vitest';
import { outputText } from '../../src/cli/output-text.ts';
import type { OutputJson } from '../../src/http/client.ts';

const siren: OutputJson = {
  name: 'siren',
  state: 'unknown',
  commanded: 'off',
  owner: null,
  reason: 'idle',
  since: 0,
  seq: 1,
  detail: null,
  hold: null,
  trip: null,
};
const said = (more: Partial<OutputJson>): string => outputText({ ...siren, ...more });
const hold = { level: 'off', by: 'anna', comment: null, until_at: 0 } as const;

test('outputText() says what is read back, and what nobody knows', () => {
  expect(said({})).toBe('siren is told off, state not known');
  expect(said({ state: 'off' })).toBe('siren is off, read back');
  expect(said({ state: 'on', commanded: 'off' })).toBe('siren is on, read back, told off');
});

test('outputText() says for whom, and why', () => {
  expect(said({ commanded: 'on', owner: 'hot/oven/heat', reason: 'claim' })).toBe(
    'siren is told on, state not known, for hot/oven/heat',
  );
  expect(said({ owner: 'hot/oven/heat', reason: 'min_off' })).toContain(', min off hot/oven/heat');
  expect(said({ reason: 'lease_lost', detail: 'the board bench is away: unplugged' })).toBe(
    'siren is told off, state not known, the board bench is away: unplugged',
  );
  expect(said({ reason: 'interlock', detail: 'pump is energised' })).toContain(
    ', interlock (pump is energised)',
  );
});

test('outputText() says who holds it, until when and why, and that it is tripped', () => {
  expect(said({ reason: 'manual', owner: 'anna', hold })).toMatch(
    /^siren is told off, state not known, held off by anna until \d\d:\d\d/,
  );
  expect(said({ hold: { ...hold, comment: 'test\u001B' } })).toContain(' "test\\u001b"');
  expect(said({ reason: 'trip', trip: { why: 'its only_while is not true', at: 0 } })).toBe(
    'siren is told off, state not known, TRIPPED: its only_while is not true; limen reset siren',
  );
});
