import type { Hush } from '../domain/alert.ts';
import { limits } from '../domain/limits.ts';
import { severityRank, type Rule } from '../domain/rule.ts';
import type { AlertCell } from './alert-cell.ts';
import type { Conclusion } from './conclusion.ts';
import type { Calls, Telling } from './telling-state.ts';

const criticalRank = severityRank('critical');

/** Whether anybody is told of the alerts of a rule. */
export function tellsSomebody({ then, chain }: Pick<Rule, 'then' | 'chain'>): boolean {
  return chain.length > 0 || then.some(({ kind }) => kind === 'notify');
}

/** Whether a flag keeps an alert from people. */
export function isKeptFromPeople({ shelf, outOfService, suppressions }: AlertCell): boolean {
  return shelf !== null || outOfService !== null || suppressions.length > 0;
}

/**
 * The alert is raised: often enough within a short time, and it chatters from now on. What is critical is always told,
 * and what a flag keeps from people need not be damped.
 */
export function noteRaised(cell: AlertCell, at: number): void {
  if (!tellsSomebody(cell.rule)) return;
  const telling = tellingOf(cell);
  telling.raisedMs = [...telling.raisedMs, at].slice(-limits.chatterRaises);
  const [first = at] = telling.raisedMs;
  const { chatter } = telling;
  if (chatter !== null) {
    chatter.raises += 1;
    chatter.dueMs = at + limits.chatterQuietMs;
    return;
  }
  const isOften =
    telling.raisedMs.length === limits.chatterRaises && at - first <= limits.chatterWithinMs;
  if (!isOften || cell.rankMax >= criticalRank || isKeptFromPeople(cell)) return;
  const { chatterRaises: raises, chatterQuietMs } = limits;
  telling.chatter = { raises, dueMs: at + chatterQuietMs, isTold: false, seq: 0 };
}

/**
 * Follows an event that is about to be told: chain, repeat and re_alarm begin and end with it. Returns why people are
 * not told of it; null: they are.
 */
export function followTelling(cell: AlertCell, conclusion: Conclusion, seq: number): Hush | null {
  const { kind, from, reason, at } = conclusion;
  if (cell.state === 'acknowledged') {
    const isNew = kind === 'transition' && from !== 'acknowledged';
    if (isNew) tellingOf(cell).seen = { fromMs: at, creditable: false, seq };
  } else if (cell.telling !== null) cell.telling.seen = null;
  if (cell.state !== 'active' || isKeptFromPeople(cell)) {
    if (cell.telling !== null) cell.telling.calls = null;
  } else if (isCall(conclusion) || isAnnouncement(conclusion)) {
    startCalls(cell, at, seq);
  }
  return reason === 'condition' ? null : hushOf(cell, conclusion);
}

/** Chain and repeat count from now. */
export function startCalls(cell: AlertCell, fromMs: number, seq: number): void {
  tellingOf(cell).calls = { fromMs, seq, chainedMs: -1, repeatedMs: -1, floorMs: fromMs };
}

/** When a person has to be told something again, or the alert is to be active again; Infinity: never. */
export function nextTellingDue(cell: AlertCell): number {
  const { telling } = cell;
  if (telling === null) return Infinity;
  return Math.min(
    telling.chatter?.dueMs ?? Infinity,
    reAlarmDue(cell),
    chainDue(cell),
    repeatDue(cell),
  );
}

export function reAlarmDue({ telling, rule }: AlertCell): number {
  const seen = telling?.seen ?? null;
  return seen === null || rule.reAlarmMs === null ? Infinity : seen.fromMs + rule.reAlarmMs;
}

/** When the next step of the chain is due; Infinity: there is none. */
export function chainDue(cell: AlertCell): number {
  const calls = cell.telling?.calls ?? null;
  const next = calls === null ? undefined : nextAfter(cell.rule, calls);
  if (calls === null || next === undefined) return Infinity;
  return Math.max(calls.fromMs + next, calls.floorMs);
}

