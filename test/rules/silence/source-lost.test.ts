import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PointEntry } from '../../../src/domain/config.ts';
import { isFlagged, type AlertEvent } from '../../../src/domain/alert.ts';
import type { Point, PointIndex } from '../../../src/domain/point.ts';
import { makePoint, pointEntry, startBench, type Bench } from '../bench.ts';

const second = 1_000;
const minute = 60 * second;
const key = 'limen.source_lost/gateway-1/-';

function sensors(count: number): readonly Point[] {
  return Array.from({ length: count }, (_, index) => makePoint(index + 1, `s${index}`, 't'));
}

function entriesOf(intervals: readonly number[], via = 'gateway-1'): readonly PointEntry[] {
  return intervals.map((expectEveryMs, index) => pointEntry(`s${index}/t`, { expectEveryMs, via }));
}

/** Reports of all points from their phase on, in the order of time, up to before `untilMs`. */
function report(
  bench: Bench,
  points: readonly Point[],
  intervals: readonly number[],
  { phases, fromMs = 0, untilMs }: { phases: readonly number[]; fromMs?: number; untilMs: number },
): void {
  const times = points.flatMap((point, index) => {
    const found: { readonly at: number; readonly point: Point }[] = [];
    const every = intervals[index] ?? NaN;
    for (let at = phases[index] ?? 0; at < untilMs; at += every)
      if (at >= fromMs) found.push({ at, point });
    return found;
  });
  for (const { at, point } of times.toSorted((a, b) => a.at - b.at))
    bench.read(at, 20, 'good', point);
}

/** What people are told: raises that no flag keeps from them, and ends of flags of what is still raised. */
function told(events: readonly AlertEvent[]): readonly string[] {
  return events
    .filter(({ kind, from, to, reason, alert }) => {
      if (isFlagged(alert)) return false;
      return to === 'active' && (kind === 'transition' ? from !== to : reason === 'unsuppressed');
    })
    .map(({ alert }) => `${alert.rule}/${alert.device}`);
}

function gatewayBench(intervals: readonly number[]) {
  const points = sensors(intervals.length);
  return { bench: startBench([], entriesOf(intervals), points), points };
}

const first40 = Array.from({ length: 40 }, (_, index) => index);

describe('a gateway with 40 points goes quiet', () => {
  test.each(first40)('one alert tells of it, whichever point is missed first (%i)', (first) => {
    const intervals = first40.map(() => minute);
    const { bench, points } = gatewayBench(intervals);
    // The one before it in the round is the last that is heard.
    const phases = first40.map((index) => ((index - first + 40) % 40) * 1.5 * second);
    report(bench, points, intervals, { phases, untilMs: 10 * minute });
    bench.take();
    bench.advance(60 * minute);
    expect(told(bench.take())).toEqual(['limen.source_lost/gateway-1']);
    const alerts = points.map((point) => bench.alert('limen.stale', point));
    expect(
      alerts.every(({ state, suppressedBy }) => state === 'active' && suppressedBy === key),
    ).toBe(true);
  });

  test.each(first40)('so it is with one point alone that is fast (%i)', (first) => {
    const intervals = first40.map((index) => (index === first ? 10 * second : minute));
    const { bench, points } = gatewayBench(intervals);
    // In one moment, or ever further apart.
    const phases = first40.map((index) => (index === first ? 0 : index * first * 36));
    report(bench, points, intervals, { phases, untilMs: 10 * minute + first * second });
    bench.take();
    bench.advance(60 * minute);
    expect(told(bench.take())).toEqual(['limen.source_lost/gateway-1']);
  });

  test.each(first40)('so it is with mixed intervals (%i)', (first) => {
    const mixed = [30 * second, minute, 5 * minute, 15 * minute];
    const intervals = first40.map((index) => mixed[(index + first) % 4] ?? minute);
    const { bench, points } = gatewayBench(intervals);
    const phases = first40.map(
      (index) => (((index * 7 + first) % 40) / 40) * (intervals[index] ?? 0),
    );
    report(bench, points, intervals, { phases, untilMs: 60 * minute + first * second });
    bench.take();
    bench.advance(4 * 60 * minute);
    expect(told(bench.take())).toEqual(['limen.source_lost/gateway-1']);
  });

  test('the message tells how many points, and the longest silence', () => {
    const intervals = first40.map(() => minute);
    const { bench, points } = gatewayBench(intervals);
    const phases = first40.map((index) => index * second);
    report(bench, points, intervals, { phases, untilMs: 10 * minute });
    bench.advance(20 * minute);
    expect(bench.alert('limen.source_lost', { device: 'gateway-1', metric: '-' })).toMatchObject({
      state: 'active',
      message:
        'gateway-1 is silent: 40 of its 40 points are overdue, the longest not heard for 3 min',
      unit: 's',
      // What is overdue is a matter of each point: there is no one number.
      limit: null,
    });
  });
});

