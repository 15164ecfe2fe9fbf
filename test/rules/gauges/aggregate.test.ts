import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import {
  aggregate,
  type AggregateKind,
  type Question,
} from '../../../src/rules/gauges/aggregate.ts';
import { SampleWindow } from '../../../src/rules/gauges/samples.ts';

type Sample = readonly [at: number, value: number];

const kinds: readonly AggregateKind[] = [
  'mean',
  'min',
  'max',
  'count',
  'rate',
  'percentile',
  'time_above',
];

function fill(spanMs: number, samples: readonly Sample[]): SampleWindow {
  const window = new SampleWindow(spanMs);
  for (const [at, value] of samples) window.add(at, value);
  return window;
}

function ask(
  of: AggregateKind,
  spanMs: number,
  samples: readonly Sample[],
  at: number,
  more: { percent?: number; limit?: number; everyMs?: number | null } = {},
): number {
  const { percent = 50, limit = 0, everyMs = null } = more;
  return aggregate(fill(spanMs, samples), { of, percent, limit }, at, everyMs);
}

/** The same, in the plainest way, from every reading there ever was. */
function reference(
  { of, percent, limit }: Question,
  spanMs: number,
  all: readonly Sample[],
  at: number,
  everyMs: number | null,
): number {
  const inside = all.filter(([time]) => time > at - spanMs);
  const before = all.filter(([time]) => time <= at - spanMs).slice(-1);
  const held = [...before, ...inside];
  if (inside.length === 0) return NaN;
  const gaps = held.slice(1).map(([time], index) => time - (held[index]?.[0] ?? 0));
  const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const reach = 3 * (everyMs ?? median);
  const spans = held.map(([time, value], index) => {
    const end = Math.min(held[index + 1]?.[0] ?? at, time + reach);
    return { ms: Math.max(0, end - Math.max(time, at - spanMs)), value };
  });
  const total = spans.reduce((sum, { ms }) => sum + ms, 0);
  if (total < spanMs / 2) return NaN;
  const values = inside.map(([, value]) => value);
  switch (of) {
    case 'mean':
      return spans.reduce((sum, { ms, value }) => sum + ms * value, 0) / total;
    case 'time_above':
      return spans.reduce((sum, { ms, value }) => sum + (value > limit ? ms : 0), 0) / 1000;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'count':
      return values.length;
    case 'percentile':
      return (
        values.toSorted((a, b) => a - b)[
          Math.max(0, Math.ceil((percent / 100) * values.length) - 1)
        ] ?? NaN
      );
    case 'rate': {
      const n = inside.length;
      const x = inside.reduce((sum, [time]) => sum + time, 0) / n;
      const y = values.reduce((sum, value) => sum + value, 0) / n;
      const xy = inside.reduce((sum, [time, value]) => sum + (time - x) * (value - y), 0);
      const xx = inside.reduce((sum, [time]) => sum + (time - x) ** 2, 0);
      return xx === 0 ? NaN : xy / xx;
    }
  }
}

const minute = 60_000;
// One reading in ten seconds: 1, 2, 3, ... at 10 s, 20 s, 30 s.
const ramp = Array.from({ length: 6 }, (_, index): Sample => [(index + 1) * 10_000, index + 1]);