/** When everybody is told again; Infinity: never. */
export function repeatDue({ telling, rule }: AlertCell): number {
  const calls = telling?.calls ?? null;
  const last = rule.repeatMs.at(-1);
  if (calls === null || last === undefined) return Infinity;
  const { fromMs, repeatedMs, floorMs } = calls;
  const next = rule.repeatMs.find((offsetMs) => offsetMs > repeatedMs);
  // After the last one it goes on at that distance.
  const offsetMs = next ?? last * (Math.floor(repeatedMs / last) + 1);
  return Math.max(fromMs + offsetMs, floorMs);
}

/** The time of the next step of a chain after the announcement; undefined: all are told. */
export function nextAfter({ chain }: Rule, { chainedMs }: Calls): number | undefined {
  return chain.find(({ afterMs }) => afterMs > chainedMs)?.afterMs;
}

/**
 * The restart table of contract 3: chain, repeat and re_alarm count the time Limen was down, and at most one repetition
 * is told at the start; if nobody knows how long it was, their remainder runs on.
 */
export function restartTelling(cell: AlertCell, isElapsedKnown: boolean, at: number): void {
  const { telling } = cell;
  if (telling === null) return;
  const { chatter, calls, seen } = telling;
  if (chatter !== null) chatter.dueMs = Math.max(chatter.dueMs, at);
  if (calls !== null) calls.floorMs = at;
  if (seen === null) return;
  limitReAlarm(cell, at);
  if (isElapsedKnown || seen.creditable) return;
  seen.creditable = true;
  cell.dirty = true;
}

/** It is known now how long Limen was down. */
export function creditTelling(cell: AlertCell, creditMs: number, at: number): void {
  const seen = cell.telling?.seen ?? null;
  if (seen?.creditable !== true) return;
  seen.fromMs -= creditMs;
  seen.creditable = false;
  limitReAlarm(cell, at);
  cell.dirty = true;
}

/** The rule says otherwise now: what would have been told before is not told any more. */
export function adoptTelling(cell: AlertCell, at: number): void {
  limitReAlarm(cell, at);
  const calls = cell.telling?.calls ?? null;
  if (calls === null) return;
  calls.floorMs = Math.max(calls.floorMs, at);
  calls.repeatedMs = Math.max(calls.repeatedMs, at - calls.fromMs);
}

// What was due in the past is due now.
function limitReAlarm({ telling, rule }: AlertCell, at: number): void {
  const seen = telling?.seen ?? null;
  if (seen !== null && rule.reAlarmMs !== null)
    seen.fromMs = Math.max(seen.fromMs, at - rule.reAlarmMs);
}

function hushOf(cell: AlertCell, conclusion: Conclusion): Hush | null {
  if (cell.rankMax >= criticalRank || isKeptFromPeople(cell)) return null;
  const isDamped = (cell.telling?.chatter ?? null) !== null && isDampable(cell, conclusion);
  return isDamped ? 'chatter' : null;
}

// Raises and returns; who acts knows of it, and an escalation is news.
function isDampable(cell: AlertCell, { kind, from, reason }: Conclusion): boolean {
  if (kind !== 'transition') return reason === 'repeated' || reason === 'chained';
  if (reason === 'acknowledged' || reason === 'reset' || reason === 'escalated') return false;
  if (reason === 're_alarmed' || cell.state === from) return false;
  return cell.state === 'normal' ? from !== 'pending' : cell.state !== 'pending';
}

// A raise, an escalation or a re-alarm: people are called.
function isCall({ kind, from, reason }: Conclusion): boolean {
  return kind === 'transition' && (from !== 'active' || reason === 'escalated');
}

// The last flag has ended: what is true is told as if it had just been raised.
function isAnnouncement({ kind, reason }: Conclusion): boolean {
  const isEnd = reason === 'unshelved' || reason === 'unsuppressed' || reason === 'in_service';
  return kind === 'flag' && isEnd;
}

function tellingOf(cell: AlertCell): Telling {
  cell.telling ??= { raisedMs: [], chatter: null, calls: null, seen: null };
  return cell.telling;
}
