import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../../src/domain/alert.ts';
import { above, level, makeRule, startBench, wallOffsetMs } from '../bench.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const rules = [makeRule({ shelveMaxMs: 8 * hourMs })];
const minute = { act: 'shelve', forMs: 60_000 } as const;
const out = { act: 'service', in: false } as const;
const back = { act: 'service', in: true } as const;

/** An event in short, with its kind: `flag active unshelved`. */
function told(events: readonly AlertEvent[]): readonly string[] {
  return ofWarm(events).map(({ kind, from, to, reason }) =>
    kind === 'flag' ? `flag ${to} ${reason}` : `${from}>${to} ${reason}`,
  );
}

// A point that is named in full is expected, too: Limen's own alerts are not the matter here.
function ofWarm(events: readonly AlertEvent[]): readonly AlertEvent[] {
  return events.filter(({ alert }) => alert.rule === 'warm');
}

describe('perform() shelve', () => {
  test('says until when, as an event of kind flag that is caused by the act, and leaves the state', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.take();
    const verdict = bench.act(1_000, minute, { comment: 'defrosting' });
    expect(verdict).toMatchObject({
      result: 'done',
      alert: { state: 'active', shelvedUntil: wallOffsetMs + 61_000, comment: 'defrosting' },
    });
    const [event] = bench.take();
    expect(event).toMatchObject({ kind: 'flag', from: 'active', to: 'active', reason: 'shelved' });
    expect(event?.cause).toHaveLength(1);
  });

  test('ends at its time, and tells what is true then', () => {
    const bench = startBench(rules);
    bench.act(0, minute);
    bench.read(1_000, 6);
    bench.advance(100_000);
    expect(told(bench.events)).toEqual([
      'flag normal shelved',
      'normal>active breached',
      'flag active unshelved',
    ]);
    expect(bench.events.at(-1)).toMatchObject({ at: 60_000, alert: { shelvedUntil: null } });
    expect(bench.events.at(-1)?.cause).toEqual(bench.events[0]?.cause);
  });

  test('ends after everything else of its millisecond: what was over then is not announced', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required', offDelayMs: 10_000 })]);
    bench.read(0, 6);
    bench.act(0, minute);
    bench.read(50_000, 0);
    bench.advance(60_000);
    expect(told(bench.events).slice(-2)).toEqual([
      'active>normal off_delay_over',
      'flag normal unshelved',
    ]);
  });

  test('is refused for longer than shelve_max, with the limit, and altogether where that is 0', () => {
    const bench = startBench(rules);
    expect(bench.act(0, { act: 'shelve', forMs: 9 * hourMs })).toEqual({
      result: 'refused',
      reason: '9h is longer than shelve_max, which is 8h',
    });
    expect(bench.act(0, { act: 'shelve', forMs: 8 * hourMs })).toMatchObject({ result: 'done' });
    const never = startBench([makeRule({ shelveMaxMs: 0 })]);
    expect(never.act(0, 'shelve')).toMatchObject({ result: 'refused' });
  });

  test('can be set anew while it runs', () => {
    const bench = startBench(rules);
    bench.act(0, minute);
    bench.act(30_000, minute);
    bench.advance(89_999);
    expect(bench.alert().shelvedUntil).toBe(wallOffsetMs + 90_000);
    bench.advance(90_000);
    expect(bench.alert().shelvedUntil).toBeNull();
  });

  test('needs the present occurrence where an id is given, also of an alert that was never raised', () => {
    const bench = startBench(rules);
    const id = 'warm/fridge/temperature/0';
    expect(bench.act(0, minute, { id })).toMatchObject({ result: 'done' });
    bench.read(1, 6);
    expect(bench.act(2, minute, { id })).toMatchObject({ result: 'refused' });
  });

  test('lasts through an escalation, which is not told either', () => {
    const levels = [level(), level({ severity: 'critical', comparator: above(10) })];
    const bench = startBench([makeRule({ levels })]);
    bench.read(0, 6);
    bench.act(1, minute);
    bench.read(2, 11);
    expect(bench.events.at(-1)).toMatchObject({ reason: 'escalated' });
    expect(bench.events.at(-1)?.alert.shelvedUntil).not.toBeNull();
  });
});

