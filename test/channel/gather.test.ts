import { expect, test } from 'vitest';
import { gather, gatherQuery } from '../../src/channel/gather.ts';
import type { EngineMs } from '../../src/domain/time.ts';
import { compilePattern } from '../../src/domain/point.ts';
import { level, makePoint, makeRule } from '../rules/bench.ts';

const now = 1_000_000 as EngineMs;
const points = [makePoint(1, 'a', 't'), makePoint(2, 'b', 't'), makePoint(3, 'a', 'h')];

function over(spanMs: number, pattern: string) {
  const of = { kind: 'mean' } as const;
  return makeRule({ points: [compilePattern(pattern)], window: { spanMs, of } });
}

test('gatherQuery() asks for twice the longest window of each point', () => {
  const stuck = makeRule({
    points: [compilePattern('a/h')],
    levels: [
      level({
        comparator: { kind: 'stuck_for', forMs: 5_000, tolerance: { value: 0, unit: null } },
      }),
    ],
  });
  const rules = [over(60_000, '*/t'), over(90_000, 'a/t'), stuck];
  expect(gatherQuery(rules, points, now)).toEqual({
    since: [
      [1, 820_000],
      [2, 880_000],
      [3, 990_000],
    ],
  });
});

test('gatherQuery() asks for nothing without a window', () => {
  expect(gatherQuery([makeRule()], points, now)).toBeNull();
  expect(gatherQuery([over(60_000, 'x/y')], points, now)).toBeNull();
});

test('gather() gives the engine every reading in its order', () => {
  const given: (readonly number[])[] = [];
  gather(
    {
      gather: (at, point, value, late) =>
        void given.push([
          at,
          point,
          value,
          ...(late === undefined ? [] : [late.atMs, Number(late.isNews)]),
        ]),
    },
    {
      points: Uint32Array.of(1, 2, 1, 1),
      engineMs: Float64Array.of(10, 20, 30, 31),
      values: Float64Array.of(0.5, NaN, 3, 4),
      lateAtMs: Float64Array.of(NaN, NaN, 7, 8),
      news: Uint8Array.of(1, 1, 1, 0),
    },
  );
  expect(given).toEqual([
    [10, 1, 0.5],
    [20, 2, NaN],
    [30, 1, 3, 7, 1],
    [31, 1, 4, 8, 0],
  ]);
});
