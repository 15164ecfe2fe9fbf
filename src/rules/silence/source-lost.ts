import type { EngineInput } from '../../domain/engine.ts';
import { limits } from '../../domain/limits.ts';
import { compareCells, type AlertCell } from '../alert-cell.ts';
import { addCell } from '../declare.ts';
import type { EngineCore } from '../engine-core.ts';
import { announceIfDirty } from '../events.ts';
import { markClear } from '../levels.ts';
import { formatDuration } from '../message.ts';
import { ownRule } from '../own-rules.ts';
import type { PointSlot, SourceState } from '../point-table.ts';
import { arm, settle, type Moment } from '../settle.ts';
import { aboutSource, dropIdle, sourceOf } from './source-table.ts';
import { isSuppressedBy, suppress, unsuppress } from '../telling/suppress.ts';
import { noteWait } from './watch.ts';

type SourceInput = Extract<EngineInput, { kind: 'source' }>;

/** A source was connected or lost. */
export function noteSource(core: EngineCore, input: SourceInput, moment: Moment): void {
  const source = sourceOf(core, input.source);
  source.isBridge = input.bridge;
  if (input.connected) {
    source.lostAt = NaN;
    if (source.awaitsLink) graceChildren(core, source, moment.at);
    source.awaitsLink = false;
    endIfBack(core, source, moment);
  } else {
    if (Number.isNaN(source.lostAt)) source.lostAt = moment.at;
    // Another broker that stays away is news by itself, whatever its points do.
    if (source.isBridge) cellOf(core, source, moment).sinceSeq = moment.seq;
  }
  if (source.cell !== null) arm(core, source.cell);
  dropIdle(core, source);
}

/**
 * A point is about to be told as stale. If it is not the only one, but what it comes through is lost, that is told
 * instead, and once. Where nobody knows that yet, but soon will, the point waits for so long.
 */
export function blameSource(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { source, stale } = slot;
  if (source === null || stale === null) return;
  let untilMs = Infinity;
  if (!isToldLost(source)) {
    if (isLost(core, source, slot, moment.at))
      raiseSource(core, cellOf(core, source, moment), moment);
    else untilMs = knownAt(core, source, slot, moment.at);
    if (untilMs <= moment.at) return;
  }
  suppress(core, stale, source.key, { at: moment.at, cause: [moment.seq], untilMs });
}

/** A point has waited long enough: its source came back and perhaps went again, or nobody knew whether it is lost. */
export function blameAgain(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { source, stale } = slot;
  if (source === null || stale === null || isToldLost(source)) return;
  const over = stale.suppressions.find(({ by, dueMs }) => by === source.key && dueMs <= moment.at);
  if (over === undefined) return;
  if (isLost(core, source, slot, moment.at))
    return raiseSource(core, cellOf(core, source, moment), moment);
  // After a start in between it takes longer.
  over.dueMs = knownAt(core, source, slot, moment.at);
  stale.dirty = true;
}

/** Tells that a source is lost; what has been told of its points, or will be, is suppressed by it. */
export function raiseSource(core: EngineCore, cell: AlertCell, moment: Moment): void {
  const source = sourceOf(core, cell.device);
  const { at, seq } = moment;
  const { points, overdue, firstAt, lastAt } = tally(core, source, at);
  const isGone = isAway(source, lastAt);
  cell.since = isGone ? source.lostAt : Math.min(firstAt, at);
  cell.sinceSeq = seq;
  const silence = formatDuration(at - Math.min(firstAt, at));
  const told = `${overdue} of its ${points} points are overdue, the longest not heard for ${silence}`;
  cell.note = `${source.name} is ${isGone ? 'not connected' : 'silent'}${points === 0 ? '' : `: ${told}`}`;
  for (const one of cell.levels) one.breached = true;
  settle(core, cell, 'breached', moment);
  arm(core, cell);
  for (const child of source.children) core.points.disturb(child.point.index);
  for (const stale of staleAlerts(source)) {
    const given = stale.suppressions.find(({ by }) => by === source.key);
    if (given !== undefined) {
      given.dueMs = Infinity;
      stale.dirty = true;
      announceIfDirty(core, stale, at, seq);
    } else if (stale.state !== 'normal') suppress(core, stale, source.key, { at, cause: [seq] });
    arm(core, stale);
  }
}

