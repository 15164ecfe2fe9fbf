import type { JournalRow } from '../../domain/journal.ts';
import type {
  WhyActStep,
  WhyLimenStep,
  WhyNotificationStep,
  WhyOutputStep,
  WhyRule,
} from '../../domain/why.ts';
import {
  rowWith,
  type ActBody,
  type AlertBody,
  type AnswerBody,
  type NotificationBody,
  type OutputBody,
  type RowWith,
  type StartedBody,
} from './explain-rows.ts';

/** What somebody asked, with the answer among the other rows. */
export function actStep(row: JournalRow, others: readonly JournalRow[]): WhyActStep {
  const { seq, atMs, body } = rowWith<ActBody>(row);
  const answer = others
    .filter(({ kind }) => kind === 'answer')
    .map((other) => rowWith<AnswerBody>(other).body)
    .find((each) => each.seq === seq);
  return {
    kind: 'act',
    seq,
    at: atMs,
    act: body.act,
    by: body.by,
    comment: body.comment,
    result: answer?.result ?? null,
    reason: answer?.reason ?? null,
  };
}

/** What an output was commanded, with the time since the event that caused it. */
export function outputStep(row: JournalRow, events: readonly RowWith<AlertBody>[]): WhyOutputStep {
  const { seq, atMs, engineMs, key, body } = rowWith<OutputBody>(row);
  const event = events.findLast((each) => body.cause.includes(each.seq));
  return {
    kind: 'output',
    seq,
    at: atMs,
    output: key,
    commanded: body.commanded,
    owner: body.owner,
    reason: body.reason,
    cause: body.cause,
    sent: body.sent === undefined ? null : body.sent !== null,
    broker: body.place?.broker ?? null,
    topic: body.place?.topic ?? null,
    payload: body.sent ?? null,
    latency_ms: event === undefined ? null : engineMs - event.engineMs,
  };
}

/** What was told, and, where the row of an event asks for more, what still waits. */
export function notificationSteps(
  events: readonly RowWith<AlertBody>[],
  others: readonly JournalRow[],
): WhyNotificationStep[] {
  const told = others
    .filter(({ kind }) => kind === 'notification')
    .map((row) => rowWith<NotificationBody>(row));
  const steps = told.map(({ seq, atMs, engineMs, key, body }): WhyNotificationStep => {
    const event = events.find((each) => each.seq === body.event_seq);
    return {
      kind: 'notification',
      seq,
      at: atMs,
      notifier: key,
      edge: body.edge,
      event_seq: body.event_seq,
      result: body.result,
      attempts: body.attempts,
      status: body.status,
      detail: body.detail,
      latency_ms: event === undefined ? null : engineMs - event.engineMs,
    };
  });
  const waiting = events.flatMap(({ seq, atMs, body }) =>
    body.notify
      .filter((name) => !told.some((row) => row.key === name && row.body.event_seq === seq))
      .map((notifier): WhyNotificationStep => ({
        kind: 'notification',
        seq,
        at: atMs,
        notifier,
        edge: null,
        event_seq: seq,
        result: 'waiting',
        attempts: 0,
        status: null,
        detail: null,
        latency_ms: null,
      })),
  );
  return [...steps, ...waiting];
}

/** What happened to Limen itself. `rules`: the rule in each config, in order. */
export function limenStep(row: JournalRow, rules: readonly WhyRule[]): WhyLimenStep {
  const { seq, atMs, kind, body } = rowWith<StartedBody>(row);
  const index = rules.findIndex((rule) => rule.seq === seq);
  const before = rules[index - 1];
  return {
    kind: 'limen',
    seq,
    at: atMs,
    what: kind === 'started' || kind === 'stopped' || kind === 'clock' ? kind : 'config',
    down_ms: kind === 'started' ? (body.down_ms ?? null) : null,
    changes_rule: before === undefined ? null : before.text !== rules[index]?.text,
  };
}
