import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../src/domain/point.ts';
import type { Clause, Rule } from '../../../src/domain/rule.ts';
import { scheduleKey, type Schedule } from '../../../src/domain/schedule.ts';
import {
  above,
  fridge,
  level,
  makePoint,
  makeRule,
  quantity,
  startBench,
  wallOffsetMs,
  type Bench,
} from '../bench.ts';

const hours: Schedule = { fromMinute: 480, toMinute: 1080, days: ['mon'], zone: null };
const nights: Schedule = { ...hours, fromMinute: 1320, toMinute: 360 };
const key = scheduleKey(hours);
const activeWhen = { schedules: [hours], clause: null };

function ruleOf(more: Partial<Rule> = {}): Rule {
  return makeRule({ activeWhen, ...more });
}

/** An event in short: `flag active suppressed by settle`. */
function told(bench: Bench): readonly string[] {
  return bench
    .take()
    .filter(({ alert }) => alert.rule === 'warm')
    .map(({ kind, from, to, reason, alert }) => {
      const by = alert.suppressedBy === null ? '' : ` by ${alert.suppressedBy}`;
      if (kind === 'condition') return `condition ${alert.condition}${by}`;
      return kind === 'flag' ? `flag ${to} ${reason}${by}` : `${from}>${to} ${reason}${by}`;
    });
}

describe('takeSchedule()', () => {
  test('suppresses from the edge on, as an event of kind flag that the edge causes, and leaves the state', () => {
    const bench = startBench([ruleOf()]);
    bench.schedule(0, key, true);
    bench.read(1, 6);
    bench.take();
    bench.schedule(1_000, key, false);
    const [event] = bench.events.slice(-1);
    expect(event).toMatchObject({ kind: 'flag', from: 'active', to: 'active', at: 1_000 });
    expect(event?.cause).toHaveLength(1);
    expect(told(bench)).toEqual(['flag active suppressed by active_when']);
    bench.read(2_000, 9);
    bench.read(3_000, 3);
    expect(told(bench)).toEqual(['active>returned off_delay_over by active_when']);
    bench.schedule(4_000, key, true);
    expect(told(bench)).toEqual(['flag returned unsuppressed']);
  });

  test('fires what is due at its time first: that was still told, or was not yet', () => {
    const bench = startBench([ruleOf({ levels: [level({ onDelayMs: 1_000 })], settleMs: 0 })]);
    bench.schedule(0, key, true);
    bench.read(0, 6);
    bench.schedule(1_000, key, false);
    expect(told(bench)).toEqual([
      'normal>pending breached',
      'pending>active on_delay_over',
      'flag active suppressed by active_when',
    ]);
  });

  test('suppresses nothing before it is known, and nothing when it is not known any more', () => {
    const bench = startBench([ruleOf({ settleMs: 60_000 })]);
    bench.read(0, 6);
    expect(told(bench)).toEqual(['normal>active breached']);
    bench.schedule(1, key, false);
    bench.schedule(2, key, null);
    bench.schedule(3, key, true);
    expect(told(bench)).toEqual([
      'flag active suppressed by active_when',
      'flag active unsuppressed',
    ]);
  });

  test('needs every schedule of the rule to be open', () => {
    const both = { schedules: [hours, nights], clause: null };
    const bench = startBench([ruleOf({ activeWhen: both })]);
    const seen = (): string | null => bench.alert().suppressedBy;
    bench.schedule(0, key, true);
    expect(seen()).toBeNull();
    bench.schedule(1, scheduleKey(nights), false);
    expect(seen()).toBe('active_when');
    bench.schedule(2, key, null);
    expect(seen()).toBe('active_when');
    bench.schedule(3, scheduleKey(nights), true);
    expect(seen()).toBeNull();
  });

  test('touches no other rule', () => {
    const bench = startBench([ruleOf(), makeRule({ name: 'other' })]);
    bench.schedule(0, key, false);
    expect(bench.alert('other').suppressedBy).toBeNull();
    expect(bench.alert().suppressedBy).toBe('active_when');
  });

  test('is withheld with the other flags: only the end of the last one is an end', () => {
    const bench = startBench([ruleOf()]);
    bench.read(0, 6);
    bench.schedule(1, key, false);
    bench.act(2, { act: 'shelve', forMs: 60_000 });
    bench.take();
    bench.schedule(3, key, true);
    expect(bench.events.at(-1)?.alert).toMatchObject({ suppressedBy: null });
    expect(bench.events.at(-1)?.alert.shelvedUntil).not.toBeNull();
    bench.schedule(4, key, false);
    bench.act(5, 'unshelve');
    expect(told(bench)).toEqual([
      'flag active unsuppressed',
      'flag active suppressed by active_when',
      'flag active unshelved by active_when',
    ]);
  });
});

