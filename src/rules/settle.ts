import type { AlertState, Condition } from '../domain/alert.ts';
import { qualityCodes } from '../domain/reading.ts';
import { isAcknowledgeRequired, isHeld, nextDelayEnd, type AlertCell } from './alert-cell.ts';
import { expireMembers, judgeClause, qualityOfClause } from './clauses/clause.ts';
import { isSilenceDue } from './derived-links.ts';
import type { EngineCore } from './engine-core.ts';
import { announce, announceIfDirty, toWall } from './events.ts';
import { joinGroup, leaveGroup, noteActive, tellGroup } from './telling/first-out.ts';
import { endOneShot, nextFlagDue } from './telling/flags.ts';
import {
  cancelAllLeaving,
  cancelOffDelay,
  dueFirst,
  highestHeld,
  holdDueLevels,
  leaveOverLevels,
  releaseLevels,
  runLevelDelays,
  startOffDelay,
  startOnDelay,
} from './levels.ts';
import {
  lifeCycle,
  type LifeCycleFacts,
  type LifeCycleInput,
  type LifeCycleStep,
} from './life-cycle.ts';
import type { Moment } from './moment.ts';
import { floodEndMs, nextTellingDue, noteRaised } from './telling/telling.ts';
import { nextBreachDue } from './silence/watch.ts';
import { noteWorst } from './worst.ts';

export type { Moment };

/**
 * Takes a verdict (levels are marked already) through the life cycle: delays start and end, the state moves, events
 * are emitted. A verdict that changes nothing changes nothing.
 */
export function settle(
  core: EngineCore,
  cell: AlertCell,
  verdict: Condition,
  moment: Moment,
): void {
  const { at, seq } = moment;
  if (cell.condition !== verdict) {
    cell.condition = verdict;
    cell.dirty = true;
  }
  noteQuality(core, cell);
  if (verdict === 'unknown') cancelAllLeaving(cell);
  else runLevelDelays(cell, at, seq);
  const step = stepFor(core, cell, verdict, moment);
  switch (step.kind) {
    case 'move':
      if (cell.state === 'normal') begin(core, cell, step, moment);
      else end(core, cell, step, at, [seq]);
      break;
    case 'stay':
      if (step.offDelay === 'start') startOffDelay(cell, at, seq);
      else if (step.offDelay === 'cancel') cancelOffDelay(cell);
      break;
    case 'refused':
      break;
  }
  noteWorst(core, cell, at);
  finishDelays(core, cell, at, seq);
  announceIfDirty(core, cell, at, seq);
  cell.steady = verdict !== 'unknown';
}

/** Everything whose delay is over at this time happens: levels become due, are left, the alert returns. */
export function finishDelays(core: EngineCore, cell: AlertCell, at: number, seq: number): void {
  if (!(nextDelayEnd(cell) <= at)) {
    followPending(cell);
    return;
  }
  const began = cell.levels.map((one) => one.onSeq);
  const due = holdDueLevels(cell, at);
  if (due >= 0) raise(core, cell, due, at, [began[due] ?? NaN, seq]);
  if (cell.offDue <= at) finishOffDelay(core, cell, at, seq);
  // The staleness timer of this very millisecond may be next: old data must not clear anything.
  leaveOverLevels(cell, at, !isOverdue(core, cell, at));
  followHeld(core, cell, at, seq);
  followPending(cell);
}

/** Gives the alert its place among the timers. */
export function arm(core: EngineCore, cell: AlertCell): void {
  const end = nextDelayEnd(cell);
  const breach = nextBreachDue(core, cell);
  const due = end < breach ? end : breach;
  const telling = cell.firsts?.dueMs ?? Infinity;
  const next = telling < due ? telling : due;
  const told = cell === core.flood.cell ? floodDue(core) : nextTellingDue(cell);
  core.timers.schedule(cell, Math.min(next, nextFlagDue(cell), told));
}

// Its end, and what is told again of it.
function floodDue({ flood }: EngineCore): number {
  const endMs = Number.isNaN(flood.sinceMs) ? Infinity : floodEndMs(flood);
  return flood.cell === null ? endMs : Math.min(endMs, nextTellingDue(flood.cell));
}

