import { expect, test } from 'vitest';
import { compilePattern } from '../../src/domain/point.ts';
import { above, fridge, level, makePoint, makeRule, pointEntry, startBench } from './bench.ts';

const button = makePoint(2, 'panel', 'button', { kind: 'boolean' });
const known = [fridge, button];
const acknowledgeWith = { device: 'panel', metric: 'button', equals: null };
const rule = makeRule({ acknowledgeWith });

test('a press acknowledges by the name of the point, caused by its reading', () => {
  const bench = startBench([rule], [], known);
  bench.read(1, 0, 'good', button);
  bench.read(2, 6);
  bench.take();
  bench.read(3, 1, 'good', button);
  const [event, ...more] = bench.take();
  expect(more).toEqual([]);
  expect(event).toMatchObject({ from: 'active', to: 'acknowledged', reason: 'acknowledged' });
  expect(event?.alert.acknowledgedBy).toBe('panel/button');
  expect(event?.cause).toHaveLength(1);
});

test('a press counts also where the button has a rule of its own to which it means nothing', () => {
  const own = makeRule({
    name: 'worn',
    points: [compilePattern('panel/button')],
    levels: [level({ comparator: above(1_000) })],
  });
  const number = makePoint(2, 'panel', 'button');
  const bench = startBench([rule, own], [], [fridge, number]);
  bench.read(1, 6);
  bench.read(2, 0, 'good', number);
  bench.read(3, 0, 'good', number);
  bench.read(4, 7, 'good', number);
  expect(bench.alert().state).toBe('acknowledged');
});

test('a stale reading is no press', () => {
  const bench = startBench([rule], [], known);
  bench.read(1, 0, 'good', button);
  bench.read(2, 6);
  bench.read(3, 1, 'stale', button);
  expect(bench.alert().state).toBe('active');
});

test('a button that comes with a reload is not pressed by the state it is found in', () => {
  const bench = startBench([makeRule()], [], known);
  bench.read(1, 0, 'good', button);
  bench.read(2, 6);
  bench.config(3, [rule]);
  bench.read(4, 1, 'good', button);
  expect(bench.alert().state).toBe('active');
  bench.read(5, 0, 'good', button);
  bench.config(6, [{ ...rule, message: 'other' }]);
  bench.read(7, 1, 'good', button);
  expect(bench.alert().state).toBe('acknowledged');
});

test('a button is expected from the start, as a point that a rule names', () => {
  const bench = startBench([rule], [pointEntry('panel/*', { expectEveryMs: 1_000 })], [fridge]);
  bench.advance(1_000);
  expect(bench.alert('limen.never_heard', button).state).toBe('active');
});

test.each([
  [
    { kind: 'text', states: ['IDLE', 'PRESSED'] },
    'pressed',
    'it says "PRESSED", and the rule "pressed"',
  ],
  [{ kind: 'text', states: ['idle', 'pressed'] }, 'pressed', null],
  [{ kind: 'text', states: ['idle'] }, 'pressed', null],
  [{ kind: 'text', states: ['OFF', 'auto'] }, false, null],
  [
    { kind: 'text', states: ['idle'] },
    null,
    'it says words, and the rule names none: equals is missing',
  ],
  [{ kind: 'boolean' }, 'pressed', '"pressed" cannot be compared with a boolean'],
  [{ kind: 'number' }, 'pressed', '"pressed" cannot be compared with a number'],
  [{ kind: 'boolean' }, null, null],
  [{ kind: 'number' }, null, null],
] as const)('a button that can never be pressed is told: %j by %j', (fields, equals, problem) => {
  const point = makePoint(2, 'panel', 'button', fields);
  const given = makeRule({ acknowledgeWith: { ...acknowledgeWith, equals } });
  const { engine } = startBench([given], [], [fridge, point]);
  const told =
    problem === null
      ? []
      : [`acknowledge_with of the rule "${given.name}" cannot be judged: panel/button: ${problem}`];
  expect(engine.problems()).toEqual(told);
  expect(engine.problems(point.index)).toEqual(told);
  expect(engine.problems(fridge.index)).toEqual([]);
});

test('a button that is told of can be pressed after all when its rule is another one', () => {
  const point = makePoint(2, 'panel', 'button', { kind: 'text', states: ['IDLE', 'PRESSED'] });
  const of = (equals: string) => makeRule({ acknowledgeWith: { ...acknowledgeWith, equals } });
  const bench = startBench([of('pressed')], [], [fridge, point]);
  expect(bench.engine.problems()).toHaveLength(1);
  bench.config(1, [of('PRESSED')]);
  expect(bench.engine.problems()).toEqual([]);
});
