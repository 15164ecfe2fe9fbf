import type { AlertState } from '../../domain/alert.ts';
import type { ComparedLevel } from '../../domain/engine.ts';
import { limits } from '../../domain/limits.ts';
import type {
  ConditionClause,
  HeardClause,
  LateClause,
  OnDelayClause,
  QualityClause,
  RejectedClause,
  WhyNotReading,
} from '../../domain/why-not.ts';
import type { AlertBody, RowWith } from './explain-rows.ts';
import { isBeyond, missingTo } from '../missing.ts';
import type { WhyNotFacts } from './why-not-facts.ts';

/** The facts, and how the alert stood at the moment. */
export interface Situation {
  readonly facts: WhyNotFacts;
  readonly state: AlertState;
  readonly isRaised: boolean;
  /** The last event up to the moment; null: none is stored. */
  readonly last: RowWith<AlertBody> | null;
}

/** A breach that ended so short a time before the moment is told of, though its delay was shorter. */
const endedLatelyMs = 60_000;

export function heardClause({ facts, state }: Situation): HeardClause {
  const { lastUsable, atMs, moment, matched } = facts;
  const stale = moment.grounds?.isStale ?? false;
  return {
    clause: 'heard',
    held: matched && isJudged(facts) && canBegin(facts, state) && (lastUsable === null || stale),
    last: lastUsable,
    age_ms: lastUsable === null ? null : atMs - lastUsable.received_at,
    stale_after_ms: moment.grounds?.staleAfterMs ?? null,
    stale,
  };
}

export function qualityClause({ facts, state }: Situation): QualityClause {
  const { key, last, moment } = facts;
  const isBad = last !== null && last.quality !== 'good' && last.quality !== 'suspect';
  const isBlind =
    isBad && moment.alert?.condition === 'unknown' && isJudged(facts) && canBegin(facts, state);
  // Good values are what keeps the alert about bad ones from firing.
  const isFine = key.rule === 'limen.bad' && moment.alert === null && last !== null && !isBad;
  return {
    clause: 'quality',
    held: isBlind || isFine,
    last,
    bad_since: moment.badSince,
  };
}

export function lateClause({ facts, isRaised }: Situation): LateClause {
  const { late, moment, rule } = facts;
  const levels = moment.compared?.levels ?? [];
  const beyond = late.filter(({ value }) => levels.some((level) => isBeyond(level, value)));
  return {
    clause: 'late',
    held: !isRaised && moment.alert?.condition !== 'breached' && beyond.length > 0,
    policy: rule?.late ?? 'history_only',
    late_after_ms: rule?.lateAfterMs ?? limits.lateAfterMs,
    count: late.length,
    worst: beyond[0] ?? nearestOf(late, levels),
  };
}

export function rejectedClause({ facts, isRaised }: Situation, isUnheard: boolean): RejectedClause {
  const [newest = null] = facts.rejected;
  return {
    clause: 'rejected',
    held: newest !== null && isUnheard && !isRaised,
    count: facts.rejected.reduce((sum, { count }) => sum + count, 0),
    topic: newest?.topic ?? null,
    reason: newest?.reason ?? null,
    last_at: newest?.last_at ?? null,
  };
}

export function conditionClause({ facts, state, isRaised }: Situation): ConditionClause {
  const { moment, closest, lastUsable, atMs } = facts;
  const { alert, compared, grounds } = moment;
  const condition = alert?.condition ?? 'unknown';
  const value = alert?.value ?? null;
  // Once pending, silence and bad samples let the delay run on.
  const isOpen = isRaised || state === 'pending';
  const window = grounds?.window ?? null;
  return {
    clause: 'condition',
    held: condition !== 'breached' && !isOpen && (condition === 'clear' || canBegin(facts, state)),
    condition,
    judged: grounds?.judged ?? 'value',
    value,
    unit: alert?.unit ?? null,
    reading: lastUsable,
    age_ms: lastUsable === null ? null : atMs - lastUsable.received_at,
    levels: (compared?.levels ?? []).map((level) => ({
      ...level,
      missing: missingTo(level, value),
    })),
    problem: grounds?.problem ?? null,
    window: window === null ? null : { span_ms: window.spanMs, covered: window.covered },
    members: compared?.members ?? null,
    rests_on: grounds?.sentence ?? null,
    closest:
      closest === null
        ? null
        : {
            at: closest.atMs,
            seq: closest.seq,
            value: closest.value,
            limit: closest.limit,
            severity: closest.severity,
            missing: closest.missing,
          },
  };
}

