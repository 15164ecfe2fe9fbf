import { isFlagged, type Alert } from '../domain/alert.ts';
import type { EngineInput } from '../domain/engine.ts';
import { limits } from '../domain/limits.ts';
import type { Seq } from '../domain/reading.ts';
import type { EngineMs } from '../domain/time.ts';
import { followActiveWhen, restartActiveWhen } from './clauses/active-when.ts';
import type { AlertCell } from './alert-cell.ts';
import { followInputs } from './derived-links.ts';
import { orderedCells, type EngineCore } from './engine-core.ts';
import { announceIfDirty, toWall } from './events.ts';
import { fireDue } from './fire.ts';
import { settleGroups } from './telling/first-out.ts';
import { creditFlags, restartFlags } from './telling/flags.ts';
import { restartFlood } from './telling/flood.ts';
import { removalMessage } from './message.ts';
import { judgeUnjudged } from './replace-point.ts';
import { restampCell, type WrongStamps } from './restamp.ts';
import { adoptRestored } from './rule-change.ts';
import { forgetLinks, reviewBlame } from './silence/source-lost.ts';
import { arm, type Moment } from './settle.ts';
import { creditTelling, restartTelling } from './telling/telling.ts';
import { giveUpFirsts, tellWasDown } from './silence/was-down.ts';
import { tellWatched } from './clauses/watched-conditions.ts';

type Started = Extract<EngineInput, { kind: 'started' }>;
type ClockInput = Extract<EngineInput, { kind: 'clock' }>;

/** Applies the restart table of contract 3 to every timer, and tells how long Limen was down. */
export function restart(core: EngineCore, started: Started, moment: Moment): void {
  const { wallOffsetMs, creditMs = 0, unsure = null } = started;
  const stamps: WrongStamps | null =
    unsure === null || unsure.wallOffsetMs === wallOffsetMs
      ? null
      : {
          fromMs: unsure.sinceMs,
          toMs: moment.at,
          wallOffsetMs: unsure.wallOffsetMs,
          shiftMs: wallOffsetMs - unsure.wallOffsetMs,
        };
  core.wallOffsetMs = wallOffsetMs;
  core.points.disturbAll();
  core.points.forgetFuture(moment.at + wallOffsetMs);
  for (const clause of core.clauses) clause.isCurrent = false;
  restartActiveWhen(core);
  giveUpFirsts(core);
  followInputs(core);
  forgetLinks(core);
  restartFlood(core, moment);
  for (const cell of orderedCells(core)) {
    restartDelays(cell, started.elapsedMs !== null, moment.at);
    restartFlags(cell, started.elapsedMs !== null, moment.at);
    restartTelling(cell, started.elapsedMs !== null, moment.at);
    if (stamps !== null) restampCell(cell, stamps);
    if (creditMs > 0) creditDelays(cell, creditMs, moment.at);
    restartWait(core, cell, moment);
    followActiveWhen(core, cell, moment);
    adoptRestored(core, cell, moment);
    arm(core, cell);
    announceIfDirty(core, cell, moment.at, moment.seq);
  }
  dropUnclaimed(core, moment);
  reviewBlame(core, moment);
  settleGroups(core, moment);
  if (started.downMs !== null && started.downMs > limits.wasDownAfterMs) {
    tellWasDown(core, { downMs: started.downMs, local: started.localOffsetsMs ?? null }, moment);
  }
  fireDue(core, moment.at);
  judgeUnjudged(core, moment);
  tellWatched(core, moment);
}

/**
 * The wall clock was mapped anew. Delays and shelves run by engine time and are not moved by it; those that kept their
 * remainder are credited with time that is known only now to have passed.
 */
