import { describe, expect, test } from 'vitest';
import type { Seq } from '../../src/domain/reading.ts';
import type { Rule } from '../../src/domain/rule.ts';
import type { EngineMs } from '../../src/domain/time.ts';
import {
  above,
  edges,
  level,
  makeRule,
  pointEntry,
  quantity,
  startBench,
  wallOffsetMs,
  type Bench,
} from './bench.ts';

const delayed = makeRule({
  levels: [level({ onDelayMs: 60_000, deadband: quantity(1) })],
  offDelayMs: 30_000,
});
const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];

/** Kills the bench and starts another one at a later engine time. */
function restart(
  bench: Bench,
  at: number,
  elapsedMs: number | null,
  rules: readonly Rule[] = [delayed],
): Bench {
  const next = bench.reborn(at, rules);
  next.started(at, { elapsedMs });
  return next;
}

describe('restart() of an on-delay', () => {
  test('counts the time down, and is due at once if that was long enough', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 100_000, 90_000);
    expect(edges(next.events)).toEqual(['pending>active on_delay_over']);
    expect(next.events.at(-1)?.at).toBe(100_000);
    expect(next.alert()).toMatchObject({ id: 'warm/fridge/temperature/1', raises: 1 });
  });

  test('runs on after a shorter stop', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 50_000, 40_000);
    expect(next.alert().dueAt).toBe(1_700_000_060_000);
    next.advance(60_000);
    expect(next.alert().state).toBe('active');
  });

  test('runs on with the remainder when nobody knows how long it was, and is credited later', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 10_000, null);
    next.advance(20_000);
    expect(next.alert().state).toBe('pending');
    next.clock(21_000, 30_000);
    expect(next.alert().dueAt).toBe(1_700_000_030_000);
    next.advance(30_000);
    expect(next.alert().state).toBe('active');
  });

  test('is due at once when the credit covers the rest', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 10_000, null);
    next.clock(21_000, 500_000);
    expect(next.alert().state).toBe('active');
    expect(next.events.at(-1)?.at).toBe(21_000);
  });

  test('is credited once', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 10_000, null);
    for (const at of [21_000, 22_000]) next.clock(at, 10_000);
    expect(next.alert().dueAt).toBe(1_700_000_050_000);
  });

  test('is not credited if it began after the start', () => {
    const bench = startBench([delayed]);
    bench.read(0, 4);
    const next = restart(bench, 10_000, null);
    next.read(11_000, 6);
    next.clock(21_000, 500_000);
    expect(next.alert().state).toBe('pending');
  });

  test('keeps its claim to a credit over a second stop', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(restart(bench, 10_000, null), 20_000, 5_000);
    next.clock(21_000, 500_000);
    expect(next.alert().state).toBe('active');
  });
});

describe('restart() of an off-delay', () => {
  test.each([[null], [600_000]])(
    'starts it anew at the first good clear reading (%s)',
    (elapsedMs) => {
      const bench = startBench([makeRule({ offDelayMs: 30_000 })]);
      bench.read(0, 6);
      bench.read(1_000, 0);
      const next = restart(bench, 700_000, elapsedMs, [makeRule({ offDelayMs: 30_000 })]);
      next.advance(800_000);
      expect(next.alert()).toMatchObject({ state: 'active', condition: 'clear', dueAt: null });
      next.read(810_000, 0);
      next.advance(839_999);
      expect(next.alert().state).toBe('active');
      next.advance(840_000);
      expect(next.alert().state).toBe('returned');
    },
  );
});

