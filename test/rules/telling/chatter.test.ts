import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../../src/domain/alert.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { edges, level, makeRule, startBench, type Bench } from '../bench.ts';

const minute = 60_000;
const telling: Partial<Rule> = {
  acknowledge: 'not_required',
  then: [{ kind: 'notify', notifier: 'ann', on: ['active', 'normal'] }],
};

/** Raises that come and go, this far apart. */
function flap(bench: Bench, from: number, times: number, everyMs = 10_000): void {
  for (let time = 0; time < times; time += 1) {
    bench.read(from + time * everyMs, 6);
    bench.read(from + time * everyMs + 1_000, 4);
  }
}

/** What people may be told: an event that is hushed has it in brackets. */
function told(events: readonly AlertEvent[]): readonly string[] {
  return events
    .filter(({ kind }) => kind === 'transition' || kind === 'notice')
    .map(({ kind, to, reason, hushed }) => {
      const name = kind === 'notice' ? reason : to;
      return hushed === undefined ? name : `(${name})`;
    });
}

describe('chatter', () => {
  test('the third raise within a minute is told as chattering, further ones not at all', () => {
    const bench = startBench([makeRule(telling)]);
    flap(bench, 0, 4);
    expect(told(bench.events)).toEqual([
      'active',
      'normal',
      'active',
      'normal',
      '(active)',
      'chattering',
      '(normal)',
      '(active)',
      '(normal)',
    ]);
    expect(bench.events.find(({ reason }) => reason === 'chattering')?.notice?.text).toBe(
      'warm/fridge/temperature is chattering: raised 3 times within 1 min; single raises are not told until it is quiet for 5 min: fridge/temperature is 6 °C, above 5 °C',
    );
  });

  test('ends five minutes after the last raise, and tells how it is then', () => {
    const bench = startBench([makeRule(telling)]);
    flap(bench, 0, 4);
    bench.take();
    bench.advance(30_000 + 5 * minute - 1);
    expect(bench.take()).toEqual([]);
    bench.advance(30_000 + 5 * minute);
    const [over] = bench.take();
    expect(over).toMatchObject({ kind: 'notice', reason: 'chatter_over', to: 'normal' });
    expect(over?.notice?.text).toContain('has stopped chattering, raised 4 times');
    flap(bench, 10 * minute, 1);
    expect(told(bench.take())).toEqual(['active', 'normal']);
  });

  test('an alert that is active at the end calls as if it had just been raised', () => {
    const bench = startBench([makeRule({ ...telling, repeatMs: [minute] })]);
    flap(bench, 0, 3);
    bench.read(30_000, 6);
    bench.take();
    bench.advance(7 * minute);
    expect(told(bench.take())).toEqual([
      // Each minute of the chatter, and the first one after it.
      ...Array.from({ length: 4 }, () => '(repeated)'),
      'chatter_over',
      'repeated',
    ]);
  });

  test('raises further apart are told each', () => {
    const bench = startBench([makeRule(telling)]);
    flap(bench, 0, 6, 31_000);
    expect(told(bench.events).some((name) => name.startsWith('('))).toBe(false);
  });

  test('critical alerts are always told', () => {
    const bench = startBench([makeRule({ ...telling, levels: [level({ severity: 'critical' })] })]);
    flap(bench, 0, 6);
    expect(told(bench.events)).toEqual(
      Array.from({ length: 6 }, () => ['active', 'normal']).flat(),
    );
  });

  test('an escalation to critical is told, and all of that occurrence', () => {
    const levels = [
      level({ severity: 'warning' }),
      level({
        severity: 'critical',
        comparator: { kind: 'above', limit: { value: 9, unit: null } },
      }),
    ];
    const bench = startBench([makeRule({ ...telling, levels })]);
    flap(bench, 0, 3);
    bench.read(30_000, 6);
    bench.take();
    bench.read(31_000, 10);
    bench.read(32_000, 4);
    expect(told(bench.take())).toEqual(['active', 'normal']);
  });

  test('an acknowledgement and the raises after returned count as they are', () => {
    const bench = startBench([makeRule({ ...telling, acknowledge: 'required' })]);
    flap(bench, 0, 3);
    bench.take();
    bench.act(30_000, 'acknowledge');
    expect(told(bench.take())).toEqual(['normal']);
    expect(bench.alert()).toMatchObject({ raises: 3, state: 'normal' });
  });

  test('survives a restart', () => {
    const rules = [makeRule(telling)];
    const first = startBench(rules);
    flap(first, 0, 3);
    const next = first.reborn(60_000, rules);
    next.started(60_000, { elapsedMs: 30_000, downMs: 30_000 });
    flap(next, 70_000, 1);
    next.advance(10 * minute);
    expect(told(next.events)).toEqual(['(active)', '(normal)', 'chatter_over']);
  });

  test('never touches the life of the alert: edges are those of a rule that tells nobody', () => {
    const [loud, mute] = [telling, { ...telling, then: [] }].map((more) => {
      const bench = startBench([makeRule(more)]);
      flap(bench, 0, 8);
      bench.advance(20 * minute);
      return edges(bench.events);
    });
    expect(loud).toEqual(mute);
  });
});
