import type { AlertCell } from './alert-cell.ts';
import { breachedCount } from './clauses/clause.ts';
import type { BoundClause } from './clauses/clause-tree.ts';
import { badness } from './conditions.ts';
import type { EngineCore } from './engine-core.ts';
import { judgedValue } from './gauges/judge-gauge.ts';
import { noteWait } from './silence/watch.ts';

/** Keeps the furthest value of the running occurrence. */
export function noteWorst(core: EngineCore, cell: AlertCell, at: number): void {
  if (cell.state === 'normal' || cell.condition === 'unknown') return;
  if (cell.kind === 'value') noteWorstValue(core, cell);
  else if (cell.clause !== null) noteMost(cell, cell.clause);
  else noteWait(core, cell, at);
}

function noteMost(cell: AlertCell, clause: BoundClause): void {
  const breached = breachedCount(clause);
  if (!(cell.worst >= breached)) cell.worst = breached;
}

function noteWorstValue(core: EngineCore, cell: AlertCell): void {
  const first = cell.levels[0];
  if (first === undefined) return;
  const { region } = first;
  const { kind } = first.level.comparator;
  const value = judgedValue(core, cell);
  const isFirst = Number.isNaN(cell.worst) && !Number.isNaN(value);
  if (isFirst || badness(kind, region, value) > badness(kind, region, cell.worst))
    cell.worst = value;
}
