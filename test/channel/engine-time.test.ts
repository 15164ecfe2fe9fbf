import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineTime } from '../../src/channel/engine-time.ts';
import type { ClockStamp, EngineMs, TrustedMoment, WallMs } from '../../src/domain/time.ts';
import { createFakeClock } from '../host/fake-clock.ts';

const wallMs = Date.UTC(2026, 10, 23, 12);
const hour = 3_600_000;

function before(fields: Partial<ClockStamp> = {}): ClockStamp {
  return {
    bootId: 'one',
    monotonicMs: 50_000,
    wallMs: (wallMs - hour) as WallMs,
    trusted: true,
    engineMs: 9_000_000 as EngineMs,
    ...fields,
  };
}

describe('EngineTime.check() says since when the clock was not trusted', () => {
  const clock = createFakeClock(wallMs, 80_000);
  const since = (stamp: ClockStamp | null, bootId: string): number | null | undefined => {
    const time = new EngineTime({ clock, bootId, trusted: false, before: stamp });
    const start = time.now();
    clock.advance(1_000);
    const found = time.check(true)?.unsureSinceMs ?? null;
    return found === null ? null : found - start;
  };

  test('in another boot since the start', () => {
    expect(since(null, 'one')).toBe(0);
    expect(since(before({ trusted: false }), 'two')).toBe(0);
  });

  test('in the same boot since the boot, if the process before did not trust it either', () => {
    const mono = clock.monotonicMs();
    expect(since(before({ trusted: false }), 'one')).toBe(-mono);
    expect(since(before(), 'one')).toBe(0);
  });
});

