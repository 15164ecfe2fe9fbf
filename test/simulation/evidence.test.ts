// Aim: nothing is raised, returned or ended without the evidence that contract 3 asks for.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertKey, isOpen, type Alert } from '../../src/domain/alert.ts';
import { isCompound } from '../../src/domain/clause.ts';
import { plants } from './plant.ts';
import { holds, nameOf, patience, transitions } from './properties.ts';
import { anySteps, stepsWith } from './steps.ts';
import { World } from './world.ts';

/** Without what else moves delays than engine time. */
const undisturbed = stepsWith({ start: 0, clock: 0, config: 0, unit: 0 });

describe('createEngine()', patience, () => {
  test('I4: never clears by an acknowledgement, never acknowledges by a return', () => {
    holds(anySteps, (steps) => {
      const before = new Map<string, Alert>();
      new World(plants).takeAll(steps, (world) => {
        for (const event of transitions(world.news())) {
          const { alert, from, to, reason } = event;
          if (reason === 'acknowledged') {
            expect(to).toBe(from === 'returned' ? 'normal' : 'acknowledged');
            expect(alert.acknowledgedBy).not.toBeNull();
          } else if (from === 'active') expect(alert.acknowledgedBy).toBeNull();
          const wasAcknowledged = before.get(alertKey(alert))?.acknowledgedBy ?? null;
          if (alert.acknowledgedBy !== null && reason !== 'acknowledged')
            expect(alert.acknowledgedBy).toBe(wasAcknowledged);
          before.set(alertKey(alert), alert);
        }
        // A condition that holds has an alert that shows it, whoever acknowledged what.
        for (const { state, condition } of world.alerts()) {
          if (state === 'normal') expect(condition).not.toBe('breached');
          if (state === 'pending') expect(condition).not.toBe('clear');
        }
      });
    });
  });

  test('I5: lets a latched alert go only by a reset while it is clear and its off-delay over', () => {
    holds(anySteps, (steps) => {
      const unclearAt = new Map<string, number>();
      new World(plants).takeAll(steps, (world) => {
        for (const { alert, from, to, reason, at, kind } of world.news()) {
          const key = alertKey(alert);
          if (alert.condition !== 'clear') unclearAt.set(key, at);
          const rule = world.ruleOf(alert.rule);
          if (kind !== 'transition' || rule?.latch !== true || reason === 'removed') continue;
          const isRaised = to === 'active' || to === 'acknowledged';
          expect(alert.latched).toBe(isRaised);
          if (isRaised || (from !== 'active' && from !== 'acknowledged')) continue;
          expect(reason).toBe('reset');
          expect(alert.condition).toBe('clear');
          expect(at - (unclearAt.get(key) ?? NaN)).toBeGreaterThanOrEqual(rule.offDelayMs);
        }
      });
    });
  });

  test('I8: raises and clears at most once when the value goes up and down once', () => {
    const values = fc.array(
      fc.record({
        value: fc.double({ min: 3, max: 12, noNaN: true }),
        waitMs: fc.integer({ min: 1, max: 1_500 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    const names = [
      'fridge-1/temperature',
      'fridge-2/temperature',
      'fridge-3/temperature',
      'room/humidity',
    ];
    holds(values, (given) => {
      const world = new World(plants);
      const read = (point: string, value: number, waitMs = 0): void =>
        world.take({ kind: 'read', waitMs, point, value, quality: 'good', ageMs: null });
      read('room/door', 1);
      const up = given.toSorted((a, b) => a.value - b.value);
      for (const { value, waitMs } of [...up, ...up.toReversed()]) {
        world.take({ kind: 'wait', waitMs });
        for (const name of names) read(name, value);
      }
      const counts = new Map<string, number>();
      for (const { alert, from, to, reason } of transitions(world.events)) {
        // A band, too: it is never below its lower limit.
        if (!['warm', 'band', 'dewy', 'all-warm'].includes(alert.rule)) continue;
        const isRaise = to === 'active' && from !== 'active' && from !== 'acknowledged';
        const isEnd = reason === 'off_delay_over';
        if (!isRaise && !isEnd) continue;
        const edge = `${alertKey(alert)} ${isRaise ? 'raised' : 'ended'}`;
        counts.set(edge, (counts.get(edge) ?? 0) + 1);
      }
      for (const [, count] of counts) expect(count).toBe(1);
    });
  });

  test('I8: raises only after an on-delay without a clear verdict', () => {
    // A step of the clock may credit time for which Limen was down: then less of it shows.
    holds(stepsWith({ clock: 0 }), (steps) => {
      const clearAt = new Map<string, number>();
      new World(plants).takeAll(steps, (world) => {
        for (const { alert, at, reason, kind } of world.news()) {
          const isRaised = kind === 'transition' && reason === 'on_delay_over';
          const delays = world.ruleOf(alert.rule)?.levels ?? [];
          if (isRaised && delays.length > 0) {
            const shortest = Math.min(...delays.map(({ onDelayMs }) => onDelayMs));
            expect(at - (clearAt.get(alertKey(alert)) ?? -Infinity)).toBeGreaterThanOrEqual(
              shortest,
            );
          }
          if (alert.condition === 'clear') clearAt.set(alertKey(alert), at);
        }
      });
    });
  });

  test('I8: raises only if every good reading of the on-delay was beyond the limit', () => {
    holds(undisturbed, (steps) => {
      const clears = new Map<string, number[]>();
      const limitOf = (name: string): number => (name.startsWith('fridge-3') ? 6 : 5);
      const world = new World(plants);
      for (const step of steps) {
        world.take(step);
        if (step.kind !== 'read' || (step.quality !== 'good' && step.quality !== 'suspect'))
          continue;
        const isLate = step.ageMs !== null;
        if (isLate || !(step.value <= limitOf(step.point))) continue;
        clears.set(step.point, [...(clears.get(step.point) ?? []), world.at]);
      }
      for (const { alert, at, reason } of transitions(world.events)) {
        if (alert.rule !== 'warm' || reason !== 'on_delay_over') continue;
        const delayMs = alert.severity === 'critical' ? 1_000 : 3_000;
        const found = clears.get(`${alert.device}/${alert.metric}`) ?? [];
        expect(found.filter((one) => one > at - delayMs && one < at)).toEqual([]);
      }
    });
  });

  test('I9: returns only on good and fresh readings', () => {
    holds(anySteps, (steps) => {
      const world = new World(plants).takeAll(steps);
      for (const { alert, reason } of transitions(world.events)) {
        if (reason !== 'off_delay_over' && reason !== 'cleared_in_delay') continue;
        expect(alert.condition).toBe('clear');
        const levels = world.ruleOf(alert.rule)?.levels ?? [];
        // Any reading ends a silence; one member that is clear may be enough for several.
        if (
          levels.some(
            ({ comparator }) => isCompound(comparator) || comparator.kind === 'silent_for',
          )
        )
          continue;
        if (levels.length === 0) continue;
        expect(['good', 'suspect']).toContain(alert.quality);
      }
    });
  });

  test('I9: returns only if every reading through the off-delay was good and clear', () => {
    holds(undisturbed, (steps) => {
      const world = new World(plants);
      const readings = new Map<string, { at: number; value: number }[]>();
      for (const step of steps) {
        world.take(step.kind === 'read' ? { ...step, ageMs: null } : step);
        if (step.kind !== 'read') continue;
        const isUsable = step.quality === 'good' || step.quality === 'suspect';
        const reading = { at: world.at, value: isUsable ? step.value : NaN };
        readings.set(step.point, [...(readings.get(step.point) ?? []), reading]);
      }
      for (const { alert, at, reason } of transitions(world.events)) {
        if (alert.rule !== 'warm' || reason !== 'off_delay_over') continue;
        const found = readings.get(`${alert.device}/${alert.metric}`) ?? [];
        const isOverridden = alert.device === 'fridge-3';
        const offDelayMs = isOverridden ? 1_000 : 2_000;
        // The deadband of a level that was passed but not due does not act.
        const deadband = alert.severityMax === 'critical' ? 0 : 1;
        const clearAt = (isOverridden ? 6 : 5) - deadband;
        const within = found.filter((one) => one.at > at - offDelayMs && one.at < at);
        expect(within.every(({ value }) => value <= clearAt)).toBe(true);
        const last = found.findLast((one) => one.at <= at && one.value <= clearAt);
        expect(at - (last?.at ?? -Infinity)).toBeLessThan(6_000);
      }
    });
  });

  test('I9: ends nothing while no usable reading comes', () => {
    const bad = fc.array(
      fc.record({
        waitMs: fc.nat({ max: 5_000 }),
        quality: fc.constantFrom('bad' as const, 'stale' as const),
      }),
      { maxLength: 20 },
    );
    holds(fc.tuple(anySteps, bad), ([steps, rest]) => {
      const world = new World(plants).takeAll(steps);
      const names = [
        'fridge-1/temperature',
        'fridge-2/temperature',
        'fridge-3/temperature',
        'room/humidity',
        'room/door',
      ];
      const readAll = (quality: 'bad' | 'stale'): void => {
        for (const point of names)
          world.take({ kind: 'read', waitMs: 0, point, value: NaN, quality, ageMs: null });
      };
      readAll('bad');
      const open = world.alerts().filter(({ state, rule }) => isOpen(state) && rule !== 'quiet');
      world.news();
      for (const { waitMs, quality } of rest) {
        world.take({ kind: 'wait', waitMs });
        readAll(quality);
      }
      expect(
        transitions(world.news())
          .filter(
            ({ from, to, alert }) =>
              alert.rule !== 'quiet' && isOpen(from) && (to === 'normal' || to === 'returned'),
          )
          .map((e) => `${alertKey(e.alert)} ${nameOf(e)}`),
      ).toEqual([]);
      for (const { id, rule, device, metric } of open)
        expect(world.engine.find({ rule, device, metric })?.id).toBe(id);
    });
  });
});
