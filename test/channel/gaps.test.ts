import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GapHistory } from '../../src/channel/gaps.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The contract, word for word, over all gaps there ever were. */
function exactStaleAfter(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const longest = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
  return Math.max(3 * median, 1.5 * longest);
}

function historyOf(gaps: readonly number[]): GapHistory {
  const history = new GapHistory();
  for (const gap of gaps) history.add(gap);
  return history;
}

test('an interval is learned from 50 gaps over 24 hours, not from fewer or in less time', () => {
  expect(historyOf(Array<number>(49).fill(hour)).staleAfterMs()).toBeNull();
  expect(historyOf(Array<number>(50).fill(hour)).staleAfterMs()).not.toBeNull();
  expect(historyOf(Array<number>(1_439).fill(minute)).staleAfterMs()).toBeNull();
  expect(historyOf(Array<number>(1_440).fill(minute)).staleAfterMs()).not.toBeNull();
});

test('a point is stale after the larger of 3 × median and 1.5 × the 99th percentile, at most 2.3 % later', () => {
  const gap = fc.oneof(fc.integer({ min: 10_000, max: hour }), fc.constant(5 * minute));
  fc.assert(
    fc.property(fc.array(gap, { minLength: 60, maxLength: 300 }), (gaps) => {
      const coveredMs = gaps.reduce((sum, one) => sum + one, 0);
      fc.pre(coveredMs >= day && coveredMs < 3 * day);
      const found = historyOf(gaps).staleAfterMs() ?? NaN;
      const exact = exactStaleAfter(gaps);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.0225 + 300);
    }),
  );
});

test('what reports many times a second is not stale before 10 s', () => {
  expect(historyOf(Array<number>(90_000).fill(1_000)).staleAfterMs()).toBe(10_200);
});

test('a third of it is a whole number of milliseconds: the expected interval', () => {
  const found = historyOf(Array<number>(3_000).fill(61_357)).staleAfterMs() ?? NaN;
  expect(Number.isInteger(found / 3)).toBe(true);
});

test('a habit that became slower is learned when 50 gaps of it fill the newer half', () => {
  const history = historyOf(Array<number>(20_000).fill(10_000));
  for (let gaps = 0; gaps < 5 * 24; gaps += 1) history.add(hour);
  expect(history.staleAfterMs()).toBeGreaterThanOrEqual(3 * hour);
});

test('a habit of long ago fades', () => {
  const history = historyOf(Array<number>(100).fill(6 * hour));
  for (let gaps = 0; gaps < 7 * 1_440 + 1; gaps += 1) history.add(minute);
  expect(history.staleAfterMs()).toBeLessThan(4 * minute);
});

test('a history goes on from its text, which is short', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 * day }), { maxLength: 400 }), (gaps) => {
      const history = historyOf(gaps);
      const text = history.encode();
      const next = GapHistory.decode(text);
      expect(next.encode()).toBe(text);
      expect(next.staleAfterMs()).toBe(history.staleAfterMs());
      // 704 buckets in each of two generations.
      expect(text.length).toBeLessThan(10_000);
    }),
  );
  expect(historyOf(Array<number>(20_000).fill(minute)).encode().length).toBeLessThan(40);
});

test('what is no history is an empty one', () => {
  for (const text of ['', ';', 'x y z', '-1 -2.-3;', '9 zzzzzz.1']) {
    expect(GapHistory.decode(text).staleAfterMs()).toBeNull();
  }
});
