import type { Value } from '../domain/reading.ts';
import type {
  ConditionClause,
  FlagsClause,
  HeardClause,
  LateClause,
  NotificationClause,
  OnDelayClause,
  QualityClause,
  RejectedClause,
  RuleClause,
  RunningClause,
  StateClause,
  WhyNotClause,
  WhyNotLevel,
  WhyNotReading,
  WhyNotReport,
} from '../domain/why-not.ts';
import { formatCount, formatValue, printable } from './text.ts';
import {
  durationText,
  formatMoment,
  formatMomentSince,
  limitText,
  memberText,
} from './why-format.ts';

/** A clause in words: first what there is to say, then what it rests on. */
export function clauseLines(clause: WhyNotClause, report: WhyNotReport): string[] {
  const time = (at: number): string => formatMomentSince(report.at, at);
  switch (clause.clause) {
    case 'running':
      return [runningText(clause, time)];
    case 'rule':
      return [ruleText(clause, report)];
    case 'heard':
      return [heardText(clause, time)];
    case 'quality':
      return [qualityText(clause, time)];
    case 'late':
      return lateLines(clause, time);
    case 'rejected':
      return [rejectedText(clause, time)];
    case 'condition':
      return conditionLines(clause, time);
    case 'on_delay':
      return onDelayLines(clause, time);
    case 'state':
      return stateLines(clause, time);
    case 'flags':
      return [flagsText(clause, time)];
    case 'notification':
      return notificationLines(clause, report, time);
  }
}

type Time = (at: number) => string;

function runningText({ stopped_at: stoppedAt, started_at: startedAt }: RunningClause, time: Time) {
  if (stoppedAt === null) return 'Limen ran';
  const to = startedAt === null ? 'and was not started since' : `to ${time(startedAt)}`;
  return `Limen was not running: from ${time(stoppedAt)} ${to}`;
}

function ruleText(
  { existed, matched, changed_at: changedAt }: RuleClause,
  { rules, rule }: WhyNotReport,
) {
  const [then] = rules;
  const at = changedAt === null ? '' : formatMoment(changedAt);
  if (!existed) {
    const came = changedAt === null ? '' : `: it came with the config of ${at}`;
    return `there was no rule "${printable(rule)}" then${came}`;
  }
  const changed = changedAt === null ? '' : `; changed at ${at}, see below`;
  if (!matched) return `the rule did not match this point then${changed}`;
  const line =
    then === undefined || then.line === null ? '' : ` (line ${then.line} of the config then)`;
  return `it existed and matched the point${line}${changed}`;
}

function heardText(clause: HeardClause, time: Time): string {
  const { last, age_ms: ageMs, stale, stale_after_ms: afterMs } = clause;
  if (last === null || ageMs === null) return 'no usable reading had been heard';
  const age = `heard ${time(last.received_at)}, ${durationText(ageMs)} before (row ${last.seq})`;
  const limit = afterMs === null ? '' : `, stale after ${durationText(afterMs)}`;
  return stale ? `stale: last ${age}${limit}` : `${age}${limit}`;
}

function qualityText({ last, bad_since: since }: QualityClause, time: Time): string {
  if (last === null) return 'there was no reading';
  if (last.quality === 'good' || last.quality === 'suspect') return last.quality;
  const from = since === null ? '' : ` since ${time(since)}`;
  return `${last.quality}${from}: no verdict (last reading ${time(last.received_at)}, row ${last.seq})`;
}

function lateLines(clause: LateClause, time: Time): string[] {
  const { count, worst, policy, late_after_ms: afterMs, held } = clause;
  if (count === 0 || worst === null) {
    // Of what is not stored nobody can say that it did not come.
    return policy === 'drop'
      ? [
          `what comes more than ${durationText(afterMs)} late is dropped: not stored, so not known here`,
        ]
      : ['no reading came too late to be judged'];
  }
  const policyText = policy.replaceAll('_', ' ');
  const late = `${formatCount(count, 'reading')} came more than ${durationText(afterMs)} late (${policyText})`;
  const which = `${readingText(worst)} of ${time(worst.at)} came ${time(worst.received_at)} (row ${worst.seq})`;
  return held ? [`${late}, one beyond the limit`, which] : [late, which];
}

