import { describe, expect, test } from 'vitest';
import { notifyEdge, notifyTargets } from '../../../src/consumers/notifiers/edges.ts';
import type { Alert, AlertEvent, AlertState, Reason } from '../../../src/domain/alert.ts';
import type { NotifyEdge } from '../../../src/domain/rule.ts';
import { alertOf, eventOf, ruleOf, wall } from '../fixtures.ts';

const notify = (notifier: string, ...on: NotifyEdge[]) =>
  ({ kind: 'notify', notifier, on }) as const;

describe('notifyEdge()', () => {
  test.each<[AlertState, AlertState, Reason, NotifyEdge | null]>([
    ['normal', 'pending', 'breached', null],
    ['normal', 'active', 'breached', 'active'],
    ['pending', 'active', 'on_delay_over', 'active'],
    ['returned', 'active', 'on_delay_over', 'active'],
    ['active', 'active', 'escalated', 'escalated'],
    ['acknowledged', 'active', 'escalated', 'escalated'],
    ['active', 'active', 'deescalated', null],
    ['active', 'acknowledged', 'acknowledged', 'acknowledged'],
    ['acknowledged', 'acknowledged', 'acknowledged', null],
    ['acknowledged', 'acknowledged', 'deescalated', null],
    ['active', 'returned', 'off_delay_over', 'returned'],
    ['active', 'returned', 'reset', 'returned'],
    ['active', 'normal', 'off_delay_over', 'normal'],
    ['acknowledged', 'normal', 'off_delay_over', 'normal'],
    ['returned', 'normal', 'acknowledged', 'normal'],
    ['active', 'normal', 'removed', 'normal'],
    ['pending', 'normal', 'cleared_in_delay', null],
    ['pending', 'normal', 'removed', null],
  ])('notifyEdge() from %s to %s because of %s is %s', (from, to, reason, edge) => {
    expect(notifyEdge({ kind: 'transition', from, to, reason })).toBe(edge);
  });

  test('notifyEdge() is null for flags and conditions', () => {
    for (const kind of ['flag', 'condition'] as const) {
      expect(notifyEdge({ kind, from: 'normal', to: 'active', reason: 'breached' })).toBeNull();
    }
  });
});

describe('notifyEdge() of a flag', () => {
  test.each<[AlertState, Reason, NotifyEdge | null]>([
    ['active', 'unshelved', 'active'],
    ['returned', 'unshelved', 'active'],
    ['active', 'in_service', 'active'],
    ['returned', 'in_service', 'active'],
    ['active', 'unsuppressed', 'active'],
    ['returned', 'unsuppressed', 'active'],
    ['acknowledged', 'unshelved', null],
    ['pending', 'unshelved', null],
    ['normal', 'in_service', null],
    ['active', 'shelved', null],
    ['active', 'out_of_service', null],
    ['active', 'suppressed', null],
    ['acknowledged', 'unsuppressed', null],
    ['normal', 'unsuppressed', null],
  ])('notifyEdge() of an alert that is %s and %s is %s', (state, reason, edge) => {
    expect(notifyEdge({ kind: 'flag', from: state, to: state, reason })).toBe(edge);
  });
});

describe('notifyTargets()', () => {
  const rule = ruleOf('freezer-warm', [
    notify('kitchen', 'active', 'escalated'),
    notify('cellar', 'acknowledged'),
    notify('kitchen', 'active'),
    { kind: 'claim', output: 'siren', level: 'on', span: 'raised' },
  ]);

  test('notifyTargets() names each notifier once', () => {
    expect(notifyTargets(rule, eventOf(alertOf()))).toEqual(['kitchen']);
  });

  test('notifyTargets() tells who asked for acknowledgements that a returned alert was seen', () => {
    const seen = alertOf({ state: 'normal', reason: 'acknowledged' });
    expect(notifyTargets(rule, eventOf(seen, { from: 'returned' }))).toEqual(['cellar']);
  });

  test('notifyTargets() tells who asked for active when an escalation makes it active again', () => {
    const only = ruleOf('freezer-warm', [notify('kitchen', 'active')]);
    const escalated = alertOf({ reason: 'escalated' });
    expect(notifyTargets(only, eventOf(escalated, { from: 'acknowledged' }))).toEqual(['kitchen']);
    expect(notifyTargets(only, eventOf(escalated, { from: 'active' }))).toEqual([]);
  });

  test('notifyTargets() tells of the end of the last flag as of a raise, not of one of two', () => {
    const flag = { kind: 'flag', from: 'returned', reason: 'unshelved' } as const;
    const alert = alertOf({ state: 'returned', reason: 'unshelved' });
    expect(notifyTargets(rule, eventOf(alert, flag))).toEqual(['kitchen']);
    expect(notifyTargets(rule, eventOf({ ...alert, outOfService: true }, flag))).toEqual([]);
  });

  test.each<Partial<Alert>>([
    { shelvedUntil: wall(9_000) },
    { suppressedBy: 'parent' },
    { outOfService: true },
  ])('notifyTargets() is empty while %j', (flag) => {
    expect(notifyTargets(rule, eventOf(alertOf(flag)))).toEqual([]);
  });
});

describe('a notice', () => {
  const rule = ruleOf('warm', [
    notify('ann', 'active'),
    notify('bob', 'normal'),
    notify('eve', 'returned'),
  ]);
  const told = (reason: Reason, more: Partial<AlertEvent> = {}, alert: Partial<Alert> = {}) => {
    const shown = alertOf({ rule: 'warm', ...alert });
    const notice = { text: 'again', notifiers: null };
    return notifyTargets(rule, eventOf(shown, { kind: 'notice', reason, notice, ...more }));
  };

  test('is told as what it is', () => {
    for (const reason of ['repeated', 'chained', 'chattering', 'chatter_over'] as const) {
      expect(notifyEdge({ kind: 'notice', from: 'active', to: 'active', reason })).toBe(reason);
    }
  });

  test('goes to those who are told when the alert becomes active', () => {
    expect(told('repeated')).toEqual(['ann']);
    expect(told('chattering')).toEqual(['ann']);
  });

  test('of a chain goes to those it names', () => {
    const notice = { text: 'again', notifiers: ['boss', 'boss', 'deputy'] };
    expect(told('chained', { notice })).toEqual(['boss', 'deputy']);
  });

  test('of an end of chattering also goes to those who wait for what is true then', () => {
    expect(told('chatter_over')).toEqual(['ann']);
    expect(told('chatter_over', {}, { state: 'normal' })).toEqual(['ann', 'bob']);
    expect(told('chatter_over', {}, { state: 'returned' })).toEqual(['ann', 'eve']);
  });

  test('goes to nobody while a flag is set, or when it is hushed, as any event', () => {
    expect(told('repeated', {}, { outOfService: true })).toEqual([]);
    expect(told('chained', { hushed: 'flood', notice: { text: '', notifiers: ['boss'] } })).toEqual(
      [],
    );
    const raise = eventOf(alertOf({ rule: 'warm' }), { hushed: 'chatter' });
    expect(notifyTargets(rule, raise)).toEqual([]);
  });
});
