import { aboutOf, isCompound } from '../../domain/clause.ts';
import { isJudgedAt } from '../../domain/lateness.ts';
import type { Rule } from '../../domain/rule.ts';
import { isHeld, type AlertCell } from '../alert-cell.ts';
import { bindClause, disturbClause, judgeClause } from './clause.ts';
import type { ClauseMemory } from './clause-tree.ts';
import { addCell } from '../declare.ts';
import type { EngineCore } from '../engine-core.ts';
import { announceIfDirty } from '../events.ts';
import { arm, noteQuality, settle, type Moment } from '../settle.ts';
import { noteWorst } from '../worst.ts';

/** Gives compound rules the alerts they lack, one each; returns the new ones. */
export function equipCompounds(
  core: EngineCore,
  rules: readonly Rule[],
  moment: Moment,
): readonly AlertCell[] {
  const known = new Set([...core.cells.values()].map(({ rule }) => rule.name));
  return rules.flatMap((rule) => {
    const point = aboutOf(rule);
    if (point === null || known.has(rule.name)) return [];
    const cell = addCell(core, { kind: 'compound', rule, point }, moment);
    bindCompound(core, cell, cell.recalled);
    return [cell];
  });
}

/** Binds the clause of an alert's rule to the points. `memory`: of an earlier one. */
export function bindCompound(core: EngineCore, cell: AlertCell, memory: ClauseMemory | null): void {
  const clause = cell.rule.levels[0]?.comparator;
  if (clause === undefined || !isCompound(clause)) return;
  const heed = (moment: Moment, isReport: boolean): void =>
    judgeCompound(core, cell, moment, isReport);
  const judgesAt = (ageMs: number): boolean => isJudgedAt(cell.rule, ageMs);
  const subject = `rule "${cell.rule.name}" cannot judge ${cell.device}/${cell.metric}`;
  const use = { clause, order: cell.rule.name, subject, heed, judgesAt };
  cell.clause = bindClause(core, use, memory);
}

/**
 * Judges a compound alert after one of its members may have changed. The same verdict is news of a reading alone, and of
 * a silence that it is unknown: it must not start an off-delay that waits for a fresh reading.
 */
export function judgeCompound(
  core: EngineCore,
  cell: AlertCell,
  moment: Moment,
  isReport: boolean,
): void {
  const { clause } = cell;
  if (clause === null) return;
  const verdict = judgeClause(core, clause, isHeld(cell));
  if (clause.hasMoved) cell.dirty = true;
  clause.hasMoved = false;
  const isReading = !Number.isNaN(moment.atMs);
  const isSame = verdict === cell.condition;
  const isNoNews = cell.steady || !isReport || (verdict === 'clear' && !isReading);
  if (isSame && isNoNews) {
    noteWorst(core, cell, moment.at);
    noteQuality(core, cell);
    announceIfDirty(core, cell, moment.at, moment.seq);
    return;
  }
  const [level] = cell.levels;
  if (level !== undefined && verdict !== 'unknown') level.breached = verdict === 'breached';
  settle(core, cell, verdict, moment);
  arm(core, cell);
}

/** Every point of an alert must be judged by its next reading. */
export function disturbPoints(core: EngineCore, cell: AlertCell): void {
  if (cell.clause !== null) disturbClause(core, cell.clause);
  else if (cell.pointIndex > 0) core.points.disturb(cell.pointIndex);
}
