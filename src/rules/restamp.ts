import type { WallMs } from '../domain/time.ts';
import type { AlertCell } from './alert-cell.ts';

/** Times that were stamped between two engine times by one mapping, and how far they lie beside the right one. */
export interface WrongStamps {
  readonly fromMs: number;
  readonly toMs: number;
  /** Added to engine time then. */
  readonly wallOffsetMs: number;
  readonly shiftMs: number;
}

/**
 * Puts the wall times of an alert right that were stamped while the clock was not trusted. Others, of an earlier run with
 * a clock that was, stay as they are.
 */
export function restampCell(cell: AlertCell, stamps: WrongStamps): void {
  cell.breachedAt = restamp(cell, cell.breachedAt, stamps);
  cell.raisedAt = restamp(cell, cell.raisedAt, stamps);
  cell.returnedAt = restamp(cell, cell.returnedAt, stamps);
  cell.changedAt = restamp(cell, cell.changedAt, stamps);
  cell.acknowledgedAt = restamp(cell, cell.acknowledgedAt, stamps);
}

function restamp(cell: AlertCell, time: WallMs | null, stamps: WrongStamps): WallMs | null {
  if (time === null) return null;
  const engineMs = time - stamps.wallOffsetMs;
  if (engineMs < stamps.fromMs || engineMs > stamps.toMs) return time;
  // Who looks at the alert is to see it.
  cell.dirty = true;
  return (time + stamps.shiftMs) as WallMs;
}
