import type { AlertCell } from './alert-cell.ts';
import { isMemberHeld } from './clauses/clause.ts';
import type { BoundClause, ClauseMember } from './clauses/clause-tree.ts';
import { badness, type Region } from './conditions.ts';
import type { EngineCore } from './engine-core.ts';

/**
 * Finds how far the value of a point may move without changing the verdict of any level of any of its alerts, and
 * writes it down: strictly within these bounds a reading needs no judging. What this depends on besides the value
 * (quality, held levels, delays that wait for a reading) clears the bounds when it changes.
 */
export function findQuietRange(core: EngineCore, index: number): void {
  const { points } = core;
  const slot = points.slot(index);
  points.quietLow[index] = NaN;
  // Of a button each change counts.
  if (slot === undefined || slot.button !== null || !points.isUsable(index)) return;
  // A source that is lost may be back with any reading of its points.
  if (slot.source?.cell?.condition === 'breached') return;
  range.low = -Infinity;
  range.high = Infinity;
  const value = points.value[index]!;
  for (const cell of slot.cells) if (!narrow(cell, value)) return;
  for (const { bound, members } of slot.clauses) {
    for (const member of members) if (!narrowToMember(bound, member, value)) return;
  }
  points.quietLow[index] = range.low;
  points.quietHigh[index] = range.high;
}

// One object for all calls: this runs after every reading that is judged.
const range = { low: 0, high: 0 };

// False: every reading has to be judged by this alert.
function narrow(cell: AlertCell, value: number): boolean {
  if (cell.kind !== 'value') return cell.condition === 'clear';
  if (cell.gauge !== null || cell.condition === 'unknown') return false;
  for (const one of cell.levels) narrowToRegion(one.region, one.held, value);
  return cell.state === 'normal' || narrowToWorst(cell);
}

// Of a member only its own verdict counts: what its clause makes of it changes no sooner.
function narrowToMember(bound: BoundClause, member: ClauseMember, value: number): boolean {
  if (member.kind === 'input' || !bound.isCurrent) return false;
  narrowToRegion(member.region, isMemberHeld(bound, member), value);
  return true;
}

function narrowToRegion(region: Region, held: boolean, value: number): void {
  const low = held ? region.heldLow : region.low;
  const high = held ? region.heldHigh : region.high;
  if (value < low) range.high = Math.min(range.high, low);
  else if (value > high) range.low = Math.max(range.low, high);
  else if (low <= high) {
    range.low = Math.max(range.low, low);
    range.high = Math.min(range.high, high);
  }
}

function narrowToWorst(cell: AlertCell): boolean {
  const first = cell.levels[0];
  if (first === undefined || Number.isNaN(cell.worst)) return false;
  const { kind } = first.level.comparator;
  const reach = badness(kind, first.region, cell.worst);
  switch (kind) {
    case 'above':
      range.high = Math.min(range.high, reach);
      return true;
    case 'below':
      range.low = Math.max(range.low, -reach);
      return true;
    case 'outside':
    case 'inside':
    case 'equals':
    case 'changes_to':
    case 'silent_for':
    case 'stuck_for':
    case 'rate_above':
    case 'rate_below':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return false;
  }
}
