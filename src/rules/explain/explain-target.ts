import { LimenError } from '../../domain/error.ts';
import type { JournalRow } from '../../domain/journal.ts';
import { shellWord } from '../../domain/shell-word.ts';
import {
  rowWith,
  type ActBody,
  type AlertBody,
  type AnswerBody,
  type NotificationBody,
  type OutputBody,
} from './explain-rows.ts';

/** An alert there is or was, as the person who asks may name it. */
export interface KnownAlert {
  readonly key: string;
  readonly rule: string;
  readonly state: string;
}

/** Which occurrence is asked for; `id` null: the present or last one. */
export interface Target {
  readonly key: string;
  readonly id: string | null;
}

/**
 * Reads what a person typed: an alert, an id, or what stands for one alert only: its rule, a beginning. Throws `not_found`
 * or, if it fits several, `invalid`, with what to type.
 */
export function findTarget(wanted: string, alerts: readonly KnownAlert[]): Target {
  if (alerts.some(({ key }) => key === wanted)) return { key: wanted, id: null };
  const key = /^(.*)\/\d+$/.exec(wanted)?.[1];
  if (key !== undefined && alerts.some((alert) => alert.key === key)) return { key, id: wanted };

  const ofRule = alerts.filter(({ rule }) => rule === wanted);
  const fitting =
    ofRule.length > 0 ? ofRule : alerts.filter((alert) => alert.key.startsWith(wanted));
  const open = fitting.filter(({ state }) => state !== 'normal');
  const [first, ...others] = open.length > 0 ? open : fitting;
  if (first === undefined) {
    throw new LimenError('not_found', `No alert "${wanted}" ever rang${whatToType(alerts)}`);
  }
  if (others.length === 0) return { key: first.key, id: null };
  const names = [first, ...others].map((alert) => `\n  limen why ${shellWord(alert.key)}`);
  throw new LimenError('invalid', `"${wanted}" fits several alerts:${names.join('')}`);
}

/** What to type instead. */
export function whatToType(alerts: readonly KnownAlert[]): string {
  if (alerts.length === 0) return '; nothing has rung yet';
  const open = alerts.filter(({ state }) => state !== 'normal');
  const some = (open.length > 0 ? open : alerts).slice(0, 10);
  return `; try:${some.map(({ key }) => `\n  limen why ${shellWord(key)}`).join('')}`;
}

/** Where to go on from a row: the occurrence, another row, or the alert that owned an output at that time. */
export type Lead =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'row'; readonly seq: number }
  | { readonly kind: 'alert'; readonly key: string }
  | { readonly kind: 'none'; readonly reason: string };

/** One step from a row towards the occurrence it belongs to. */
export function leadOf(row: JournalRow): Lead {
  switch (row.kind) {
    case 'alert': {
      const { shown } = rowWith<AlertBody>(row).body;
      return { kind: 'target', target: { key: row.key, id: shown.id } };
    }
    case 'output': {
      const { cause, owner, reason } = rowWith<OutputBody>(row).body;
      const seq = cause.at(-1);
      if (seq !== undefined) return { kind: 'row', seq };
      if (owner !== null) return { kind: 'alert', key: owner };
      return none(row, `the output ${row.key} was sent safe (${reason}), for no alert`);
    }
    case 'notification':
      return { kind: 'row', seq: rowWith<NotificationBody>(row).body.event_seq };
    case 'act': {
      const { id } = rowWith<ActBody>(row).body;
      return id === null
        ? { kind: 'alert', key: row.key }
        : { kind: 'target', target: { key: row.key, id } };
    }
    case 'answer':
      return { kind: 'row', seq: rowWith<AnswerBody>(row).body.seq };
    default:
      return none(row, `it is of kind ${row.kind}`);
  }
}

function none({ seq }: JournalRow, reason: string): Lead {
  return { kind: 'none', reason: `Row ${seq} is of no alert: ${reason}` };
}
