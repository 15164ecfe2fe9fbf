import type { Condition } from '../../domain/alert.ts';
import { calculableValue, pointName, type Point } from '../../domain/point.ts';
import { qualities, qualityCodes, type Quality } from '../../domain/reading.ts';
import { convert } from '../../domain/units.ts';
import {
  leavesOf,
  plantClause,
  recompute,
  vote,
  type BoundClause,
  type ClauseMemory,
  type ClauseMember,
  type ClauseUse,
  type ComparedMember,
  type Comparison,
  type Formula,
  type InputMember,
} from './clause-tree.ts';
import { compileRegion, isBreached, type Region } from '../conditions.ts';
import type { EngineCore } from '../engine-core.ts';
import type { PointSlot } from '../point-table.ts';
import type { Moment } from '../moment.ts';

/** Binds a clause to every point it matches, now and later. `memory`: of an earlier life. */
export function bindClause(
  core: EngineCore,
  use: ClauseUse,
  memory: ClauseMemory | null = null,
): BoundClause {
  const bound: BoundClause = {
    ...use,
    root: plantClause(use.clause),
    members: [],
    remembered: { breached: new Set(memory?.breached), held: new Set(memory?.held) },
    qualities: [0, 0, 0, 0],
    isHeld: false,
    isCurrent: false,
    isComplete: false,
    hasMoved: false,
  };
  core.clauses.push(bound);
  core.clauses.sort((a, b) => byText(a.order, b.order));
  for (const slot of core.points.slots()) linkClause(core, bound, slot);
  return bound;
}

/** Takes a clause away from all its points. */
export function unbindClause(core: EngineCore, bound: BoundClause): void {
  core.clauses.splice(core.clauses.indexOf(bound), 1);
  for (const { slot } of bound.members) {
    const links = core.points.slot(slot.point.index)?.clauses ?? [];
    const place = links.findIndex((link) => link.bound === bound);
    if (place >= 0) links.splice(place, 1);
    core.points.disturb(slot.point.index);
  }
}

/** A new point becomes a member of every clause that matches it. */
export function linkPoint(core: EngineCore, slot: PointSlot): void {
  for (const bound of core.clauses) linkClause(core, bound, slot);
}

/** The unit, kind or text states of a point are others now. */
export function recompilePoint({ point, clauses }: PointSlot): void {
  for (const { bound, members } of clauses) {
    bound.isCurrent = false;
    for (const member of members) {
      if (member.kind === 'compared') member.region = regionOf(member.of, point);
    }
  }
}

/**
 * Judges the members of a point, after its reading was written down, and tells whom it concerns. `ageMs`: how late it is.
 */
export function heedPoint(
  core: EngineCore,
  { clauses }: PointSlot,
  moment: Moment,
  ageMs = 0,
): void {
  for (const { bound, members } of clauses) {
    if (ageMs > 0 && !bound.judgesAt(ageMs)) continue;
    if (bound.isCurrent) for (const member of members) judgeMember(core, bound, member);
    bound.heed(moment, true);
  }
}

/** Tells those whom it concerns before the alerts of the point, after its reading was written down. */
export function heedPointFirst(core: EngineCore, { clauses }: PointSlot, moment: Moment): void {
  for (const { bound, members } of clauses) {
    if (bound.heedFirst === undefined) continue;
    if (bound.isCurrent) for (const member of members) judgeMember(core, bound, member);
    bound.heedFirst(moment);
  }
}

/** A point is new, or its unit, kind or text states are known better now. */
export function heedDeclared(core: EngineCore, index: number, moment: Moment): void {
  for (const { bound } of core.points.slot(index)?.clauses ?? []) bound.heed(moment, false);
}

/** The verdict as of now, in Kleene's logic. `isHeld`: the deadbands of the members that are breached act. */
export function judgeClause(core: EngineCore, bound: BoundClause, isHeld: boolean): Condition {
  if (!bound.isCurrent || bound.isHeld !== isHeld) {
    bound.isHeld = isHeld;
    for (const member of bound.members) judgeMember(core, bound, member);
    bound.isCurrent = true;
  }
  return bound.root.verdict;
}

