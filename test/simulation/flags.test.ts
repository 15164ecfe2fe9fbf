// Aim: what keeps alerts from people, or tells them more or less often, changes neither state nor evaluation.
import { describe, expect, test } from 'vitest';
import { notifyTargets } from '../../src/consumers/notifiers/edges.ts';
import { isHeld } from '../../src/consumers/outputs/arbiter.ts';
import { alertKey, isFlagged, type Alert } from '../../src/domain/alert.ts';
import { claimSpans } from '../../src/domain/rule.ts';
import { plants, type Plant } from './plant.ts';
import { changedAtOf, holds, patience, transitions } from './properties.ts';
import { anySteps, setsFlag, stepsWith } from './steps.ts';
import { World } from './world.ts';

/** What the seq numbers leave of an alert is the same whatever people were told meanwhile. */
function judged(alert: Alert): object {
  const {
    message: _message,
    reason: _reason,
    seq: _seq,
    comment: _comment,
    firstOut: _firstOut,
    shelvedUntil: _shelvedUntil,
    suppressedBy: _suppressedBy,
    outOfService: _outOfService,
    ...rest
  } = alert;
  return { ...rest, changedAt: changedAtOf(alert) };
}

/** What is told at once is an alert of its own, and nothing it is judged by. */
function isNoFlood({ rule }: Alert): boolean {
  return rule !== 'limen.flood';
}

/** The same rules with nobody to tell, and nothing that keeps alerts from people. */
function untold({ rules, points, ownRules }: Plant): Plant {
  const quiet = { then: [], chain: [], repeatMs: [], group: null };
  return {
    points,
    rules: rules.map((rule) => ({ ...rule, ...quiet, activeWhen: null })),
    ownRules: ownRules.map((rule) => ({ ...rule, ...quiet })),
  };
}

describe('createEngine()', patience, () => {
  test('I6: ends every shelf after shelve_max at the latest, and announces what is true then', () => {
    holds(anySteps, (steps) => {
      const world = new World(plants);
      const shelvedAt = new Map<string, number>();
      let downMs = 0;
      const look = (): void => {
        for (const event of world.news()) {
          const { kind, reason, alert, at, to } = event;
          const rule = world.ruleOf(alert.rule);
          const runningAt = at - downMs;
          if (kind !== 'flag' || rule === null) continue;
          if (reason === 'shelved') shelvedAt.set(alertKey(alert), runningAt);
          if (reason !== 'unshelved') continue;
          const since = shelvedAt.get(alertKey(alert)) ?? NaN;
          expect(runningAt - since).toBeLessThanOrEqual(rule.shelveMaxMs);
          expect(alert.shelvedUntil).toBeNull();
          expect(to).toBe(alert.state);
          const isToBeTold = !isFlagged(alert) && (to === 'active' || to === 'returned');
          const isTold = rule.then.some((one) => one.kind === 'notify');
          expect(notifyTargets(rule, event).length > 0).toBe(
            isToBeTold && isTold && event.hushed === undefined,
          );
        }
      };
      for (const step of steps) {
        world.take(step);
        if (step.kind === 'start' && step.known) downMs += step.downMs;
        look();
      }
      world.take({ kind: 'wait', waitMs: 20_000 });
      look();
      for (const { shelvedUntil } of world.alerts()) expect(shelvedUntil).toBeNull();
    });
  });

  test('I6: tells nobody while a flag is set, withholds the claims of contract 4, and announces at the end of the last one', () => {
    holds(anySteps, (steps) => {
      const flagged = new Map<string, boolean>();
      new World(plants).takeAll(steps, (world) => {
        for (const event of world.news()) {
          const { alert, kind, reason, to } = event;
          const rule = world.ruleOf(alert.rule);
          if (rule !== null && isFlagged(alert)) expect(notifyTargets(rule, event)).toEqual([]);
          const isWithheld = alert.suppressedBy !== null || alert.outOfService;
          for (const span of claimSpans) {
            const isForPeople = span === 'unacknowledged' && alert.shelvedUntil !== null;
            if (isWithheld || isForPeople) expect(isHeld(alert, span)).toBe(false);
          }
          const isProtected = !isWithheld && (to === 'active' || to === 'acknowledged');
          if (isProtected) expect(isHeld(alert, 'raised')).toBe(true);
          const hasEnded = flagged.get(alertKey(alert)) === true && !isFlagged(alert);
          flagged.set(alertKey(alert), isFlagged(alert));
          if (!hasEnded || rule === null || reason === 'removed') continue;
          expect(kind).toBe('flag');
          expect(['unshelved', 'unsuppressed', 'in_service']).toContain(reason);
          const isToBeTold = to === 'active' || to === 'returned';
          const isTold = rule.then.some((one) => one.kind === 'notify');
          expect(notifyTargets(rule, event).length > 0).toBe(
            isToBeTold && isTold && event.hushed === undefined,
          );
        }
      });
    });
  });

  test('I7: judges and records the same with flags, groups, chatter and repetitions as without', () => {
    holds(anySteps, (steps) => {
      const told = new World(plants);
      const plain = new World(plants.map(untold));
      for (const step of steps) {
        for (const world of setsFlag(step) ? [told] : [told, plain]) {
          // What a flag makes worth keeping is known a little sooner after a kill.
          if (step.kind === 'start') world.startAlive(step);
          else world.take(step);
        }
        expect(told.alerts().filter(isNoFlood).map(judged)).toEqual(
          plain.alerts().filter(isNoFlood).map(judged),
        );
      }
      const history = ({ events }: World): unknown =>
        transitions(events)
          .filter(({ alert }) => isNoFlood(alert))
          .map(({ at, from, to, reason, alert }) => ({
            at,
            from,
            to,
            reason,
            message: alert.message,
            ...judged(alert),
          }));
      expect(history(told)).toEqual(history(plain));
    });
  });

  test('I7: judges the same whatever its points come through', () => {
    holds(stepsWith({ start: 0, source: 0 }), (steps) => {
      const away = plants.map((plant) => ({
        ...plant,
        points: plant.points.map((entry) => ({ ...entry, via: null })),
      }));
      const [behind, free] = [new World(plants), new World(away)];
      const isConcerned = (alert: Alert): boolean =>
        alert.rule !== 'limen.source_lost' && isNoFlood(alert);
      for (const step of steps) {
        behind.take(step);
        free.take(step.kind === 'learned' ? { ...step, via: null } : step);
        const found = behind.alerts().filter(isConcerned).map(judged);
        expect(found).toEqual(free.alerts().filter(isConcerned).map(judged));
      }
    });
  });

  test('I7: a notice changes nothing, and nothing critical is hushed', () => {
    holds(anySteps, (steps) => {
      const before = new Map<string, Alert>();
      for (const event of new World(plants).takeAll(steps).events) {
        const { alert, kind, from, to, notice, hushed } = event;
        expect(kind === 'notice').toBe(notice !== undefined);
        if (hushed !== undefined) expect(alert.severityMax).not.toBe('critical');
        if (kind === 'notice') {
          expect(from).toBe(to);
          const last = before.get(alertKey(alert));
          expect(last).toBeDefined();
          // Numbers that have become others meanwhile were no news.
          const {
            seq: _seq,
            value: _value,
            worst: _worst,
            dueAt: _dueAt,
            limit: _limit,
            ...rest
          } = alert;
          expect(last).toMatchObject(rest);
        }
        before.set(alertKey(alert), alert);
      }
    });
  });
});