export function followClock(core: EngineCore, clock: ClockInput, moment: Moment): void {
  const { wallOffsetMs, creditMs } = clock;
  const shiftMs = wallOffsetMs - core.wallOffsetMs;
  const stamps = {
    fromMs: clock.unsureSinceMs ?? Infinity,
    toMs: moment.at,
    wallOffsetMs: core.wallOffsetMs,
    shiftMs,
  };
  core.wallOffsetMs = wallOffsetMs;
  core.points.forgetFuture(moment.at + wallOffsetMs);
  if (creditMs <= 0 && shiftMs === 0) return;
  for (const cell of orderedCells(core)) {
    // The same end is another time of day now, and who shelved it looks at that.
    if (cell.shelf !== null) cell.dirty = true;
    if (shiftMs !== 0) restampCell(cell, stamps);
    if (creditMs > 0) creditDelays(cell, creditMs, moment.at);
    if (!cell.dirty) continue;
    arm(core, cell);
    announceIfDirty(core, cell, moment.at, moment.seq);
  }
  fireDue(core, moment.at);
}

function creditDelays(cell: AlertCell, creditMs: number, at: number): void {
  creditFlags(cell, creditMs, at);
  creditTelling(cell, creditMs, at);
  for (const one of cell.levels) {
    if (!one.creditable) continue;
    one.onDue = Math.max(at, one.onDue - creditMs);
    one.creditable = false;
    cell.dirty = true;
  }
}

// On-delays count the time Limen was down, or run on with their remainder; off-delays need fresh readings.
function restartDelays(cell: AlertCell, isElapsedKnown: boolean, at: number): void {
  cell.steady = false;
  for (const one of cell.levels) {
    if (Number.isNaN(one.onDue)) continue;
    if (isElapsedKnown) one.onDue = Math.max(one.onDue, at);
    else if (!one.creditable) {
      one.creditable = true;
      cell.dirty = true;
    }
  }
  if (!Number.isNaN(cell.offDue)) {
    cell.offDue = NaN;
    cell.dirty = true;
  }
  for (const one of cell.levels) {
    if (Number.isNaN(one.offDue)) continue;
    one.offDue = NaN;
    cell.dirty = true;
  }
}

// Nobody could be heard while Limen was down: each source gets one expected interval to show itself.
function restartWait(core: EngineCore, cell: AlertCell, { at, seq }: Moment): void {
  const slot = core.points.slot(cell.pointIndex);
  const first = cell.levels[0]?.level.comparator;
  const spanMs = first?.kind === 'silent_for' ? first.forMs : limits.expectEveryDefaultMs;
  switch (cell.kind) {
    case 'silence':
      cell.floor = at + (slot?.expectEveryMs ?? spanMs);
      if (cell.condition === 'clear' && Number.isNaN(core.points.heardAt[cell.pointIndex]!)) {
        cell.since = at;
        cell.sinceSeq = seq;
      }
      break;
    case 'bad':
      cell.floor = at + (slot?.expectEveryMs ?? limits.expectEveryDefaultMs);
      break;
    case 'never_heard':
    case 'too_few':
      if (cell.condition !== 'clear') break;
      cell.since = at;
      cell.sinceSeq = seq;
      break;
    case 'value':
    case 'compound':
    case 'source':
    case 'event':
    case 'fault':
      break;
  }
}

// Alerts that were stored for a rule or a point that the config does not know any more.
function dropUnclaimed(core: EngineCore, { at, seq }: Moment): void {
  const keys = [...core.dormant.keys()].sort();
  for (const key of keys) {
    const stored = core.dormant.get(key);
    if (stored === undefined || stored.alert.reason === 'removed') continue;
    const from = stored.alert.state;
    const alert: Alert = {
      ...stored.alert,
      state: 'normal',
      latched: false,
      shelvedUntil: null,
      suppressedBy: null,
      outOfService: false,
      firstOut: null,
      dueAt: null,
      message: removalMessage(key, from, stored.alert.message),
      changedAt: from === 'normal' ? stored.alert.changedAt : toWall(core, at),
      reason: 'removed',
      seq: core.surroundings.nextSeq(),
    };
    core.dormant.set(key, { alert, memory: stored.memory });
    core.surroundings.emit({
      kind: from === 'normal' ? (isFlagged(stored.alert) ? 'flag' : 'condition') : 'transition',
      at: at as EngineMs,
      from,
      to: 'normal',
      reason: 'removed',
      cause: [seq as Seq],
      alert,
      point: null,
      memory: stored.memory,
      drill: false,
    });
  }
}