/** Takes over the quality of the point; it is shown with the alert. */
export function noteQuality(core: EngineCore, cell: AlertCell): void {
  if (cell.kind !== 'value' && cell.kind !== 'silence' && cell.clause === null) return;
  const quality =
    cell.clause === null ? core.points.shownQuality(cell.pointIndex) : qualityOfClause(cell.clause);
  if (cell.quality === quality) return;
  cell.quality = quality;
  cell.dirty = true;
}

/** What the table says about an input for this alert now. */
export function stepOf(core: EngineCore, cell: AlertCell, input: LifeCycleInput): LifeCycleStep {
  return lifeCycle(cell.state, input, factsOf(core, cell, false));
}

/** The alert is over, for now (`returned`) or altogether (`normal`), and says so. */
export function end(
  core: EngineCore,
  cell: AlertCell,
  step: Extract<LifeCycleStep, { kind: 'move' }>,
  at: number,
  cause: readonly number[],
): void {
  const from = cell.state;
  cell.state = step.to;
  if (from === 'active' || from === 'acknowledged') {
    cell.returnedAt = toWall(core, at);
    cell.endedAt = at;
  }
  if (cell.state === 'normal') leaveGroup(core, cell);
  cell.latched = false;
  releaseLevels(cell);
  announce(core, cell, { kind: 'transition', from, reason: step.reason, at, cause });
  if (cell.state === 'normal') endOneShot(core, cell, { at, cause });
}

/** An occurrence begins; without an on-delay the alert is active at once. */
export function begin(
  core: EngineCore,
  cell: AlertCell,
  step: Extract<LifeCycleStep, { kind: 'move' }>,
  { at, seq, atMs }: Moment,
): void {
  cell.n += 1;
  cell.state = step.to;
  cell.rankMax = -1;
  cell.raises = 0;
  cell.worst = NaN;
  cell.breachedAt = toWall(core, at);
  if (!Number.isNaN(atMs)) cell.breachedAt = atMs as typeof cell.breachedAt;
  cell.raisedAt = null;
  cell.returnedAt = null;
  cell.begunAt = at;
  cell.endedAt = NaN;
  forgetAcknowledgement(cell);
  noteWorst(core, cell, at);
  const due = holdDueLevels(cell, at);
  if (due >= 0) noteRaise(core, cell, due, at);
  else cell.present = Math.max(0, dueFirst(cell));
  const isFirst = cell.state === 'active' && noteActive(core, cell);
  joinGroup(core, cell);
  announce(core, cell, {
    kind: 'transition',
    from: 'normal',
    reason: step.reason,
    at,
    cause: [seq],
  });
  if (isFirst) tellGroup(core, cell.rule.group, { at, seq });
}

function stepFor(
  core: EngineCore,
  cell: AlertCell,
  verdict: Condition,
  { at, seq }: Moment,
): LifeCycleStep {
  if (cell.state !== 'normal' || verdict === 'clear') {
    return lifeCycle(cell.state, verdict, factsOf(core, cell, false));
  }
  const first = cell.levels[0];
  // An unknown value says nothing about which limit it may have passed: it counts as the least severe one.
  if (verdict === 'unknown' && cell.rule.unknown === 'raise' && first !== undefined) {
    if (Number.isNaN(first.onDue)) startOnDelay(cell, first, at, seq);
  }
  return lifeCycle(cell.state, verdict, factsOf(core, cell, nextDelayEnd(cell) <= at));
}

function factsOf(core: EngineCore, cell: AlertCell, dueAtOnce: boolean): LifeCycleFacts {
  const { facts } = core;
  facts.condition = cell.condition;
  facts.dueAtOnce = dueAtOnce;
  facts.unknownRaises = cell.rule.unknown === 'raise';
  facts.latch = cell.rule.latch;
  facts.acknowledgeRequired = isAcknowledgeRequired(cell);
  facts.offDelayOver = cell.offOver;
  return facts;
}

// A level became due: the alert is raised, raised again, or becomes more severe.
function raise(
  core: EngineCore,
  cell: AlertCell,
  due: number,
  at: number,
  cause: readonly number[],
): void {
  const isWorse = due > cell.present;
  const isRaised = cell.state === 'active' || cell.state === 'acknowledged';
  if (isRaised && !isWorse) return;
  const escalates = isWorse && cell.state !== 'pending';
  raiseTo(core, cell, { level: due, input: escalates ? 'escalate' : 'on_delay_over', at, cause });
}

