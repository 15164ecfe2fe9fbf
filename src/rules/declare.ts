import { alertKey } from '../domain/alert.ts';
import { clauseOf } from '../domain/clause.ts';
import type { LearnedInterval } from '../domain/engine.ts';
import { limits } from '../domain/limits.ts';
import { pointName, type Point } from '../domain/point.ts';
import type { OwnRule, Rule } from '../domain/rule.ts';
import { followActiveWhen } from './clauses/active-when.ts';
import {
  compareCells,
  compileCell,
  createCell,
  type AlertCell,
  type CellKind,
} from './alert-cell.ts';
import { linkPoint, recompilePoint, unbindClause } from './clauses/clause.ts';
import { encodeMemory, recall } from './cell-memory.ts';
import { linkDerivedPoint } from './derived-links.ts';
import type { EngineCore } from './engine-core.ts';
import { announce, presentAlert } from './events.ts';
import { giveRule, joinGroup, leaveGroup } from './telling/first-out.ts';
import { dropFlags } from './telling/flags.ts';
import { releaseLevels } from './levels.ts';
import { badAfterMs, ownRule, staleAfterMs } from './own-rules.ts';
import type { PointSlot } from './point-table.ts';
import type { RuleBook } from './rule-book.ts';
import { arm, type Moment } from './settle.ts';
import { assignSource } from './silence/source-table.ts';

/** A point was declared, or its unit, kind or text states are known better now. */
export function declarePoint(core: EngineCore, point: Point, moment: Moment): void {
  const known = core.points.slot(point.index);
  if (known === undefined) {
    const slot: PointSlot = {
      point,
      cells: [],
      clauses: [],
      stale: null,
      bad: null,
      neverHeard: null,
      expectEveryMs: null,
      link: null,
      button: null,
      source: null,
    };
    core.points.setSlot(slot);
    linkDerivedPoint(core, slot);
    equipPoint(core, slot, moment);
    linkPoint(core, slot);
    countDeclared(core, slot);
  } else {
    known.point = point;
    for (const cell of known.cells) compileCell(cell, point);
    recompilePoint(known);
    core.points.disturb(point.index);
  }
}

/** Gives a point the alerts it lacks under the present config; returns the new ones of configured rules. */
export function equipPoint(
  core: EngineCore,
  slot: PointSlot,
  moment: Moment,
): readonly AlertCell[] {
  const { book } = core;
  if (book === null) return [];
  const { point } = slot;
  const added: AlertCell[] = [];
  for (const rule of book.rulesOf(point)) {
    if (slot.cells.some((cell) => cell.rule.name === rule.name)) continue;
    const cell = addCell(core, { kind: kindOf(rule), rule, point }, moment);
    slot.cells.push(cell);
    added.push(cell);
  }
  slot.cells.sort(compareCells);
  const acknowledged = book.acknowledgedWith(point);
  const previous = slot.button?.previous ?? NaN;
  slot.button = acknowledged.length === 0 ? null : { rules: acknowledged, previous };
  expectPoint(core, slot, expectedEveryMs(core, book, point), moment);
  assignSource(core, slot, viaOf(core, book, point), moment);
  // Nothing is kept of an alert that was only waiting; since when the point has been bad, is.
  const isBad = !Number.isNaN(core.points.badSince[point.index]!);
  if (slot.bad === null && (isBad || isStored(core, 'limen.bad', point)))
    addBadCell(core, slot, moment);
  const neverHeard = core.cells.get(alertKey({ rule: 'limen.never_heard', ...nameOf(point) }));
  if (neverHeard?.kind === 'never_heard') {
    neverHeard.pointIndex = point.index;
    slot.neverHeard = neverHeard;
  }
  return added;
}

/** The way a point reports has shown: it is watched as one with a set interval, unless it has one. */
export function learnInterval(core: EngineCore, learned: LearnedInterval, moment: Moment): void {
  const { point: index, staleAfterMs: afterMs } = learned;
  core.learned.set(index, { point: index, staleAfterMs: afterMs, via: learned.via });
  const { book } = core;
  const slot = core.points.slot(index);
  if (book === null || slot === undefined) return;
  expectPoint(core, slot, expectedEveryMs(core, book, slot.point), moment);
  assignSource(core, slot, viaOf(core, book, slot.point), moment);
  core.points.disturb(index);
}

/** Makes an alert about a point, or about a name that is no point; goes on with a stored one of the same key. */
export function addCell(
  core: EngineCore,
  about: {
    readonly kind: CellKind;
    readonly rule: Rule;
    readonly point: Point | { readonly device: string; readonly metric: string };
  },
  moment: Moment,
): AlertCell {
  const { at, seq } = moment;
  const { kind, rule, point } = about;
  const { device, metric } = point;
  const known = 'index' in point ? point : null;
  const cell = createCell({ kind, rule, device, metric, point: known, since: at, sinceSeq: seq });
  const stored = core.dormant.get(cell.key);
  if (stored !== undefined) {
    recall(cell, stored, known);
    core.dormant.delete(cell.key);
  }
  core.cells.set(cell.key, cell);
  joinGroup(core, cell);
  arm(core, cell);
  if (!core.isAsleep) followActiveWhen(core, cell, moment);
  return cell;
}