describe('perform() shelve one-shot', () => {
  test('ends at normal, after the event of the return and without an announcement', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required' })]);
    bench.read(0, 6);
    bench.act(1, 'shelve');
    bench.read(2, 0);
    expect(told(bench.events)).toEqual([
      'normal>active breached',
      'flag active shelved',
      'active>normal off_delay_over',
      'flag normal unshelved',
    ]);
    expect(bench.events.at(-2)?.alert.shelvedUntil).not.toBeNull();
    bench.read(3, 6);
    expect(bench.alert()).toMatchObject({ state: 'active', shelvedUntil: null });
  });

  test('ends at the acknowledgement that makes it normal', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(1, 'shelve');
    bench.read(2, 0);
    expect(bench.alert()).toMatchObject({ state: 'returned' });
    expect(bench.alert().shelvedUntil).not.toBeNull();
    expect(bench.act(3, 'acknowledge')).toMatchObject({ alert: { shelvedUntil: null } });
  });

  test('ends at shelve_max if it never becomes normal, and then it is announced', () => {
    const bench = startBench([makeRule({ shelveMaxMs: 60_000 })]);
    bench.read(0, 6);
    bench.act(1_000, 'shelve');
    bench.advance(61_000);
    expect(bench.events.at(-1)).toMatchObject({ to: 'active', reason: 'unshelved', at: 61_000 });
  });

  test('shelves the next occurrence of a normal alert', () => {
    const bench = startBench([makeRule({ acknowledge: 'not_required' })]);
    bench.act(0, 'shelve');
    bench.read(1, 6);
    expect(bench.alert().shelvedUntil).not.toBeNull();
    bench.read(2, 0);
    expect(bench.alert().shelvedUntil).toBeNull();
  });
});

describe('perform() unshelve', () => {
  test('ends a shelf and is refused without one', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(1, minute);
    expect(bench.act(2, 'unshelve')).toMatchObject({ alert: { shelvedUntil: null } });
    expect(bench.events.at(-1)).toMatchObject({ kind: 'flag', reason: 'unshelved', to: 'active' });
    expect(bench.act(3, 'unshelve')).toEqual({
      result: 'refused',
      reason: 'the alert is not shelved',
    });
  });
});

describe('perform() service', () => {
  test('takes out of service and puts back, once each', () => {
    const bench = startBench(rules);
    bench.act(0, out);
    bench.read(1, 6);
    expect(bench.alert()).toMatchObject({ state: 'active', outOfService: true });
    expect(bench.act(2, out)).toMatchObject({ result: 'refused' });
    expect(bench.act(3, back)).toMatchObject({ alert: { outOfService: false } });
    expect(bench.act(4, back)).toMatchObject({ result: 'refused' });
    expect(told(bench.events)).toEqual([
      'flag normal out_of_service',
      'normal>active breached',
      'flag active in_service',
    ]);
  });

  test('is reminded of every 24 hours and never ends by itself', () => {
    const bench = startBench(rules);
    bench.act(1_000, out);
    bench.take();
    bench.advance(3 * dayMs);
    const reminders = ofWarm(bench.take());
    expect(told(reminders)).toEqual(['flag normal out_of_service', 'flag normal out_of_service']);
    expect(reminders.map(({ at }) => at)).toEqual([dayMs + 1_000, 2 * dayMs + 1_000]);
    expect(bench.alert().outOfService).toBe(true);
  });

  test('stays when a shelf ends, and the other way round', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(1, minute);
    bench.act(2, out);
    bench.act(3, 'unshelve');
    expect(bench.events.at(-1)?.alert).toMatchObject({ shelvedUntil: null, outOfService: true });
    bench.act(4, minute);
    bench.act(5, back);
    expect(bench.events.at(-1)?.alert.shelvedUntil).not.toBeNull();
  });
});

