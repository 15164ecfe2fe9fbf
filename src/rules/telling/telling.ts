import type { Hush, Reason } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import { severityRank, type Rule } from '../../domain/rule.ts';
import type { AlertCell } from '../alert-cell.ts';
import type { Conclusion } from '../conclusion.ts';
import type { EngineCore, Flood } from '../engine-core.ts';
import type { Calls, Telling } from './telling-state.ts';

const criticalRank = severityRank('critical');

/** Whether anybody is told of the alerts of a rule. */
export function tellsSomebody({ then, chain }: Pick<Rule, 'then' | 'chain'>): boolean {
  return chain.length > 0 || then.some(({ kind }) => kind === 'notify');
}

/** Who is told when an alert of this rule becomes active, and again by its repetition. */
export function calledBy({ then }: Pick<Rule, 'then'>): readonly string[] {
  return then.flatMap((action) =>
    action.kind === 'notify' && action.on.includes('active') ? [action.notifier] : [],
  );
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
export function followTelling(
  core: EngineCore,
  cell: AlertCell,
  conclusion: Conclusion,
): Hush | null {
  const { kind, from, at } = conclusion;
  const { seq } = cell;
  if (cell.state === 'acknowledged') {
    const isNew = kind === 'transition' && from !== 'acknowledged';
    if (isNew) tellingOf(cell).seen = { fromMs: at, creditable: false, seq };
  } else if (cell.telling !== null) cell.telling.seen = null;
  if (cell.state !== 'active' || isKeptFromPeople(cell)) {
    if (cell.telling !== null) cell.telling.calls = null;
  } else if (isCall(conclusion) || isAnnouncement(conclusion)) {
    startCalls(cell, at, seq);
  }
  return kind === 'condition' ? null : hushOf(core, cell, conclusion);
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

function hushOf(core: EngineCore, cell: AlertCell, conclusion: Conclusion): Hush | null {
  if (isKeptFromPeople(cell)) return null;
  const isCritical = cell.rankMax >= criticalRank;
  const isDamped = (cell.telling?.chatter ?? null) !== null && isDampable(cell, conclusion);
  if (isDamped && !isCritical) return 'chatter';
  if (!isFloodable(cell)) return null;
  countCall(core.flood, cell, conclusion);
  if (isCritical || !isFlooding(core.flood) || !isNews(cell, conclusion)) return null;
  const { sinceMs } = core.flood;
  tellingOf(cell).withheld = { sinceMs, count: withheldIn(cell, sinceMs) + 1 };
  // A call that nobody hears is no call: they begin anew when the flood is over.
  if (conclusion.kind === 'notice') tellingOf(cell).calls = null;
  return 'flood';
}

// One more that people are called to; critical ones count, and are told.
function countCall(flood: Flood, cell: AlertCell, conclusion: Conclusion): void {
  const isCounted =
    (cell.state === 'active' && isCall(conclusion)) ||
    (isAnnouncement(conclusion) && (cell.state === 'active' || cell.state === 'returned'));
  if (!isCounted) return;
  const { at } = conclusion;
  const { floodAlertsMax } = limits;
  const telling = tellingOf(cell);
  telling.countedMs = [...telling.countedMs, at].slice(-floodAlertsMax - 1);
  flood.timesMs = [...flood.timesMs, at].slice(-floodAlertsMax - 1);
  if (!showsFlood(flood, at) || !Number.isNaN(flood.sinceMs)) return;
  flood.sinceMs = at;
  flood.seq = cell.seq;
  flood.isToBeTold = true;
}

/** Whether the last alerts are too many. */
export function showsFlood({ timesMs }: Flood, at: number): boolean {
  const [first = at] = timesMs;
  return timesMs.length > limits.floodAlertsMax && first > at - limits.floodWithinMs;
}

// Who silences the flood itself is told of its alerts.
function isFlooding({ sinceMs, cell }: Flood): boolean {
  return !Number.isNaN(sinceMs) && (cell === null || !isKeptFromPeople(cell));
}

/** Whether an alert is one of those that make a flood: what tells somebody, and is not about Limen itself. */
export function isFloodable({ rule }: AlertCell): boolean {
  if (!tellsSomebody(rule)) return false;
  return !rule.name.startsWith('limen.') || aboutPoints.includes(rule.name);
}

const aboutPoints: readonly string[] = ['limen.stale', 'limen.bad', 'limen.never_heard'];

/** How much people were not told of an alert in the flood that began then. */
export function withheldIn({ telling }: AlertCell, sinceMs: number): number {
  const withheld = telling?.withheld ?? null;
  return withheld?.sinceMs === sinceMs ? withheld.count : 0;
}

/** When a flood is over, unless further alerts come. */
export function floodEndMs({ timesMs, sinceMs, floorMs }: Flood): number {
  const time = timesMs.at(-limits.floodAlertsEnd);
  const endMs = time === undefined ? sinceMs : time + limits.floodWithinMs;
  return Math.max(endMs, floorMs);
}

// What people would be told of if there were no flood. Who acts knows of it.
function isNews(cell: AlertCell, { kind, from, reason }: Conclusion): boolean {
  if (kind === 'notice') return true;
  if (kind === 'flag')
    return cell.state === 'active' || cell.state === 'returned' ? isFlagEnd(reason) : false;
  if (reason === 'acknowledged' || reason === 'reset') return false;
  if (reason === 'escalated') return true;
  if (cell.state === from) return false;
  return cell.state === 'normal' ? from !== 'pending' : cell.state !== 'pending';
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
  return kind === 'flag' && isFlagEnd(reason);
}

function isFlagEnd(reason: Reason): boolean {
  return reason === 'unshelved' || reason === 'unsuppressed' || reason === 'in_service';
}

function tellingOf(cell: AlertCell): Telling {
  cell.telling ??= {
    raisedMs: [],
    chatter: null,
    calls: null,
    countedMs: [],
    withheld: null,
    seen: null,
  };
  return cell.telling;
}