/** A point was heard: it is not overdue any more, and its source perhaps not lost. */
export function noteSourceHeard(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { source, stale } = slot;
  if (source === null) return;
  endIfBack(core, source, moment);
  if (stale === null || stale.suppressions.length === 0) return;
  unsuppress(core, stale, source.key, { at: moment.at, cause: [moment.seq] });
  arm(core, stale);
}

/** Goes on with stored alerts about sources: no rule and no point would bring them back. */
export function recallSources(core: EngineCore, moment: Moment): void {
  const stored = [...core.dormant.values()].filter(
    ({ alert }) => alert.rule === 'limen.source_lost' && alert.reason !== 'removed',
  );
  for (const { alert } of stored) cellOf(core, sourceOf(core, alert.device), moment);
}

/** After a start nothing is known of any connection. */
export function forgetLinks(core: EngineCore): void {
  for (const source of core.sources.values()) {
    source.lostAt = NaN;
    source.awaitsLink = true;
  }
}

/** After a change of the config a source may have no points left that are overdue. */
export function reviewSources(core: EngineCore, moment: Moment): void {
  for (const name of [...core.sources.keys()].sort()) endIfBack(core, sourceOf(core, name), moment);
}

/** At a start: what suppressed a point by the former config may have nothing to do with it by this one. */
export function reviewBlame(core: EngineCore, { at, seq }: Moment): void {
  for (const { stale, source } of core.points.slots()) {
    for (const { by, dueMs } of stale?.suppressions ?? []) {
      if (stale === null || !by.startsWith('limen.source_lost/')) continue;
      const isMeant = source?.key === by && (isToldLost(source) || dueMs < Infinity);
      if (!isMeant) unsuppress(core, stale, by, { at, cause: [seq] });
    }
  }
}

function isToldLost({ cell }: SourceState): boolean {
  return cell !== null && cell.condition === 'breached';
}

function cellOf(core: EngineCore, source: SourceState, moment: Moment): AlertCell {
  if (source.cell !== null) return source.cell;
  const rule = ownRule(core, 'limen.source_lost', limits.bridgeLostAfterMs);
  source.cell = addCell(core, { kind: 'source', rule, point: aboutSource(source.name) }, moment);
  return source.cell;
}

/**
 * Whether more is lost than this one point: the connection, half of the points, or everything. Silent altogether is a
 * source of which nothing was heard for longer than another one of its points may be quiet.
 */
function isLost(core: EngineCore, source: SourceState, first: PointSlot, at: number): boolean {
  const { points, overdue, lastAt } = tally(core, source, at);
  if (points < 2) return false;
  if (isAway(source, lastAt) || isHalf(points, overdue)) return true;
  for (const { point, expectEveryMs } of source.children) {
    const isOther = point.index !== first.point.index && expectEveryMs !== null;
    if (isOther && at - lastAt > overdueMs(expectEveryMs)) return true;
  }
  return false;
}

/**
 * When it will be known of a silent source whether it is lost: nothing was heard of it since the first point was overdue,
 * and another point is to be heard soon. The present, if it is known now, or takes too long.
 */
function knownAt(core: EngineCore, source: SourceState, first: PointSlot, at: number): number {
  const { heardAt } = core.points;
  if (first.expectEveryMs === null) return at;
  const missedAt = heardAt[first.point.index]! + overdueMs(first.expectEveryMs);
  const { lastAt } = tally(core, source, at);
  let known = Infinity;
  for (const { point, expectEveryMs } of source.children) {
    if (heardAt[point.index]! > missedAt) return at;
    const isOther = point.index !== first.point.index && !Number.isNaN(heardAt[point.index]!);
    if (isOther && expectEveryMs !== null)
      known = Math.min(known, lastAt + overdueMs(expectEveryMs) + 1);
  }
  return known > at + limits.sourceDoubtMsMax ? at : Math.max(known, at);
}