describe('adoptActiveWhen()', () => {
  const door = makePoint(2, 'fridge', 'door', { kind: 'boolean' });
  const fan = makePoint(3, 'fan', 'speed', {});
  const closed: Clause = {
    kind: 'compare',
    points: [compilePattern('fridge/door')],
    comparator: { kind: 'equals', value: false },
    deadband: quantity(0),
  };
  const turning: Clause = {
    kind: 'compare',
    points: [compilePattern('fan/speed')],
    comparator: { kind: 'above', limit: quantity(100) },
    deadband: quantity(10),
  };
  const whilst = (clause: Clause): Rule => ruleOf({ activeWhen: { schedules: [], clause } });
  const start = (rule: Rule): Bench => startBench([rule], [], [fridge, door, fan]);
  const seen = (bench: Bench): string | null => bench.alert().suppressedBy;

  test('suppresses by the reading that makes the condition clear, and tells by the one that ends that', () => {
    const bench = start(whilst(closed));
    bench.read(0, 6);
    bench.take();
    bench.read(1, 1, 'good', door);
    expect(told(bench)).toEqual(['flag active suppressed by active_when']);
    expect(bench.events.at(-1)?.cause).toEqual([bench.engine.pointMemory(door.index)?.seq]);
    bench.read(2, 1, 'good', door);
    bench.read(3, 6);
    expect(told(bench)).toEqual([]);
    bench.read(4, 0, 'good', door);
    expect(told(bench)).toEqual(['flag active unsuppressed']);
  });

  test.each(['bad', 'stale'] as const)('suppresses nothing while the value is %s', (quality) => {
    const bench = start(whilst(closed));
    bench.read(0, 1, 'good', door);
    bench.read(1, 6);
    expect(seen(bench)).toBe('active_when');
    bench.read(2, NaN, quality, door);
    expect(seen(bench)).toBeNull();
  });

  test('needs the schedule to be open and the condition to be breached', () => {
    const bench = start(ruleOf({ activeWhen: { schedules: [hours], clause: closed } }));
    bench.read(0, 0, 'good', door);
    bench.schedule(1, key, false);
    expect(seen(bench)).toBe('active_when');
    bench.schedule(2, key, true);
    expect(seen(bench)).toBeNull();
    bench.read(3, 1, 'good', door);
    expect(seen(bench)).toBe('active_when');
    bench.schedule(4, key, null);
    expect(seen(bench)).toBe('active_when');
  });

  test('leaves a condition only beyond its deadband, over a restart too', () => {
    const rule = whilst(turning);
    const bench = start(rule);
    bench.read(0, 80, 'good', fan);
    expect(seen(bench)).toBe('active_when');
    bench.read(1, 101, 'good', fan);
    bench.read(2, 95, 'good', fan);
    expect(seen(bench)).toBeNull();
    const next = bench.reborn(3, [rule], [], [fridge, door, fan]);
    next.started(3, { elapsedMs: 1 });
    expect(seen(next)).toBeNull();
    next.read(4, 89, 'good', fan);
    next.read(5, 95, 'good', fan);
    expect(seen(next)).toBe('active_when');
    const third = next.reborn(6, [rule], [], [fridge, door, fan]);
    third.started(6, { elapsedMs: 1 });
    expect(seen(third)).toBe('active_when');
  });

  test('judges another condition at once, and forgets the one before', () => {
    const bench = start(whilst(closed));
    bench.read(0, 1, 'good', door);
    bench.read(1, 200, 'good', fan);
    expect(seen(bench)).toBe('active_when');
    bench.config(2, [whilst(turning)]);
    expect(seen(bench)).toBeNull();
    bench.read(3, 0, 'good', door);
    bench.read(4, 50, 'good', fan);
    bench.config(5, [makeRule()]);
    expect(seen(bench)).toBeNull();
    bench.read(6, 300, 'good', fan);
    bench.read(7, 50, 'good', fan);
    expect(seen(bench)).toBeNull();
  });

  test('is one for all alerts of the rule', () => {
    const cellar = makePoint(4, 'cellar', 'temperature', { unit: '°C' });
    const points = [compilePattern('*/temperature')];
    const bench = startBench(
      [ruleOf({ points, activeWhen: { schedules: [], clause: closed } })],
      [],
      [fridge, door, cellar],
    );
    bench.read(0, 1, 'good', door);
    expect(seen(bench)).toBe('active_when');
    expect(bench.alert('warm', cellar).suppressedBy).toBe('active_when');
  });
});