/** The worst quality among the points; `stale` too if one of them was never heard of. */
export function qualityOfClause({ isComplete, qualities: counts }: BoundClause): Quality {
  if (!isComplete) return 'stale';
  const worst = counts.findLastIndex((count) => count > 0);
  return qualities[worst] ?? 'stale';
}

/** How many members are breached; of an expression 1 or 0; NaN: unknown. */
export function breachedCount({ root }: BoundClause): number {
  if (root.kind !== 'expression') return root.breached;
  return root.verdict === 'unknown' ? NaN : Number(root.verdict === 'breached');
}

/** Every point must be judged by its next reading. */
export function disturbClause(core: EngineCore, { members }: BoundClause): void {
  for (const { slot } of members) core.points.disturb(slot.point.index);
}

/** What of a clause has to survive a restart, by names that do. */
export function clauseMemory({ members, remembered }: BoundClause): ClauseMemory {
  const names = (which: 'breached' | 'held'): readonly string[] => {
    const present = members.flatMap((member) =>
      member.kind === 'compared' && member[which] && hasDeadband(member.region)
        ? [memberName(member)]
        : [],
    );
    return [...remembered[which], ...present].toSorted(byText);
  };
  return { breached: names('breached'), held: names('held') };
}

/** Why a clause, or a part of it, can never be judged; null: it can. */
export function clauseProblem({ members }: BoundClause): string | null {
  for (const member of members) {
    const problem = memberProblem(member);
    if (problem !== null) return problem;
  }
  return null;
}

/** Why one point of a clause can never be judged in it; null: it can. */
export function memberProblem(member: ClauseMember): string | null {
  const { point } = member.slot;
  const problem = member.kind === 'compared' ? member.region.problem : inputProblem(member, point);
  return problem === null ? null : `${pointName(point)}: ${problem}`;
}

/** Counts members whose next silence is due as unknown, before the timer of that very moment says so. */
export function expireMembers(
  { members }: BoundClause,
  isOverdue: (index: number) => boolean,
): void {
  for (const member of members) {
    if (!isOverdue(member.slot.point.index)) continue;
    if (member.kind === 'compared') setVerdict(member, 'unknown');
    else setValue(member, NaN);
  }
}

/** Whether the verdict of a member goes by its deadband. */
export function isMemberHeld(bound: BoundClause, member: ComparedMember): boolean {
  return bound.isHeld && (member.held || member.breached);
}

function linkClause(core: EngineCore, bound: BoundClause, slot: PointSlot): void {
  const members: ClauseMember[] = [];
  for (const leaf of leavesOf(bound.root)) {
    if (leaf.kind === 'expression') members.push(...inputsOf(leaf, slot));
    else if (matches(leaf, slot.point)) members.push(compare(bound, leaf, slot));
  }
  if (members.length === 0) return;
  bound.members.push(...members);
  bound.isCurrent = false;
  bound.isComplete = ![...leavesOf(bound.root)].some(isIncomplete);
  slot.clauses.push({ bound, members });
  slot.clauses.sort((a, b) => byText(a.bound.order, b.bound.order));
  core.points.disturb(slot.point.index);
}

function matches({ clause }: Comparison, { device, metric }: Point): boolean {
  return clause.points.some((pattern) => pattern.matches(device, metric));
}

function compare(bound: BoundClause, of: Comparison, slot: PointSlot): ComparedMember {
  const { device, metric } = slot.point;
  const left = of.unmatched.filter((pattern) => !pattern.matches(device, metric));
  // The point takes the place of what was waited for.
  for (let found = left.length; found < of.unmatched.length; found += 1)
    vote(of.parent, 'unknown', null);
  of.unmatched = left;
  vote(of.parent, null, 'unknown');
  const member: ComparedMember = {
    kind: 'compared',
    of,
    slot,
    region: regionOf(of, slot.point),
    verdict: 'unknown',
    breached: false,
    held: false,
    quality: -1,
  };
  const { breached, held } = bound.remembered;
  member.breached = breached.delete(memberName(member));
  member.held = held.delete(memberName(member));
  insertByName(of.members, member);
  return member;
}

