import type { Condition } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import { aggregate } from './aggregate.ts';
import type { AlertCell } from '../alert-cell.ts';
import { isBreached } from '../conditions.ts';
import type { EngineCore } from '../engine-core.ts';
import type { ChangeGauge, Gauge, StuckGauge, WindowGauge } from './gauge.ts';
import { markByValue } from '../levels.ts';

/** The number the levels of an alert are compared with: what its gauge shows, or the value of its point. */
export function judgedValue(core: EngineCore, cell: AlertCell): number {
  const isValue = cell.gauge === null || cell.gauge.kind === 'change';
  return isValue ? (core.points.value[cell.pointIndex] ?? NaN) : cell.gauged;
}

/** Gives the gauge the last usable value of the point, and judges what it shows then. */
export function gaugeReading(
  core: EngineCore,
  cell: AlertCell,
  gauge: Gauge,
  at: number,
): Condition {
  takeLast(core, cell, gauge);
  return judgeGauge(core, cell, gauge, at);
}

/** Judges what the gauge shows at this time; with bad or stale data nobody knows. */
export function judgeGauge(core: EngineCore, cell: AlertCell, gauge: Gauge, at: number): Condition {
  cell.gaugeDue = Infinity;
  if (cell.problem !== null || !core.points.isUsable(cell.pointIndex)) return 'unknown';
  switch (gauge.kind) {
    case 'window':
      return judgeWindow(core, cell, gauge, at);
    case 'stuck':
      return judgeStuck(cell, gauge);
    case 'change':
      return judgeChange(core, cell, gauge);
  }
}

/**
 * Judges without a reading, after the rule or the point has changed. A gauge that starts anew begins with the last good
 * value; one whose limits alone have changed has gathered it already.
 */
export function judgeGaugeAnew(
  core: EngineCore,
  cell: AlertCell,
  gauge: Gauge,
  at: number,
): Condition {
  if (isEmpty(gauge) && core.points.isUsable(cell.pointIndex)) takeLast(core, cell, gauge);
  return judgeGauge(core, cell, gauge, at);
}

/** Gives the gauges of a point a reading from before the start. */
export function gatherReading(core: EngineCore, index: number, at: number, value: number): void {
  for (const cell of core.points.slot(index)?.cells ?? []) {
    if (cell.gauge !== null) takeAt(core, cell, cell.gauge, { at, value });
  }
}

function isEmpty(gauge: Gauge): boolean {
  switch (gauge.kind) {
    case 'window':
      return gauge.samples.length === 0;
    case 'stuck':
      return Number.isNaN(gauge.run.since);
    case 'change':
      return Number.isNaN(gauge.previous);
  }
}

function takeLast(core: EngineCore, cell: AlertCell, gauge: Gauge): void {
  const index = cell.pointIndex;
  takeAt(core, cell, gauge, { at: core.points.heardAt[index]!, value: core.points.value[index]! });
}

/** Gives a gauge a reading of this engine time, which for a late one lies before others that it has. */
export function takeAt(
  core: EngineCore,
  cell: AlertCell,
  gauge: Gauge,
  { at, value }: { readonly at: number; readonly value: number },
): void {
  switch (gauge.kind) {
    case 'window':
      gauge.samples.add(at, value);
      break;
    case 'stuck':
      // Only news comes here: it is the last one, whenever the one before arrived.
      gauge.run.add(
        Math.max(at, Number.isNaN(gauge.run.lastAt) ? at : gauge.run.lastAt),
        value,
        limits.missedIntervals * (expectEveryMs(core, cell) ?? Infinity),
      );
      break;
    case 'change':
      // Judged against the one before: taken when it is judged.
      break;
  }
}

function judgeWindow(
  core: EngineCore,
  cell: AlertCell,
  { samples, question, factor, stepMs }: WindowGauge,
  at: number,
): Condition {
  cell.gauged = aggregate(samples, question, at, expectEveryMs(core, cell)) * factor;
  // An empty window stays empty until the next reading. One whose readings come about as often is judged by them.
  const isFast = samples.lastGapMs < 2 * stepMs;
  if (samples.holdsAt(at)) cell.gaugeDue = at + (isFast ? 2 * stepMs : stepMs);
  if (Number.isNaN(cell.gauged)) return 'unknown';
  return markByValue(cell, cell.gauged) ? 'breached' : 'clear';
}

// Only readings show that a point is stuck: one that is silent may have moved. A run whose beginning nobody saw may be
// longer than it seems; a level that it does not reach yet stays as it is.
function judgeStuck(cell: AlertCell, { run }: StuckGauge): Condition {
  const lastedMs = run.lastAt - run.since;
  cell.gauged = lastedMs / 1000;
  let any = false;
  for (const one of cell.levels) {
    if (one.level.comparator.kind !== 'stuck_for') continue;
    if (lastedMs >= one.level.comparator.forMs) {
      one.breached = true;
      any = true;
    } else if (run.isWhole) one.breached = false;
  }
  if (any) return 'breached';
  return run.isWhole ? 'clear' : 'unknown';
}

// Breached by a change to the state, and while the value is that: the first value after a start is no change.
function judgeChange(core: EngineCore, cell: AlertCell, gauge: ChangeGauge): Condition {
  const { previous } = gauge;
  const value = core.points.value[cell.pointIndex]!;
  gauge.previous = value;
  let any = false;
  for (const one of cell.levels) {
    const isChange = !Number.isNaN(previous) && !isBreached(one.region, false, previous);
    one.breached = isBreached(one.region, false, value) && (one.breached || isChange);
    if (one.breached) any = true;
  }
  return any ? 'breached' : 'clear';
}

function expectEveryMs(core: EngineCore, cell: AlertCell): number | null {
  return core.points.slot(cell.pointIndex)?.expectEveryMs ?? null;
}
