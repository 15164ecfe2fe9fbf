// Aim: the life of an alert is that of the table in contract 3, whatever happens, from any snapshot and over any start.
import { describe, expect, test } from 'vitest';
import { alertKey, type AlertEvent } from '../../src/domain/alert.ts';
import { plants, type Plant } from './plant.ts';
import { holds, nameOf, patience, transitions } from './properties.ts';
import { anySteps, stepsWith } from './steps.ts';
import { World } from './world.ts';

const manyStarts = stepsWith({ start: 8 });

const edgesOfTheTable = new Set([
  'normal>pending breached',
  'normal>active breached',
  'pending>normal cleared_in_delay',
  'pending>active on_delay_over',
  'active>returned off_delay_over',
  'active>normal off_delay_over',
  'acknowledged>normal off_delay_over',
  'returned>active on_delay_over',
  'active>acknowledged acknowledged',
  'acknowledged>acknowledged acknowledged',
  'acknowledged>active re_alarmed',
  'returned>normal acknowledged',
  'active>returned reset',
  'active>normal reset',
  'acknowledged>normal reset',
  'active>active escalated',
  'acknowledged>active escalated',
  'returned>active escalated',
  'active>active deescalated',
  'acknowledged>acknowledged deescalated',
  'pending>normal removed',
  'active>normal removed',
  'acknowledged>normal removed',
  'returned>normal removed',
]);

/** Of events what is kept on disk, without numbers: what is not kept takes some, too. */
function kept(events: readonly AlertEvent[]): unknown {
  return events
    .filter(({ kind, alert }) => kind !== 'condition' || alert.state !== 'normal')
    .map(({ kind, at, from, to, reason, notice, hushed, alert }) => {
      // Nothing is kept of how an alert is normal, and of the furthest value what the last event knew.
      const { id, message: _message, worst: _worst, seq: _seq, ...facts } = alert;
      const shown = alert.state === 'normal' ? { id } : { id, ...facts };
      return { kind, at, from, to, reason, hushed, shown, told: notice?.notifiers };
    });
}

const bytes = (value: unknown): string => JSON.stringify(value);

/** Without what is judged over a stretch of time: to a start, a gap is no data, and what was shown is no reading. */
const momentary: readonly Plant[] = plants.map((plant) => ({
  ...plant,
  rules: plant.rules.filter(
    ({ window, levels }) =>
      window === null && !levels.some(({ comparator }) => comparator.kind === 'stuck_for'),
  ),
}));

describe('createEngine()', patience, () => {
  test('I1: emits only edges of the table, each from where the last one led, over starts and reloads too', () => {
    holds(anySteps, (steps) => {
      const world = new World(plants).takeAll(steps);
      const states = new Map<string, string>();
      for (const event of world.events) {
        const key = alertKey(event.alert);
        expect(event.from).toBe(states.get(key) ?? 'normal');
        expect(event.to).toBe(event.alert.state);
        // Engine time is whole milliseconds: what is due in between could come due for ever.
        expect(event.at).toBe(Math.trunc(event.at));
        states.set(key, event.to);
        if (event.reason === 'rule_changed') expect(event.from).toBe(event.to);
        else if (event.kind === 'transition') expect(edgesOfTheTable).toContain(nameOf(event));
        else expect(event.from).toBe(event.to);
      }
    });
  });

  test('I2: emits the same events for the same inputs, byte for byte', () => {
    holds(anySteps, (steps) => {
      const run = (): string => bytes(new World(plants).takeAll(steps).events);
      expect(run()).toBe(run());
    });
  });

  test('I2: goes on from any snapshot with the same events, byte for byte', () => {
    holds(manyStarts, (steps) => {
      const living = new World(momentary);
      const reborn = new World(momentary);
      for (const step of steps) {
        if (step.kind === 'start') {
          living.startAlive(step);
          reborn.beRebornAndStart(step);
        } else {
          living.take(step);
          reborn.take(step);
        }
        expect(bytes(reborn.news())).toBe(bytes(living.news()));
      }
      const memories = ({ engine }: World): string =>
        bytes(engine.snapshot().alerts.map(({ memory }) => memory));
      expect(memories(reborn)).toBe(memories(living));
    });
  });

  test('I10: is the same after a kill and a start as if it had only been started', () => {
    holds(manyStarts, (steps) => {
      const living = new World(momentary);
      const killed = new World(momentary);
      for (const step of steps) {
        if (step.kind === 'start') living.startAlive(step);
        else living.take(step);
        killed.take(step);
        expect(kept(killed.news())).toEqual(kept(living.news()));
      }
    });
  });

  test('I11: has one occurrence at a time per rule and point, and never gives an id twice', () => {
    holds(anySteps, (steps) => {
      const world = new World(plants).takeAll(steps, ({ engine }) => {
        const keys = engine.all().map(alertKey);
        expect(new Set(keys).size).toBe(keys.length);
      });
      const seen = new Set<string>();
      const present = new Map<string, string>();
      for (const { alert, from, to } of transitions(world.events)) {
        if (from === 'normal' && to === 'normal') continue;
        if (from === 'normal') {
          expect(seen).not.toContain(alert.id);
          seen.add(alert.id);
          present.set(alertKey(alert), alert.id);
        }
        expect(alert.id).toBe(present.get(alertKey(alert)));
      }
    });
  });

  test('shows with every alert that is open why it is, and since when', () => {
    holds(anySteps, (steps) => {
      new World(plants).takeAll(steps, ({ engine }) => {
        for (const alert of engine.open()) {
          expect(alert.breachedAt).not.toBeNull();
          expect(alert.raisedAt === null).toBe(alert.state === 'pending');
          expect(alert.raises > 0).toBe(alert.state !== 'pending');
          if (alert.state === 'returned') expect(alert.returnedAt).not.toBeNull();
        }
      });
    });
  });
});
