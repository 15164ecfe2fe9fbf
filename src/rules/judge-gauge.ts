import type { Condition } from '../domain/alert.ts';
import { aggregate } from './aggregate.ts';
import type { AlertCell } from './alert-cell.ts';
import type { EngineCore } from './engine-core.ts';
import type { Gauge } from './gauge.ts';
import { markByValue } from './levels.ts';

/** The number the levels of an alert are compared with: what its gauge shows, or the value of its point. */
export function judgedValue(core: EngineCore, cell: AlertCell): number {
  return cell.gauge === null ? (core.points.value[cell.pointIndex] ?? NaN) : cell.gauged;
}

/** Gives the gauge the last usable value of the point. */
export function takeReading(core: EngineCore, cell: AlertCell, gauge: Gauge): void {
  const index = cell.pointIndex;
  gauge.samples.add(core.points.heardAt[index]!, core.points.value[index]!);
}

/** Judges what the gauge shows at this time; with bad or stale data nobody knows. */
export function judgeGauge(core: EngineCore, cell: AlertCell, gauge: Gauge, at: number): Condition {
  cell.gaugeDue = Infinity;
  if (cell.problem !== null || !core.points.isUsable(cell.pointIndex)) return 'unknown';
  const everyMs = core.points.slot(cell.pointIndex)?.expectEveryMs ?? null;
  cell.gauged = aggregate(gauge.samples, gauge.question, at, everyMs) * gauge.factor;
  // An empty window stays empty until the next reading.
  if (gauge.samples.holdsAt(at)) cell.gaugeDue = at + gauge.stepMs;
  if (Number.isNaN(cell.gauged)) return 'unknown';
  return markByValue(cell, cell.gauged) ? 'breached' : 'clear';
}
