import { pointName } from '../domain/point.ts';
import { buttonProblem } from './button.ts';
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
    return [...slot.cells.flatMap(problemOf), ...ofClauses, ...problemsOfButton(slot)];
  }
  return [
    ...orderedCells(core).flatMap(problemOf),
    ...core.clauses.flatMap((bound) => told(bound.subject, clauseProblem(bound))),
    ...[...core.points.slots()].flatMap(problemsOfButton),
  ];
}

function problemOf(cell: AlertCell): readonly string[] {
  return told(`rule "${cell.rule.name}" cannot judge ${pointName(cell)}`, cell.problem);
}

function problemsOfButton({ button, point }: PointSlot): readonly string[] {
  return (button?.rules ?? []).flatMap(({ name, acknowledgeWith }) => {
    const problem = acknowledgeWith === null ? null : buttonProblem(acknowledgeWith, point);
    return told(
      `acknowledge_with of the rule "${name}" cannot be judged: ${pointName(point)}`,
      problem,
    );
  });
}

function told(subject: string, problem: string | null): readonly string[] {
  return problem === null ? [] : [`${subject}: ${problem}`];
}
