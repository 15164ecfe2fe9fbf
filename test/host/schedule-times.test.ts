import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayMinutes, weekdays, type Schedule } from '../../src/domain/schedule.ts';
import { findScheduleState } from '../../src/host/schedule-times.ts';

const minuteMs = 60_000;
const dayMs = dayMinutes * minuteMs;

// Days on which the clocks do something: an hour or half of one comes twice or not at all, also at midnight, and a whole
// day that never was.
const places = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/New_York', '2026-03-08'],
  ['America/New_York', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['America/Havana', '2026-03-08'],
  ['America/Havana', '2026-11-01'],
  ['Pacific/Apia', '2011-12-30'],
  ['Asia/Kolkata', '2026-01-01'],
  ['UTC', '2026-12-31'],
] as const;

/** What the clock on the wall shows in each minute of ten days, in minutes since 1970 of that clock. */
const wallClocks = places.map(([zone, date]) => {
  const startMs = Date.parse(date) - 5 * dayMs;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const shown = Array.from({ length: 10 * dayMinutes }, (_, index) => {
    const text = format.format(startMs + index * minuteMs);
    const [, day = '', month = '', year = '', time = ''] =
      /(\d+)\/(\d+)\/(\d+), (\d+:\d+)/.exec(text) ?? [];
    return Date.parse(`${year}-${month}-${day}T${time}Z`) / minuteMs;
  });
  return { zone, startMs, shown };
});

/** For each minute whether the schedule is open, by looking at every minute. */
function openMinutes(
  { fromMinute, toMinute, days }: Schedule,
  shown: readonly number[],
): boolean[] {
  const open = shown.map(() => false);
  const first = Math.floor((shown[0] ?? 0) / dayMinutes);
  for (let day = first; day <= first + 12; day += 1) {
    // 1970-01-01 was a Thursday.
    const weekday = weekdays[(day + 3) % 7];
    if (weekday === undefined || !days.includes(weekday)) continue;
    const opens = day * dayMinutes + fromMinute;
    const closes = day * dayMinutes + toMinute + (toMinute < fromMinute ? dayMinutes : 0);
    const from = shown.findIndex((minute) => minute >= opens);
    const to = Math.max(
      shown.lastIndexOf(closes),
      shown.findLastIndex((minute) => minute < closes) + 1,
    );
    if (from >= 0) open.fill(true, from, to);
  }
  return open;
}

function fail(): never {
  throw new Error('there is no such place');
}

const minutes = fc.oneof(
  fc.integer({ min: 0, max: dayMinutes - 1 }),
  fc.constantFrom(0, 30, 60, 90, 120, 150, 180, 1410),
);
const schedules = fc
  .record({
    fromMinute: minutes,
    toMinute: fc.oneof(minutes, fc.constant(dayMinutes)),
    days: fc.subarray([...weekdays], { minLength: 1 }),
  })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute && toMinute > 0);

describe('findScheduleState()', () => {
  test('is what the clock on the wall says, minute by minute, where the clocks change', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: wallClocks.length - 1 }),
        schedules,
        fc.integer({ min: 3 * dayMinutes, max: 7 * dayMinutes }),
        fc.integer({ min: 0, max: minuteMs - 1 }),
        (place, written, minute, ms) => {
          const { zone, startMs, shown } = wallClocks[place] ?? fail();
          const schedule = { ...written, zone };
          const wallMs = startMs + minute * minuteMs + ms;
          const open = openMinutes(schedule, shown);
          const { isOpen, untilMs } = findScheduleState(schedule, wallMs);
          expect(isOpen).toBe(open[minute]);
          expect(untilMs).toBeGreaterThan(wallMs);
          const until = (untilMs - startMs) / minuteMs;
          const change = open.findIndex((now, index) => index > minute && now !== isOpen);
          if (change >= 0 && change < 8 * dayMinutes) expect(until).toBeLessThanOrEqual(change);
          // It may say that there is nothing to look for in a day; else it is an edge.
          if (untilMs < wallMs + dayMs) expect(until).toBe(change);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['2026-03-29T00:59:59Z', false, '2026-03-29T01:00:00Z'],
    ['2026-03-29T01:00:00Z', true, '2026-03-29T02:00:00Z'],
    ['2026-10-25T00:29:59Z', false, '2026-10-25T00:30:00Z'],
    ['2026-10-25T00:30:00Z', true, '2026-10-25T03:00:00Z'],
  ])('from 02:30 to 04:00 in Berlin, at %s, is %j until %s', (at, isOpen, until) => {
    const schedule = {
      fromMinute: 150,
      toMinute: 240,
      days: weekdays,
      zone: 'Europe/Berlin',
    } as const;
    expect(findScheduleState(schedule, Date.parse(at))).toEqual({
      isOpen,
      untilMs: Date.parse(until),
    });
  });

  test('belongs to the day on which it opens, over midnight too', () => {
    const schedule = { fromMinute: 1320, toMinute: 360, days: ['fri'], zone: 'UTC' } as const;
    const isOpen = (at: string): boolean => findScheduleState(schedule, Date.parse(at)).isOpen;
    expect(isOpen('2026-11-27T05:00Z')).toBe(false);
    expect(isOpen('2026-11-27T23:00Z')).toBe(true);
    expect(isOpen('2026-11-28T05:59Z')).toBe(true);
    expect(isOpen('2026-11-28T06:00Z')).toBe(false);
    expect(isOpen('2026-11-28T23:00Z')).toBe(false);
  });

  test('takes whole days one after the other for one stretch', () => {
    const days = ['sat', 'sun'] as const;
    const schedule = { fromMinute: 0, toMinute: dayMinutes, days, zone: 'UTC' };
    const saturday = Date.parse('2026-11-28T12:00Z');
    expect(findScheduleState(schedule, saturday)).toEqual({
      isOpen: true,
      untilMs: Date.parse('2026-11-30T00:00Z'),
    });
    const always = { ...schedule, days: weekdays };
    expect(findScheduleState(always, saturday).isOpen).toBe(true);
    expect(findScheduleState(always, saturday).untilMs).toBeGreaterThan(saturday + 6 * dayMs);
  });

  test('goes by the zone of the machine where none is named', () => {
    const schedule = { fromMinute: 480, toMinute: 1080, days: weekdays, zone: null };
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const at = Date.parse('2026-07-01T09:30Z');
    expect(findScheduleState(schedule, at)).toEqual(findScheduleState({ ...schedule, zone }, at));
  });
});
