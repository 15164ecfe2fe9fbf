// Aim: every row of the restart table of contract 3, from whatever state Limen was killed in. Method: random steps, a kill,
// a start; what each timer has to be then follows from what was shown before the kill.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertKey, isOpen, type Alert } from '../../src/domain/alert.ts';
import { pointName } from '../../src/domain/point.ts';
import { plants } from './plant.ts';
import { holds, patience } from './properties.ts';
import { anyStart, anySteps, type Step } from './steps.ts';
import { World } from './world.ts';

type Start = Extract<Step, { kind: 'start' }>;

/** Kills a world and starts it; gives what was shown before to `check`. */
function holdsAfterStart(
  check: (world: World, before: readonly Alert[], start: Start) => void,
): void {
  holds(fc.tuple(anySteps, anyStart), ([steps, start]) => {
    const world = new World(plants).takeAll(steps);
    const before = world.alerts();
    world.news();
    world.take(start);
    check(world, before, start);
  });
}

// A start finds the door closed, which is a reading like any other.
const followsDoor = (rule: string): boolean => ['door', 'opened', 'all-warm'].includes(rule);

function now(world: World, alert: Alert): Alert {
  const present = world.engine.find(alert);
  if (present === null) throw new Error(`there is no alert ${alertKey(alert)}`);
  return present;
}

function credit(world: World, creditMs: number): void {
  world.take({ kind: 'clock', creditMs, stepMs: world.stepMs, unsureMs: null });
}

