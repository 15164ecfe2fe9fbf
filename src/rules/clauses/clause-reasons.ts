import type { Condition } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import { displayValue, pointName } from '../../domain/point.ts';
import { readable } from '../../domain/readable.ts';
import type { BoundClause, ClauseMember, ClauseNode, Comparison, Formula } from './clause-tree.ts';
import type { EngineCore } from '../engine-core.ts';
import { withUnit } from '../message.ts';

/** Numbers of the last readings that a verdict of `breached` rests on, oldest first; of very many the newest. */
export function breachReadings(core: EngineCore, { root }: BoundClause): readonly number[] {
  const found = new Set<number>();
  for (const leaf of decisiveLeaves(root, 'breached')) {
    for (const { slot } of decisiveMembers(leaf, 'breached')) {
      const seq = core.points.seq[slot.point.index]!;
      if (!Number.isNaN(seq)) found.add(seq);
    }
  }
  return [...found].toSorted((a, b) => a - b).slice(-limits.clauseMembersToldMax);
}

/** Number of the newest reading that the present verdict rests on; null: there is none. */
export function lastReading(core: EngineCore, { root }: BoundClause): number | null {
  let last = -Infinity;
  for (const leaf of decisiveLeaves(root, root.verdict)) {
    for (const { slot } of decisiveMembers(leaf, root.verdict)) {
      const seq = core.points.seq[slot.point.index]!;
      if (seq > last) last = seq;
    }
  }
  return last === -Infinity ? null : last;
}

/** What the verdict rests on, as people read it: `cold-1/temperature is at 9.1 °C and door/state is closed`. */
export function clauseSentence(core: EngineCore, { root }: BoundClause): string {
  const { verdict } = root;
  const parts: string[] = [];
  for (const leaf of decisiveLeaves(root, verdict)) {
    for (const member of decisiveMembers(leaf, verdict)) parts.push(memberText(core, member));
    if (verdict === 'unknown') parts.push(...missingTexts(leaf));
  }
  const most = limits.clauseMessageMembersMax;
  const told = parts.length > most ? parts.slice(0, most - 1) : parts;
  if (told.length < parts.length) told.push(`${parts.length - told.length} more`);
  const last = told.pop();
  if (last === undefined) return 'too few points are known';
  return told.length === 0 ? last : `${told.join(', ')} and ${last}`;
}

/** The leaves that share the verdict of everything above them. */
function* decisiveLeaves(node: ClauseNode, verdict: Condition): Iterable<Comparison | Formula> {
  if (node.kind === 'compare') yield node;
  else if (node.verdict !== verdict) return;
  else if (node.kind === 'expression') yield node;
  else for (const each of node.of) yield* decisiveLeaves(each, verdict);
}

// Every number in a calculation is part of its verdict; where that is unknown, those that are.
function decisiveMembers(leaf: Comparison | Formula, verdict: Condition): readonly ClauseMember[] {
  if (leaf.kind === 'compare') return leaf.members.filter((one) => one.verdict === verdict);
  if (verdict !== 'unknown') return leaf.members;
  const unknown = leaf.members.filter(({ index }) => Number.isNaN(leaf.values[index]));
  // A division by zero: everything is known, and the result is not.
  return unknown.length > 0 || leaf.members.length < leaf.values.length ? unknown : leaf.members;
}

function memberText(core: EngineCore, member: ClauseMember): string {
  const name = pointName(member.slot.point);
  const isKnown =
    member.kind === 'compared'
      ? member.verdict !== 'unknown'
      : !Number.isNaN(member.of.values[member.index]);
  if (!isKnown) return `${name} has no usable value`;
  const value = memberValue(core, member.slot);
  const place = typeof value === 'number' ? 'is at' : 'is';
  const shown = typeof value === 'number' ? readable(value) : value;
  return `${name} ${place} ${withUnit(shown, member.slot.point.unit)}`;
}

function missingTexts(leaf: Comparison | Formula): readonly string[] {
  if (leaf.kind === 'compare') {
    return leaf.unmatched.map(({ exact, text }) =>
      exact ? `${text} was never heard` : `no point matches ${text}`,
    );
  }
  return leaf.expression.inputs.flatMap((input, index) =>
    leaf.members.some((member) => member.index === index)
      ? []
      : [`${pointName(input)} was never heard`],
  );
}

/** The last usable value of a member, as people see it. */
export function memberValue(
  core: EngineCore,
  { point }: ClauseMember['slot'],
): ReturnType<typeof displayValue> {
  return displayValue(point, core.points.value[point.index]!);
}
