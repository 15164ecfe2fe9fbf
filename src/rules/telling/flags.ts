import type { Act } from '../../domain/act.ts';
import type { Reason } from '../../domain/alert.ts';
import { formatDuration } from '../../domain/duration.ts';
import { limits } from '../../domain/limits.ts';
import { noSuppressions, type AlertCell } from '../alert-cell.ts';
import type { EngineCore } from '../engine-core.ts';
import { announce } from '../events.ts';
import {
  creditSuppressions,
  finishSuppressions,
  nextSuppressionEnd,
  restartSuppressions,
} from './suppress.ts';

/** An act that sets or ends a flag. */
export type FlagAct = Exclude<Act, { act: 'acknowledge' | 'reset' }>;

type When = { readonly at: number; readonly cause: readonly number[] };

/** Why a flag cannot be set or ended; null: it can. */
export function whyNotFlag(cell: AlertCell, act: FlagAct): string | null {
  switch (act.act) {
    case 'shelve': {
      const maxMs = cell.rule.shelveMaxMs;
      if (maxMs === 0) return 'the rule does not let it be shelved: its shelve_max is 0';
      return act.forMs === null || act.forMs <= maxMs
        ? null
        : `${formatDuration(act.forMs)} is longer than shelve_max, which is ${formatDuration(maxMs)}`;
    }
    case 'unshelve':
      return cell.shelf === null ? 'the alert is not shelved' : null;
    case 'service':
      if (act.in) return cell.outOfService === null ? 'the alert is in service' : null;
      return cell.outOfService === null ? null : 'the alert is out of service already';
  }
}

/**
 * Sets or ends a flag (ISA-18.2 shelving and out of service). What the alert is judged to be stays untouched: a flag
 * only keeps it from people, and an end tells what is true then.
 */
export function performFlag(
  core: EngineCore,
  cell: AlertCell,
  act: FlagAct,
  { at, seq }: { readonly at: number; readonly seq: number },
): void {
  const when = { at, cause: [seq] };
  switch (act.act) {
    case 'shelve': {
      const maxMs = cell.rule.shelveMaxMs;
      const dueMs = at + (act.forMs ?? maxMs);
      cell.shelf = { dueMs, oneShot: act.forMs === null, creditable: false, seq };
      tell(core, cell, 'shelved', when);
      break;
    }
    case 'unshelve':
      endShelf(core, cell, when);
      break;
    case 'service':
      cell.outOfService = act.in ? null : { remindMs: at + limits.serviceReminderMs, seq };
      tell(core, cell, act.in ? 'in_service' : 'out_of_service', when);
      break;
  }
}

/** When a flag has to be looked after next; Infinity: never. */
export function nextFlagDue(cell: AlertCell): number {
  const { shelf, outOfService } = cell;
  const timed = Math.min(shelf?.dueMs ?? Infinity, outOfService?.remindMs ?? Infinity);
  return Math.min(timed, nextSuppressionEnd(cell));
}

/**
 * The time of a flag has come: a shelf or a suppression ends, an alert out of service is brought to mind. After everything else of that
 * time, so that what is told then is what is true.
 */
export function finishFlags(core: EngineCore, cell: AlertCell, at: number): void {
  const { shelf, outOfService } = cell;
  if (shelf !== null && shelf.dueMs <= at) endShelf(core, cell, { at, cause: [shelf.seq] });
  finishSuppressions(core, cell, at);
  if (outOfService === null || outOfService.remindMs > at) return;
  outOfService.remindMs = at + limits.serviceReminderMs;
  tell(core, cell, 'out_of_service', { at, cause: [outOfService.seq] });
}

/** The alert is normal: what was shelved until then is not shelved any more. */
export function endOneShot(core: EngineCore, cell: AlertCell, when: When): void {
  if (cell.shelf?.oneShot === true) endShelf(core, cell, when);
}

/** Nothing is left to be kept from people: the rule or the point went away. True if there was a flag. */
export function dropFlags(cell: AlertCell): boolean {
  const wasFlagged =
    cell.shelf !== null || cell.outOfService !== null || cell.suppressions.length > 0;
  cell.suppressions = noSuppressions;
  cell.shelf = null;
  cell.outOfService = null;
  return wasFlagged;
}

/**
 * The restart table of contract 3. A shelf counts the time Limen was down; if nobody knows how long that was, its
 * remainder runs on. A wall clock that is not trusted never ends it: it may stand anywhere.
 */
export function restartFlags(cell: AlertCell, isElapsedKnown: boolean, at: number): void {
  const { shelf, outOfService } = cell;
  // What came to an end meanwhile is told now, not in the past.
  if (outOfService !== null) outOfService.remindMs = Math.max(outOfService.remindMs, at);
  restartSuppressions(cell, isElapsedKnown, at);
  if (shelf === null) return;
  shelf.dueMs = Math.max(shelf.dueMs, at);
  limitShelf(cell, at);
  if (isElapsedKnown || shelf.creditable) return;
  shelf.creditable = true;
  cell.dirty = true;
}

/** The rule may let a shelf last less long than it did before. True if that makes a difference. */
export function limitShelf(cell: AlertCell, at: number): boolean {
  const lastMs = at + cell.rule.shelveMaxMs;
  if (cell.shelf === null || cell.shelf.dueMs <= lastMs) return false;
  cell.shelf.dueMs = lastMs;
  cell.dirty = true;
  return true;
}

/** It is known now how long Limen was down: a flag that kept its remainder ends when it was said to end. */
export function creditFlags(cell: AlertCell, creditMs: number, at: number): void {
  creditSuppressions(cell, creditMs, at);
  const { shelf } = cell;
  if (shelf === null || !shelf.creditable) return;
  shelf.dueMs = Math.max(at, shelf.dueMs - creditMs);
  shelf.creditable = false;
}

function endShelf(core: EngineCore, cell: AlertCell, when: When): void {
  cell.shelf = null;
  tell(core, cell, 'unshelved', when);
}

function tell(core: EngineCore, cell: AlertCell, reason: Reason, { at, cause }: When): void {
  announce(core, cell, { kind: 'flag', from: cell.state, reason, at, cause });
}