// A client whose points are heard has found a way: what tells of its connection comes later.
function isAway({ lostAt, isBridge }: SourceState, lastAt: number): boolean {
  return isBridge ? !Number.isNaN(lostAt) : lastAt <= lostAt;
}

// One silent point is its own affair, also if it is one of two.
function isHalf(points: number, overdue: number): boolean {
  return overdue >= 2 && 2 * overdue >= points;
}

function endIfBack(core: EngineCore, source: SourceState, moment: Moment): void {
  if (source.cell === null || !isToldLost(source)) return;
  const { points, silent, lastAt } = tally(core, source, moment.at);
  if (isAway(source, lastAt) || isHalf(points, silent)) return;
  endLoss(core, source, source.cell, moment);
}

// Points that are back return in silence; the others get the time to follow in which a point is not overdue.
function endLoss(core: EngineCore, source: SourceState, cell: AlertCell, moment: Moment): void {
  const { at, seq } = moment;
  noteWait(core, cell, at);
  cell.note = `${source.name} is back after ${formatDuration(at - cell.since)}`;
  markClear(cell);
  settle(core, cell, 'clear', moment);
  arm(core, cell);
  for (const stale of staleAlerts(source)) {
    const given = stale.suppressions.find(({ by }) => by === source.key);
    if (given === undefined) continue;
    given.dueMs = at + overdueMs(core.points.slot(stale.pointIndex)?.expectEveryMs ?? 0);
    stale.dirty = true;
    announceIfDirty(core, stale, at, seq);
    arm(core, stale);
  }
}

// The restart table: nothing is overdue before its source could be heard for one expected interval.
function graceChildren(core: EngineCore, source: SourceState, at: number): void {
  for (const { stale, expectEveryMs } of source.children) {
    if (stale === null || stale.condition !== 'clear' || expectEveryMs === null) continue;
    stale.floor = Math.max(stale.floor, at + expectEveryMs);
    arm(core, stale);
  }
}

function staleAlerts({ children, key }: SourceState): AlertCell[] {
  return [...children]
    .flatMap(({ stale }) => (stale === null ? [] : [stale]))
    .filter((stale) => stale.state !== 'normal' || isSuppressedBy(stale, key))
    .sort(compareCells);
}

interface Tally {
  /** Points that are expected and were heard. */
  points: number;
  /** Not heard for too long, whoever's fault that was. */
  silent: number;
  /** Of these, the ones that could have been heard since the start. */
  overdue: number;
  /** When the first of them was heard. */
  firstAt: number;
  /** Since when nothing at all was heard, although it could have been. */
  lastAt: number;
}

function tally(core: EngineCore, { children }: SourceState, at: number): Tally {
  const found: Tally = { points: 0, silent: 0, overdue: 0, firstAt: Infinity, lastAt: -Infinity };
  for (const { point, stale, expectEveryMs } of children) {
    const heardAt = core.points.heardAt[point.index]!;
    if (expectEveryMs === null || Number.isNaN(heardAt)) continue;
    const floor = stale?.floor ?? -Infinity;
    found.points += 1;
    if (at - heardAt > overdueMs(expectEveryMs)) {
      found.silent += 1;
      if (at >= floor) found.overdue += 1;
    }
    found.firstAt = Math.min(found.firstAt, heardAt);
    found.lastAt = Math.max(found.lastAt, heardAt, floor - expectEveryMs);
  }
  return found;
}

// Points that report all at once must not seem overdue because one of them is judged a moment before the others come.
function overdueMs(expectEveryMs: number): number {
  return Math.ceil(limits.overdueIntervals * expectEveryMs);
}
