import { expect, test } from 'vitest';
import { PointNoise } from '../../src/rehearsal/point-noise.ts';

test('PointNoise measures the usual gap and the usual step to within a bucket', () => {
  const noise = new PointNoise();
  for (let index = 0; index < 1_000; index += 1)
    noise.add(index * 30_000, index % 2 === 0 ? 4 : 4.2);
  // One long silence and one jump change nothing.
  noise.add(9e9, 80);
  expect(noise.intervalMs / 30_000).toBeCloseTo(1, 0);
  expect(Math.abs(noise.intervalMs - 30_000)).toBeLessThan(30_000 / 14);
  expect(Math.abs(noise.step - 0.2)).toBeLessThan(0.2 / 14);
});

test('PointNoise takes the steps there are where a point mostly repeats itself', () => {
  const noise = new PointNoise();
  for (let index = 0; index < 100; index += 1) noise.add(index, index % 10 === 0 ? 1.5 : 1);
  expect(Math.abs(noise.step - 0.5)).toBeLessThan(0.5 / 14);
});

test('PointNoise knows nothing of a point that was heard once', () => {
  const noise = new PointNoise();
  noise.add(1, 1);
  expect([noise.intervalMs, noise.step]).toEqual([0, 0]);
});
