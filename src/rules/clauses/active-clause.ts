import type { Rule } from '../../domain/rule.ts';
import { bindClause, judgeClause, unbindClause } from './clause.ts';
import type { ActiveClause } from './clause-tree.ts';
import type { EngineCore } from '../engine-core.ts';
import { isJudgedAt } from '../../domain/lateness.ts';
import type { Moment } from '../moment.ts';

/**
 * Binds the conditions of these rules to the points; those that are the same go on. `changed` is called when another
 * verdict comes with a point.
 */
export function bindActiveClauses(
  core: EngineCore,
  rules: readonly Rule[],
  changed: (rule: string, moment: Moment) => void,
): void {
  const wanted = new Map(rules.map((rule) => [rule.name, rule]));
  for (const [name, { text, bound }] of core.activeClauses) {
    const rule = wanted.get(name);
    if (rule !== undefined && textOf(rule) === text) continue;
    unbindClause(core, bound);
    core.activeClauses.delete(name);
  }
  for (const rule of rules) {
    const clause = rule.activeWhen?.clause ?? null;
    if (clause === null || core.activeClauses.has(rule.name)) continue;
    const heed = (moment: Moment): void => {
      if (judge(core, active)) changed(rule.name, moment);
    };
    const bound = bindClause(core, {
      clause,
      // After the alerts of the same name: what a reading raises was still told.
      order: `${rule.name} active_when`,
      subject: `active_when of the rule "${rule.name}" cannot be judged`,
      heed,
      judgesAt: (ageMs) => isJudgedAt(rule, ageMs),
    });
    const active: ActiveClause = { text: textOf(rule), bound, verdict: 'unknown' };
    core.activeClauses.set(rule.name, active);
    judge(core, active);
  }
}

/**
 * Judges all conditions after a start. Where a deadband leaves it open, what was not suppressed before goes on so.
 */
export function restartActiveClauses(
  core: EngineCore,
  wasInactive: (rule: string) => boolean,
): void {
  for (const [name, active] of core.activeClauses) {
    const isHeld = !wasInactive(name);
    for (const member of active.bound.members)
      if (member.kind === 'compared') member.breached = isHeld;
    active.bound.isCurrent = false;
    active.verdict = isHeld ? 'breached' : 'clear';
    judge(core, active);
  }
}

// Whether the verdict is another one. Unless it is clear the deadbands act on what was breached last.
function judge(core: EngineCore, active: ActiveClause): boolean {
  const before = active.verdict;
  active.verdict = judgeClause(core, active.bound, before !== 'clear');
  // What the deadband acts on from now on is another limit.
  if (active.verdict !== before) judgeClause(core, active.bound, active.verdict !== 'clear');
  return active.verdict !== before;
}

function textOf({ activeWhen, lateAfterMs, late }: Rule): string {
  return JSON.stringify([activeWhen?.clause ?? null, late, lateAfterMs]);
}