describe('aggregate()', () => {
  test.each([
    ['mean', 3],
    ['min', 1],
    ['max', 6],
    ['count', 6],
    ['percentile', 3],
    ['rate', 1 / 10_000],
    ['time_above', 20],
  ] as const)('gives the %s of a steady ramp', (of, wanted) => {
    expect(ask(of, minute, ramp, 60_000, { limit: 3 })).toBeCloseTo(wanted, 12);
  });

  test('weighs the mean by time', () => {
    const samples: readonly Sample[] = [
      [0, 10],
      [45_000, 20],
      [60_000, 99],
    ];
    expect(ask('mean', minute, samples, 60_000, { everyMs: 60_000 })).toBe(12.5);
  });

  test('lets the reading before the window hold at its beginning', () => {
    const samples: readonly Sample[] = [
      [-30_000, 4],
      [30_000, 8],
    ];
    expect(ask('mean', minute, samples, 60_000, { everyMs: 60_000 })).toBe(6);
    expect(ask('min', minute, samples, 60_000, { everyMs: 60_000 })).toBe(8);
  });

  test('takes a gap for no data: a reading covers three expected intervals at most', () => {
    const samples: readonly Sample[] = [
      [0, 4],
      [50_000, 8],
      [60_000, 8],
    ];
    // 30 s of 4 and 10 s of 8.
    expect(ask('mean', minute, samples, 60_000, { everyMs: 10_000 })).toBe(5);
  });

  test('is unknown while less than half of the window is covered', () => {
    for (const of of kinds) {
      expect(ask(of, minute, ramp.slice(0, 3), 30_000)).toBeNaN();
      expect(ask(of, minute, ramp.slice(0, 4), 40_000)).not.toBeNaN();
    }
  });

  test('is unknown once no reading lies in the window', () => {
    for (const of of kinds) {
      expect(ask(of, minute, ramp, 119_999, { everyMs: minute, limit: 3 })).toSatisfy(
        (value: number) => of === 'rate' || !Number.isNaN(value),
      );
      expect(ask(of, minute, ramp, 120_000, { everyMs: minute })).toBeNaN();
    }
  });

  test('knows no rate of readings that all came at one time', () => {
    const samples: readonly Sample[] = [
      [0, 1],
      [60_000, 5],
      [60_000, 9],
    ];
    expect(ask('rate', minute, samples, 60_000, { everyMs: minute })).toBeNaN();
  });

  test('agrees with the plain computation over every reading, at readings and between them', () => {
    // At most four readings in a bucket, so that all are kept.
    const trace = fc.array(
      fc.tuple(fc.integer({ min: 300, max: 30_000 }), fc.integer({ min: -50, max: 50 })),
      { minLength: 1, maxLength: 120 },
    );
    const every = fc.option(fc.integer({ min: 1_000, max: 20_000 }));
    const question = fc.record({
      of: fc.constantFrom(...kinds),
      percent: fc.integer({ min: 0, max: 100 }),
      limit: fc.integer({ min: -50, max: 50 }),
    });
    fc.assert(
      fc.property(trace, question, every, fc.nat(70_000), (steps, asked, everyMs, later) => {
        const window = new SampleWindow(2 * minute);
        const all: Sample[] = [];
        let at = 1_700_000_000_000;
        const compare = (moment: number): void => {
          const wanted = reference(asked, 2 * minute, all, moment, everyMs);
          const found = aggregate(window, asked, moment, everyMs);
          if (Number.isNaN(wanted)) expect(found).toBeNaN();
          else expect(found).toBeCloseTo(wanted, 9);
        };
        for (const [step, value] of steps) {
          at += step;
          all.push([at, value]);
          window.add(at, value);
          compare(at);
        }
        compare(at + later);
      }),
      { numRuns: 300 },
    );
  });

  test('depends on the readings that are held, to the last bit, not on how they came', () => {
    const step = fc.record({
      // Steady, with bursts of which not all are kept.
      gapMs: fc.oneof(
        { arbitrary: fc.integer({ min: 900, max: 1_100 }), weight: 8 },
        { arbitrary: fc.integer({ min: 1, max: 9 }), weight: 4 },
        { arbitrary: fc.integer({ min: 2_000, max: 9_000 }), weight: 1 },
      ),
      lateMs: fc.oneof(
        { arbitrary: fc.constant(0), weight: 9 },
        { arbitrary: fc.integer({ min: 1, max: 20_000 }), weight: 1 },
      ),
      value: fc.integer({ min: -1_000, max: 1_000 }).map((whole) => whole / 7),
    });
    const of = fc.constantFrom<AggregateKind>('mean', 'time_above', 'min', 'max', 'rate');
    const trace = fc.array(step, { minLength: 100, maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(trace, of, fc.constantFrom(null, 900, 3_000), (steps, kind, everyMs) => {
        const asked = { of: kind, percent: 0, limit: 3 };
        const window = new SampleWindow(minute);
        let at = 1_700_000_000_000;
        for (const { gapMs, lateMs, value } of steps) {
          at += gapMs;
          window.add(at - lateMs, value);
          aggregate(window, asked, at, everyMs);
        }
        const anew = new SampleWindow(minute);
        for (let index = window.begin; index < window.end; index += 1)
          anew.add(window.times[index] ?? NaN, window.values[index] ?? NaN);
        const found = aggregate(window, asked, at, everyMs);
        expect(found).toBe(aggregate(anew, asked, at, everyMs));
      }),
      { numRuns: 200 },
    );
  });
});

describe('SampleWindow', () => {
  test('keeps first, lowest, highest and last of a bucket, and counts all', () => {
    const window = new SampleWindow(1_022_000);
    for (const [index, value] of [5, 6, 9, 4, 1, 7, 8, 6].entries()) window.add(index, value);
    expect([...window.values.subarray(window.begin, window.end)]).toEqual([5, 9, 1, 6]);
    const weights = [...window.weights.subarray(window.begin, window.end)];
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(8);
  });

  test('never holds more than its bound, and never loses the lowest, the highest and the count', () => {
    const value = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 9 }), (values) => {
        const spanMs = 600_000;
        const window = new SampleWindow(spanMs);
        let lowest = Infinity;
        let highest = -Infinity;
        let most = 0;
        for (let index = 0; index < 12_000; index += 1) {
          const next = (values[index % values.length] ?? 0) + ((index * 7919) % 10_007);
          window.add(index * 50, next);
          lowest = Math.min(lowest, next);
          highest = Math.max(highest, next);
          most = Math.max(most, window.length);
        }
        const at = 11_999 * 50;
        const answer = (of: AggregateKind): number =>
          aggregate(window, { of, percent: 0, limit: 0 }, at, 50);
        expect(most).toBeLessThanOrEqual(limits.windowSamplesMax);
        expect(most).toBeGreaterThan(limits.windowSamplesMax / 2);
        expect([answer('min'), answer('max'), answer('count')]).toEqual([lowest, highest, 12_000]);
      }),
      { numRuns: 10 },
    );
  });

  test('holds the same readings whatever was asked in between', () => {
    const asked = new SampleWindow(minute);
    const plain = new SampleWindow(minute);
    for (let at = 0; at < 200_000; at += 7) {
      const value = (at * 31) % 101;
      asked.add(at, value);
      plain.add(at, value);
      if (at % 50 === 0) aggregate(asked, { of: 'mean', percent: 0, limit: 0 }, at + 3, null);
    }
    const content = (window: SampleWindow): readonly Sample[] => {
      window.forgetBefore(200_000);
      const { times, values, begin, end } = window;
      return [...times.subarray(begin, end)].map((at, index) => [at, values[begin + index] ?? NaN]);
    };
    expect(content(asked)).toEqual(content(plain));
  });
});