/** The alert of a point that sends bad values; made when it first does. */
export function addBadCell(core: EngineCore, slot: PointSlot, moment: Moment): AlertCell {
  const rule = ownRule(core, 'limen.bad', badAfterMs(slot.expectEveryMs));
  slot.bad = addCell(core, { kind: 'bad', rule, point: slot.point }, moment);
  return slot.bad;
}

/** Ends an alert whose rule or point went away: a last event, then nothing; its number is kept. */
export function removeCell(core: EngineCore, cell: AlertCell, { at, seq }: Moment): void {
  const from = cell.state;
  cell.state = 'normal';
  leaveGroup(core, cell);
  cell.latched = false;
  releaseLevels(cell);
  const wasFlagged = dropFlags(cell);
  const quiet = wasFlagged ? 'flag' : 'condition';
  const kind = from === 'normal' ? quiet : 'transition';
  announce(core, cell, { kind, from, reason: 'removed', at, cause: [seq] });
  core.timers.schedule(cell, Infinity);
  core.cells.delete(cell.key);
  core.dormant.set(cell.key, { alert: presentAlert(core, cell, at), memory: encodeMemory(cell) });
  if (cell.clause !== null) unbindClause(core, cell.clause);
  cell.clause = null;
  const slot = core.points.slot(cell.pointIndex);
  if (slot !== undefined) forgetCell(core, slot, cell);
}

/** What decides the verdicts of a configured rule. */
export function kindOf(rule: Rule): CellKind {
  if (clauseOf(rule) !== null) return 'compound';
  return rule.levels[0]?.comparator.kind === 'silent_for' ? 'silence' : 'value';
}

// What is set always wins over what has shown.
function expectedEveryMs(core: EngineCore, book: RuleBook, point: Point): number | null {
  // It comes with its inputs, and their silence is its own.
  if (book.derived.has(pointName(point))) return null;
  const setMs = book.expectEveryMs(point);
  if (setMs !== null || book.derived.has(pointName(point))) return setMs;
  const learnedMs = core.learned.get(point.index)?.staleAfterMs ?? null;
  // Engine time is whole milliseconds: what is due in between would be due again and again.
  return learnedMs === null ? null : Math.ceil(learnedMs / limits.missedIntervals);
}

function viaOf(core: EngineCore, book: RuleBook, point: Point): string | null {
  // It comes through nothing but this engine.
  if (book.derived.has(pointName(point))) return null;
  return book.viaOf(point) ?? core.learned.get(point.index)?.via ?? null;
}

function expectPoint(
  core: EngineCore,
  slot: PointSlot,
  everyMs: number | null,
  moment: Moment,
): void {
  const isChanged = slot.expectEveryMs !== everyMs;
  slot.expectEveryMs = everyMs;
  if (everyMs === null) {
    if (slot.stale !== null) removeCell(core, slot.stale, moment);
  } else if (slot.stale === null) {
    const rule = ownRule(core, 'limen.stale', staleAfterMs(everyMs));
    slot.stale = addCell(core, { kind: 'silence', rule, point: slot.point }, moment);
    if (slot.stale.condition === 'breached') core.points.stale[slot.point.index] = 1;
  } else if (isChanged) {
    changeSpan(core, slot.stale, ownRule(core, 'limen.stale', staleAfterMs(everyMs)));
  }
  if (slot.bad !== null && isChanged)
    changeSpan(core, slot.bad, ownRule(core, 'limen.bad', badAfterMs(everyMs)));
}

/** Gives one of Limen's own alerts another length of time to wait for. */
export function changeSpan(core: EngineCore, cell: AlertCell, rule: Rule): void {
  if (cell.rule === rule) return;
  giveRule(core, cell, rule);
  compileCell(cell, null);
  arm(core, cell);
}

function forgetCell(core: EngineCore, slot: PointSlot, cell: AlertCell): void {
  const place = slot.cells.indexOf(cell);
  if (place >= 0) slot.cells.splice(place, 1);
  if (slot.bad === cell) slot.bad = null;
  if (slot.neverHeard === cell) slot.neverHeard = null;
  if (slot.stale === cell) {
    slot.stale = null;
    core.points.stale[slot.point.index] = 0;
    for (const { bound } of slot.clauses) bound.isCurrent = false;
  }
  core.points.disturb(slot.point.index);
}

function countDeclared(core: EngineCore, { point }: PointSlot): void {
  if (Number.isNaN(core.points.heardAt[point.index]!)) return;
  for (const counted of core.counted) {
    if (!counted.expected.matches(point.device, point.metric)) continue;
    counted.heard += 1;
    counted.cell.enough = counted.heard >= counted.expected.atLeast;
  }
}

function isStored(core: EngineCore, rule: OwnRule, point: Point): boolean {
  const stored = core.dormant.get(alertKey({ rule, ...nameOf(point) }));
  return stored !== undefined && stored.alert.reason !== 'removed';
}

function nameOf({ device, metric }: Point): { readonly device: string; readonly metric: string } {
  return { device, metric };
}
