import { isJudgedAt } from '../domain/lateness.ts';
import { qualityCodes } from '../domain/reading.ts';
import type { AlertCell } from './alert-cell.ts';
import { heedPoint } from './clauses/clause.ts';
import type { EngineCore } from './engine-core.ts';
import { judgeGauge, takeAt } from './gauges/judge-gauge.ts';
import { hear, judgeCell, judgeUnknown, noteBad } from './judge-reading.ts';
import type { PointSlot } from './point-table.ts';
import { arm, settle, type Moment } from './settle.ts';

/** A reading that is late, or older than one before it, with all that is known of it. */
interface OldReading {
  readonly value: number;
  readonly quality: number;
}

/**
 * Judges a reading that is late for some rule, or older by its own time than the last one. It is news if none that is
 * newer was judged before: then it is the last value of its point, and judged by every rule for which it is not late or
 * that evaluates late ones. If it is no news, only windows take it, at its place in time: an older value never overrules
 * a newer one.
 */
export function judgeLate(
  core: EngineCore,
  index: number,
  reading: OldReading,
  moment: Moment,
): void {
  const { points } = core;
  const slot = points.slot(index);
  if (slot === undefined) return;
  const ageMs = moment.at + core.wallOffsetMs - moment.atMs;
  const judging = slot.cells.filter(({ rule }) => isJudgedAt(rule, ageMs));
  const isUsable = reading.quality <= qualityCodes.suspect && !Number.isNaN(reading.value);
  const takenAt = moment.at - Math.max(0, ageMs);
  if (moment.atMs < points.atMs[index]!) {
    if (isUsable)
      for (const cell of judging) judgeOlder(core, cell, reading.value, takenAt, moment);
  } else if (judging.length > 0 || slot.clauses.some(({ bound }) => bound.judgesAt(ageMs))) {
    judgeNews(core, slot, judging, { ...reading, isUsable, takenAt }, moment);
    heedPoint(core, slot, moment, ageMs);
  }
  // What a rule did not judge says nothing about how far the value may move for it.
  points.disturb(index);
}

function judgeNews(
  core: EngineCore,
  slot: PointSlot,
  judging: readonly AlertCell[],
  reading: OldReading & { readonly isUsable: boolean; readonly takenAt: number },
  moment: Moment,
): void {
  const { points } = core;
  const { index } = slot.point;
  const { value, quality, isUsable, takenAt } = reading;
  points.seq[index] = moment.seq;
  points.atMs[index] = moment.atMs;
  if (!isUsable) {
    const isStale = quality === qualityCodes.stale;
    points.quality[index] = isStale ? qualityCodes.stale : qualityCodes.bad;
    if (!isStale) noteBad(core, slot, moment);
    for (const cell of judging) judgeUnknown(core, cell, moment);
    return;
  }
  points.quality[index] = quality;
  hear(core, slot, value, moment);
  for (const cell of judging) {
    if (cell.gauge === null || cell.kind !== 'value') {
      judgeCell(core, cell, moment);
      continue;
    }
    takeAt(core, cell, cell.gauge, { at: takenAt, value });
    settle(core, cell, judgeGauge(core, cell, cell.gauge, moment.at), moment);
    arm(core, cell);
  }
}

function judgeOlder(
  core: EngineCore,
  cell: AlertCell,
  value: number,
  takenAt: number,
  moment: Moment,
): void {
  if (cell.gauge?.kind !== 'window') return;
  takeAt(core, cell, cell.gauge, { at: takenAt, value });
  settle(core, cell, judgeGauge(core, cell, cell.gauge, moment.at), moment);
  arm(core, cell);
}

/** Gives the gauges of a point a late reading from before the start, as they took it then. */
export function gatherLate(
  core: EngineCore,
  index: number,
  reading: { readonly value: number; readonly at: number; readonly atMs: number },
  isNews: boolean,
): void {
  const ageMs = reading.at + core.wallOffsetMs - reading.atMs;
  const taken = { at: reading.at - Math.max(0, ageMs), value: reading.value };
  for (const cell of core.points.slot(index)?.cells ?? []) {
    if (cell.gauge === null || !isJudgedAt(cell.rule, ageMs)) continue;
    if (isNews || cell.gauge.kind === 'window') takeAt(core, cell, cell.gauge, taken);
  }
}