describe('followActiveWhen() settles', () => {
  const rule = ruleOf({
    levels: [
      level({ onDelayMs: 2_000 }),
      level({ severity: 'critical', comparator: above(10), onDelayMs: 5_000 }),
    ],
  });

  test('for the longest on-delay when the schedule opens, and announces what is true then', () => {
    const bench = startBench([rule]);
    bench.schedule(0, key, false);
    bench.read(0, 6);
    bench.schedule(10_000, key, true);
    bench.advance(60_000);
    expect(told(bench)).toEqual([
      'flag normal suppressed by active_when',
      'normal>pending breached by active_when',
      'pending>active on_delay_over by active_when',
      'flag active suppressed by settle',
      'flag active unsuppressed',
    ]);
    expect(bench.events.at(-1)).toMatchObject({ at: 15_000 });
    expect(bench.events.at(-1)?.cause).toEqual(bench.events.at(-2)?.cause);
  });

  test('after everything else of its millisecond: a delay that is over with it is told once', () => {
    const bench = startBench([rule]);
    bench.schedule(0, key, false);
    bench.schedule(10_000, key, true);
    bench.read(13_000, 6);
    bench.advance(60_000);
    expect(told(bench).slice(-2)).toEqual([
      'pending>active on_delay_over by settle',
      'flag active unsuppressed',
    ]);
  });

  test('not at all with settle: 0s, and anew each time', () => {
    const bench = startBench([ruleOf({ settleMs: 0 })]);
    bench.schedule(0, key, false);
    bench.schedule(1, key, true);
    expect(bench.alert().suppressedBy).toBeNull();
    const slow = startBench([ruleOf({ settleMs: 10_000 })]);
    slow.schedule(0, key, false);
    slow.schedule(1_000, key, true);
    slow.schedule(5_000, key, false);
    slow.schedule(6_000, key, true);
    slow.advance(15_999);
    expect(slow.alert().suppressedBy).toBe('settle');
    slow.advance(16_000);
    expect(slow.alert().suppressedBy).toBeNull();
  });

  test('counts the time Limen was down, or runs on with its remainder and is credited', () => {
    const long = ruleOf({ settleMs: 60_000 });
    const bench = startBench([long]);
    bench.schedule(0, key, false);
    bench.read(1, 6);
    bench.schedule(1_000, key, true);
    const known = bench.reborn(1_000, [long]);
    known.schedule(31_000, key, true);
    known.started(31_000, { elapsedMs: 30_000 });
    expect(told(known)).toEqual([]);
    known.advance(61_000);
    expect(told(known)).toEqual(['flag active unsuppressed']);

    const unknown = bench.reborn(1_000, [long]);
    unknown.schedule(1_000, key, true);
    unknown.started(1_000, { elapsedMs: null });
    unknown.advance(40_000);
    expect(unknown.alert().suppressedBy).toBe('settle');
    unknown.clock(41_000, 30_000);
    expect(unknown.alert().suppressedBy).toBeNull();

    const twice = bench.reborn(1_000, [long]);
    twice.schedule(1_000, key, true);
    twice.started(1_000, { elapsedMs: null });
    for (const at of [41_000, 42_000]) twice.clock(at, 5_000);
    twice.advance(55_999);
    expect(twice.alert().suppressedBy).toBe('settle');
    twice.advance(56_000);
    expect(twice.alert().suppressedBy).toBeNull();
  });
});