describe('a gateway that is back', () => {
  const intervals = first40.map(() => minute);
  const phases = first40.map((index) => index * second);

  function lostBench() {
    const { bench, points } = gatewayBench(intervals);
    report(bench, points, intervals, { phases, untilMs: 10 * minute });
    bench.advance(20 * minute);
    bench.take();
    return { bench, points };
  }

  test('returns with one message, and its points in silence', () => {
    const { bench, points } = lostBench();
    report(bench, points, intervals, { phases, fromMs: 30 * minute, untilMs: 60 * minute });
    const events = bench.take();
    expect(told(events)).toEqual([]);
    expect(bench.engine.open()).toEqual([]);
    expect(bench.engine.all().filter(isFlagged)).toEqual([]);
    const [end] = events.filter(({ alert }) => alert.rule === 'limen.source_lost');
    expect(end).toMatchObject({ to: 'normal', at: 30 * minute + 20 * second });
  });

  test('tells of the points that do not come back after an interval and a half of grace', () => {
    const { bench, points } = lostBench();
    const back = points.slice(0, 38);
    report(bench, back, intervals, {
      phases,
      fromMs: 30 * minute,
      untilMs: 31 * minute + 49 * second,
    });
    expect(told(bench.take())).toEqual([]);
    report(bench, back, intervals, {
      phases,
      fromMs: 31 * minute + 49 * second,
      untilMs: 60 * minute,
    });
    expect(told(bench.take())).toEqual(['limen.stale/s38', 'limen.stale/s39']);
  });

  test('and goes again within the grace is one alert again', () => {
    const { bench, points } = lostBench();
    report(bench, points.slice(0, 25), intervals, {
      phases,
      fromMs: 30 * minute,
      untilMs: 30 * minute + 25 * second,
    });
    bench.advance(60 * minute);
    expect(told(bench.take())).toEqual(['limen.source_lost/gateway-1']);
  });
});

describe('one sensor that dies', () => {
  test('is its own affair while the others of the gateway report', () => {
    const intervals = first40.map(() => minute);
    const { bench, points } = gatewayBench(intervals);
    const phases = first40.map((index) => index * second);
    report(bench, points, intervals, { phases, untilMs: 10 * minute });
    report(bench, points.slice(1), intervals, {
      phases: phases.slice(1),
      fromMs: 10 * minute,
      untilMs: 30 * minute,
    });
    expect(told(bench.take())).toEqual(['limen.stale/s0']);
  });

  test('so it is when all report at once, a moment after it is missed', () => {
    const intervals = first40.map(() => minute);
    const { bench, points } = gatewayBench(intervals);
    for (let at = 0; at < 30 * minute; at += minute)
      for (const [index, point] of points.entries())
        if (index > 0 || at < 10 * minute)
          bench.read(at + (index === 0 ? 0 : ((at / minute) % 7) * 20 + index), 20, 'good', point);
    expect(told(bench.take())).toEqual(['limen.stale/s0']);
  });

  test('so it is where it is one of two', () => {
    const intervals = [minute, minute];
    const { bench, points } = gatewayBench(intervals);
    report(bench, points, intervals, { phases: [0, 30 * second], untilMs: 10 * minute });
    report(bench, points.slice(1), intervals, {
      phases: [30 * second],
      fromMs: 10 * minute,
      untilMs: 30 * minute,
    });
    expect(told(bench.take())).toEqual(['limen.stale/s0']);
  });

  test('and the gateway later: what was told of it before is suppressed by the one alert', () => {
    const intervals = [minute, minute, minute];
    const { bench, points } = gatewayBench(intervals);
    const phases = [0, 20 * second, 40 * second];
    report(bench, points, intervals, { phases, untilMs: 10 * minute });
    report(bench, points.slice(1), intervals, {
      phases: phases.slice(1),
      fromMs: 10 * minute,
      untilMs: 30 * minute,
    });
    bench.advance(60 * minute);
    expect(told(bench.take())).toEqual(['limen.stale/s0', 'limen.source_lost/gateway-1']);
    expect(bench.alert('limen.stale', points[0]).suppressedBy).toBe(key);
  });
});

