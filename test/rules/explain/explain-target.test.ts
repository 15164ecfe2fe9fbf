import { describe, expect, test } from 'vitest';
import {
  findTarget,
  leadOf,
  whatToType,
  type KnownAlert,
} from '../../../src/rules/explain/explain-target.ts';
import { eventRow, key, outputRow, row } from './explain-fixture.ts';

const alerts: readonly KnownAlert[] = [
  { key: 'hot/oven/heat', rule: 'hot', state: 'normal' },
  { key: 'hot/oven 2/heat', rule: 'hot', state: 'active' },
  { key: 'hot/oven/heat/4', rule: 'hot', state: 'normal' },
  { key: 'cold/cellar/t', rule: 'cold', state: 'normal' },
  { key: 'cold/shed/t', rule: 'cold', state: 'normal' },
];

describe('findTarget()', () => {
  test.each([
    ['hot/oven/heat', 'hot/oven/heat', null],
    ['hot/oven/heat/3', 'hot/oven/heat', 'hot/oven/heat/3'],
    ['hot/oven/heat/4', 'hot/oven/heat/4', null],
    ['hot', 'hot/oven 2/heat', null],
    ['cold/c', 'cold/cellar/t', null],
  ])('findTarget() reads %j', (wanted, found, id) => {
    expect(findTarget(wanted, alerts)).toEqual({ key: found, id });
  });

  test('findTarget() says what to type where nothing or too much fits', () => {
    const refusal = (wanted: string): unknown => {
      try {
        return findTarget(wanted, alerts);
      } catch (error) {
        return error;
      }
    };
    expect(refusal('warm')).toMatchObject({
      code: 'not_found',
      message: `No alert "warm" ever rang; try:\n  limen why 'hot/oven 2/heat'`,
    });
    expect(refusal('cold')).toMatchObject({
      code: 'invalid',
      message: '"cold" fits several alerts:\n  limen why cold/cellar/t\n  limen why cold/shed/t',
    });
    expect(whatToType([])).toBe('; nothing has rung yet');
  });
});

describe('leadOf()', () => {
  test.each([
    ['an event', eventRow(10, { n: 3 }), { kind: 'target', target: { key, id: `${key}/3` } }],
    ['a command', outputRow(11, { cause: [10] }), { kind: 'row', seq: 10 }],
    ['a command of a start', outputRow(11, {}), { kind: 'alert', key }],
    [
      'a notification',
      row(12, 'notification', 'kitchen', { event_seq: 10 }),
      { kind: 'row', seq: 10 },
    ],
    ['an act', row(13, 'act', key, { id: null }), { kind: 'alert', key }],
    ['an answer', row(14, 'answer', 'ack', { seq: 13 }), { kind: 'row', seq: 13 }],
  ])('leadOf() goes on from %s', (_, from, lead) => {
    expect(leadOf(from)).toEqual(lead);
  });

  test('leadOf() of a row that is of no alert says why', () => {
    expect(leadOf(outputRow(11, { owner: null, reason: 'start' }))).toMatchObject({
      reason: 'Row 11 is of no alert: the output siren was sent safe (start), for no alert',
    });
    expect(leadOf(row(1, 'config', '', {}))).toMatchObject({ kind: 'none' });
  });
});
