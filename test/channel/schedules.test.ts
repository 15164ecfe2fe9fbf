import { describe, expect, test } from 'vitest';
import { createSchedules } from '../../src/channel/schedules.ts';
import type { FindScheduleState } from '../../src/domain/schedule.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { configOf } from './road.ts';

const hourMs = 3_600_000;
const day = 24 * hourMs;

// Open in the first half of each ten hours, whatever the schedule.
const everyFiveHours: FindScheduleState = (_, wallMs) => {
  const half = Math.floor(wallMs / (5 * hourMs));
  return { isOpen: half % 2 === 0, untilMs: (half + 1) * 5 * hourMs };
};

function rulesOf(...keys: readonly string[]) {
  const text = keys.map(
    (key, index) => `r${index}: { points: a/b, above: 5, active_when: ${key} }`,
  );
  return configOf(`rules:\n  ${text.join('\n  ')}`).rules;
}

const daily = '{ from: "08:00", to: "18:00", zone: UTC }';
const weekend = '{ days: [sat, sun], zone: UTC }';

function start(startMs = 0) {
  const clock = createFakeClock(startMs);
  const time = { trusted: true };
  const given: string[] = [];
  const schedules = createSchedules({
    clock,
    time,
    find: () => everyFiveHours,
    input: (key, body, { kind }) => {
      expect(kind).toBe('schedule');
      given.push(`${clock.wallMs() / hourMs}h ${key} ${JSON.stringify(body)}`);
    },
  });
  return { clock, time, given, schedules };
}

const open = 'mon,tue,wed,thu,fri,sat,sun 08:00-18:00 UTC {"open":true}';
const closed = open.replace('true', 'false');
const unknown = open.replace('true', 'null');

describe('createSchedules()', () => {
  test('gives the present state at once and each edge at its time, once for all rules that share it', () => {
    const { clock, given, schedules } = start();
    schedules.configure(rulesOf(daily, daily));
    clock.advance(11 * hourMs);
    expect(given).toEqual([`0h ${open}`, `5h ${closed}`, `10h ${open}`]);
    schedules.stop();
    expect(clock.timersMs()).toEqual([]);
    clock.advance(day);
    expect(given).toHaveLength(3);
  });

  test('goes by the wall clock while that is slewed against the timers', () => {
    const { clock, given, schedules } = start();
    schedules.configure(rulesOf(daily));
    clock.advance(2 * hourMs);
    clock.setWall(clock.wallMs() - 150);
    clock.advance(3 * hourMs);
    expect(given).toHaveLength(1);
    clock.advance(150);
    expect(given.slice(1)).toEqual([`5h ${closed}`]);
  });

  test('looks again when the clock is set, and believes only a clock that is trusted', () => {
    const { clock, time, given, schedules } = start();
    schedules.configure(rulesOf(daily));
    clock.setWall(6 * hourMs);
    schedules.clockChanged();
    time.trusted = false;
    schedules.clockChanged();
    clock.advance(day);
    time.trusted = true;
    schedules.clockChanged();
    expect(given).toEqual([`0h ${open}`, `6h ${closed}`, `6h ${unknown}`, `30h ${open}`]);
  });

  test('gives what another config brings and forgets what it does not have', () => {
    const { clock, given, schedules } = start();
    schedules.configure(rulesOf(daily));
    schedules.configure(rulesOf(daily, weekend));
    schedules.configure(rulesOf(weekend));
    schedules.configure([]);
    expect(clock.timersMs()).toEqual([]);
    clock.advance(5 * hourMs);
    schedules.configure(rulesOf(daily));
    expect(given).toEqual([
      `0h ${open}`,
      '0h sat,sun 00:00-24:00 UTC {"open":true}',
      `5h ${closed}`,
    ]);
  });
});
