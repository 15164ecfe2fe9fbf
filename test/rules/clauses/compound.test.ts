import { describe, expect, test } from 'vitest';
import { compilePattern, type Point } from '../../../src/domain/point.ts';
import type { Clause, CompoundClause, Rule } from '../../../src/domain/rule.ts';
import { edges, level, makePoint, pointEntry, startBench, type Bench } from '../bench.ts';
import { all, any, atLeast, compoundRule, hotter, probes, room } from '../clause-fixture.ts';

const [p1, p2, p3] = probes;
const door = makePoint(5, 'door', 'state', { kind: 'text', states: ['open', 'closed'] });
const open = 0;
const closed = 1;

function is(pattern: string, value: string | number | boolean): Clause {
  return {
    kind: 'compare',
    points: [compilePattern(pattern)],
    comparator: { kind: 'equals', value },
    deadband: { value: 0, unit: null },
  };
}

function delayed(clause: CompoundClause, onDelayMs: number, more: Partial<Rule> = {}): Rule {
  return compoundRule(clause, {
    levels: [level({ comparator: clause, onDelayMs })],
    ...more,
  });
}

const alertOf = (bench: Bench): ReturnType<Bench['alert']> => bench.alert('warm', room);
const start = (rule: Rule, known: readonly Point[] = [...probes, door], every?: number): Bench =>
  startBench(
    [rule],
    every === undefined ? [] : [pointEntry('*/t', { expectEveryMs: every })],
    known,
  );

const warmBehindDoor = all(hotter('p1/t', 8, 1), is('door/state', 'closed'));

describe('the alert of a compound rule', () => {
  test('is one, about the room, and tells the members that are breached', () => {
    const bench = start(delayed(warmBehindDoor, 60_000));
    bench.read(1_000, closed, 'good', door);
    bench.read(2_000, 9.1, 'good', p1);
    expect(alertOf(bench)).toMatchObject({
      state: 'pending',
      value: 2,
      limit: 2,
      unit: null,
      quality: 'good',
      message: 'p1/t is at 9.1 °C and door/state is closed',
    });
    bench.advance(62_000);
    expect(alertOf(bench)).toMatchObject({ state: 'active', worst: 2, severity: 'warning' });
    bench.read(70_000, open, 'good', door);
    expect(alertOf(bench)).toMatchObject({
      state: 'normal',
      value: 1,
      message: 'door/state is open (worst 2 of 2, lasted 1 min 8 s)',
    });
    expect(bench.engine.all().filter(({ rule }) => rule === 'warm')).toHaveLength(1);
  });

  test('carries the readings of all members that are breached; the one that decided comes last', () => {
    const bench = start(delayed(any(hotter('p*/t')), 10_000));
    bench.read(1_000, 9, 'good', p2);
    bench.read(2_000, 9, 'good', p1);
    bench.read(3_000, 1, 'good', p3);
    bench.read(4_000, 8, 'good', p2);
    bench.advance(11_000);
    const causes = bench.take().map(({ cause }) => cause.length);
    const [seq1, seq2] = [p1, p2].map((point) => bench.engine.pointMemory(point.index)?.seq);
    expect(causes).toEqual([1, 3]);
    // The reading that began it, that of p1, and the newest of p2: within its quiet range, and still the last.
    expect(bench.events.at(-1)?.cause.slice(1)).toEqual([seq1, seq2]);
  });

  test('names a few of many members', () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      makePoint(index + 1, `p${index + 1}`, 't'),
    );
    const bench = start(delayed(atLeast(9, hotter('p*/t')), 0), many);
    for (const point of many) bench.read(1_000, 9, 'good', point);
    expect(alertOf(bench).message).toBe(
      'p1/t is at 9, p2/t is at 9, p3/t is at 9, p4/t is at 9 and 5 more',
    );
  });

  test('names its members in one order, whichever was heard first or went on in another unit', () => {
    const bench = start(delayed(atLeast(3, hotter('p*/t')), 0), [p3, p1, p2]);
    for (const point of [p3, p2, p1]) bench.read(1_000, 9, 'good', point);
    const message = 'p1/t is at 9 °C, p2/t is at 9 °C and p3/t is at 9 °C';
    expect(alertOf(bench).message).toBe(message);
    expect(bench.engine.compared({ rule: 'warm', ...room })?.members).toMatchObject([
      { point: 'p1/t' },
      { point: 'p2/t' },
      { point: 'p3/t' },
    ]);
  });

  test('fills the fields of a template', () => {
    const message = '{device} {metric}: {value} of {limit} {unit}, {severity} {rule}';
    const bench = start(delayed(warmBehindDoor, 0, { message }));
    bench.read(1_000, closed, 'good', door);
    bench.read(2_000, 9.1, 'good', p1);
    expect(alertOf(bench).message).toBe('room -: 2 of 2 , warning warm');
  });

  test('has the name of its rule without about', () => {
    const bench = start(compoundRule(warmBehindDoor, { about: null }));
    expect(bench.alert('warm', { device: 'warm', metric: '-' }).state).toBe('normal');
  });

  test('shows what each member is compared with', () => {
    const bench = start(delayed(all(any(hotter('p1/t', 8, 1)), is('door/state', 'closed')), 0));
    bench.read(1_000, 9.1, 'good', p1);
    const none = { input: null, clear_limit: null };
    expect(bench.engine.compared({ rule: 'warm', ...room })?.members).toEqual([
      {
        ...none,
        depth: 0,
        point: null,
        comparator: 'any',
        value: 1,
        unit: null,
        limit: 1,
        verdict: 'breached',
      },
      {
        ...none,
        depth: 1,
        point: 'p1/t',
        comparator: 'above',
        value: 9.1,
        unit: '°C',
        limit: 8,
        clear_limit: 7,
        verdict: 'breached',
      },
      {
        ...none,
        depth: 0,
        point: 'door/state',
        comparator: 'equals',
        value: null,
        unit: null,
        limit: 'closed',
        verdict: 'unknown',
      },
    ]);
  });
});

