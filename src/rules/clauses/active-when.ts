import type { Condition } from '../../domain/alert.ts';
import type { Rule } from '../../domain/rule.ts';
import { scheduleKey } from '../../domain/schedule.ts';
import type { DurationMs } from '../../domain/time.ts';
import { bindActiveClauses, restartActiveClauses } from './active-clause.ts';
import type { AlertCell, Suppression } from '../alert-cell.ts';
import { orderedCells, type EngineCore } from '../engine-core.ts';
import { arm, type Moment } from '../settle.ts';
import { changeSuppressions, isSuppressedBy, suppressionBy } from '../telling/suppress.ts';

/** Takes over the conditions in the `active_when` of another config. */
export function adoptActiveWhen(core: EngineCore, rules: readonly Rule[]): void {
  bindActiveClauses(core, rules, (rule, moment) => {
    if (core.isAsleep) return;
    for (const cell of orderedCells(core))
      if (cell.rule.name === rule) followActiveWhen(core, cell, moment);
  });
}

/** The start judges every condition anew, before any alert follows it. */
export function restartActiveWhen(core: EngineCore): void {
  const inactive = new Set<string>();
  for (const cell of core.cells.values())
    if (isSuppressedBy(cell, 'active_when')) inactive.add(cell.rule.name);
  restartActiveClauses(core, (rule) => inactive.has(rule));
}

/** A schedule opened or closed. While Limen is not started it is only noted: the start follows it. */
export function takeSchedule(
  core: EngineCore,
  key: string,
  isOpen: boolean | null,
  moment: Moment,
): void {
  core.schedules.set(key, isOpen);
  if (core.isAsleep) return;
  for (const cell of orderedCells(core)) {
    const { activeWhen } = cell.rule;
    if (activeWhen?.schedules.some((one) => scheduleKey(one) === key) === true)
      followActiveWhen(core, cell, moment);
  }
}

/**
 * Suppresses an alert while its rule is not to be active, and for the settling time after that (ISA-18.2 "suppressed by
 * design"). The alert is judged as ever. What nobody knows suppresses nothing: too much is told rather than too little.
 */
export function followActiveWhen(core: EngineCore, cell: AlertCell, moment: Moment): void {
  const { activeWhen } = cell.rule;
  if (activeWhen === null && cell.suppressions.length === 0) return;
  const next = activeWhen === null ? null : ownSuppression(core, cell, moment);
  const before = cell.suppressions.find(isOwn);
  if (next === (before ?? null)) return;
  const others = cell.suppressions.filter((one) => !isOwn(one));
  const all = next === null ? others : [...others, next];
  changeSuppressions(core, cell, all, { at: moment.at, cause: [moment.seq] });
  arm(core, cell);
}

/** The part of it that comes before anything is told by another rule: an end of the suppression comes after that. */
export function suppressInactive(core: EngineCore, cell: AlertCell, moment: Moment): void {
  if (isActive(core, cell.rule) === 'clear') followActiveWhen(core, cell, moment);
}

// The suppression by the alert's own rule that is to be in force now; the very one that is there, if it is to go on.
function ownSuppression(
  core: EngineCore,
  cell: AlertCell,
  { at, seq }: Moment,
): Suppression | null {
  const before = cell.suppressions.find(isOwn) ?? null;
  const when = { at, cause: [seq] };
  switch (isActive(core, cell.rule)) {
    case 'clear':
      return before?.by === 'active_when' ? before : suppressionBy('active_when', when);
    case 'unknown':
      return null;
    case 'breached': {
      if (before === null) return null;
      const dueMs = at + settleMsOf(cell.rule);
      // A rule that settles sooner by now ends a settling that is under way sooner.
      if (before.by === 'settle' && before.dueMs <= dueMs) return before;
      return dueMs > at ? { ...suppressionBy('settle', when), dueMs } : null;
    }
  }
}

// Whether people are to be told: `all` of the schedules and the clause, in Kleene's logic.
function isActive(core: EngineCore, { name, activeWhen }: Rule): Condition {
  if (activeWhen === null) return 'breached';
  const { schedules, clause } = activeWhen;
  const verdict = clause === null ? 'breached' : core.activeClauses.get(name)?.verdict;
  if (verdict === 'clear') return 'clear';
  let isKnown = verdict === 'breached';
  for (const schedule of schedules) {
    const isOpen = core.schedules.get(scheduleKey(schedule)) ?? null;
    if (isOpen === false) return 'clear';
    if (isOpen === null) isKnown = false;
  }
  return isKnown ? 'breached' : 'unknown';
}

function settleMsOf({ settleMs, levels }: Rule): DurationMs {
  return settleMs ?? Math.max(0, ...levels.map(({ onDelayMs }) => onDelayMs));
}

function isOwn({ by }: Suppression): boolean {
  return by === 'active_when' || by === 'settle';
}
