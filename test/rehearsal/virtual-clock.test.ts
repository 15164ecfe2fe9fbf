import { expect, test } from 'vitest';
import { createVirtualClock } from '../../src/rehearsal/virtual-clock.ts';

test('createVirtualClock() calls back in order of time, each at its own time', () => {
  const clock = createVirtualClock();
  const startMs = clock.monotonicMs();
  const seen: string[] = [];
  const note = (name: string): void => void seen.push(`${name} ${clock.monotonicMs() - startMs}`);
  clock.after(200, () => note('late'));
  clock.after(100, () => {
    note('early');
    clock.after(50, () => note('on the way'));
  });
  clock.after(150, () => note('cancelled')).cancel();
  expect(clock.nextDueMs).toBe(startMs + 100);
  clock.moveTo(startMs + 300);
  expect(seen).toEqual(['early 100', 'on the way 150', 'late 200']);
  expect(clock.nextDueMs).toBeNull();
});

test('createVirtualClock() sets the wall clock apart from the time that passes', () => {
  const clock = createVirtualClock();
  const wallMs = clock.wallMs();
  const startMs = clock.monotonicMs();
  clock.setWall(-3_600_000);
  clock.moveTo(startMs + 1_000);
  expect(clock.wallMs() - wallMs).toBe(1_000 - 3_600_000);
  clock.after(1, () => expect.fail('a dropped timer fired'));
  clock.dropTimers();
  clock.moveTo(startMs + 2_000);
});
