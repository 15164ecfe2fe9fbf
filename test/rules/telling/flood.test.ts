import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../src/domain/point.ts';
import type { AlertEvent } from '../../../src/domain/alert.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { edges, level, makePoint, makeRule, startBench, type Bench } from '../bench.ts';

const minute = 60_000;
const points = Array.from({ length: 20 }, (_, index) =>
  makePoint(index + 1, `freezer-${String(index + 1).padStart(2, '0')}`, 'temperature'),
);
const warm = makeRule({
  points: [compilePattern('*/temperature')],
  acknowledge: 'not_required',
  shelveMaxMs: 600 * minute,
  then: [{ kind: 'notify', notifier: 'ann', on: ['active', 'normal'] }],
});

function start(rule: Rule = warm): Bench {
  return startBench([rule], [], points);
}

/** Raises so many freezers, one each second. */
function raise(bench: Bench, from: number, indexes: readonly number[], value = 6): void {
  for (const [turn, index] of indexes.entries())
    bench.read(from + turn * 1_000, value, 'good', points[index]);
}

const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index);

function hushed(events: readonly AlertEvent[]): readonly string[] {
  return events.map(({ alert, to, hushed: why }) => `${alert.device} ${to} ${why ?? 'told'}`);
}

function floods(bench: Bench): readonly AlertEvent[] {
  return bench.events.filter(({ alert }) => alert.rule === 'limen.flood');
}

describe('limen.flood', () => {
  test('is raised by the eleventh alert within ten minutes, which is not told by itself', () => {
    const bench = start();
    raise(bench, 0, upTo(10));
    expect(floods(bench)).toEqual([]);
    bench.take();
    raise(bench, 10_000, [10, 11]);
    expect(hushed(bench.take())).toEqual([
      'freezer-11 active flood',
      'limen active told',
      'freezer-12 active flood',
    ]);
    const [flood] = floods(bench);
    expect(flood).toMatchObject({ at: 10_000, cause: [(flood?.alert.seq ?? 0) - 1] });
    expect(flood?.alert).toMatchObject({
      value: null,
      limit: null,
      unit: null,
      severity: 'warning',
    });
    expect(flood?.alert.message).toBe(
      'Flood: 11 alerts in 10 min: warm on freezer-01, freezer-02, freezer-03 and 8 more; until it is over only critical ones are told one by one',
    );
  });

  test('is not raised by as many over a longer time', () => {
    const bench = start();
    for (const index of upTo(20)) raise(bench, index * minute, [index]);
    expect(floods(bench)).toEqual([]);
  });

  test('ends when fewer than five came in ten minutes, and sums up what was not told', () => {
    const bench = start();
    raise(bench, 0, upTo(15));
    raise(bench, 2 * minute, upTo(13), 4);
    bench.take();
    // The fifth last one came at 10 s.
    bench.advance(10_000 + 10 * minute - 1);
    expect(bench.take()).toEqual([]);
    bench.advance(10_000 + 10 * minute);
    expect(bench.alert('limen.flood', { device: 'limen', metric: '-' })).toMatchObject({
      state: 'normal',
      message:
        'The flood is over after 10 min: 18 events were not told; still active: warm on freezer-14, freezer-15',
    });
    bench.take();
    raise(bench, 11 * minute, [0]);
    expect(hushed(bench.take())).toEqual(['freezer-01 active told']);
  });

  test('withholds nothing that is critical, and counts it', () => {
    const critical = { ...warm, levels: [level({ severity: 'critical' as const })] };
    const bench = start(critical);
    raise(bench, 0, upTo(14));
    expect(bench.events.some(({ hushed: why }) => why !== undefined)).toBe(false);
    expect(floods(bench)).toHaveLength(1);
  });

  test('an acknowledgement is told in it, and a rule that tells nobody makes none', () => {
    const bench = start({ ...warm, acknowledge: 'required' });
    raise(bench, 0, upTo(12));
    bench.take();
    bench.act(minute, 'acknowledge', {
      alert: { rule: 'warm', device: 'freezer-12', metric: 'temperature' },
    });
    expect(hushed(bench.take())).toEqual(['freezer-12 acknowledged told']);

    const mute = start({ ...warm, then: [] });
    raise(mute, 0, upTo(20));
    expect(floods(mute)).toEqual([]);
  });

  test('one alert that chatters makes no flood', () => {
    const bench = start();
    for (const turn of upTo(30)) {
      raise(bench, turn * 4_000, [0]);
      raise(bench, turn * 4_000 + 2_000, [0], 4);
    }
    expect(floods(bench)).toEqual([]);
  });

  test('repetitions wait for its end and count from there', () => {
    const bench = start({ ...warm, repeatMs: [5 * minute] });
    raise(bench, 0, upTo(12));
    bench.take();
    bench.advance(30 * minute);
    const told = bench.take().filter(({ kind, hushed: why }) => kind === 'notice' && !why);
    const endMs = 7_000 + 10 * minute;
    expect(told.map(({ at }) => at)).toContain(endMs + 5 * minute);
    expect(told.every(({ at }) => at >= endMs)).toBe(true);
  });

  test('whoever silences it is told of its alerts', () => {
    const bench = start();
    raise(bench, 0, upTo(12));
    const alert = { rule: 'limen.flood', device: 'limen', metric: '-' };
    bench.act(minute, { act: 'shelve', forMs: minute }, { alert });
    bench.take();
    raise(bench, 2 * minute - 10_000, [13]);
    expect(hushed(bench.take())).toEqual(['freezer-14 active told']);
  });

  test('survives a restart: what is counted, what was withheld, and its end', () => {
    const life = (bench: Bench): Bench => {
      raise(bench, 0, upTo(12));
      return bench;
    };
    const living = life(start());
    const first = life(start());
    const next = first.reborn(15_000, [warm], [], points);
    next.started(15_000, { elapsedMs: 1_000, downMs: 1_000 });
    for (const bench of [living, next]) {
      raise(bench, 20_000, [12, 13]);
      bench.advance(30 * minute);
    }
    expect(floods(next).at(-1)).toMatchObject({
      at: floods(living).at(-1)?.at,
      reason: 'off_delay_over',
      alert: { message: floods(living).at(-1)?.alert.message },
    });
    expect(hushed(next.events)).toContain('freezer-14 active flood');

    const before = start();
    raise(before, 0, upTo(10));
    const after = before.reborn(15_000, [warm], [], points);
    after.started(15_000, { elapsedMs: 1_000, downMs: 1_000 });
    raise(after, 20_000, [12]);
    expect(floods(after)).toHaveLength(1);
  });

  test('never touches the life of an alert', () => {
    const [loud, mute] = [warm, { ...warm, then: [] }].map((rule) => {
      const bench = start(rule);
      raise(bench, 0, upTo(15));
      raise(bench, 2 * minute, upTo(10), 4);
      bench.advance(30 * minute);
      return edges(bench.events.filter(({ alert }) => alert.rule === 'warm'));
    });
    expect(loud).toEqual(mute);
  });
});