describe('restart() of what waits for a silence', () => {
  const silent = makeRule({
    name: 'quiet',
    levels: [level({ comparator: { kind: 'silent_for', forMs: 60_000 } })],
  });

  test('counts the time down, but gives the source one expected interval', () => {
    const bench = startBench([silent], every10s);
    bench.read(0, 4);
    const next = bench.reborn(500_000, [silent], every10s);
    next.started(500_000, { elapsedMs: 499_000 });
    next.advance(509_999);
    expect(next.engine.open().length).toBe(0);
    next.advance(510_000);
    expect(next.alert('quiet').state).toBe('active');
    expect(next.alert('limen.stale').state).toBe('active');
  });

  test('stays as it was when it was breached before', () => {
    const bench = startBench([silent], every10s);
    bench.read(0, 4);
    bench.advance(100_000);
    const next = bench.reborn(500_000, [silent], every10s);
    next.started(500_000, { elapsedMs: 400_000 });
    expect(edges(next.events)).toEqual([]);
    expect(next.alert('limen.stale').state).toBe('active');
    expect(next.alert('quiet').quality).toBe('stale');
    next.read(501_000, 4);
    expect(next.alert('limen.stale').state).toBe('normal');
  });

  test('begins again for a point that was never heard', () => {
    const bench = startBench([], every10s);
    const next = bench.reborn(9_000, [], every10s);
    next.started(9_000, { elapsedMs: 1_000 });
    next.advance(18_999);
    expect(next.alert('limen.never_heard').state).toBe('normal');
    next.advance(19_000);
    expect(next.alert('limen.never_heard').state).toBe('active');
  });
});

describe('restart()', () => {
  test('keeps an acknowledgement, the worst value and the count of occurrences', () => {
    const bench = startBench([makeRule()]);
    for (const [at, value] of [6, 0].entries()) bench.read(at, value);
    bench.act(2, 'acknowledge');
    for (const [at, value] of [9, 7].entries()) bench.read(10 + at, value);
    bench.act(20, 'acknowledge', { comment: 'seen' });
    const next = restart(bench, 1_000, 900, [makeRule()]);
    expect(next.alert()).toMatchObject({
      id: 'warm/fridge/temperature/2',
      state: 'acknowledged',
      acknowledgedBy: 'ann',
      comment: 'seen',
      worst: 9,
    });
  });

  test('keeps a latch that is ready to be reset', () => {
    const latching = makeRule({ latch: true });
    const bench = startBench([latching]);
    bench.read(0, 6);
    bench.read(1, 0);
    const next = restart(bench, 1_000, 900, [latching]);
    expect(next.act(2_000, 'reset')).toMatchObject({ result: 'done' });
  });

  test('ends alerts whose rule the config does not know any more, once', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    const next = restart(bench, 1_000, 900, []);
    expect(edges(next.events)).toEqual(['active>normal removed']);
    const end = next.events.find(({ alert }) => alert.rule === 'warm');
    expect(end?.alert.message).toMatch(/removed from the config; it was active: /);
    expect(next.engine.find({ rule: 'warm', device: 'fridge', metric: 'temperature' })).toBeNull();
    const third = restart(next, 2_000, 900, []);
    expect(third.events).toEqual([]);
  });

  test('never gives an id twice, also when a rule comes back', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    const next = restart(restart(bench, 1_000, 900, []), 2_000, 900, [makeRule()]);
    next.read(3_000, 6);
    expect(next.alert().id).toBe('warm/fridge/temperature/2');
  });

  test('goes on from the memory of the last events alone', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const { alert, memory } = bench.events.at(-1) ?? {};
    const last = bench.events.findLast((event) => event.alert.rule === 'warm');
    expect(last).toMatchObject({ alert, memory });
    expect(bench.engine.snapshot().alerts.find((one) => one.alert.rule === 'warm')).toEqual({
      alert,
      memory,
    });
  });
});

