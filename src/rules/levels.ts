import type { AlertCell, LevelCell } from './alert-cell.ts';
import { isBreached } from './conditions.ts';

/** Judges a value by every level; true if any is breached. */
export function markByValue(cell: AlertCell, value: number): boolean {
  let any = false;
  for (const one of cell.levels) {
    const breached = isBreached(one.region, one.held, value);
    if (breached) any = true;
    if (breached === one.breached) continue;
    one.breached = breached;
    cell.steady = false;
  }
  return any;
}

/** Forgets every breach, for alerts that are judged by time: what they waited for has happened. */
export function markClear(cell: AlertCell): void {
  for (const one of cell.levels) one.breached = false;
}

/**
 * Starts and cancels the delays of the single levels after a judgement with a verdict. Each level's on-delay runs from
 * the moment its own limit is passed.
 */
export function runLevelDelays(cell: AlertCell, at: number, seq: number): void {
  for (const one of cell.levels) {
    if (one.breached) {
      if (one.held) cancelLeaving(cell, one);
      else if (Number.isNaN(one.onDue)) startOnDelay(cell, one, at, seq);
    } else if (one.held) {
      startLeaving(cell, one, at);
    } else if (!Number.isNaN(one.onDue)) {
      cancelOnDelay(cell, one);
    }
  }
}

export function startOnDelay(cell: AlertCell, one: LevelCell, at: number, seq: number): void {
  one.onDue = at + one.level.onDelayMs;
  one.onSeq = seq;
  one.creditable = false;
  cell.dirty = true;
}

export function cancelOnDelay(cell: AlertCell, one: LevelCell): void {
  one.onDue = NaN;
  one.creditable = false;
  cell.dirty = true;
}

/** An `unknown` verdict: whatever was on its way back is not any more. */
export function cancelAllLeaving(cell: AlertCell): void {
  for (const one of cell.levels) cancelLeaving(cell, one);
}

/** Starts the off-delay of the whole alert, unless it runs or is over already. */
export function startOffDelay(cell: AlertCell, at: number, seq: number): void {
  if (!Number.isNaN(cell.offDue) || cell.offOver) return;
  cell.offDue = at + cell.rule.offDelayMs;
  cell.offSeq = seq;
  cell.dirty = true;
}

export function cancelOffDelay(cell: AlertCell): void {
  if (Number.isNaN(cell.offDue) && !cell.offOver) return;
  cell.offDue = NaN;
  cell.offOver = false;
  cell.dirty = true;
}

/** Holds every level whose on-delay is over; the index of the most severe of them, -1 if none is. */
export function holdDueLevels(cell: AlertCell, at: number): number {
  let highest = -1;
  for (let index = 0; index < cell.levels.length; index += 1) {
    const one = cell.levels[index];
    if (one === undefined || !(one.onDue <= at)) continue;
    one.onDue = NaN;
    one.creditable = false;
    one.held = true;
    cell.dirty = true;
    highest = index;
  }
  return highest;
}

/**
 * Leaves the levels whose off-delay is over, as long as another one is held. The last one is left with the alert
 * itself: a less severe level that is still in its on-delay does not hold the alert yet, and dropping the severity to
 * it early would understate what is known.
 */
export function leaveOverLevels(cell: AlertCell, at: number, isFresh: boolean): void {
  for (const one of cell.levels) {
    if (!(one.offDue <= at)) continue;
    one.offDue = NaN;
    one.over = isFresh;
    cell.dirty = true;
  }
  if (!cell.levels.some((one) => one.held && !one.over)) return;
  for (const one of cell.levels) {
    if (!one.over) continue;
    one.over = false;
    one.held = false;
    cell.dirty = true;
  }
}

/** Index of the most severe level held; -1: none. */
export function highestHeld(cell: AlertCell): number {
  return cell.levels.findLastIndex((one) => one.held);
}

/** Index of the level that is due first, of two the more severe one; -1: none runs. */
export function dueFirst(cell: AlertCell): number {
  let first = -1;
  let due = Infinity;
  for (let index = 0; index < cell.levels.length; index += 1) {
    const one = cell.levels[index];
    if (one === undefined || !(one.onDue <= due)) continue;
    due = one.onDue;
    first = index;
  }
  return first;
}

/** Nothing is held and nothing runs: the alert is returned or normal. */
export function releaseLevels(cell: AlertCell): void {
  for (const one of cell.levels) {
    one.held = false;
    one.over = false;
    one.onDue = NaN;
    one.creditable = false;
    one.offDue = NaN;
  }
  cell.offDue = NaN;
  cell.offOver = false;
}

// With one level the off-delay of the alert is that of the level.
function startLeaving(cell: AlertCell, one: LevelCell, at: number): void {
  if (cell.levels.length === 1 || one.over || cell.offOver || !Number.isNaN(one.offDue)) return;
  one.offDue = at + cell.rule.offDelayMs;
  cell.dirty = true;
}

function cancelLeaving(cell: AlertCell, one: LevelCell): void {
  if (Number.isNaN(one.offDue) && !one.over) return;
  one.offDue = NaN;
  one.over = false;
  cell.dirty = true;
}
