import { expect, test } from 'vitest';
import { compareAlerts } from '../../src/rehearsal/compare-alerts.ts';
import { RaisedSpans } from '../../src/rehearsal/raised-spans.ts';

const minute = 60_000;
type Times = readonly (readonly [start: number, end: number | null, rank?: number])[];

function spansOf(times: Times): ReadonlyMap<string, RaisedSpans> {
  const spans = new RaisedSpans({ rule: 'warm', device: 'f', metric: 't' });
  for (const [start, end, rank = 1] of times) {
    spans.raise(start, rank);
    if (end !== null) spans.finish(end);
  }
  return new Map(times.length === 0 ? [] : [['warm/f/t', spans]]);
}

function compare(before: Times, after: Times, intervalMs = 0) {
  const told: string[] = [];
  const lines = compareAlerts(spansOf(before), spansOf(after), {
    fromMs: 0,
    toMs: 1_000 * minute,
    intervalMs: () => intervalMs,
    onDifference: ({ kind, before: old, after: fresh }) =>
      void told.push(`${kind} ${old?.startMs ?? '-'} ${fresh?.startMs ?? '-'}`),
  });
  return { told, lines };
}

test('compareAlerts() finds nothing between two runs that are alike', () => {
  const { told, lines } = compare(
    [
      [0, minute],
      [5 * minute, null],
    ],
    [
      [0, minute],
      [5 * minute, null],
    ],
  );
  expect(told).toEqual([]);
  expect(lines[0]).toMatchObject({ gained: 0, lost: 0, moved: 0 });
});

test('compareAlerts() tells an alert of one side alone as gained or lost', () => {
  expect(compare([], [[7, minute]]).told).toEqual(['gained - 7']);
  expect(compare([[7, minute]], []).told).toEqual(['lost 7 -']);
  const { told } = compare(
    [
      [0, minute],
      [90 * minute, 91 * minute],
    ],
    [[40 * minute, 41 * minute]],
  );
  expect(told).toEqual(['lost 0 -', 'gained - 2400000', 'lost 5400000 -']);
});

test('compareAlerts() tells a shift beyond a second as moved, and a smaller one not at all', () => {
  expect(compare([[0, minute]], [[1_000, minute - 1_000]]).told).toEqual([]);
  expect(compare([[0, minute]], [[1_001, minute]]).told).toEqual(['moved 0 1001']);
  expect(compare([[0, minute]], [[0, minute + 1_001]]).told).toEqual(['moved 0 0']);
  expect(compare([[0, minute]], [[0, null]]).told).toEqual(['moved 0 0']);
  expect(compare([[0, minute, 1]], [[0, minute, 2]]).told).toEqual(['moved 0 0']);
});

test('compareAlerts() allows a point one interval between its readings', () => {
  expect(compare([[0, minute]], [[10_000, minute]], 10_000).told).toEqual([]);
  expect(compare([[0, minute]], [[10_001, minute]], 10_000).told).toEqual(['moved 0 10001']);
});

test('compareAlerts() takes the first of several that overlap one for that one', () => {
  const { told, lines } = compare(
    [[0, 10 * minute]],
    [
      [0, minute],
      [2 * minute, 10 * minute],
    ],
  );
  expect(told).toEqual(['moved 0 0', 'gained - 120000']);
  expect(lines[0]?.before).toEqual({ alerts: 1, raisedMs: 10 * minute, chatter: 0 });
  expect(lines[0]?.after).toEqual({ alerts: 2, raisedMs: 9 * minute, chatter: 1 });
});

test('compareAlerts() counts the time in alarm within the stretch alone', () => {
  const { lines } = compare(
    [
      [-minute, minute],
      [999 * minute, null],
    ],
    [],
  );
  expect(lines[0]?.before).toMatchObject({ alerts: 2, raisedMs: 2 * minute });
});
