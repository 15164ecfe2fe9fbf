import { expect, test } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import type { PointIndex } from '../../src/domain/point.ts';
import { historyOnlyFlag, lateFlag } from '../../src/domain/reading.ts';
import type { RecentReadings } from '../../src/domain/store.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  groupOf,
  noon,
  quiet,
  temporaryFolder,
  type GroupReading,
} from './store-fixture.ts';

function recent(
  groups: readonly { readonly readings: readonly GroupReading[]; readonly wallMs?: number }[],
  since: readonly (readonly [number, number])[],
): readonly (readonly number[])[] {
  const store = new Store({ directory: temporaryFolder(), bootId: 'boot' }, quiet);
  store.recover();
  for (const group of groups) store.write(groupOf(group));
  const found: RecentReadings = store.recent({
    since: since.map(([point, from]) => [point as PointIndex, from] as const),
  });
  store.close();
  return Array.from(found.points, (point, row) => [
    point,
    found.engineMs[row] ?? NaN,
    found.values[row] ?? NaN,
    ...(Number.isNaN(found.lateAtMs[row] ?? NaN)
      ? []
      : [(found.lateAtMs[row] ?? NaN) - noon, found.news[row] ?? NaN]),
  ]);
}

test('Store.recent() gives the usable readings of the points asked for, by engine time', () => {
  const readings = [
    { seq: 1, point: 1, value: 1, engineMs: 1_000 },
    { seq: 2, point: 1, value: 2, engineMs: 2_000, atMs: noon - 90_000 },
    { seq: 3, point: 2, value: 3, engineMs: 2_500 },
    { seq: 4, point: 1, value: NaN, engineMs: 3_000, quality: 2 },
    { seq: 5, point: 1, value: 5, engineMs: 3_100, quality: 1 },
    { seq: 6, point: 1, value: 6, engineMs: 3_200, quality: 0 + historyOnlyFlag },
    { seq: 7, point: 3, value: 7, engineMs: 4_000 },
    { seq: 8, point: 3, value: 8, engineMs: 5_000, atMs: noon - 200_000, quality: lateFlag },
    {
      seq: 9,
      point: 3,
      value: 9,
      engineMs: 5_000,
      atMs: noon - 300_000,
      quality: lateFlag + historyOnlyFlag,
    },
  ];
  expect(
    recent(
      [{ readings }],
      [
        [1, 2_000],
        [3, 0],
      ],
    ),
  ).toEqual([
    [1, 2_000, 2],
    [1, 3_100, 5],
    [3, 4_000, 7],
    [3, 5_000, 8, -200_000, 1],
    [3, 5_000, 9, -300_000, 0],
  ]);
});

test('Store.recent() reads over the end of a day', () => {
  const groups = [
    { readings: [{ seq: 1, point: 1, value: 1, engineMs: 1_000 }] },
    {
      readings: [{ seq: 3, point: 1, value: 2, engineMs: 2_000, atMs: noon + dayLength }],
      wallMs: noon + dayLength,
    },
  ];
  expect(recent(groups, [[1, 0]])).toEqual([
    [1, 1_000, 1],
    [1, 2_000, 2],
  ]);
});

test('Store.recent() looks at no more than the newest numbers', () => {
  const groups = [
    { readings: [{ seq: 1, point: 1, value: 1, engineMs: 1_000 }] },
    { readings: [{ seq: 3 + limits.recentRowsMax, point: 1, value: 2, engineMs: 2_000 }] },
  ];
  expect(recent(groups, [[1, 0]])).toEqual([[1, 2_000, 2]]);
});