function rejectedText({ count, topic, reason, last_at: at }: RejectedClause, time: Time): string {
  if (topic === null || at === null) return 'no payload of its topics was refused';
  const times = formatCount(count, 'payload');
  return `${times} on ${printable(topic)} could not be used: ${printable(reason ?? '')}, last ${time(at)}`;
}

function conditionLines(clause: ConditionClause, time: Time): string[] {
  const { condition, unit, problem, window, levels, closest, judged, reading } = clause;
  const read = judged === 'value' && reading !== null ? `, read ${time(reading.received_at)}` : '';
  const nearest = levels.find(({ breached }) => breached) ?? levels[0];
  const lines: string[] = [];
  if (problem !== null) lines.push(`no verdict: ${printable(problem)}`);
  else if (condition === 'unknown') lines.push(`no verdict${coveredText(window)}`);
  else if (nearest === undefined) lines.push(condition);
  else if (clause.members !== null) lines.push(compoundText(clause, nearest));
  else lines.push(`${levelText(clause, nearest)}${read}`);
  if (condition !== 'unknown' && problem === null && clause.members === null) {
    for (const level of levels) {
      if (level === nearest) continue;
      lines.push(levelText(clause, level));
    }
  }
  if (clause.rests_on !== null) lines.push(printable(clause.rests_on));
  for (const member of clause.members ?? []) lines.push(memberText(member));
  if (closest !== null && condition !== 'breached' && clause.members === null) {
    const { missing, limit, at, seq } = closest;
    const gap = missing === 0 ? 'beyond' : `${amountText(missing, unit)} short of`;
    lines.push(
      `closest within half an hour: ${formatValue(closest.value, unit)} at ${time(at)} (row ${seq}), ${gap} ${limitText(limit, unit)}`,
    );
  }
  return lines;
}

/** What is judged by how long it lasts. */
const waits: ReadonlyMap<string, string> = new Map([
  ['silence', 'silent for'],
  ['stuck', 'stuck for'],
  ['bad', 'bad for'],
  ['never_heard', 'not heard for'],
]);

function levelText({ judged, value, unit }: ConditionClause, level: WhyNotLevel): string {
  const { severity, limit, missing, breached } = level;
  const shown = formatValue(value, unit);
  const gap =
    missing === null
      ? ''
      : missing === 0
        ? ', just at the limit'
        : `, ${amountText(missing, unit)} missing`;
  const place = `${limitText(limit, unit)} (${severity})`;
  const wait = waits.get(judged);
  if (wait !== undefined)
    return breached
      ? `${wait} ${shown}, beyond ${place}`
      : `${wait} ${shown}, not for ${place}${gap}`;
  const what = judged === 'value' ? shown : `${printable(judged)} ${shown}`;
  const relation = relationText(level);
  return breached
    ? `${what} was ${relation} ${place}`
    : `${what} was not ${relation} ${place}${gap}`;
}

function relationText({ comparator }: WhyNotLevel): string {
  switch (comparator) {
    case 'rate_above':
      return 'above';
    case 'rate_below':
      return 'below';
    case 'changes_to':
      return 'a change to';
    case 'equals':
      return 'equal to';
    default:
      return comparator;
  }
}

/** How many conditions of a compound rule were met; of an expression, whether it was true. */
function compoundText({ condition, value }: ConditionClause, { limit, comparator }: WhyNotLevel) {
  if (typeof value !== 'number') return `the ${comparator} was ${String(value)}: ${condition}`;
  const needed = limitText(limit, null);
  return `${condition}: ${value} of the ${needed} conditions that it takes (${comparator.replaceAll('_', ' ')}) were met`;
}

function coveredText(window: ConditionClause['window']): string {
  if (window === null) return '';
  const share = `${Math.round(window.covered * 100)} %`;
  const half = window.covered < 0.5 ? ', less than half' : '';
  return `: the window of ${durationText(window.span_ms)} was covered for ${share}${half}`;
}

