import { expect, test } from 'vitest';
import type { PointMemory } from '../../src/domain/engine.ts';
import { createHabit, noteVia } from '../../src/channel/habits.ts';
import { Points } from '../../src/channel/points.ts';
import { createSources } from '../../src/channel/sources.ts';
import { createFakeClock } from '../host/fake-clock.ts';

const second = 1_000;
const noMemories: readonly PointMemory[] = [];

/** Sources beside a clock; `told` has what the engine was told, as `+name` and `-name`. */
function createBench() {
  const clock = createFakeClock();
  const points = new Points([], noMemories, () => undefined);
  const told: string[] = [];
  const sources = createSources({
    clock,
    points,
    input: (key, _body, given) =>
      told.push(`${given.kind === 'source' && given.connected ? '+' : '-'}${key}`),
  });
  const bring = (device: string, via: string): void => {
    const point = points.get(device, 't');
    if (point === null) throw new Error('too many points');
    point.habit.via = via;
    point.arrivedAt = 1;
  };
  const pass = (seconds: number): void => {
    for (let passed = 0; passed < seconds; passed += 1) {
      clock.advance(second);
      sources.look();
    }
  };
  return { sources, points, told, bring, pass };
}

test('a client that brings two points is told when it has stayed for a minute, and when it has gone', () => {
  const { sources, told, bring, pass } = createBench();
  sources.client('hub', true);
  pass(30);
  bring('a', 'hub');
  bring('b', 'hub');
  pass(29);
  expect(told).toEqual([]);
  pass(12);
  expect(told).toEqual(['+hub']);
  sources.client('hub', false);
  pass(9);
  expect(told).toEqual(['+hub']);
  pass(1);
  expect(told).toEqual(['+hub', '-hub']);
});

test('a client of one point is not told, and neither is one that sleeps between its reports', () => {
  const { sources, told, bring, pass } = createBench();
  bring('a', 'one');
  bring('b', 'sleeper');
  bring('c', 'sleeper');
  sources.client('one', true);
  for (let report = 0; report < 5; report += 1) {
    sources.client('sleeper', true);
    pass(5);
    sources.client('sleeper', false);
    pass(600);
  }
  expect(told).toEqual([]);
});

test('a connection that is back within ten seconds makes no row', () => {
  const { sources, told, bring, pass } = createBench();
  bring('a', 'hub');
  bring('b', 'hub');
  sources.client('hub', true);
  pass(70);
  sources.client('hub', false);
  pass(5);
  sources.client('hub', true);
  pass(300);
  expect(told).toEqual(['+hub']);
});

test('another broker is told at each change, and its silence meanwhile is no gap', () => {
  const { sources, points, told, bring } = createBench();
  bring('a', 'home');
  bring('b', 'other');
  sources.broker('home', false);
  sources.broker('home', true);
  expect(told).toEqual(['-home', '+home']);
  expect(points.get('a', 't')?.arrivedAt).toBeNaN();
  expect(points.get('b', 't')?.arrivedAt).toBe(1);
});

test('who brings a point is known after three arrivals in a row', () => {
  const habit = createHabit(null);
  const seen = [
    'hub',
    'hub',
    'two',
    'hub',
    'hub',
    'hub',
    'hub',
    null,
    'two',
    'hub',
    'two',
    'two',
    'two',
  ];
  expect(
    seen.map((via) => noteVia(habit, via)).flatMap((isNew, at) => (isNew ? [at] : [])),
  ).toEqual([5, 12]);
  expect(habit.via).toBe('two');
});

test('a port that is told as lost again, for another reason, is no news', () => {
  const { sources, told } = createBench();
  for (const isOpen of [false, false, true, true, false, false])
    sources.broker('/dev/ttyACM0', isOpen);
  expect(told).toEqual(['-/dev/ttyACM0', '+/dev/ttyACM0', '-/dev/ttyACM0']);
});
