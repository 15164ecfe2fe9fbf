import { expect, test } from 'vitest';
import { createHabit, habitRow, noteGap, type Habit } from '../../src/channel/habits.ts';
import type { EngineMs } from '../../src/domain/time.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A point that reports in its own time; `told` has what the engine was told. */
function createPoint(habit: Habit = createHabit(null)) {
  let at = 0;
  const told: (number | null)[] = [];
  return {
    habit,
    told,
    get atMs() {
      return at as EngineMs;
    },
    pause(gapMs: number, times = 1): void {
      for (let gap = 0; gap < times; gap += 1) {
        at += gapMs;
        const before = habit.staleAfterMs;
        if (!noteGap(habit, gapMs, at as EngineMs)) continue;
        if (habit.staleAfterMs !== before) told.push(habit.staleAfterMs);
        habitRow(habit, at as EngineMs);
      }
    },
  };
}

test('the engine is told once, and not again while nothing changes', () => {
  const point = createPoint();
  point.pause(minute, 10 * 1_440);
  expect(point.told).toEqual([183_900]);
});

test('a sensor that was dead for days has shown nothing of its habits', () => {
  const point = createPoint();
  point.pause(hour, 60);
  const [learned = NaN] = point.told;
  point.pause(5 * day);
  point.pause(hour, 200);
  expect(point.told).toEqual([learned]);
});

test('one that has become slower is learned anew, although each of its pauses is too long', () => {
  const point = createPoint();
  point.pause(minute, 3 * 1_440);
  point.pause(hour, 6 * 24);
  expect(point.habit.staleAfterMs).toBeGreaterThanOrEqual(3 * hour);
  expect(point.habit.staleAfterMs).toBeLessThan(3.1 * hour);
});

test('one that has become faster is learned anew within a week', () => {
  const point = createPoint();
  point.pause(hour, 5 * 24);
  point.pause(minute, 7 * 1_440);
  expect(point.habit.staleAfterMs).toBeLessThan(4 * minute);
});

test('gathering goes on from the row of the run before', () => {
  const point = createPoint();
  point.pause(minute, 1_000);
  const next = createPoint(createHabit(habitRow(point.habit, point.atMs)));
  next.pause(minute, 440);
  // The interval is looked at every 15 minutes.
  next.pause(minute, 15);
  expect(next.told).toEqual([183_900]);
});

test('what was gathered is stored every six hours', () => {
  const habit = createHabit(null);
  let rows = 0;
  for (let at = minute; at <= 18 * hour; at += minute) {
    if (!noteGap(habit, minute, at as EngineMs)) continue;
    habitRow(habit, at as EngineMs);
    rows += 1;
  }
  expect(rows).toBe(2);
});