function onDelayLines(clause: OnDelayClause, time: Time): string[] {
  const { on_delay_ms: delayMs, began_at: beganAt, lasted_ms: lastedMs, end } = clause;
  if (beganAt === null || lastedMs === null) {
    return [delayMs === 0 ? 'there is none' : `none of ${durationText(delayMs)} ran`];
  }
  const due = clause.due_at === null ? '' : `, due ${time(clause.due_at)}`;
  const lines = [
    `breached for ${spanText(lastedMs)} of the ${durationText(delayMs)} on-delay: began ${time(beganAt)}${due}`,
  ];
  if (clause.began !== null)
    lines.push(`began with ${readingText(clause.began)} (row ${clause.began.seq})`);
  if (end === 'cleared' && clause.ended_at !== null) {
    const by =
      clause.ended === null ? '' : ` by ${readingText(clause.ended)} (row ${clause.ended.seq})`;
    lines.push(`ended ${time(clause.ended_at)}${by}: cleared in delay`);
  } else if (end === 'over' && clause.ended_at !== null) {
    lines.push(`it was over at ${time(clause.ended_at)}: then it fired`);
  }
  return lines;
}

function stateLines(clause: StateClause, time: Time): string[] {
  const { state, id, raised_at: raisedAt, fired_at: firedAt, acknowledged_by: by } = clause;
  const since = raisedAt === null ? '' : ` since ${time(raisedAt)}`;
  const seen = by === null ? '' : `, acknowledged by ${printable(by)}`;
  if (clause.held) return [`${state}${since}${seen}`, `limen why ${printable(id)}`];
  const lines = [
    state === 'returned'
      ? `returned: it was raised${since}, and waits for an acknowledgement (limen why ${printable(id)})`
      : state,
  ];
  if (firedAt !== null) lines.push(`it fired later, at ${time(firedAt)}`);
  return lines;
}

const hushTexts: Readonly<Record<string, string>> = {
  chatter: 'hushed: it was raised so often that single raises were not told',
  flood: 'hushed: there was a flood of alerts',
};

function flagsText(clause: FlagsClause, time: Time): string {
  const since = clause.since === null ? '' : ` since ${time(clause.since)}`;
  const flags = [
    clause.shelved_until === null ? [] : [`shelved${since}, until ${time(clause.shelved_until)}`],
    clause.out_of_service ? [`out of service${since}`] : [],
    clause.suppressed_by === null
      ? []
      : [`suppressed by ${printable(clause.suppressed_by)}${since}`],
    clause.hushed === null ? [] : [hushTexts[clause.hushed] ?? printable(clause.hushed)],
  ].flat();
  return flags.length === 0 ? 'none: not shelved, in service, not suppressed' : flags.join('; ');
}

function notificationLines(
  { configured, told, event_seq: seq, held }: NotificationClause,
  { fired }: WhyNotReport,
  time: Time,
): string[] {
  if (!configured) return ['the rule names nobody to tell'];
  if (!fired || seq === null) return ['there was nothing to tell'];
  if (told.length === 0) return [`nobody was to be told of row ${seq}`];
  const lines = told.map(({ notifier, result, at, attempts, detail }) => {
    const when = at === null ? '' : ` at ${time(at)}`;
    const tries = attempts === 0 ? '' : `, ${formatCount(attempts, 'attempt')}`;
    const why = detail === null ? '' : `: ${printable(detail)}`;
    return `${printable(notifier)} ${result}${when}${tries}${why}`;
  });
  return held ? [...lines, `limen why ${seq}`] : lines;
}

function readingText({ value, unit, quality }: WhyNotReading): string {
  return quality === 'good' ? formatValue(value, unit) : `${formatValue(value, unit)} (${quality})`;
}

/** A distance: as a value, without the sign. */
function amountText(missing: number, unit: string | null): string {
  const value: Value = missing;
  return formatValue(value, unit);
}

/** `6m40s`: to the second, as a delay is counted. */
function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60 || ms < 60_000) return durationText(ms);
  const rest = seconds % 60;
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return durationText(ms);
  return rest === 0 ? `${minutes}m` : `${minutes}m${String(rest).padStart(2, '0')}s`;
}
