import type { Rule } from '../../domain/rule.ts';
import { compareCells, type AlertCell } from '../alert-cell.ts';
import type { EngineCore } from '../engine-core.ts';
import { announceIfDirty } from '../events.ts';

type When = { readonly at: number; readonly seq: number };

/**
 * First-out (ISA-18.2): of a group the alert that was the first active since the whole group was normal. Each alert of
 * the group that is not normal remembers which one that is: so it is forgotten with the last of them, and a start finds
 * it however the first one itself has fared since.
 */
export function joinGroup(core: EngineCore, cell: AlertCell): void {
  const { group } = cell.rule;
  if (group === null || cell.state === 'normal') return;
  const members = core.groups.get(group) ?? new Set();
  core.groups.set(group, members.add(cell));
  cell.firstOut ??= firstOf(members);
}

/** The alert is normal, or goes away, or to another group. */
export function leaveGroup(core: EngineCore, cell: AlertCell): void {
  const { group } = cell.rule;
  cell.firstOut = null;
  const members = group === null ? undefined : core.groups.get(group);
  if (group === null || members === undefined) return;
  members.delete(cell);
  if (members.size === 0) core.groups.delete(group);
}

/** The alert is judged by another rule from now on, or by the same one as it is now. */
export function giveRule(core: EngineCore, cell: AlertCell, rule: Rule): void {
  if (rule.group !== cell.rule.group) leaveGroup(core, cell);
  cell.rule = rule;
  joinGroup(core, cell);
}

/** The alert is active now: if none of its group was before it, it is the first. True if that is news to others. */
export function noteActive(core: EngineCore, cell: AlertCell): boolean {
  joinGroup(core, cell);
  if (cell.rule.group === null || cell.firstOut !== null) return false;
  cell.firstOut = cell.key;
  return true;
}

/** Tells the others of the group, which are pending, who was first: they have to know it after a start. */
export function tellGroup(core: EngineCore, group: string | null, { at, seq }: When): void {
  const members = group === null ? undefined : core.groups.get(group);
  if (members === undefined) return;
  const first = firstOf(members);
  if (first === null) return;
  for (const cell of [...members].sort(compareCells)) {
    if (cell.firstOut !== null) continue;
    cell.firstOut = first;
    cell.dirty = true;
    announceIfDirty(core, cell, at, seq);
  }
}

/**
 * Groups were changed by a config: where nobody was first, it is the one that has been raised longest. What was first
 * in another group says nothing on this one.
 */
export function settleGroups(core: EngineCore, moment: When): void {
  for (const group of [...core.groups.keys()].sort()) {
    const members = [...(core.groups.get(group) ?? [])].sort(compareCells);
    const raised = members.filter(({ state }) => state !== 'pending');
    const first = raised.toSorted((a, b) => (a.raisedAt ?? 0) - (b.raisedAt ?? 0))[0];
    if (first !== undefined && members.every(({ firstOut }) => firstOut === null)) {
      first.firstOut = first.key;
      first.dirty = true;
      announceIfDirty(core, first, moment.at, moment.seq);
    }
    tellGroup(core, group, moment);
  }
}

function firstOf(members: ReadonlySet<AlertCell>): string | null {
  for (const { firstOut } of members) if (firstOut !== null) return firstOut;
  return null;
}