export function onDelayClause(situation: Situation): OnDelayClause {
  const { facts, state, isRaised } = situation;
  const { atMs, moment } = facts;
  const delayMs = delayOf(situation);
  const changes = facts.events.filter(({ body }) => body.from !== body.to);
  const index = changes.findLastIndex((event) => event.atMs <= atMs);
  const present = changes[index];
  const none = { began_at: null, due_at: null, lasted_ms: null, end: null, ended_at: null };
  const nothing: OnDelayClause = {
    clause: 'on_delay',
    held: false,
    on_delay_ms: delayMs,
    ...none,
    began: null,
    ended: null,
  };
  if (isRaised) return nothing;
  if (state === 'pending' && present !== undefined) {
    return delayed(facts, delayMs, present, changes[index + 1] ?? null);
  }
  const dueAt = moment.alert?.dueAt ?? null;
  if (state === 'returned' && dueAt !== null) {
    const beganAt = dueAt - delayMs;
    const lasted = { began_at: beganAt, due_at: dueAt, lasted_ms: atMs - beganAt };
    return { ...nothing, held: true, ...lasted, end: 'running' };
  }
  const begin = changes[index - 1];
  const wasCleared = present?.body.reason === 'cleared_in_delay' && begin?.body.to === 'pending';
  if (!wasCleared || atMs - present.atMs > Math.max(endedLatelyMs, delayMs)) return nothing;
  return delayed(facts, delayMs, begin, present);
}

function delayed(
  facts: WhyNotFacts,
  delayMs: number,
  begin: RowWith<AlertBody>,
  ended: RowWith<AlertBody> | null,
): OnDelayClause {
  const untilMs = Math.min(facts.atMs, ended?.atMs ?? Infinity);
  const isCleared = ended !== null && ended.body.to === 'normal';
  // Another level, another rule or a stop of unknown length may have moved its end since it began.
  const last = facts.events.findLast(
    ({ seq, atMs }) => seq >= begin.seq && atMs <= untilMs && seq < (ended?.seq ?? Infinity),
  );
  const { severity, due_at: dueAt } = (last ?? begin).body.shown;
  const level = last?.body.compared?.levels.find((one) => one.severity === severity);
  const ofLevelMs = level?.on_delay_ms ?? delayMs;
  const beganAt = dueAt === null ? begin.atMs : dueAt - ofLevelMs;
  return {
    clause: 'on_delay',
    held: true,
    on_delay_ms: ofLevelMs,
    began_at: beganAt,
    due_at: dueAt,
    lasted_ms: untilMs - beganAt,
    end: ended === null ? 'running' : isCleared ? 'cleared' : 'over',
    ended_at: ended?.atMs ?? null,
    began: facts.reading(begin.body.cause[0]),
    ended: isCleared ? facts.reading(ended.body.cause.at(-1)) : null,
  };
}

/** The delay of the level that is due first, or would be. */
function delayOf({ facts, last }: Situation): number {
  const levels = facts.moment.compared?.levels ?? [];
  const severity = last?.body.shown.severity ?? facts.moment.alert?.severity;
  const level = levels.find((one) => one.severity === severity) ?? levels[0];
  return level?.on_delay_ms ?? 0;
}

/** Silence is what some rules wait for: being unheard does not hold them back. */
function isJudged({ moment }: WhyNotFacts): boolean {
  const judged = moment.grounds?.judged;
  return judged !== 'silence' && judged !== 'bad' && judged !== 'never_heard';
}

/**
 * Whether an unknown verdict keeps the alert from beginning: a delay that runs goes on without one, and a rule may raise at
 * it, once there is an alert at all.
 */
function canBegin({ rule, moment }: WhyNotFacts, state: AlertState): boolean {
  const raises = rule?.unknown === 'raise' && moment.alert !== null;
  return (state === 'normal' || state === 'returned') && !raises;
}

function nearestOf(
  late: readonly WhyNotReading[],
  levels: readonly ComparedLevel[],
): WhyNotReading | null {
  let nearest: WhyNotReading | null = null;
  let least = Infinity;
  for (const one of late) {
    for (const level of levels) {
      const missing = missingTo({ ...level, breached: false }, one.value) ?? Infinity;
      if (nearest !== null && missing >= least) continue;
      nearest = one;
      least = missing;
    }
  }
  return nearest ?? late[0] ?? null;
}