describe('I10: the restart table', patience, () => {
  test('keeps state, acknowledgement, latch and occurrence of what was raised', () => {
    holdsAfterStart((world, before) => {
      for (const alert of before.filter(({ state }) => isOpen(state))) {
        if (followsDoor(alert.rule)) continue;
        const { id, acknowledgedBy, latched, raises, severityMax } = now(world, alert);
        expect({ id, latched }).toEqual({ id: alert.id, latched: alert.latched });
        // What was due while Limen was down comes with the start.
        const isSame = now(world, alert).state === alert.state && raises === alert.raises;
        if (isSame && severityMax === alert.severityMax)
          expect(acknowledgedBy).toBe(alert.acknowledgedBy);
      }
    });
  });

  test('an on-delay counts the time down and is due at once; unknown, its remainder runs on and is credited', () => {
    holdsAfterStart((world, before, { known }) => {
      const pending = before.filter(({ state, rule }) => state === 'pending' && !followsDoor(rule));
      for (const alert of pending) {
        const dueAt = alert.dueAt ?? NaN;
        const isOver = known && dueAt <= world.wallMs;
        const { state, dueAt: nextDueAt } = now(world, alert);
        expect(state).toBe(isOver ? 'active' : 'pending');
        if (!isOver) expect(nextDueAt).toBe(dueAt);
      }
      if (known) return;
      credit(world, 600);
      for (const alert of pending) {
        const dueAt = (alert.dueAt ?? NaN) - 600;
        const { state, dueAt: nextDueAt } = now(world, alert);
        expect(state).toBe(dueAt <= world.wallMs ? 'active' : 'pending');
        if (state === 'pending') expect(nextDueAt).toBe(dueAt);
      }
    });
  });

  test('an off-delay does not count, and starts anew at the first good clear reading', () => {
    holdsAfterStart((world, before) => {
      const leaving = before.filter(
        ({ rule, state, condition, dueAt }) =>
          (rule === 'warm' || rule === 'latched') &&
          (state === 'active' || state === 'acknowledged') &&
          condition === 'clear' &&
          dueAt !== null,
      );
      for (const alert of leaving) {
        const { id, state, dueAt } = now(world, alert);
        expect({ id, dueAt }).toEqual({ id: alert.id, dueAt: null });
        // An acknowledgement may have become too old meanwhile.
        expect(['active', alert.state]).toContain(state);
      }
      for (const alert of leaving) {
        const point = `${alert.device}/${alert.metric}`;
        world.take({ kind: 'read', waitMs: 0, point, value: 1.5, quality: 'good', ageMs: null });
        const isSooner = alert.rule === 'latched' || alert.device === 'fridge-3';
        expect(now(world, alert).dueAt).toBe(world.wallMs + (isSooner ? 1_000 : 2_000));
      }
    });
  });

  test('a silence counts since the last reading, and is due one expected interval after the start at the earliest', () => {
    holdsAfterStart((world, before) => {
      const startedAt = world.at;
      const expectedMs = world.config === 1 ? 5_000 : 2_000;
      const heardAt = new Map(
        world
          .points()
          .map((point) => [
            pointName(point),
            world.engine.pointMemory(point.index)?.heardAt ?? null,
          ]),
      );
      world.news();
      world.take({ kind: 'wait', waitMs: 30_000 });
      const told = world.news();
      for (const alert of before) {
        if (alert.rule !== 'quiet' || alert.state !== 'normal') continue;
        const heard = heardAt.get(`${alert.device}/${alert.metric}`) ?? null;
        const raise = told.find(
          (event) => event.alert.id === `${alertKey(alert)}/${nextOf(alert)}`,
        );
        const earliest = startedAt + expectedMs;
        if (heard !== null) expect(raise?.at).toBe(Math.max(heard + 5_000, earliest));
        else expect(raise?.at).toBeGreaterThanOrEqual(earliest);
      }
    });
  });

  test('a shelf ends when it was to end; unknown, its remainder runs on and is credited', () => {
    holdsAfterStart((world, before, { known }) => {
      const shelved = before.filter(
        ({ shelvedUntil, state, rule }) =>
          shelvedUntil !== null && state !== 'pending' && !followsDoor(rule),
      );
      for (const alert of shelved) {
        const until = alert.shelvedUntil ?? NaN;
        const isOver = known && until <= world.wallMs;
        expect(now(world, alert).shelvedUntil).toBe(isOver ? null : until);
      }
      if (known) return;
      credit(world, 4_000);
      for (const alert of shelved) {
        const until = (alert.shelvedUntil ?? NaN) - 4_000;
        expect(now(world, alert).shelvedUntil).toBe(until <= world.wallMs ? null : until);
      }
    });
  });

  test('what kept its remainder is credited once', () => {
    holdsAfterStart((world, _, { known }) => {
      if (known) return;
      const ends = (): unknown =>
        world.alerts().map(({ dueAt, shelvedUntil }) => [dueAt, shelvedUntil]);
      credit(world, 600);
      const before = ends();
      credit(world, 600);
      expect(ends()).toEqual(before);
    });
  });

  test('of repetitions that came due, one is told at the start', () => {
    holdsAfterStart((world) => {
      const counts = new Map<string, number>();
      for (const { reason, alert } of world.news()) {
        if (reason === 'repeated') counts.set(alert.id, (counts.get(alert.id) ?? 0) + 1);
      }
      for (const count of counts.values()) expect(count).toBe(1);
    });
  });

  test('a gap is not data: the verdict over a window that it covers for more than half is unknown', () => {
    const values = fc.array(fc.constantFrom(3, 5, 9), { minLength: 12, maxLength: 12 });
    const downMs = fc.integer({ min: 5_000, max: 60_000 });
    holds(fc.tuple(values, downMs), ([[last = 0, ...rest], goneMs]) => {
      const world = new World(plants);
      // Where nobody knows how often a point reports, its readings in the window are asked, and a gap is one of them.
      world.take({ kind: 'learned', point: humidity.point, staleAfterMs: 1_500, via: null });
      const read = (value: number, waitMs: number): void =>
        world.take({ ...humidity, value, waitMs });
      for (const value of rest) read(value, 500);
      expect(meanOf(world)?.condition).not.toBe('unknown');
      world.take({ kind: 'start', downMs: goneMs, known: true });
      read(last, 0);
      expect(meanOf(world)?.condition).toBe('unknown');
    });
  });
});

const humidity = {
  kind: 'read',
  point: 'room/humidity',
  quality: 'good',
  ageMs: null,
} as const;

function meanOf(world: World): Alert | undefined {
  return world.alerts().find(({ rule }) => rule === 'mean');
}

function nextOf({ id }: Alert): number {
  return Number(id.split('/').at(-1)) + 1;
}