describe('aggregate() of many readings', () => {
  // Blocks are kept over calls here, and made at once there: jittered, with holes, spikes and equal times.
  const gapMs = fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 400 }), weight: 20 },
    { arbitrary: fc.integer({ min: 2_000, max: 9_000 }), weight: 1 },
  );
  const value = fc.integer({ min: -1_000, max: 1_000 }).map((whole) => whole / 7);
  // Now and then one comes late, and takes its place between the others.
  const lateMs = fc.oneof(
    { arbitrary: fc.constant(0), weight: 60 },
    { arbitrary: fc.integer({ min: 1, max: 30_000 }), weight: 1 },
  );
  const many = fc.array(fc.tuple(gapMs, value, lateMs), { minLength: 60, maxLength: 1_500 });

  test.each(kinds)('gives the same %s to the last bit whether asked all along or once', (of) => {
    fc.assert(
      fc.property(many, fc.constantFrom(null, 300), (steps, everyMs) => {
        const question = { of, percent: 90, limit: 20 };
        const asked = new SampleWindow(minute);
        const kept: Sample[] = [];
        let at = -70_000;
        let last = NaN;
        for (const [gap, number, late] of steps) {
          at += gap;
          asked.add(at - late, number);
          kept.push([at - late, number]);
          last = aggregate(asked, question, at, everyMs);
        }
        expect(ask(of, minute, kept, at, { ...question, everyMs })).toBe(last);
        const inOrder = kept.toSorted(([one], [other]) => one - other);
        const plain = reference(question, minute, inOrder, at, everyMs);
        // The reference keeps every reading: what was thinned differs.
        const isThinned = asked.length < kept.filter(([time]) => time > at - minute).length;
        if (isThinned) return;
        expect(Number.isNaN(last)).toBe(Number.isNaN(plain));
        if (!Number.isNaN(plain)) expect(last).toBeCloseTo(plain, 6);
      }),
      { numRuns: 40 },
    );
  });
});
