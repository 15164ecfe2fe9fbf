import { expect, test } from 'vitest';
import { alertJson, alertKey, alertOfJson, alertStates, isOpen } from '../../src/domain/alert.ts';
import { alertOf } from '../consumers/fixtures.ts';

test('alertJson() has every key of the contract, in its order, with null where nothing applies', () => {
  const json = alertJson(alertOf({ limit: [1, 2] }));
  expect(Object.keys(json)).toEqual(
    (
      'id rule device metric state condition quality severity severity_max value unit limit worst message ' +
      'breached_at raised_at returned_at changed_at due_at raises acknowledged_by acknowledged_at comment latched ' +
      'shelved_until suppressed_by out_of_service reason seq'
    ).split(' '),
  );
  expect(json).toMatchObject({ returned_at: null, shelved_until: null, limit: [1, 2] });
  expect(Object.values(json)).not.toContain(undefined);
});

test('alertOfJson() gives back the alert that alertJson() has shown, through JSON', () => {
  const alert = alertOf({ value: 'open', worst: true, unit: null, latched: true, comment: 'ä"' });
  expect(alertOfJson(JSON.parse(JSON.stringify(alertJson(alert))))).toEqual(alert);
});

test('alertKey() names rule, device and metric', () => {
  expect(alertKey({ rule: 'r', device: 'd', metric: 'm' })).toBe('r/d/m');
});

test('isOpen() is true of the states in which an alert was raised', () => {
  expect(alertStates.filter(isOpen)).toEqual(['active', 'acknowledged', 'returned']);
});
