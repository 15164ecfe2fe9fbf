import { qualityCodes } from '../domain/reading.ts';
import type { AlertCell } from './alert-cell.ts';
import { heedButton } from './button.ts';
import { heedPoint, heedPointFirst } from './clauses/clause.ts';
import { addBadCell } from './declare.ts';
import { areInputsUsable } from './derived-links.ts';
import type { EngineCore } from './engine-core.ts';
import { announceIfDirty } from './events.ts';
import { endBlame } from './silence/bad-values.ts';
import { endWait, noteFirstHeard } from './silence/expected-points.ts';
import { gaugeReading } from './gauges/judge-gauge.ts';
import { markByValue, markClear } from './levels.ts';
import type { PointSlot } from './point-table.ts';
import { findQuietRange } from './quiet.ts';
import { arm, noteQuality, settle, type Moment } from './settle.ts';
import { noteSourceHeard } from './silence/source-lost.ts';
import { noteFirstValue } from './silence/was-down.ts';
import { noteWait } from './silence/watch.ts';
import { noteWorst } from './worst.ts';

/** Judges a reading by every rule of its point. A reading of an undeclared point is nobody's. */
export function judgeReading(
  core: EngineCore,
  index: number,
  reading: { readonly value: number; readonly quality: number },
  moment: Moment,
): void {
  const { points } = core;
  const slot = points.slot(index);
  if (slot === undefined) return;
  const { value, quality } = reading;
  points.seq[index] = moment.seq;
  points.atMs[index] = moment.atMs;
  if (quality <= qualityCodes.suspect && !Number.isNaN(value)) {
    points.quality[index] = quality;
    hear(core, slot, value, moment);
    heedPointFirst(core, slot, moment);
    for (const cell of slot.cells) judgeCell(core, cell, moment);
  } else {
    points.quality[index] = quality === qualityCodes.stale ? qualityCodes.stale : qualityCodes.bad;
    if (points.quality[index] === qualityCodes.bad) noteBad(core, slot, moment);
    heedPointFirst(core, slot, moment);
    for (const cell of slot.cells) judgeUnknown(core, cell, moment);
  }
  heedPoint(core, slot, moment);
  if (slot.button !== null && points.quality[index]! <= qualityCodes.suspect)
    heedButton(core, slot.button, slot.point, { value, moment });
  findQuietRange(core, index);
}

/** Judges an alert by the last usable value of its point. */
export function judgeCell(core: EngineCore, cell: AlertCell, moment: Moment): void {
  if (cell.kind === 'silence') {
    markClear(cell);
    // The timer of a silence is moved when it fires, not at every reading.
    if (cell.condition === 'clear' && cell.state === 'normal') {
      noteQuality(core, cell);
      announceIfDirty(core, cell, moment.at, moment.seq);
      return;
    }
    settle(core, cell, 'clear', moment);
  } else if (cell.gauge !== null) {
    const verdict = gaugeReading(core, cell, cell.gauge, moment.at);
    // Of the others a breach may begin or end without a level that is marked anew.
    const isSame = cell.gauge.kind === 'window' && verdict !== 'unknown' && isSettled(core, cell);
    if (isSame) noteWorst(core, cell, moment.at);
    else settle(core, cell, verdict, moment);
  } else if (cell.problem !== null) {
    settle(core, cell, 'unknown', moment);
  } else {
    const isBreached = markByValue(cell, core.points.value[cell.pointIndex]!);
    if (isSettled(core, cell)) {
      noteWorst(core, cell, moment.at);
      return;
    }
    settle(core, cell, isBreached ? 'breached' : 'clear', moment);
  }
  arm(core, cell);
}

// The levels are as they were when it was settled, and so is all that is shown beside them.
function isSettled({ points }: EngineCore, cell: AlertCell): boolean {
  return cell.steady && cell.quality === points.shownQuality(cell.pointIndex);
}

/** Tells an alert that there is no usable value. A silence is judged by time alone. */
export function judgeUnknown(core: EngineCore, cell: AlertCell, moment: Moment): void {
  if (cell.kind === 'value') {
    settle(core, cell, 'unknown', moment);
    arm(core, cell);
  } else {
    noteQuality(core, cell);
    announceIfDirty(core, cell, moment.at, moment.seq);
  }
}

/** The point has a new last value: it is heard, no longer stale and no longer bad. */
export function hear(core: EngineCore, slot: PointSlot, value: number, moment: Moment): void {
  const { points } = core;
  const { index } = slot.point;
  const isFirst = Number.isNaN(points.heardAt[index]!);
  noteWaits(core, slot, moment.at);
  points.value[index] = value;
  points.heardAt[index] = moment.at;
  points.badSince[index] = NaN;
  points.stale[index] = 0;
  if (slot.stale !== null) endWait(core, slot.stale, moment);
  if (slot.bad !== null) {
    endWait(core, slot.bad, moment);
    endBlame(core, slot, moment);
  }
  if (slot.source !== null) noteSourceHeard(core, slot, moment);
  if (isFirst) noteFirstHeard(core, slot, moment);
  if (core.awaitsFirsts !== null) noteFirstValue(core, core.awaitsFirsts, slot.point, moment);
}

// Before the reading is written down, which ends the waiting.
function noteWaits(core: EngineCore, slot: PointSlot, at: number): void {
  if (slot.stale !== null) noteWait(core, slot.stale, at);
  if (slot.bad !== null) noteWait(core, slot.bad, at);
  if (slot.neverHeard !== null) noteWait(core, slot.neverHeard, at);
  for (const cell of slot.cells) if (cell.kind === 'silence') noteWait(core, cell, at);
}

/** The point is bad from now on, if it was not before. */
export function noteBad(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { index } = slot.point;
  if (!Number.isNaN(core.points.badSince[index]!)) return;
  if (slot.link !== null && !areInputsUsable(core, slot.link)) return;
  core.points.badSince[index] = moment.at;
  const cell = slot.bad ?? addBadCell(core, slot, moment);
  // It has shown itself: what a start waits for is over.
  cell.floor = -Infinity;
  arm(core, cell);
}
