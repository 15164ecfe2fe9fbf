import type { AlertState } from '../../domain/alert.ts';
import type {
  FlagsClause,
  NotificationClause,
  RuleClause,
  RunningClause,
  StateClause,
  WhyNotClause,
  WhyNotClauseName,
  WhyNotReport,
} from '../../domain/why-not.ts';
import type { AlertBody, RowWith } from './explain-rows.ts';
import {
  conditionClause,
  heardClause,
  lateClause,
  onDelayClause,
  qualityClause,
  rejectedClause,
  type Situation,
} from './why-not-clauses.ts';
import type { WhyNotFacts } from './why-not-facts.ts';

// What explains another clause goes before it: readings that came too late, or could not be read, are why nothing was
// heard. A breach that ended in its delay is told rather than that the value is no longer beyond the limit.
const quietReasons: readonly WhyNotClauseName[] = [
  'running',
  'rule',
  'late',
  'rejected',
  'heard',
  'quality',
  'on_delay',
  'condition',
];
/** Once it is raised: why nobody knows of it. */
const raisedReasons: readonly WhyNotClauseName[] = ['running', 'flags', 'notification', 'state'];

/** Says clause by clause, in the order in which they act, what kept an alert from firing at a moment. Pure. */
export function explainWhyNot(facts: WhyNotFacts): WhyNotReport {
  const { key, atMs, moment, rules, replay } = facts;
  const last = facts.events.findLast((event) => event.atMs <= atMs) ?? null;
  const state = last?.body.to ?? moment.alert?.state ?? 'normal';
  const isRaised = state === 'active' || state === 'acknowledged';
  const situation: Situation = { facts, state, isRaised, last };
  const condition = conditionClause(situation);
  const heard = heardClause(situation);
  const clauses: readonly WhyNotClause[] = [
    runningClause(facts),
    ruleClause(facts),
    heard,
    qualityClause(situation),
    lateClause(situation),
    rejectedClause(situation, heard.held),
    condition,
    onDelayClause(situation),
    stateClause(situation),
    flagsClause(situation),
    notificationClause(situation),
  ];
  const order = isRaised ? raisedReasons : quietReasons;
  const reason = order.find((name) => clauses.some(({ clause, held }) => held && clause === name));
  return {
    rule: key.rule,
    device: key.device,
    metric: key.metric,
    at: atMs,
    fired: isRaised,
    reason: reason ?? null,
    clauses,
    rules,
    replay: { ...replay, agrees: agrees(moment.alert?.state, last) },
  };
}

function agrees(replayed: AlertState | undefined, last: RowWith<AlertBody> | null): boolean | null {
  return replayed === undefined || last === null ? null : replayed === last.body.to;
}

function runningClause({ stop }: WhyNotFacts): RunningClause {
  return {
    clause: 'running',
    held: stop !== null,
    stopped_at: stop?.stoppedAt ?? null,
    started_at: stop?.startedAt ?? null,
  };
}

function ruleClause({ rule, isOwnRule, matched, changedAt }: WhyNotFacts): RuleClause {
  const existed = rule !== null || isOwnRule;
  return { clause: 'rule', held: !existed || !matched, existed, matched, changed_at: changedAt };
}

function stateClause({ facts, state, isRaised, last }: Situation): StateClause {
  const { key, atMs, events, moment } = facts;
  const shown = last?.body.shown;
  const fired = events.find(
    ({ atMs: at, body }) => at > atMs && body.to === 'active' && body.from !== 'active',
  );
  return {
    clause: 'state',
    held: isRaised,
    state,
    id: shown?.id ?? moment.alert?.id ?? `${key.rule}/${key.device}/${key.metric}/0`,
    raised_at: state === 'normal' ? null : (shown?.raised_at ?? null),
    returned_at: state === 'returned' ? (shown?.returned_at ?? null) : null,
    acknowledged_by: state === 'normal' ? null : (shown?.acknowledged_by ?? null),
    fired_at: isRaised ? null : (fired?.atMs ?? null),
  };
}

function flagsClause({ facts, isRaised, last }: Situation): FlagsClause {
  const { atMs, events, raise } = facts;
  const shown = last?.body.shown;
  const before = events.filter((event) => event.atMs <= atMs && event.body.kind === 'flag');
  const flags = {
    shelved_until: shown?.shelved_until ?? null,
    out_of_service: shown?.out_of_service ?? false,
    suppressed_by: shown?.suppressed_by ?? null,
    hushed: raise?.body.hushed ?? null,
  };
  const isSet =
    flags.shelved_until !== null ||
    flags.out_of_service ||
    flags.suppressed_by !== null ||
    flags.hushed !== null;
  const set = before.findLast(({ body }) => settingReasons.has(body.reason));
  return {
    clause: 'flags',
    held: isSet && isRaised,
    ...flags,
    since: isSet ? (set?.atMs ?? null) : null,
  };
}

const settingReasons: ReadonlySet<string> = new Set(['shelved', 'out_of_service', 'suppressed']);

function notificationClause({ facts, isRaised }: Situation): NotificationClause {
  const { rule, raise, notifications, atMs } = facts;
  const names = raise?.body.notify ?? [];
  const told = names.map((notifier) => {
    const row = notifications.find(
      ({ key, body }) => key === notifier && body.event_seq === raise?.seq,
    );
    return {
      notifier,
      result: row?.body.result ?? ('waiting' as const),
      at: row?.atMs ?? null,
      attempts: row?.body.attempts ?? 0,
      detail: row?.body.detail ?? null,
    };
  });
  const configured =
    rule !== null && (rule.then.some(({ kind }) => kind === 'notify') || rule.chain.length > 0);
  const isTold = told.some(({ result, at }) => result === 'delivered' && (at ?? Infinity) <= atMs);
  return {
    clause: 'notification',
    held: isRaised && configured && raise !== null && !isTold,
    event_seq: raise?.seq ?? null,
    told,
    configured,
  };
}