describe('EngineTime over a restart', () => {
  // Now: monotonic 80 s, noon. The run before ended at monotonic 50 s, an hour ago.
  const cases: readonly {
    readonly name: string;
    readonly bootId: string;
    readonly trusted: boolean;
    readonly stamp: ClockStamp | null;
    readonly elapsedMs: number | null;
    readonly downMs: number | null;
  }[] = [
    {
      name: 'the first start',
      bootId: 'one',
      trusted: true,
      stamp: null,
      elapsedMs: null,
      downMs: null,
    },
    {
      name: 'the same boot: the monotonic difference, whatever the wall clock says',
      bootId: 'one',
      trusted: false,
      stamp: before({ trusted: false, wallMs: (wallMs + hour) as WallMs }),
      elapsedMs: 30_000,
      downMs: 30_000,
    },
    {
      name: 'the same boot with a monotonic clock that went back: unknown',
      bootId: 'one',
      trusted: true,
      stamp: before({ monotonicMs: 90_000 }),
      elapsedMs: null,
      downMs: hour,
    },
    {
      name: 'another boot, trusted at both ends: the wall difference',
      bootId: 'two',
      trusted: true,
      stamp: before(),
      elapsedMs: hour,
      downMs: hour,
    },
    {
      name: 'another boot, not trusted before: unknown',
      bootId: 'two',
      trusted: true,
      stamp: before({ trusted: false }),
      elapsedMs: null,
      downMs: hour,
    },
    {
      name: 'another boot, not trusted now: unknown',
      bootId: 'two',
      trusted: false,
      stamp: before(),
      elapsedMs: null,
      downMs: hour,
    },
    {
      name: 'another boot with a negative wall difference: unknown',
      bootId: 'two',
      trusted: true,
      stamp: before({ wallMs: (wallMs + 1) as WallMs }),
      elapsedMs: null,
      downMs: null,
    },
    {
      name: 'another boot at the same wall time: nothing passed',
      bootId: 'two',
      trusted: true,
      stamp: before({ wallMs: wallMs as WallMs }),
      elapsedMs: 0,
      downMs: 0,
    },
  ];

  test.each(cases)('EngineTime after $name', ({ bootId, trusted, stamp, elapsedMs, downMs }) => {
    const clock = createFakeClock(wallMs, 80_000.25);
    const time = new EngineTime({ clock, bootId, trusted, before: stamp });
    expect([time.elapsedMs, time.downMs]).toEqual([elapsedMs, downMs]);
    expect(time.stoppedAt).toBe(stamp?.wallMs ?? null);
    expect(time.now()).toBe(stamp === null ? wallMs : stamp.engineMs + (elapsedMs ?? 0));
    expect(time.wallOf(time.now())).toBe(wallMs);
    clock.advance(1_000);
    expect(time.wallOf(time.now())).toBe(wallMs + 1_000);
  });

  test('EngineTime.stamp() is what the next start needs to go on where it was', () => {
    const clock = createFakeClock(wallMs, 1_234.75);
    const first = new EngineTime({ clock, bootId: 'one', trusted: true, before: before() });
    clock.advance(500.5);
    const stamp = first.stamp();
    expect([stamp.monotonicMs, stamp.engineMs].every(Number.isInteger)).toBe(true);
    expect(stamp).toMatchObject({ bootId: 'one', trusted: true, engineMs: first.now() });
    clock.advance(10_000);
    const second = new EngineTime({ clock, bootId: 'one', trusted: true, before: stamp });
    expect(Math.abs(second.now() - first.now())).toBeLessThanOrEqual(1);
    expect(second.now()).toBeGreaterThanOrEqual(stamp.engineMs);
  });

  test('EngineTime never steps back, over any restarts and steps of the wall clock', () => {
    const step = fc.record({
      passMs: fc.double({ min: 0, max: 100_000, noNaN: true }),
      wallToMs: fc.option(fc.integer({ min: 0, max: 2 * wallMs })),
      restart: fc.option(
        fc.record({ bootId: fc.constantFrom('one', 'two'), trusted: fc.boolean() }),
      ),
      trusted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const clock = createFakeClock(wallMs, 1_000);
        let time = new EngineTime({ clock, bootId: 'one', trusted: true, before: null });
        let last: number = time.now();
        const look = (): void => {
          const now = time.now();
          expect(Number.isInteger(now)).toBe(true);
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
        };
        for (const { passMs, wallToMs, restart, trusted } of steps) {
          clock.advance(passMs);
          if (wallToMs !== null) clock.setWall(wallToMs);
          look();
          const change = time.check(trusted);
          if (change !== null) expect(change.creditMs).toBeGreaterThanOrEqual(0);
          look();
          if (restart !== null) {
            time = new EngineTime({ clock, ...restart, before: time.stamp() });
            look();
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('EngineTime.check()', () => {
  test('EngineTime.check() says nothing of a clock that is only slewed', () => {
    const clock = createFakeClock(wallMs, 1_000);
    const time = new EngineTime({ clock, bootId: 'one', trusted: true, before: null });
    clock.setWall(wallMs + 199);
    expect(time.check(true)).toBeNull();
    expect(time.wallOf(time.now())).toBe(wallMs);
  });

  test('EngineTime.check() maps the wall clock anew when it was set, engine time goes on', () => {
    const clock = createFakeClock(wallMs, 1_000);
    const time = new EngineTime({ clock, bootId: 'one', trusted: true, before: null });
    const now = time.now();
    clock.setWall(wallMs - hour);
    expect(time.check(true)).toEqual({
      wallOffsetMs: -hour,
      creditMs: 0,
      trusted: true,
      unsureSinceMs: null,
      lastTrusted: { wallMs, engineMs: now, unknownStops: 0 },
    });
    expect(time.now()).toBe(now);
    expect(time.wallOf(now)).toBe(wallMs - hour);
    expect(time.check(true)).toBeNull();
  });

  test('EngineTime.check() credits the down time once the clock is trusted, and only once', () => {
    const clock = createFakeClock(0, 1_000);
    const time = new EngineTime({ clock, bootId: 'two', trusted: false, before: before() });
    expect(time.elapsedMs).toBeNull();
    clock.advance(5_000);
    clock.setWall(wallMs);
    const change = time.check(true);
    expect(change).toMatchObject({ creditMs: hour - 5_000, trusted: true });
    expect(time.trusted).toBe(true);
    expect(time.check(false)).toMatchObject({ creditMs: 0, trusted: false });
    expect(time.check(true)).toMatchObject({ creditMs: 0, trusted: true });
  });

  test('EngineTime.check() credits nothing where the elapsed time was known or never can be', () => {
    const credit = (bootId: string, stamp: ClockStamp): number | undefined => {
      const clock = createFakeClock(0, 80_000);
      const time = new EngineTime({ clock, bootId, trusted: false, before: stamp });
      clock.setWall(wallMs);
      return time.check(true)?.creditMs;
    };
    expect(credit('one', before())).toBe(0);
    expect(credit('two', before({ trusted: false }))).toBe(0);
    expect(credit('two', before({ wallMs: (wallMs + hour) as WallMs }))).toBe(0);
    expect(credit('two', before())).toBe(hour);
  });

  test('EngineTime credits a stop of another boot over a further start of this one, but not the sum of two', () => {
    const credit = (lastTrusted: TrustedMoment, trusted: boolean): number => {
      const clock = createFakeClock(0, 80_000);
      const stamp = before({ trusted: false, wallMs: 50_000 as WallMs });
      clock.setWall(trusted ? wallMs : 80_000);
      const time = new EngineTime({ clock, bootId: 'one', trusted, before: stamp, lastTrusted });
      if (trusted) return time.creditMs;
      clock.setWall(wallMs);
      return time.check(true)?.creditMs ?? NaN;
    };
    const { engineMs } = before();
    const last = { wallMs: (wallMs - hour) as WallMs, engineMs, unknownStops: 1 };
    // 30 s of the hour passed in engine time: between this start and the one before.
    expect([credit(last, false), credit(last, true)]).toEqual([hour - 30_000, hour - 30_000]);
    expect(credit({ ...last, unknownStops: 2 }, false)).toBe(0);
    expect(credit({ ...last, unknownStops: 0 }, false)).toBe(0);
  });
});
