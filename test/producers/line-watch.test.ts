import { expect, test } from 'vitest';
import type { PortStatus } from '../../src/domain/serial.ts';
import { watchLines } from '../../src/producers/line-watch.ts';
import { createFakeClock } from '../host/fake-clock.ts';

function watchPort() {
  const clock = createFakeClock();
  const told: unknown[][] = [];
  const bad: Record<string, number> = {};
  let isOpen = true;
  const status = (): PortStatus => ({
    path: '/dev/ttyACM0',
    isOpen,
    problem: null,
    bytes: 0,
    frames: 0,
    badFrames: { ...bad },
    openings: 1,
  });
  const watch = watchLines({
    clock,
    statuses: () => [status()],
    report: (...report) => told.push(report),
  });
  return {
    clock,
    told,
    bad,
    watch,
    plug: (plugged: boolean) => (isOpen = plugged),
    /** What was told in the next so many seconds. */
    hear(seconds: number): unknown[][] {
      told.length = 0;
      clock.advance(seconds * 1_000);
      return told.map(([, ...rest]) => rest);
    },
  };
}

test('watchLines() tells every ten seconds how many lines of the last minute could not be read, and why', () => {
  const { bad, hear } = watchPort();
  expect(hear(20)).toEqual([
    [0, 'none'],
    [0, 'none'],
  ]);
  bad['wrong checksum'] = 3;
  expect(hear(10)).toEqual([[3, '3 wrong checksum']]);
  bad['line too long'] = 1;
  expect(hear(50).at(-1)).toEqual([4, '3 wrong checksum, 1 line too long']);
  // The first three are a minute old now.
  expect(hear(10).at(-1)).toEqual([1, '1 line too long']);
  expect(hear(60).at(-1)).toEqual([0, 'none']);
});

test('watchLines() takes what was bad before the port was looked at for no news', () => {
  const { bad, hear } = watchPort();
  bad['line cut off'] = 1;
  expect(hear(10)).toEqual([[0, 'none']]);
});

test('watchLines() goes on from nothing where the count has begun anew', () => {
  const { bad, hear } = watchPort();
  bad['wrong checksum'] = 500;
  hear(10);
  bad['wrong checksum'] = 2;
  expect(hear(10)).toEqual([[2, '2 wrong checksum']]);
});

test('watchLines() is silent about a port that is not open, and after its end', () => {
  const { plug, hear, watch } = watchPort();
  plug(false);
  expect(hear(60)).toEqual([]);
  plug(true);
  expect(hear(10)).toHaveLength(1);
  watch.stop();
  expect(hear(60)).toEqual([]);
});