describe('restart() with a rule that was changed while Limen was down', () => {
  const warning = level({ onDelayMs: 60_000 });
  const critical = level({ severity: 'critical', comparator: above(8), onDelayMs: 10_000 });

  test('does not raise an alert whose last value is not beyond the limit any more', () => {
    const bench = startBench([makeRule({ levels: [warning] })]);
    bench.read(0, 6);
    const higher = makeRule({ levels: [level({ ...warning, comparator: above(10) })] });
    const next = restart(bench, 100_000, 90_000, [higher]);
    expect(edges(next.events)).toEqual([
      'pending>pending rule_changed',
      'pending>normal cleared_in_delay',
    ]);
    expect(next.events.at(-1)?.alert).toMatchObject({ limit: 10, value: 6, raises: 0 });
  });

  test('starts the on-delay of the new rule, also where the level of the old one is gone', () => {
    const bench = startBench([
      makeRule({ levels: [level({ ...warning, comparator: above(20) }), critical] }),
    ]);
    bench.read(0, 9);
    const next = restart(bench, 5_000, 4_000, [makeRule({ levels: [warning] })]);
    expect(edges(next.events)).toEqual(['pending>pending rule_changed']);
    expect(next.alert()).toMatchObject({
      state: 'pending',
      severity: 'warning',
      dueAt: wallOffsetMs + 65_000,
    });
    next.advance(65_000);
    expect(next.alert().state).toBe('active');
  });

  test('goes on untouched if only what is not its judgement was changed', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    const next = restart(bench, 5_000, 4_000, [{ ...delayed, message: 'too warm', latch: true }]);
    expect(next.events).toEqual([]);
    expect(next.alert().dueAt).toBe(wallOffsetMs + 60_000);
  });

  test.each([[0], [30_000]])(
    'ends no raised alert by a value from before: that takes a reading (off-delay %s)',
    (offDelayMs) => {
      const bench = startBench([makeRule({ offDelayMs })]);
      bench.read(0, 6);
      const higher = makeRule({ offDelayMs, levels: [level({ comparator: above(10) })] });
      const next = restart(bench, 100_000, 90_000, [higher]);
      next.advance(1_000_000);
      expect(next.alert()).toMatchObject({ state: 'active', condition: 'clear', dueAt: null });
      next.read(1_000_001, 6);
      next.advance(1_000_001 + offDelayMs);
      expect(next.alert().state).toBe('returned');
    },
  );

  test('ends what only a latch held that is gone, and latches what is raised under a new one', () => {
    const bench = startBench([makeRule({ latch: true })]);
    bench.read(0, 6);
    const latched = restart(bench, 1_000, 500, [makeRule({ latch: true })]);
    latched.read(2_000, 0);
    expect(latched.alert()).toMatchObject({ state: 'active', latched: true, condition: 'clear' });
    const free = restart(latched, 5_000, 1_000, [makeRule({ latch: false })]);
    expect(edges(free.events)).toEqual(['active>returned off_delay_over']);
    expect(free.alert().latched).toBe(false);

    const other = startBench([makeRule({ latch: false })]);
    other.read(0, 6);
    const held = restart(other, 1_000, 500, [makeRule({ latch: true })]);
    expect(held.alert()).toMatchObject({ state: 'active', latched: true });
  });
});

describe('followClock() once the clock is trusted', () => {
  const shiftMs = 86_400_000;
  const found = (bench: Bench, at: number, unsureSinceMs: number | null): void =>
    void bench.engine.accept(900 as Seq, at as EngineMs, {
      kind: 'clock',
      wallOffsetMs: wallOffsetMs + shiftMs,
      creditMs: 0,
      unsureSinceMs: unsureSinceMs as EngineMs | null,
    });

  test('publishes the true times of what happened meanwhile, and moves no delay', () => {
    const bench = startBench([delayed]);
    bench.read(1_000, 6);
    bench.take();
    found(bench, 30_000, 0);
    expect(bench.take().map(({ kind, reason }) => [kind, reason])).toEqual([
      ['condition', 'condition'],
    ]);
    expect(bench.alert()).toMatchObject({
      state: 'pending',
      breachedAt: wallOffsetMs + shiftMs + 1_000,
      changedAt: wallOffsetMs + shiftMs + 1_000,
      dueAt: wallOffsetMs + shiftMs + 61_000,
    });
    bench.advance(61_000);
    expect(bench.alert()).toMatchObject({
      state: 'active',
      raisedAt: wallOffsetMs + shiftMs + 61_000,
    });
  });

  test('leaves times alone that a trusted clock gave', () => {
    const bench = startBench([makeRule({ acknowledge: 'required' })]);
    bench.read(1_000, 6);
    found(bench, 30_000, null);
    expect(bench.alert().raisedAt).toBe(wallOffsetMs + 1_000);
    const other = startBench([makeRule({ acknowledge: 'required' })]);
    other.read(1_000, 6);
    other.act(20_000, 'acknowledge');
    found(other, 30_000, 10_000);
    expect(other.alert()).toMatchObject({
      raisedAt: wallOffsetMs + 1_000,
      acknowledgedAt: wallOffsetMs + shiftMs + 20_000,
    });
  });

  test('tells it once: what it says is not moved again by a later step', () => {
    const bench = startBench([makeRule({})]);
    bench.read(1_000, 6);
    found(bench, 30_000, 0);
    bench.clock(40_000, 0, shiftMs + 5_000);
    expect(bench.alert().raisedAt).toBe(wallOffsetMs + shiftMs + 1_000);
  });
});
