import { expect, test } from 'vitest';
import { createMemories } from '../../src/channel/memories.ts';
import { Points } from '../../src/channel/points.ts';
import { pointMemories } from '../../src/channel/recover.ts';
import type { PointMemory } from '../../src/domain/engine.ts';
import type { Point, PointIndex } from '../../src/domain/point.ts';
import type { Seq } from '../../src/domain/reading.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import { createEngine } from '../../src/rules/engine.ts';
import { configOf } from './road.ts';

const point = (index: number, device: string, metric: string): Point => ({
  index: index as PointIndex,
  device,
  metric,
  unit: null,
  kind: 'number',
  states: [],
});

test('Points gives each name its index once, also behind a hole', () => {
  const declared: Point[] = [];
  const points = new Points([point(1, 'a', 't'), point(5, 'b', 't')], [], (each) =>
    declared.push(each),
  );
  expect(points.get('a', 't')?.index).toBe(1);
  expect(points.get('b', 't')?.index).toBe(5);
  expect(points.get('c', 't')?.index).toBe(6);
  expect(points.get('c', 't')?.index).toBe(6);
  expect([points.size, points.lastIndex]).toEqual([3, 6]);
  expect(points.find(6 as PointIndex)?.device).toBe('c');
  expect(points.find(3 as PointIndex)).toBeUndefined();
  expect(declared).toEqual([]);
});

test('Points keeps names apart whose parts join alike', () => {
  const points = new Points([], [], () => undefined);
  expect(points.get('a', 'b/c')?.index).not.toBe(points.get('a/b', 'c')?.index);
});

test('Points.configure() looks the settings up anew and declares a unit that changed', () => {
  const declared: (string | null)[] = [];
  const points = new Points([point(1, 'a', 't')], [], ({ unit }) => declared.push(unit));
  const { points: entries, rules } = configOf(`
points:
  "*/t": { unit: °C, valid: [0, 100] }
  a/t: { valid: [32 °F, 50] }
`);
  points.configure(entries, rules);
  points.configure(entries, rules);
  expect(declared).toEqual(['°C']);
  expect(points.get('a', 't')).toMatchObject({ unit: '°C', low: 0, high: 50 });
  expect(points.get('b', 't')).toMatchObject({ unit: '°C', low: 0, high: 100 });
  expect(points.get('b', 'h')).toMatchObject({ unit: null, low: -Infinity, high: Infinity });
});

test('Points gives a point whose unit changes a new index, and leaves what is stored its unit', () => {
  const declared: unknown[] = [];
  const known = { ...point(1, 'a', 't'), unit: '°C' };
  const points = new Points([known, point(2, 'b', 't')], [], (...each) => declared.push(each));
  const ref = points.get('a', 't');
  const { points: entries, rules } = configOf('points: { "*/t": { unit: °F, valid: [0, 100] } }');
  points.configure(entries, rules);
  const inFahrenheit = { ...known, index: 3, unit: '°F' };
  expect(declared).toEqual([
    [inFahrenheit, known],
    // Numbers without a unit get the one they are said to have had.
    [{ ...point(2, 'b', 't'), unit: '°F' }, null],
  ]);
  expect(points.get('a', 't')).toBe(ref);
  expect(ref).toMatchObject({ index: 3, unit: '°F', high: 100 });
  expect(points.find(1 as PointIndex)).toMatchObject({ index: 1, unit: '°C' });
  expect([points.size, points.lastIndex]).toEqual([2, 3]);
});

test('Points takes the newest of the indexes that a name had', () => {
  const known = [
    { ...point(1, 'a', 't'), unit: '°C' },
    { ...point(2, 'a', 't'), unit: '°F' },
  ];
  const points = new Points(known, [], () => undefined);
  expect(points.all()).toEqual([known[1]]);
  expect(points.get('a', 't')?.index).toBe(2);
});

test('pointMemories() goes on with the memory of the former unit where the new one has none yet', () => {
  const known = [
    { ...point(1, 'a', 't'), unit: '°C' },
    { ...point(2, 'a', 't'), unit: '°F' },
    { ...point(3, 'b', 't'), unit: '°C' },
    { ...point(4, 'b', 't'), unit: 'V' },
    { ...point(5, 'c', 't'), unit: '°C' },
    { ...point(6, 'c', 't'), unit: '°F' },
  ];
  const memory = (index: number, value: number): PointMemory => ({
    index: index as PointIndex,
    value,
    quality: 0,
    seq: 1 as Seq,
    heardAt: 5 as EngineMs,
    atMs: null,
    badSince: null,
  });
  const stored = [memory(1, 20), memory(3, 20), memory(5, 20), memory(6, 99)];
  expect(pointMemories({ points: known, pointMemories: stored })).toEqual([
    memory(6, 99),
    memory(2, 68),
    { ...memory(4, 0), value: null, quality: 3 },
  ]);
});

test('createMemories() gives what changed, of every point up to the last index', () => {
  const engine = createEngine({ nextSeq: () => 100 as Seq, emit: () => undefined });
  const memoryOf = (index: number, seq: number): PointMemory => ({
    index: index as PointIndex,
    value: 1,
    quality: 0,
    seq: seq as Seq,
    heardAt: null,
    atMs: null,
    badSince: null,
  });
  const at = 1_000 as EngineMs;
  engine.accept(1 as Seq, at, { kind: 'config', rules: [], points: [] });
  for (const index of [2, 5]) {
    engine.accept(1 as Seq, at, { kind: 'point', point: point(index, `d${index}`, 't') });
    engine.reading(index as Seq, at, 0 as WallMs, index as PointIndex, 20, 0);
  }
  const memories = createMemories(engine, [memoryOf(2, 2)], () => 5);
  expect(memories.takeChanged().map(({ index, seq }) => [index, seq])).toEqual([[5, 5]]);
  expect(memories.takeChanged()).toEqual([]);
  engine.reading(9 as Seq, at, 0 as WallMs, 2 as PointIndex, 21, 0);
  expect(memories.takeChanged()).toMatchObject([{ index: 2, seq: 9, value: 21 }]);
});