describe('a member', () => {
  test('that turns bad or stale is unknown, and never clears what is raised', () => {
    const bench = start(compoundRule(warmBehindDoor), [...probes, door], 1_000);
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 9, 'good', p1);
    bench.read(2_000, NaN, 'bad', p1);
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'unknown', quality: 'bad' });
    bench.read(2_500, 9, 'good', p1);
    bench.advance(6_000);
    expect(alertOf(bench)).toMatchObject({ condition: 'unknown', quality: 'stale' });
    expect(alertOf(bench).message).toBe('p1/t has no usable value');
    // The door alone says that it is over.
    bench.read(7_000, open, 'good', door);
    expect(alertOf(bench)).toMatchObject({ state: 'normal', condition: 'clear' });
  });

  test('of which nobody knows raises what says unknown: raise, by its silence too', () => {
    const bench = start(compoundRule(any(hotter('p1/t')), { unknown: 'raise' }), probes, 1_000);
    bench.advance(2_999);
    expect(alertOf(bench).state).toBe('normal');
    bench.advance(3_000);
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'unknown' });
  });

  test('goes by its deadband only while the alert is raised, once it was breached itself', () => {
    const bench = start(compoundRule(atLeast(1, hotter('p1/t', 8, 2), hotter('p2/t', 8, 2))));
    bench.read(1_000, 7, 'good', p2);
    bench.read(2_000, 9, 'good', p1);
    // p2 lies within its deadband, but was never beyond its limit.
    expect(alertOf(bench)).toMatchObject({ state: 'active', value: 1 });
    bench.read(3_000, 6.5, 'good', p1);
    expect(alertOf(bench)).toMatchObject({ state: 'active', value: 1 });
    bench.read(4_000, 6, 'good', p1);
    expect(alertOf(bench)).toMatchObject({ state: 'normal', value: 0 });
    bench.read(5_000, 7.5, 'good', p1);
    expect(alertOf(bench)).toMatchObject({ state: 'normal', condition: 'clear' });
  });

  test('that its deadband held when the alert returned is judged by its limit again', () => {
    const bench = start(compoundRule(all(hotter('p1/t', 8, 2), hotter('p2/t', 8))));
    bench.read(1_000, 9, 'good', p1);
    bench.read(1_000, 9, 'good', p2);
    bench.read(2_000, 7, 'good', p1);
    bench.read(3_000, 1, 'good', p2);
    expect(alertOf(bench).state).toBe('normal');
    bench.read(4_000, 9, 'good', p2);
    expect(alertOf(bench)).toMatchObject({ state: 'normal', condition: 'clear', value: 1 });
  });

  test('joins when its point is heard for the first time', () => {
    const bench = start(compoundRule(any(hotter('p*/t'))), []);
    expect(alertOf(bench)).toMatchObject({ condition: 'unknown', message: '' });
    bench.point(1_000, p1);
    bench.read(1_000, 1, 'good', p1);
    expect(alertOf(bench).condition).toBe('clear');
    bench.point(2_000, p2);
    expect(alertOf(bench).condition).toBe('unknown');
    bench.read(2_000, 9, 'good', p2);
    expect(alertOf(bench).state).toBe('active');
  });

  test('is judged anew when its point learns a unit, a state or goes on in another unit', () => {
    const celsius = makePoint(1, 'p1', 't');
    const clause = hotter('p1/t');
    const fahrenheit: Clause =
      clause.kind === 'compare'
        ? { ...clause, comparator: { kind: 'above', limit: { value: 50, unit: '°F' } } }
        : clause;
    const shut = is('door/state', 'shut');
    const bench = start(compoundRule(any(fahrenheit, shut)), [celsius, door]);
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 20, 'good', p1);
    expect(alertOf(bench).condition).toBe('clear');
    bench.point(2_000, { ...celsius, unit: '°C' });
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'breached' });
    bench.point(
      3_000,
      { ...celsius, index: 9 as Point['index'], unit: '%' },
      { ...celsius, unit: '°C' },
    );
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'unknown' });
    bench.point(4_000, { ...door, states: [...door.states, 'shut'] });
    bench.read(4_000, 2, 'good', door);
    expect(alertOf(bench)).toMatchObject({ condition: 'breached', message: expect.any(String) });
    expect(bench.engine.problems()).toEqual([
      'rule "warm" cannot judge room/-: p1/t: °F cannot be converted to %',
    ]);
  });
});

