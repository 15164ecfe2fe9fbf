import { findRuleText } from './config/rules/rule-text.ts';
import { alertKey, alertOfJson } from './domain/alert.ts';
import { LimenError } from './domain/error.ts';
import type { HygieneReport, ReportRange, StandingAlert } from './domain/hygiene.ts';
import type { JournalRow } from './domain/journal.ts';
import type { WhyReport, WhyRule } from './domain/why.ts';
import { chainKinds, createChainSieve, type Occurrence } from './rules/explain/chain-sieve.ts';
import { explain } from './rules/explain/explain.ts';
import { rowWith, type AlertBody, type RowWith } from './rules/explain/explain-rows.ts';
import {
  findTarget,
  leadOf,
  whatToType,
  type KnownAlert,
  type Target,
} from './rules/explain/explain-target.ts';
import type { Log } from './host/log.ts';
import { Hygiene } from './rules/explain/hygiene.ts';
import { eachAlertMark, historyBegan } from './storage/alert-marks.ts';
import {
  eachEntryAfter,
  entriesOf,
  findEntry,
  findEntryUpTo,
  findOccurrence,
  readingsOf,
  type JournalFiles,
} from './storage/journal-rows.ts';
import { openQueries, passOver } from './storage/queries.ts';

// Questions about the past, answered from the files: by the reader thread of a Limen that runs, and by the CLI where
// none runs. What is asked for is pure (rules/), where it lies is SQL (storage/); here they meet.

/** Of an occurrence that went on for ever, so many events at its beginning and at its end are told. */
const eventsAtBeginningMax = 200;
const eventsAtEndMax = 800;
/** From an output's row to the alert behind it there are two steps, three with `max_on`. */
const stepsMax = 8;

/** The causal chain of what a person names: an alert, an id, or the number of a row. */
export function why(directory: string, wanted: string, warn: Log['warn']): WhyReport {
  const files = { directory, unreadable: passOver(warn) };
  const alerts = knownAlerts(directory, warn);
  const target = /^\d+$/.test(wanted)
    ? targetOfRow(files, Number(wanted), alerts)
    : findTarget(wanted, alerts);
  const found = findOccurrence(files, target.key, target.id);
  const seqs = found?.seqs ?? [];
  const leftOff = Math.max(0, seqs.length - eventsAtBeginningMax - eventsAtEndMax);
  const told = seqs.filter(
    (_, index) => index < eventsAtBeginningMax || index >= eventsAtBeginningMax + leftOff,
  );
  const [first, ...further] = entriesOf(files, told).map((row) => rowWith<AlertBody>(row));
  if (found === null || first === undefined) {
    const { key, id } = target;
    const message =
      id === null
        ? `"${key}" never rang, or its history is no longer stored`
        : `There is no occurrence "${id}", or it is no longer stored; the last one: limen why ${key}`;
    throw new LimenError('not_found', message);
  }
  const events: [RowWith<AlertBody>, ...RowWith<AlertBody>[]] = [first, ...further];
  const others = gather(files, { id: found.id, key: target.key, seqs, events });
  const causes = events.flatMap(({ body }) => body.cause);
  return explain({
    id: found.id,
    events,
    eventsLeftOff: leftOff,
    others,
    readings: readingsOf(files, causes),
    causes: entriesOf(files, causes),
    rules: rulesInForce(files, first, others),
  });
}

/** Alarm hygiene over the stored events of a time. */
export function report(directory: string, range: ReportRange, warn: Log['warn']): HygieneReport {
  const files = { directory, unreadable: passOver(warn) };
  const hygiene = new Hygiene();
  const seen = new Set<string>();
  eachAlertMark(files, range, (mark) => {
    seen.add(mark.key);
    hygiene.take(mark);
  });
  const sinceMs = historyBegan(files) ?? range.toMs;
  return hygiene.report(range, sinceMs, standingBefore(directory, range, seen, warn));
}

/** Alerts that have been open since before the range, and of which nothing was heard in it. */
function standingBefore(
  directory: string,
  { fromMs, toMs }: ReportRange,
  seen: ReadonlySet<string>,
  warn: Log['warn'],
): StandingAlert[] {
  const queries = openQueries(directory, warn);
  if (queries === null) return [];
  try {
    return queries.alerts(false).flatMap((shown) => {
      const { rule, device, metric, state, severity, raisedAt, changedAt } = alertOfJson(shown);
      const alert = alertKey({ rule, device, metric });
      if (raisedAt === null || changedAt >= fromMs || seen.has(alert) || device === 'drill') {
        return [];
      }
      return [{ alert, severity, state, raised_at: raisedAt, for_ms: toMs - raisedAt }];
    });
  } finally {
    queries.close();
  }
}

function knownAlerts(directory: string, warn: Log['warn']): KnownAlert[] {
  const queries = openQueries(directory, warn);
  if (queries === null) return [];
  try {
    const alerts = queries.alerts(true).map((shown) => {
      const { rule, device, metric, state } = alertOfJson(shown);
      return { key: alertKey({ rule, device, metric }), rule, state };
    });
    return alerts.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  } finally {
    queries.close();
  }
}

function targetOfRow(files: JournalFiles, asked: number, alerts: readonly KnownAlert[]): Target {
  let seq = asked;
  for (let step = 0; step < stepsMax; step++) {
    const row = findEntry(files, seq);
    if (row === null) break;
    const lead = leadOf(row);
    switch (lead.kind) {
      case 'target':
        return lead.target;
      case 'row':
        seq = lead.seq;
        break;
      case 'alert': {
        const last = findEntryUpTo(files, 'alert', seq, lead.key);
        return { key: lead.key, id: last === null ? null : rowWith<AlertBody>(last).body.shown.id };
      }
      case 'none':
        throw new LimenError('not_found', `${lead.reason}${whatToType(alerts)}`);
    }
  }
  throw new LimenError(
    'not_found',
    `Row ${asked} is no event of an alert, no command and no notification${whatToType(alerts)}`,
  );
}

function gather(files: JournalFiles, occurrence: Occurrence): JournalRow[] {
  const sieve = createChainSieve(occurrence);
  const others: JournalRow[] = [];
  eachEntryAfter(files, (occurrence.seqs[0] ?? 1) - 1, chainKinds, (row) => {
    if (sieve.isComplete(row.seq)) return 'stop';
    if (sieve.takes(row)) others.push(row);
    return undefined;
  });
  return others;
}

/** The rule in the config that was in force when it began, and in each that came meanwhile. */
function rulesInForce(
  files: JournalFiles,
  first: RowWith<AlertBody>,
  others: readonly JournalRow[],
): WhyRule[] {
  const before = findEntryUpTo(files, 'config', first.body.config ?? first.seq);
  const configs = [before, ...others.filter(({ kind }) => kind === 'config')];
  const { rule } = first.body.shown;
  // Each start takes the config again, as a rule the same one.
  const texts = new Map<string, ReturnType<typeof findRuleText>>();
  return configs.flatMap((row) => {
    if (row === null) return [];
    const { hash, text } = rowWith<{ readonly hash: string; readonly text: string }>(row).body;
    const found = texts.has(hash) ? texts.get(hash) : findRuleText(text, rule);
    texts.set(hash, found ?? null);
    const { seq, atMs: at } = row;
    return [{ seq, at, hash, line: found?.line ?? null, text: found?.text ?? null }];
  });
}
