import { isHeld, type AlertCell } from './alert-cell.ts';
import type { EngineCore } from './engine-core.ts';
import { heedPoint, heedPointFirst, judgeClause } from './clauses/clause.ts';
import { lastReading } from './clauses/clause-reasons.ts';
import { disturbPoints } from './clauses/compound.ts';
import { announceIfDirty } from './events.ts';
import { finishFlags } from './telling/flags.ts';
import { beginFlood, finishFlood } from './telling/flood.ts';
import { judgeGauge } from './gauges/judge-gauge.ts';
import { judgeUnknown } from './judge-reading.ts';
import { finishTelling } from './telling/notices.ts';
import type { PointSlot } from './point-table.ts';
import { blameBadValues } from './silence/bad-values.ts';
import { blameAgain, blameSource, raiseSource } from './silence/source-lost.ts';
import { arm, finishDelays, settle, type Moment } from './settle.ts';
import { tellFirsts } from './silence/was-down.ts';
import { markByTime } from './silence/watch.ts';

/** Fires every timer due at or before a time, each at its own due time, in the order (due, rule, point). */
export function fireDue(core: EngineCore, at: number): void {
  for (;;) {
    const cell = core.timers.takeDue(at);
    if (cell === null) return;
    fire(core, cell, cell.dueMs);
    beginFlood(core);
  }
}

function fire(core: EngineCore, cell: AlertCell, at: number): void {
  const moment: Moment = { at, seq: lastCause(core, cell), atMs: NaN };
  const slot = core.points.slot(cell.pointIndex);
  const isStale = slot !== undefined && slot.stale === cell;
  if (markByTime(core, cell, at)) {
    if (isStale) {
      core.points.stale[cell.pointIndex] = 1;
      if (!blameBadValues(core, slot, moment)) blameSource(core, slot, moment);
    }
    if (cell.kind === 'source') raiseSource(core, cell, moment);
    else settle(core, cell, 'breached', moment);
    if (slot?.bad === cell && slot.stale?.condition === 'breached')
      blameBadValues(core, slot, moment);
    if (isStale) judgeStale(core, slot, moment);
  } else {
    if (isStale) blameAgain(core, slot, moment);
    if (cell.firsts !== null && cell.firsts.dueMs <= at) tellFirsts(core, cell, at, moment.seq);
    cell.steady = false;
    finishDelays(core, cell, at, moment.seq);
    announceIfDirty(core, cell, at, moment.seq);
    // The window has moved on by itself.
    if (cell.gauge !== null && cell.gaugeDue <= at)
      settle(core, cell, judgeGauge(core, cell, cell.gauge, at), moment);
  }
  finishFlags(core, cell, at);
  finishTelling(core, cell, at);
  finishFlood(core, cell, at);
  arm(core, cell);
  disturbPoints(core, cell);
}

// What is calculated from a stale point is as stale, and rests on the same last reading.
function judgeStale(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { points } = core;
  heedPointFirst(core, slot, moment);
  for (const other of slot.cells) judgeUnknown(core, other, moment);
  heedPoint(core, slot, moment);
  for (const { slot: dependent } of slot.link?.dependents ?? []) {
    if (dependent === null || points.stale[dependent.point.index] === 1) continue;
    points.stale[dependent.point.index] = 1;
    points.disturb(dependent.point.index);
    judgeStale(core, dependent, moment);
  }
}

// The last reading of the point, or else the input that made Limen expect one.
function lastCause(core: EngineCore, cell: AlertCell): number {
  if (cell.clause !== null) {
    judgeClause(core, cell.clause, isHeld(cell));
    return lastReading(core, cell.clause) ?? cell.sinceSeq;
  }
  const seq = core.points.seq[cell.pointIndex] ?? NaN;
  return cell.pointIndex === 0 || Number.isNaN(seq) ? cell.sinceSeq : seq;
}
