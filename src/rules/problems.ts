import { pointName } from '../domain/point.ts';
import { clauseProblem, memberProblem } from './clauses/clause.ts';
import { orderedCells, type EngineCore } from './engine-core.ts';
import type { AlertCell } from './alert-cell.ts';
import type { PointSlot } from './point-table.ts';

/** What cannot be judged, in words: by any rule, or of one point. */
export function problemsOf(core: EngineCore, slot: PointSlot | null): readonly string[] {
  if (slot !== null) {
    const ofClauses = slot.clauses.flatMap(({ bound, members }) =>
      members.flatMap((member) => told(bound.subject, memberProblem(member))),
    );
    return [...slot.cells.flatMap(problemOf), ...ofClauses];
  }
  return [
    ...orderedCells(core).flatMap(problemOf),
    ...core.clauses.flatMap((bound) => told(bound.subject, clauseProblem(bound))),
  ];
}

function problemOf(cell: AlertCell): readonly string[] {
  return told(`rule "${cell.rule.name}" cannot judge ${pointName(cell)}`, cell.problem);
}

function told(subject: string, problem: string | null): readonly string[] {
  return problem === null ? [] : [`${subject}: ${problem}`];
}
