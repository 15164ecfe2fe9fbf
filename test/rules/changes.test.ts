import { describe, expect, test } from 'vitest';
import type { Comparator, Rule } from '../../src/domain/rule.ts';
import { edges, level, makePoint, makeRule, pointEntry, startBench, type Bench } from './bench.ts';

const valve = makePoint(1, 'fridge', 'temperature', {
  kind: 'text',
  states: ['shut', 'open', 'moving'],
});
const shut = 0;
const open = 1;
const moving = 2;

function changesTo(value: number | boolean | string): Comparator {
  return { kind: 'changes_to', value };
}

function rule(comparator: Comparator, more: Partial<Rule> = {}): Rule {
  return makeRule({ levels: [level({ comparator })], acknowledge: 'not_required', ...more });
}

function readAll(bench: Bench, values: readonly number[]): readonly string[] {
  for (const [index, value] of values.entries()) bench.read(1_000 * (index + 1), value);
  return edges(bench.take());
}

const raised = 'normal>active breached';
const over = 'active>normal off_delay_over';

describe('changes_to', () => {
  // Readings, and what the alert does.
  test.each([
    [[open], []],
    [[open, open], []],
    [[shut, open], [raised]],
    [[shut, open, open], [raised]],
    [
      [shut, open, shut],
      [raised, over],
    ],
    [
      [moving, open, moving, open],
      [raised, over, raised],
    ],
    [[open, shut, open], [raised]],
    [[shut, moving, shut], []],
  ])('of the readings %j gives %j', (readings, wanted) => {
    const bench = startBench([rule(changesTo('open'))], [], [valve]);
    expect(readAll(bench, readings)).toEqual(wanted);
  });

  test('tells the state it has changed to, and the one it has now', () => {
    const bench = startBench([rule(changesTo('open'))], [], [valve]);
    readAll(bench, [shut, open]);
    expect(bench.alert()).toMatchObject({
      value: 'open',
      limit: 'open',
      message: 'fridge/temperature has changed to open',
    });
    bench.read(9_000, moving);
    expect(bench.alert().message).toContain('fridge/temperature is moving');
  });

  test('takes booleans and numbers', () => {
    const door = makePoint(1, 'fridge', 'temperature', { kind: 'boolean' });
    const bench = startBench([rule(changesTo(true))], [], [door]);
    expect(readAll(bench, [0, 1, 0])).toEqual([raised, over]);
    const numbers = startBench([rule(changesTo(3))]);
    expect(readAll(numbers, [2, 3, 3.5])).toEqual([raised, over]);
  });

  test('stays raised through the off-delay, which a change back cancels', () => {
    const bench = startBench([rule(changesTo('open'), { offDelayMs: 5_000 })], [], [valve]);
    expect(readAll(bench, [shut, open, shut, open, shut])).toEqual([raised]);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'clear' });
    bench.advance(9_999);
    expect(bench.alert().state).toBe('active');
    bench.advance(10_000);
    expect(bench.alert()).toMatchObject({ state: 'normal', raises: 1 });
  });

  test('looks over bad readings and a silence to the last good value', () => {
    const bench = startBench(
      [rule(changesTo('open'))],
      [pointEntry('*/*', { expectEveryMs: 10_000 })],
      [valve],
    );
    bench.read(1_000, shut);
    bench.read(2_000, NaN, 'bad');
    bench.advance(90_000);
    expect(bench.alert().condition).toBe('unknown');
    bench.read(91_000, open);
    bench.read(92_000, NaN, 'bad');
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
    bench.read(93_000, open);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached' });
  });

  test('takes the first reading after a start for no change', () => {
    const rules = [rule(changesTo('open'))];
    const bench = startBench(rules, [], [valve]);
    bench.read(1_000, shut);
    const next = bench.reborn(5_000, rules, [], [valve]);
    next.started(5_000);
    next.read(6_000, open);
    expect(next.alert()).toMatchObject({ state: 'normal', condition: 'clear' });
    next.read(7_000, shut);
    next.read(8_000, open);
    expect(next.alert().state).toBe('active');
  });

  test('stays raised after a start while the point is still in that state', () => {
    const rules = [rule(changesTo('open'))];
    const bench = startBench(rules, [], [valve]);
    readAll(bench, [shut, open]);
    const next = bench.reborn(5_000, rules, [], [valve]);
    next.started(5_000);
    next.read(6_000, open);
    expect(next.alert()).toMatchObject({ state: 'active', condition: 'breached' });
    next.read(7_000, shut);
    expect(next.alert().state).toBe('normal');
  });

  test('has levels: each state its own', () => {
    const levels = [
      level({ comparator: changesTo('moving') }),
      level({ severity: 'critical', comparator: changesTo('open') }),
    ];
    const bench = startBench([makeRule({ levels })], [], [valve]);
    expect(readAll(bench, [shut, moving, open])).toEqual([raised, 'active>active escalated']);
    expect(bench.alert()).toMatchObject({ severity: 'critical', limit: 'open' });
  });

  test('starts anew when the rule is changed: the last good value is no change, but the next may be', () => {
    const bench = startBench([rule({ kind: 'equals', value: 'shut' })], [], [valve]);
    bench.read(1_000, open);
    bench.config(2_000, [rule(changesTo('open'))]);
    bench.read(3_000, open);
    expect(bench.alert().state).toBe('normal');
    bench.read(4_000, shut);
    bench.read(5_000, open);
    expect(bench.alert().state).toBe('active');
    bench.config(6_000, [rule(changesTo('open'), { offDelayMs: 1_000 })]);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'breached' });
    bench.config(7_000, [rule(changesTo('shut'))]);
    expect(bench.alert().condition).toBe('clear');
  });

  test('counts a change from the value that was there when the rule was added', () => {
    const bench = startBench([], [], [valve]);
    bench.read(1_000, shut);
    bench.config(2_000, [rule(changesTo('open'))]);
    bench.read(3_000, open);
    expect(bench.alert().state).toBe('active');
  });
});