// The order in which points were heard, or took another unit, is not that of a restart.
function insertByName(members: ComparedMember[], member: ComparedMember): void {
  const name = pointName(member.slot.point);
  let from = 0;
  let to = members.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (pointName(members[middle]!.slot.point) <= name) from = middle + 1;
    else to = middle;
  }
  members.splice(from, 0, member);
}

function inputsOf(of: Formula, slot: PointSlot): readonly InputMember[] {
  const members = of.expression.inputs.flatMap(({ device, metric }, index): InputMember[] =>
    device === slot.point.device && metric === slot.point.metric
      ? [{ kind: 'input', of, index, slot, quality: -1 }]
      : [],
  );
  of.members.push(...members);
  of.members.sort((a, b) => a.index - b.index);
  return members;
}

function judgeMember(core: EngineCore, bound: BoundClause, member: ClauseMember): void {
  const { points } = core;
  const { index } = member.slot.point;
  countQuality(bound, member, points.stale[index] === 1 ? staleCode : points.quality[index]!);
  const isUsable = points.isUsable(index);
  const value = points.value[index]!;
  if (member.kind === 'input') {
    setValue(member, isUsable ? inputValue(member, value) : NaN);
    return;
  }
  const { region, held: wasHeld } = member;
  member.held = isMemberHeld(bound, member);
  if (isUsable && region.problem === null) {
    member.breached = isBreached(region, member.held, value);
    member.held = isMemberHeld(bound, member);
    setVerdict(member, member.breached ? 'breached' : 'clear');
  } else setVerdict(member, 'unknown');
  if (member.held !== wasHeld && hasDeadband(region)) bound.hasMoved = true;
}

function setVerdict(member: ComparedMember, verdict: Condition): void {
  const before = member.verdict;
  member.verdict = verdict;
  vote(member.of.parent, before, verdict);
}

function setValue({ of, index }: InputMember, value: number): void {
  if (Object.is(of.values[index], value)) return;
  of.values[index] = value;
  recompute(of);
}

function countQuality(
  { qualities: counts }: BoundClause,
  member: ClauseMember,
  code: number,
): void {
  if (member.quality === code) return;
  if (member.quality >= 0) counts[member.quality] = (counts[member.quality] ?? 0) - 1;
  counts[code] = (counts[code] ?? 0) + 1;
  member.quality = code;
}

function regionOf({ clause }: Comparison, point: Point): Region {
  const { comparator, deadband } = clause;
  return compileRegion({ severity: 'warning', comparator, deadband, onDelayMs: 0 }, point);
}

// In the unit that is written at the input; a point or an input without one takes the number as it is.
function inputValue({ of, index, slot }: InputMember, value: number): number {
  const { unit, kind } = slot.point;
  const written = of.expression.inputs[index]?.unit ?? null;
  if (kind === 'text') return calculableValue(slot.point, value);
  if (written === null || unit === null || written === unit) return value;
  return convert(value, unit, written) ?? NaN;
}

function inputProblem(member: InputMember, point: Point): string | null {
  const { kind, unit, states } = point;
  if (kind === 'text') {
    const isCalculable = states.some((_, index) => !Number.isNaN(calculableValue(point, index)));
    return isCalculable ? null : 'a text state cannot be calculated with';
  }
  const written = member.of.expression.inputs[member.index]?.unit ?? null;
  if (written === null || unit === null || convert(0, unit, written) !== null) return null;
  return `${unit} cannot be converted to ${written}`;
}

function hasDeadband({ low, high, heldLow, heldHigh }: Region): boolean {
  // Without limits they are all NaN: there is nothing to move back from.
  return !Number.isNaN(low) && (low !== heldLow || high !== heldHigh);
}

function memberName({ of, slot }: ComparedMember): string {
  return `${of.place} ${of.clause.comparator.kind} ${pointName(slot.point)}`;
}

function isIncomplete(leaf: Comparison | Formula): boolean {
  if (leaf.kind === 'compare') return leaf.unmatched.length > 0;
  return leaf.members.length < leaf.values.length;
}

// By code unit, as everything else that decides an order.
function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const staleCode = qualityCodes.stale;