/** The alert is raised at this level, raised again or escalated to it, and says so. */
export function raiseTo(
  core: EngineCore,
  cell: AlertCell,
  to: {
    readonly level: number;
    readonly input: 'on_delay_over' | 'escalate';
    readonly at: number;
    readonly cause: readonly number[];
  },
): void {
  const { level, input, at, cause } = to;
  const step = stepOf(core, cell, input);
  if (step.kind !== 'move') return;
  const from = cell.state;
  cell.state = step.to;
  if (step.raised) noteRaise(core, cell, level, at);
  else notePresent(cell, level);
  forgetAcknowledgement(cell);
  const isFirst = noteActive(core, cell);
  announce(core, cell, { kind: 'transition', from, reason: step.reason, at, cause });
  if (isFirst) tellGroup(core, cell.rule.group, { at, seq: cause.at(-1) ?? NaN });
}

/** Nobody has done anything about it for too long: the acknowledgement counts no more. */
export function reAlarm(
  core: EngineCore,
  cell: AlertCell,
  { at, cause }: { readonly at: number; readonly cause: readonly number[] },
): void {
  const step = stepOf(core, cell, 're_alarm');
  if (step.kind !== 'move') return;
  const from = cell.state;
  cell.state = step.to;
  forgetAcknowledgement(cell);
  announce(core, cell, { kind: 'transition', from, reason: step.reason, at, cause });
}

function noteRaise(core: EngineCore, cell: AlertCell, due: number, at: number): void {
  cell.raises += 1;
  cell.raisedAt = toWall(core, at);
  cell.returnedAt = null;
  cell.endedAt = NaN;
  cell.latched = cell.rule.latch;
  notePresent(cell, due);
  noteRaised(cell, at);
}

function notePresent(cell: AlertCell, index: number): void {
  cell.present = index;
  cell.rankMax = Math.max(cell.rankMax, cell.levels[index]?.rank ?? -1);
}

function forgetAcknowledgement(cell: AlertCell): void {
  cell.acknowledgedBy = null;
  cell.acknowledgedAt = null;
  cell.comment = null;
}

function finishOffDelay(core: EngineCore, cell: AlertCell, at: number, seq: number): void {
  const began = cell.offSeq;
  cell.offDue = NaN;
  cell.dirty = true;
  if (cell.condition !== 'clear' || isOverdue(core, cell, at)) return;
  const step = stepOf(core, cell, 'off_delay_over');
  if (step.kind === 'move') {
    end(core, cell, step, at, [began, seq]);
    return;
  }
  cell.offOver = true;
  cancelAllLeaving(cell);
}

function isOverdue(core: EngineCore, cell: AlertCell, at: number): boolean {
  const index = cell.pointIndex;
  if (cell.clause !== null) {
    if (cell.condition !== 'clear') return false;
    // After a restore nothing has been judged yet.
    judgeClause(core, cell.clause, isHeld(cell));
    expireMembers(cell.clause, (member) => isPointOverdue(core, member, at));
    return cell.clause.root.verdict !== 'clear';
  }
  if (cell.kind !== 'value') return false;
  if (core.points.stale[index] === 1 || core.points.quality[index]! > qualityCodes.suspect)
    return true;
  return isPointOverdue(core, index, at);
}

function isPointOverdue(core: EngineCore, index: number, at: number): boolean {
  return isSilenceDue(core, core.points.slot(index) ?? null, at);
}

// Severity falls to the most severe level that is still held.
function followHeld(core: EngineCore, cell: AlertCell, at: number, seq: number): void {
  const from: AlertState = cell.state;
  if (from !== 'active' && from !== 'acknowledged') return;
  const held = highestHeld(cell);
  if (held < 0 || held >= cell.present) return;
  const step = stepOf(core, cell, 'deescalate');
  if (step.kind !== 'move') return;
  cell.present = held;
  announce(core, cell, { kind: 'transition', from, reason: step.reason, at, cause: [seq] });
}

function followPending(cell: AlertCell): void {
  if (cell.state !== 'pending') return;
  const first = dueFirst(cell);
  if (first < 0 || first === cell.present) return;
  cell.present = first;
  cell.dirty = true;
}
