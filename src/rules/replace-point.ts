import { convertStored, type Point } from '../domain/point.ts';
import type { AlertCell } from './alert-cell.ts';
import { heedDeclared } from './clauses/clause.ts';
import { declarePoint } from './declare.ts';
import type { EngineCore } from './engine-core.ts';
import { announceIfDirty } from './events.ts';
import { isInUnitOf, type Gauge } from './gauges/gauge.ts';
import { judgeGaugeAnew } from './gauges/judge-gauge.ts';
import { judgeCell, judgeUnknown } from './judge-reading.ts';
import { markByValue } from './levels.ts';
import { arm, noteQuality, settle, type Moment } from './settle.ts';

/**
 * A point goes on under another index because its unit changed: its alerts and its last value go with it, in the new
 * unit. A value that cannot be converted is none; the verdict is then unknown until the next reading. To be judged with
 * `judgeUnjudged`.
 */
export function replacePoint(core: EngineCore, former: Point, point: Point, moment: Moment): void {
  const { points } = core;
  points.move(former.index, point);
  const learned = core.learned.get(former.index);
  if (learned !== undefined) {
    core.learned.delete(former.index);
    core.learned.set(point.index, { ...learned, point: point.index });
  }
  points.value[point.index] = convertStored(points.value[point.index]!, former, point.unit);
  if (Number.isNaN(points.value[point.index]!)) points.forgetQuality(point.index);
  const slot = points.slot(point.index);
  if (slot !== undefined) {
    // A number in another unit is no press.
    if (slot.button !== null) slot.button.previous = NaN;
    for (const cell of [...slot.cells, slot.stale, slot.bad, slot.neverHeard]) {
      if (cell !== null) moveCell(cell, former, point);
    }
  }
  for (const first of core.awaitsFirsts?.firsts?.points ?? []) {
    if (first.index === former.index) first.index = point.index;
  }
  declarePoint(core, point, moment);
  core.unjudged.push(point.index);
}

/**
 * Judges the points whose last value counts for something else now: a limit without a unit is another one, or it is
 * not too old any more.
 */
export function judgeUnjudged(core: EngineCore, moment: Moment): void {
  for (const index of core.unjudged.splice(0)) {
    const slot = core.points.slot(index);
    if (slot === undefined) continue;
    const isUsable = core.points.isUsable(index);
    for (const cell of slot.cells) {
      if (cell.kind !== 'value') continue;
      // Unit, value and limit of what is shown are others, and the memory of an alert goes by its unit.
      if (cell.state !== 'normal') cell.dirty = true;
      noteQuality(core, cell);
      if (cell.gauge !== null) judgeGaugedAnew(core, cell, cell.gauge, moment);
      else if (!isJudgedOtherwise(core, cell)) announceIfDirty(core, cell, moment.at, moment.seq);
      else if (isUsable) judgeCell(core, cell, moment);
      else judgeUnknown(core, cell, moment);
    }
    heedDeclared(core, index, moment);
  }
}

function judgeGaugedAnew(core: EngineCore, cell: AlertCell, gauge: Gauge, moment: Moment): void {
  const verdict = judgeGaugeAnew(core, cell, gauge, moment.at);
  if (verdict === cell.condition) announceIfDirty(core, cell, moment.at, moment.seq);
  else settle(core, cell, verdict, moment);
  arm(core, cell);
}

// The same verdict again is no news: it must not start an off-delay that waits for a fresh reading.
function isJudgedOtherwise(core: EngineCore, cell: AlertCell): boolean {
  if (cell.problem !== null || !core.points.isUsable(cell.pointIndex))
    return cell.condition !== 'unknown';
  const before = cell.levels.map((one) => one.breached);
  const verdict = markByValue(cell, core.points.value[cell.pointIndex]!) ? 'breached' : 'clear';
  const isMarked = cell.levels.some((one, index) => one.breached !== before[index]);
  return isMarked || verdict !== cell.condition;
}

function moveCell(cell: AlertCell, former: Point, point: Point): void {
  cell.pointIndex = point.index;
  // Of a gauge in another unit only a rate may have gone by that of the point.
  if (cell.gauge?.kind === 'window' && cell.gauge.question.of === 'rate') cell.worst = NaN;
  else if (cell.kind === 'value' && isInUnitOf(cell.gauge, former))
    cell.worst = convertStored(cell.worst, former, point.unit);
}
