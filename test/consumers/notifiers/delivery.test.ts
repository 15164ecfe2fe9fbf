import { expect, test } from 'vitest';
import { deliveryText } from '../../../src/consumers/notifiers/delivery.ts';
import { alertFacts, type FirstOut } from '../../../src/domain/alert.ts';
import { alertOf, seq } from '../fixtures.ts';

function messageOf(firstOut: FirstOut | null): unknown {
  const alert = alertOf({ rule: 'hot', device: 'oil', metric: 't', message: 'too hot', firstOut });
  const notification = {
    seq: seq(1),
    edge: 'active',
    id: alert.id,
    alert: alertFacts(alert),
    drill: false,
  } as const;
  const body: unknown = JSON.parse(deliveryText({ notification, site: 's', recorded: true }));
  return typeof body === 'object' && body !== null && 'message' in body ? body.message : null;
}

test('deliveryText() says which alert of a group was first', () => {
  expect(messageOf(null)).toBe('too hot');
  expect(messageOf({ group: 'compressor', alert: 'hot/oil/t' })).toBe(
    'too hot (first of group compressor)',
  );
  expect(messageOf({ group: 'compressor', alert: 'stopped/motor/i' })).toBe(
    'too hot (after stopped/motor/i in group compressor)',
  );
});
