import { describe, expect, test } from 'vitest';
import { above, edges, level, makeRule, startBench } from './bench.ts';

describe('perform() acknowledge', () => {
  test('refuses an alert that does not exist', () => {
    const bench = startBench([makeRule()]);
    const alert = { rule: 'cold', device: 'fridge', metric: 'temperature' };
    expect(bench.act(0, 'acknowledge', { alert })).toEqual({
      result: 'refused',
      reason: 'there is no alert "cold/fridge/temperature"',
    });
  });

  test('refuses an earlier occurrence and names the present one', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required' })]);
    for (const [at, value] of [6, 0, 6].entries()) bench.read(at, value);
    const id = 'warm/fridge/temperature/1';
    expect(bench.act(3, 'acknowledge', { id })).toEqual({
      result: 'refused',
      reason:
        '"warm/fridge/temperature/1" is an earlier occurrence; ' +
        'the present one is "warm/fridge/temperature/2"',
    });
    expect(bench.alert().state).toBe('active');
  });

  test('refuses an id that is none of its occurrences, and says so', () => {
    const bench = startBench([makeRule()]);
    const reasonOf = (id: string): unknown => bench.act(1, 'acknowledge', { id });
    expect(reasonOf('warm/fridge/temperature/1')).toMatchObject({
      reason:
        '"warm/fridge/temperature/1" is no occurrence of "warm/fridge/temperature", which has had none',
    });
    bench.read(1, 6);
    for (const id of ['warm/fridge/temperature/2', 'warm/attic/temperature/1', 'warm', '1']) {
      expect(reasonOf(id)).toEqual({
        result: 'refused',
        reason: `"${id}" is no occurrence of "warm/fridge/temperature"; the present one is "warm/fridge/temperature/1"`,
      });
    }
  });

  test('refuses a normal and a pending alert', () => {
    const bench = startBench([makeRule({ levels: [level({ onDelayMs: 1_000 })] })]);
    expect(bench.act(0, 'acknowledge')).toMatchObject({ result: 'refused' });
    bench.read(1, 6);
    expect(bench.act(2, 'acknowledge')).toMatchObject({ result: 'refused' });
  });

  test('records who, when and why, and never clears a breach', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    const verdict = bench.act(10, 'acknowledge', { id: bench.alert().id, comment: 'seen' });
    expect(verdict).toMatchObject({ result: 'done', alert: { state: 'acknowledged' } });
    expect(bench.alert()).toMatchObject({
      condition: 'breached',
      acknowledgedBy: 'ann',
      acknowledgedAt: 1_700_000_000_010,
      comment: 'seen',
    });
  });

  test('records a further comment on an acknowledged alert', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.act(1, 'acknowledge', { comment: 'seen' });
    bench.act(2, 'acknowledge', { by: 'bob', comment: 'door closed' });
    expect(edges(bench.events).at(-1)).toBe('acknowledged>acknowledged acknowledged');
    expect(bench.alert()).toMatchObject({
      acknowledgedBy: 'ann',
      acknowledgedAt: 1_700_000_000_001,
      comment: 'door closed',
    });
  });

  test('changes nothing on an acknowledged alert without a comment', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.act(1, 'acknowledge', { comment: 'seen' });
    expect(bench.act(2, 'acknowledge', { by: 'bob' })).toMatchObject({
      result: 'done',
      alert: { acknowledgedBy: 'ann', acknowledgedAt: 1_700_000_000_001, comment: 'seen' },
    });
  });

  test('names who acknowledged after an escalation, not who did before', () => {
    const levels = [level(), level({ severity: 'critical', comparator: above(10) })];
    const bench = startBench([makeRule({ levels })]);
    bench.read(0, 6);
    bench.act(1, 'acknowledge', { comment: 'seen' });
    bench.read(2, 11);
    bench.act(3, 'acknowledge', { by: 'bob' });
    expect(bench.alert()).toMatchObject({
      acknowledgedBy: 'bob',
      acknowledgedAt: 1_700_000_000_003,
      comment: null,
    });
  });

  test('ends a returned occurrence', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.read(1, 0);
    expect(bench.act(2, 'acknowledge')).toMatchObject({ alert: { state: 'normal' } });
  });

  test('is accepted where none is required', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required' })]);
    bench.read(0, 6);
    expect(bench.act(1, 'acknowledge')).toMatchObject({ result: 'done' });
  });
});

describe('perform() reset', () => {
  const latching = makeRule({ latch: true, offDelayMs: 1_000 });

  test('is needed to leave a latched alert', () => {
    const bench = startBench([latching]);
    bench.read(0, 6);
    expect(bench.alert().latched).toBe(true);
    bench.read(10, 0);
    bench.advance(5_000);
    expect(bench.alert()).toMatchObject({ state: 'active', latched: true });
    expect(bench.act(6_000, 'reset')).toMatchObject({ result: 'done' });
    expect(bench.alert()).toMatchObject({ state: 'returned', latched: false });
    expect(edges(bench.events).at(-1)).toBe('active>returned reset');
  });

  test('ends an acknowledged latch', () => {
    const bench = startBench([latching]);
    bench.read(0, 6);
    bench.act(1, 'acknowledge');
    bench.read(10, 0);
    bench.advance(5_000);
    bench.act(6_000, 'reset', { comment: 'valve replaced' });
    expect(bench.alert()).toMatchObject({ state: 'normal', comment: 'valve replaced' });
  });

  test('is refused while breached, while the off-delay runs and while unknown', () => {
    const bench = startBench([latching]);
    const reasons: unknown[] = [];
    const reset = (at: number): void => {
      const verdict = bench.act(at, 'reset');
      reasons.push(verdict?.result === 'refused' ? verdict.reason : 'done');
    };
    bench.read(0, 6);
    reset(1);
    bench.read(10, 0);
    reset(11);
    bench.advance(2_000);
    bench.read(2_001, NaN, 'bad');
    reset(2_002);
    bench.read(3_000, 0);
    reset(3_001);
    reset(4_000);
    expect(reasons).toEqual([
      'the condition is still breached',
      'the off-delay is not over',
      'the condition is unknown',
      'the off-delay is not over',
      'done',
    ]);
  });

  test('is refused without a latch', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    expect(bench.act(1, 'reset')).toEqual({ result: 'refused', reason: 'the rule has no latch' });
  });
});