describe('delays', () => {
  test('only a clear verdict of the whole cancels an on-delay', () => {
    const bench = start(delayed(warmBehindDoor, 10_000));
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 9, 'good', p1);
    bench.read(5_000, NaN, 'bad', door);
    bench.advance(11_000);
    expect(edges(bench.take())).toEqual([
      'normal>pending breached',
      'pending>active on_delay_over',
    ]);
  });

  test('the off-delay does not end on a member whose silence is due in that very moment', () => {
    const rule = compoundRule(any(hotter('p1/t'), hotter('p2/t')), { offDelayMs: 3_000 });
    const bench = start(rule, probes, 1_000);
    bench.read(1_000, 9, 'good', p1);
    bench.read(2_000, 1, 'good', p2);
    bench.read(2_000, 1, 'good', p1);
    bench.advance(5_000);
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'unknown' });
  });
});

describe('a restart', () => {
  test('goes on with what only a deadband holds', () => {
    const rules = [compoundRule(atLeast(2, hotter('p*/t', 8, 3)))];
    const bench = startBench(rules, [], probes);
    for (const point of probes) bench.read(1_000, 9, 'good', point);
    for (const point of probes) bench.read(2_000, 6, 'good', point);
    bench.read(3_000, 1, 'good', p1);
    const next = bench.reborn(9_000, rules, [], probes);
    next.started(9_000);
    expect(alertOf(next)).toMatchObject({ state: 'active', condition: 'breached', value: 3 });
    next.read(10_000, 6, 'good', p2);
    expect(alertOf(next)).toMatchObject({ state: 'active', condition: 'breached', value: 3 });
    next.read(10_000, 6, 'good', p1);
    expect(alertOf(next).value).toBe(4);
    for (const point of [p1, p2, p3]) next.read(11_000, 5, 'good', point);
    expect(alertOf(next)).toMatchObject({ state: 'normal', value: 0 });
  });

  test('starts an off-delay anew at the first good reading that shows it clear', () => {
    const rules = [compoundRule(warmBehindDoor, { offDelayMs: 5_000 })];
    const known = [...probes, door];
    const bench = startBench(rules, [], known);
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 9, 'good', p1);
    bench.read(2_000, 1, 'good', p1);
    const next = bench.reborn(3_000, rules, [], known);
    next.started(3_000);
    next.advance(60_000);
    expect(alertOf(next).state).toBe('active');
    next.read(60_000, 1, 'good', p1);
    next.advance(65_000);
    expect(alertOf(next).state).toBe('normal');
  });

  test('ends the alert of a rule that is gone, and of one that is about something else now', () => {
    const rules = [compoundRule(warmBehindDoor)];
    const known = [...probes, door];
    const bench = startBench(rules, [], known);
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 9, 'good', p1);
    const next = bench.reborn(
      3_000,
      [compoundRule(warmBehindDoor, { about: 'cellar' })],
      [],
      known,
    );
    next.started(3_000);
    expect(edges(next.take())).toEqual(['active>normal removed']);
  });
});