describe('connections', () => {
  test('a client that is gone is lost with its first stale point, not before', () => {
    const intervals = [minute, 60 * minute, 60 * minute];
    const { bench, points } = gatewayBench(intervals);
    report(bench, points, intervals, { phases: [0, 0, 0], untilMs: 10 * minute });
    bench.source(0, 'gateway-1', true);
    bench.source(9 * minute + second, 'gateway-1', false);
    bench.advance(12 * minute - 1);
    expect(told(bench.take())).toEqual([]);
    bench.advance(12 * minute);
    expect(told(bench.take())).toEqual(['limen.source_lost/gateway-1']);
    expect(bench.alert('limen.source_lost', { device: 'gateway-1', metric: '-' }).message).toBe(
      'gateway-1 is not connected: 1 of its 3 points are overdue, the longest not heard for 12 min',
    );
  });

  test('another broker that is away for a minute is told at once, and its points are not', () => {
    const intervals = [minute, minute];
    const points = sensors(2);
    const bench = startBench([], entriesOf(intervals, 'home'), points);
    bench.source(0, 'home', true, true);
    report(bench, points, intervals, { phases: [0, 0], untilMs: minute + 1 });
    bench.source(70 * second, 'home', false, true);
    bench.advance(130 * second - 1);
    expect(told(bench.take())).toEqual([]);
    bench.advance(130 * second);
    expect(told(bench.take())).toEqual(['limen.source_lost/home']);
    bench.advance(10 * minute);
    expect(told(bench.take())).toEqual([]);
    bench.source(11 * minute, 'home', true, true);
    expect(bench.alert('limen.source_lost', { device: 'home', metric: '-' }).state).toBe('active');
    for (const point of points) bench.read(11 * minute + second, 20, 'good', point);
    expect(bench.engine.open()).toEqual([]);
    expect(told(bench.take())).toEqual([]);
  });

  test('another broker that is back within a minute is no news', () => {
    const bench = startBench([], [], []);
    bench.source(0, 'home', false, true);
    bench.source(59 * second, 'home', true, true);
    bench.advance(10 * minute);
    expect(bench.take()).toEqual([]);
  });

  test('after a start nothing is missed before its source was connected for one interval', () => {
    const intervals = [minute, minute];
    const points = sensors(2);
    const entries = entriesOf(intervals, 'home');
    const bench = startBench([], entries, points);
    report(bench, points, intervals, { phases: [0, 0], untilMs: minute });
    const next = bench.reborn(30 * minute, [], entries, points);
    next.started(30 * minute, { elapsedMs: 29 * minute });
    next.source(30 * minute, 'home', false, true);
    next.source(30 * minute + 50 * second, 'home', true, true);
    next.advance(31 * minute + 50 * second - 1);
    expect(told(next.take())).toEqual([]);
    next.advance(31 * minute + 50 * second);
    expect(told(next.take())).toEqual(['limen.source_lost/home']);
  });
});

test('an alert about a gateway and what it suppresses go on over a restart', () => {
  const intervals = [minute, minute, minute];
  const { bench, points } = gatewayBench(intervals);
  report(bench, points, intervals, { phases: [0, 0, 0], untilMs: 5 * minute });
  bench.advance(20 * minute);
  const entries = entriesOf(intervals);
  const next = bench.reborn(30 * minute, [], entries, points);
  next.started(30 * minute, { elapsedMs: 10 * minute });
  next.advance(60 * minute);
  expect(next.take().filter(({ kind }) => kind !== 'condition')).toEqual([]);
  expect(next.alert('limen.stale', points[0]).suppressedBy).toBe(key);
  for (const point of points) next.read(61 * minute, 20, 'good', point);
  expect(next.engine.open()).toEqual([]);
  expect(told(next.take())).toEqual([]);
});