describe('restart() of a shelf', () => {
  test.each([
    [50_000, 40_000, 60_000],
    [500_000, 490_000, 500_000],
  ])('at %i ms after %i ms down it ends at %i ms', (at, elapsedMs, endMs) => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(0, minute);
    const next = bench.reborn(at, rules);
    next.started(at, { elapsedMs });
    next.advance(endMs - 1);
    next.advance(endMs);
    expect(told(next.events)).toEqual(['flag active unshelved']);
    expect(next.events[0]).toMatchObject({ at: endMs });
  });

  test('lets the remainder run on when nobody knows how long it was, wherever the clock stands', () => {
    for (const stepMs of [-30 * dayMs, 0, 3_000 * dayMs]) {
      const bench = startBench(rules);
      bench.act(0, minute);
      const next = bench.reborn(10_000, rules);
      next.started(10_000, { elapsedMs: null, wallOffsetMs: wallOffsetMs + stepMs });
      expect(next.alert().shelvedUntil).toBe(wallOffsetMs + stepMs + 60_000);
      next.advance(59_999);
      expect(next.alert().shelvedUntil).not.toBeNull();
      next.advance(60_000);
      expect(next.alert().shelvedUntil).toBeNull();
    }
  });

  test('ends it when it was said to end, once the clock is trusted', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(0, minute);
    const next = bench.reborn(10_000, rules);
    next.started(10_000, { elapsedMs: null });
    next.clock(20_000, 30_000, 30_000);
    expect(next.alert().shelvedUntil).toBe(wallOffsetMs + 60_000);
    const third = next.reborn(25_000, rules);
    third.started(25_000, { elapsedMs: null });
    third.clock(26_000, dayMs);
    expect(told(third.events).at(-1)).toBe('flag active unshelved');
    expect(third.events.at(-1)?.at).toBe(26_000);
  });

  test('keeps a one-shot and what is out of service, and reminds at once of what was due', () => {
    const quick = [makeRule({ acknowledge: 'not_required', shelveMaxMs: 8 * hourMs })];
    const bench = startBench(quick);
    bench.read(0, 6);
    bench.act(1, 'shelve');
    bench.act(2, out);
    const next = bench.reborn(hourMs, quick);
    next.started(hourMs, { elapsedMs: hourMs - 2 });
    next.read(hourMs + 1, 0);
    expect(next.alert()).toMatchObject({ state: 'normal', shelvedUntil: null, outOfService: true });
    const third = next.reborn(10 * dayMs, quick);
    third.started(10 * dayMs, { elapsedMs: 9 * dayMs });
    expect(told(third.events)).toContain('flag normal out_of_service');
    expect(third.events.filter(({ kind }) => kind === 'flag')).toHaveLength(1);
  });
});

describe('followClock() of a shelf', () => {
  test.each([[-dayMs], [dayMs]])('a step of %i ms moves what is shown, not the end', (stepMs) => {
    const bench = startBench(rules);
    bench.act(0, minute);
    bench.clock(10_000, 0, stepMs);
    expect(bench.events.at(-1)).toMatchObject({
      kind: 'condition',
      alert: { shelvedUntil: wallOffsetMs + stepMs + 60_000 },
    });
    bench.advance(59_999);
    expect(bench.alert().shelvedUntil).not.toBeNull();
    bench.advance(60_000);
    expect(bench.alert().shelvedUntil).toBeNull();
  });
});

describe('applyConfig() with flags', () => {
  test('keeps them whether the judgement is another one or not', () => {
    const bench = startBench(rules);
    bench.read(0, 6);
    bench.act(1, minute);
    bench.act(2, out);
    for (const levels of [[level()], [level({ comparator: above(4) })]]) {
      bench.config(3, [makeRule({ levels, message: 'warm' })]);
      expect(bench.alert()).toMatchObject({ outOfService: true });
      expect(bench.alert().shelvedUntil).not.toBeNull();
    }
    bench.advance(60_001);
    expect(bench.alert().shelvedUntil).toBeNull();
  });

  test('shortens a shelf to a shelve_max that is shorter now, also over a stop', () => {
    for (const levels of [[level()], [level({ comparator: above(4) })]]) {
      const bench = startBench(rules);
      const shorter = [makeRule({ levels, shelveMaxMs: 60_000 })];
      bench.act(0, { act: 'shelve', forMs: hourMs });
      const next = bench.reborn(1_000, shorter);
      next.started(1_000, { elapsedMs: 900 });
      bench.config(1_000, shorter);
      for (const one of [bench, next]) {
        expect(one.alert().shelvedUntil).toBe(wallOffsetMs + 61_000);
        one.advance(61_000);
        expect(one.alert().shelvedUntil).toBeNull();
      }
    }
  });

  test('ends them with the rule, also while the alert is normal, and for good', () => {
    const bench = startBench(rules);
    bench.act(1, minute);
    bench.act(2, out);
    bench.config(3, []);
    const last = ofWarm(bench.events).at(-1);
    expect(last).toMatchObject({ kind: 'flag', to: 'normal', reason: 'removed' });
    expect(last?.alert).toMatchObject({ shelvedUntil: null, outOfService: false });
    bench.config(4, rules);
    expect(bench.alert()).toMatchObject({ shelvedUntil: null, outOfService: false });
  });

  test('ends them with a rule that went away while Limen was down', () => {
    const bench = startBench(rules);
    bench.act(1, out);
    const next = bench.reborn(1_000, []);
    next.started(1_000, { elapsedMs: 900 });
    expect(next.events.at(-1)).toMatchObject({ kind: 'flag', reason: 'removed' });
    expect(next.events.at(-1)?.alert.outOfService).toBe(false);
    const third = next.reborn(2_000, rules);
    third.started(2_000, { elapsedMs: 900 });
    expect(third.alert().outOfService).toBe(false);
  });
});