describe('a changed rule', () => {
  const running = (): Bench => {
    const bench = start(compoundRule(warmBehindDoor));
    bench.read(1_000, closed, 'good', door);
    bench.read(1_000, 9, 'good', p1);
    bench.take();
    return bench;
  };

  test('with the same judgement goes on untouched', () => {
    const bench = running();
    bench.config(2_000, [compoundRule(warmBehindDoor, { message: 'warm!' })]);
    expect(bench.take()).toEqual([]);
    expect(alertOf(bench).state).toBe('active');
  });

  test('with another clause is judged anew by the last values', () => {
    const bench = running();
    bench.config(2_000, [compoundRule(all(hotter('p1/t', 20), is('door/state', 'closed')))]);
    expect(edges(bench.take())).toEqual([
      'active>active rule_changed',
      'active>normal off_delay_over',
    ]);
    bench.read(3_000, 21, 'good', p1);
    expect(alertOf(bench).state).toBe('active');
  });

  test('keeps what a deadband holds where the comparison is the same', () => {
    const bench = running();
    bench.read(2_000, 7.5, 'good', p1);
    bench.config(3_000, [delayed(warmBehindDoor, 5_000)]);
    expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'breached' });
  });

  test('that is none any more ends its alert, and one that becomes one begins it', () => {
    const bench = running();
    bench.config(2_000, [compoundRule(warmBehindDoor, { levels: [level()], about: null })]);
    expect(edges(bench.take())).toContain('active>normal removed');
    bench.config(3_000, [compoundRule(warmBehindDoor)]);
    expect(alertOf(bench)).toMatchObject({ state: 'active', id: 'warm/room/-/2' });
    bench.config(4_000, []);
    expect(edges(bench.take())).toContain('active>normal removed');
    bench.read(5_000, 9, 'good', p1);
    expect(bench.take()).toEqual([]);
  });
});

test('what belongs to one moment happens in the order of rules, the clauses of a point after its own alerts', () => {
  const single = { points: [compilePattern('p1/t')], levels: [level()], about: null };
  const rules = [
    compoundRule(any(hotter('p1/t')), { name: 'b' }),
    compoundRule(any(hotter('p1/t')), { name: 'a' }),
    compoundRule(any(hotter('p1/t')), { name: 'c', ...single }),
  ];
  const bench = startBench(rules, [], probes);
  bench.read(1_000, 9, 'good', p1);
  expect(bench.take().map(({ alert }) => alert.rule)).toEqual(['c', 'a', 'b']);
});

test('a latch is reset, and a shelf keeps it from people, as with any alert', () => {
  const bench = start(compoundRule(warmBehindDoor, { latch: true }));
  bench.read(1_000, closed, 'good', door);
  bench.read(1_000, 9, 'good', p1);
  bench.read(2_000, 1, 'good', p1);
  const target = { alert: { rule: 'warm', ...room } };
  expect(alertOf(bench)).toMatchObject({ state: 'active', condition: 'clear', latched: true });
  expect(bench.act(3_000, 'shelve', target)).toMatchObject({ result: 'done' });
  expect(bench.act(3_000, 'reset', target)).toMatchObject({ result: 'done' });
  expect(alertOf(bench).state).toBe('normal');
});

test('a point that a member names in full is expected from the start', () => {
  const bench = start(compoundRule(warmBehindDoor), []);
  bench.advance(600_000);
  expect(bench.events.map(({ alert }) => `${alert.rule} ${alert.device}/${alert.metric}`)).toEqual([
    'limen.never_heard door/state',
    'limen.never_heard p1/t',
  ]);
});