test('a point that comes through something else now is not suppressed any more', () => {
  const intervals = [minute, minute];
  const { bench, points } = gatewayBench(intervals);
  report(bench, points, intervals, { phases: [0, 0], untilMs: 5 * minute });
  bench.advance(20 * minute);
  bench.take();
  bench.config(
    21 * minute,
    [],
    [
      pointEntry('s0/t', { expectEveryMs: minute, via: 'gateway-1' }),
      pointEntry('s1/t', { expectEveryMs: minute, via: 'gateway-2' }),
    ],
  );
  expect(told(bench.take())).toContain('limen.stale/s1');
});

test('a point whose gateway is another one after a restart is not suppressed by the former one', () => {
  const intervals = [minute, minute];
  const { bench, points } = gatewayBench(intervals);
  report(bench, points, intervals, { phases: [0, 0], untilMs: 5 * minute });
  bench.advance(20 * minute);
  const entries = [
    pointEntry('s0/t', { expectEveryMs: minute, via: 'gateway-1' }),
    pointEntry('s1/t', { expectEveryMs: minute, via: 'gateway-2' }),
  ];
  const next = bench.reborn(21 * minute, [], entries, points);
  next.started(21 * minute, { elapsedMs: minute });
  expect(told(next.take())).toEqual(['limen.stale/s1']);
});

describe('an engine with sources', () => {
  const points = sensors(6);
  const entries = [
    ...entriesOf([10 * second, 10 * second, 30 * second]),
    pointEntry('s3/t', { expectEveryMs: 10 * second, via: 'home' }),
    pointEntry('s4/t', { via: 'home' }),
  ];
  const anyStep = fc.record({
    waitMs: fc.constantFrom(0, second, 5 * second, 16 * second, 40 * second, 2 * minute),
    what: fc.oneof(
      fc.record({ kind: fc.constant('read' as const), of: fc.nat({ max: 5 }) }),
      fc.record({ kind: fc.constant('all' as const) }),
      fc.record({
        kind: fc.constant('source' as const),
        name: fc.constantFrom('gateway-1', 'home'),
        connected: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('learned' as const),
        of: fc.nat({ max: 5 }),
        staleAfterMs: fc.constantFrom(null, 15 * second, 90 * second),
        via: fc.constantFrom(null, 'gateway-1', 'home', 'client'),
      }),
      fc.record({ kind: fc.constant('config' as const), isShort: fc.boolean() }),
    ),
  });
  type AnyStep = typeof anyStep extends fc.Arbitrary<infer Step> ? Step : never;

  const take = (bench: Bench, from: number, { waitMs, what }: AnyStep): number => {
    const at = from + waitMs;
    bench.advance(at);
    switch (what.kind) {
      case 'read':
        bench.read(at, 20, 'good', points[what.of]);
        break;
      case 'all':
        for (const point of points) bench.read(at, 20, 'good', point);
        break;
      case 'source':
        bench.source(at, what.name, what.connected, what.name === 'home');
        break;
      case 'learned': {
        const { of, staleAfterMs, via } = what;
        bench.learned(at, { point: (of + 1) as PointIndex, staleAfterMs, via });
        break;
      }
      case 'config':
        bench.config(at, [], what.isShort ? entries.slice(2) : entries);
        break;
    }
    return at;
  };

  test('goes on from any snapshot with the same events', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const whole = startBench([], entries, points);
        let copy = whole.reborn(0, [], entries, points);
        let at = 0;
        let present = entries;
        whole.take();
        for (const step of steps) {
          const copyAt = take(copy, at, step);
          at = take(whole, at, step);
          expect(copyAt).toBe(at);
          expect(JSON.stringify(copy.take())).toBe(JSON.stringify(whole.take()));
          if (step.what.kind === 'config') present = step.what.isShort ? entries.slice(2) : entries;
          copy = copy.reborn(at, [], present, points);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('suppresses a point only by a source that is lost, or for the grace after it', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const bench = startBench([], entries, points);
        let at = 0;
        for (const step of steps) {
          at = take(bench, at, step);
          // The longest grace is 1.5 times the longest interval.
          const later = bench.reborn(at, [], entries, points);
          later.advance(at + 46 * second);
          for (const { suppressedBy } of later.engine.all()) {
            if (suppressedBy === null) continue;
            const [rule = '', device = '', metric = ''] = suppressedBy.split('/');
            expect(later.alert(rule, { device, metric }).condition).toBe('breached');
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
