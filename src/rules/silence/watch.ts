import type { AlertCell, LevelCell } from '../alert-cell.ts';
import type { EngineCore } from '../engine-core.ts';

/** How long the thing that a timed alert waits for has not happened; 0 if it does not wait. */
export function waitedMs(core: EngineCore, cell: AlertCell, at: number): number {
  const since = waitsSince(core, cell);
  return Number.isNaN(since) ? 0 : at - since;
}

/** When a level of a timed alert is breached if nothing happens before; Infinity: never. */
export function breachDue(core: EngineCore, cell: AlertCell, one: LevelCell): number {
  const since = waitsSince(core, cell);
  if (Number.isNaN(since) || one.level.comparator.kind !== 'silent_for') return Infinity;
  return Math.max(since + one.level.comparator.forMs, cell.floor);
}

/** When the next level may be breached by time alone; Infinity: never. */
export function nextBreachDue(core: EngineCore, cell: AlertCell): number {
  if (cell.kind === 'value' || cell.kind === 'compound') return cell.gaugeDue;
  let due = Infinity;
  for (const one of cell.levels) {
    if (!one.breached) due = Math.min(due, breachDue(core, cell, one));
  }
  return due;
}

/** Marks the levels that time has breached; true if any is newly so. */
export function markByTime(core: EngineCore, cell: AlertCell, at: number): boolean {
  let isNew = false;
  for (const one of cell.levels) {
    if (one.breached || breachDue(core, cell, one) > at) continue;
    one.breached = true;
    isNew = true;
  }
  return isNew;
}

/** Keeps the longest wait of the running occurrence. */
export function noteWait(core: EngineCore, cell: AlertCell, at: number): void {
  if (cell.state === 'normal') return;
  const seconds = waitedMs(core, cell, at) / 1000;
  if (!(cell.worst >= seconds)) cell.worst = seconds;
}

// NaN: it does not wait, because what it waits for is there.
function waitsSince(core: EngineCore, cell: AlertCell): number {
  const { points } = core;
  const index = cell.pointIndex;
  switch (cell.kind) {
    case 'silence': {
      const heardAt = points.heardAt[index] ?? NaN;
      return Number.isNaN(heardAt) ? cell.since : heardAt;
    }
    case 'bad':
      return points.badSince[index] ?? NaN;
    case 'never_heard':
      return index > 0 && !Number.isNaN(points.heardAt[index] ?? NaN) ? NaN : cell.since;
    case 'too_few':
      return cell.enough ? NaN : cell.since;
    case 'source':
      // Of another broker alone the time is enough; of any other source its points have to tell.
      if (cell.condition === 'breached') return cell.since;
      return bridgeLostAt(core, cell);
    case 'event':
      return cell.condition === 'breached' ? cell.since : NaN;
    case 'fault':
    case 'value':
    case 'compound':
      return NaN;
  }
}

function bridgeLostAt(core: EngineCore, cell: AlertCell): number {
  const source = core.sources.get(cell.device);
  return source?.isBridge === true ? source.lostAt : NaN;
}