describe('restart() of a suppression', () => {
  test('goes on without a word while the schedule says the same', () => {
    const bench = startBench([ruleOf()]);
    bench.schedule(0, key, false);
    bench.read(1, 6);
    const next = bench.reborn(1_000, [ruleOf()]);
    next.schedule(1_000, key, false);
    expect(next.events).toEqual([]);
    next.started(1_000, { elapsedMs: 900 });
    expect(told(next)).toEqual([]);
    expect(next.alert().suppressedBy).toBe('active_when');
  });

  test('begins and ends at the start where the schedule moved on meanwhile', () => {
    const bench = startBench([ruleOf()]);
    bench.schedule(0, key, false);
    bench.read(1, 6);
    const open = bench.reborn(1_000, [ruleOf()]);
    open.schedule(1_000, key, true);
    open.started(1_000, { elapsedMs: 900 });
    expect(told(open)).toEqual(['flag active unsuppressed']);
    const closed = open.reborn(2_000, [ruleOf()]);
    closed.schedule(2_000, key, false);
    closed.started(2_000, { elapsedMs: 900 });
    expect(told(closed)).toEqual(['flag active suppressed by active_when']);
  });

  test('comes before what fell due while Limen was down: that is told to nobody', () => {
    const late = ruleOf({ levels: [level({ onDelayMs: 5_000 })], settleMs: 0 });
    const bench = startBench([late]);
    bench.schedule(0, key, true);
    bench.read(0, 6);
    const next = bench.reborn(1_000, [late]);
    next.schedule(60_000, key, false);
    next.started(60_000, { elapsedMs: 59_000 });
    expect(told(next)).toEqual([
      'flag pending suppressed by active_when',
      'pending>active on_delay_over by active_when',
    ]);
  });
});

describe('applyConfig() with active_when', () => {
  test('ends the suppression of a rule that has none any more, once it is judged anew', () => {
    const levels = [level({ comparator: above(8) })];
    for (const next of [makeRule(), makeRule({ levels, acknowledge: 'not_required' })]) {
      const bench = startBench([ruleOf()]);
      bench.schedule(0, key, false);
      bench.read(1, 6);
      bench.take();
      bench.config(2, [next]);
      expect(told(bench).at(-1)).toBe(`flag ${bench.alert().state} unsuppressed`);
      expect(bench.alert().suppressedBy).toBeNull();
    }
  });

  test('suppresses by a schedule that is new before anything of the new rule is told', () => {
    const levels = [level({ severity: 'critical', comparator: above(5) })];
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.take();
    bench.schedule(1, key, false);
    bench.config(1, [ruleOf({ levels })]);
    const events = told(bench);
    expect(events[0]).toBe('flag active suppressed by active_when');
    expect(events.every((one) => one.endsWith('by active_when'))).toBe(true);
    expect(bench.alert()).toMatchObject({ severity: 'critical' });
  });

  test('goes from one schedule to another without an announcement in between', () => {
    const bench = startBench([ruleOf()]);
    bench.schedule(0, key, false);
    bench.read(1, 6);
    bench.take();
    bench.schedule(2, scheduleKey(nights), false);
    bench.config(2, [ruleOf({ activeWhen: { schedules: [nights], clause: null } })]);
    expect(told(bench)).toEqual([]);
    expect(bench.alert().suppressedBy).toBe('active_when');
  });

  test('ends a settling sooner where the rule settles sooner', () => {
    const bench = startBench([ruleOf({ settleMs: 60_000 })]);
    bench.schedule(0, key, false);
    bench.schedule(1_000, key, true);
    bench.config(2_000, [ruleOf({ settleMs: 5_000 })]);
    bench.advance(7_000);
    expect(bench.alert().suppressedBy).toBeNull();
  });

  test('suppresses the first alert of a point that is heard of later', () => {
    const bench = startBench([ruleOf()], [], []);
    bench.schedule(0, key, false);
    bench.point(1, fridge);
    bench.read(2, 6);
    expect(told(bench)).toEqual([
      'flag normal suppressed by active_when',
      'normal>active breached by active_when',
    ]);
  });

  test('ends it with the rule, and for good', () => {
    const bench = startBench([ruleOf()]);
    bench.schedule(0, key, false);
    bench.take();
    bench.config(1, []);
    expect(told(bench)).toEqual(['flag normal removed']);
    bench.config(2, [makeRule()]);
    expect(bench.alert()).toMatchObject({ suppressedBy: null });
  });

  test('moves no time that is shown: nothing of a suppression goes by the wall clock', () => {
    const bench = startBench([ruleOf({ settleMs: 10_000 })]);
    bench.schedule(0, key, false);
    bench.schedule(1_000, key, true);
    bench.clock(2_000, 0, wallOffsetMs);
    bench.advance(10_999);
    expect(bench.alert().suppressedBy).toBe('settle');
    bench.advance(11_000);
    expect(bench.alert().suppressedBy).toBeNull();
  });
});
