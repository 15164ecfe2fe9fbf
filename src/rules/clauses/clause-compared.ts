import type { ShownLimit } from '../../domain/alert.ts';
import type { ComparedMember } from '../../domain/engine.ts';
import { limits } from '../../domain/limits.ts';
import { pointName } from '../../domain/point.ts';
import type { ClauseComparator } from '../../domain/rule.ts';
import { memberValue } from './clause-reasons.ts';
import type {
  BoundClause,
  ClauseNode,
  ComparedMember as ClauseMember,
  Comparison,
  Formula,
  Gate,
} from './clause-tree.ts';
import { clearLimit, type Region } from '../conditions.ts';
import type { EngineCore } from '../engine-core.ts';
import { tidy } from '../message.ts';

/** Every member of a clause with its value and verdict, as it is written; of very many first those that decide. */
export function comparedMembers(
  core: EngineCore,
  { root }: BoundClause,
): readonly ComparedMember[] {
  const rows = root.kind === 'expression' ? inputRows(core, root, 0) : partRows(core, root, 0);
  const most = limits.clauseMembersToldMax;
  if (rows.length <= most) return rows;
  const isDecisive = ({ verdict }: ComparedMember): boolean => verdict === root.verdict;
  return [...rows.filter(isDecisive), ...rows.filter((row) => !isDecisive(row))].slice(0, most);
}

function partRows(core: EngineCore, gate: Gate, depth: number): readonly ComparedMember[] {
  return gate.of.flatMap((part) => rowsOf(core, part, depth));
}

function rowsOf(core: EngineCore, part: ClauseNode, depth: number): readonly ComparedMember[] {
  switch (part.kind) {
    case 'compare':
      return comparisonRows(core, part, depth);
    case 'expression': {
      const { verdict, expression } = part;
      const row = { ...nothing, depth, verdict, comparator: part.kind, limit: expression.text };
      return [row, ...inputRows(core, part, depth + 1)];
    }
    case 'all':
    case 'any':
    case 'at_least': {
      const { verdict, breached, needed } = part;
      const row = { ...nothing, depth, verdict, comparator: part.kind };
      return [{ ...row, value: breached, limit: needed }, ...partRows(core, part, depth + 1)];
    }
  }
}

function comparisonRows(
  core: EngineCore,
  { clause, members, unmatched }: Comparison,
  depth: number,
): readonly ComparedMember[] {
  const comparator = clause.comparator.kind;
  return [
    ...members.map((member) => ({
      ...nothing,
      depth,
      comparator,
      point: pointName(member.slot.point),
      value: memberValue(core, member.slot),
      unit: member.slot.point.unit,
      limit: limitOf(clause.comparator, member),
      clear_limit: clearLimit(member.region),
      verdict: member.verdict,
    })),
    ...unmatched.map(({ text }) => ({
      ...nothing,
      depth,
      comparator,
      point: text,
      limit: writtenLimit(clause.comparator),
      verdict: 'unknown' as const,
    })),
  ];
}

function inputRows(core: EngineCore, formula: Formula, depth: number): readonly ComparedMember[] {
  return formula.expression.inputs.map((input, index) => {
    const slot = formula.members.find((member) => member.index === index)?.slot ?? null;
    return {
      ...nothing,
      depth,
      comparator: 'expression' as const,
      point: pointName(input),
      input: input.name,
      value: slot === null ? null : memberValue(core, slot),
      unit: slot?.point.unit ?? null,
      // A number is neither breached nor clear; but nobody may know it.
      verdict: Number.isNaN(formula.values[index]) ? ('unknown' as const) : null,
    };
  });
}

const nothing = {
  point: null,
  input: null,
  value: null,
  unit: null,
  limit: null,
  clear_limit: null,
} as const;

// In the unit of the point, like its value.
function limitOf(comparator: ClauseComparator, { region }: ClauseMember): ShownLimit {
  if (region.problem !== null) return writtenLimit(comparator);
  return shownRegion(comparator, region);
}

function shownRegion(comparator: ClauseComparator, { low, high }: Region): ShownLimit {
  switch (comparator.kind) {
    case 'above':
      return tidy(high);
    case 'below':
      return tidy(low);
    case 'outside':
    case 'inside':
      return [tidy(low), tidy(high)];
    case 'equals':
      return comparator.value;
  }
}

function writtenLimit(comparator: ClauseComparator): ShownLimit {
  switch (comparator.kind) {
    case 'above':
    case 'below':
      return comparator.limit.value;
    case 'outside':
    case 'inside':
      return [comparator.low.value, comparator.high.value];
    case 'equals':
      return comparator.value;
  }
}
