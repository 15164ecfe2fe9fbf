import type { JournalRow, RowKind } from '../../../src/domain/journal.ts';
import type { Seq } from '../../../src/domain/reading.ts';
import type { EngineMs, WallMs } from '../../../src/domain/time.ts';
import { rowWith, type AlertBody, type RowWith } from '../../../src/rules/explain/explain-rows.ts';

export const key = 'hot/oven/heat';
export const wall = Date.UTC(2026, 10, 23, 12);

/** A journal row at so many milliseconds. */
export function row(
  seq: number,
  kind: RowKind,
  about: string,
  body: unknown,
  at = seq,
): JournalRow {
  return {
    seq: seq as Seq,
    atMs: (wall + at) as WallMs,
    engineMs: at as EngineMs,
    kind,
    key: about,
    body,
  };
}

/** What of an alert row a test says; the rest is usual. */
export interface EventParts extends Partial<Omit<AlertBody, 'shown'>> {
  readonly n?: number;
  readonly shown?: Partial<AlertBody['shown']>;
}

/** The row of an event of the alert. */
export function eventRow(seq: number, parts: EventParts, at = seq): RowWith<AlertBody> {
  const { n = 1, shown, ...body } = parts;
  const full: AlertBody = {
    kind: 'transition',
    from: 'normal',
    to: 'active',
    reason: 'breached',
    cause: [seq - 1],
    drill: false,
    notify: [],
    evidence: null,
    ...body,
    shown: {
      id: `${key}/${n}`,
      rule: 'hot',
      device: 'oven',
      metric: 'heat',
      state: body.to ?? 'active',
      condition: 'breached',
      severity: 'warning',
      severity_max: 'warning',
      value: 120,
      unit: '°C',
      limit: 100,
      worst: 120,
      message: 'the oven is hot',
      breached_at: wall + seq - 1,
      raised_at: wall + seq,
      due_at: null,
      raises: 1,
      ...shown,
    },
  };
  return rowWith<AlertBody>(row(seq, 'alert', key, full, at));
}

/** The row of a command. */
export function outputRow(
  seq: number,
  fields: Readonly<Record<string, unknown>>,
  at = seq,
): JournalRow {
  const usual = { commanded: 'on', owner: key, reason: 'claim', cause: [] };
  return row(seq, 'output', 'siren', { ...usual, ...fields }, at);
}
