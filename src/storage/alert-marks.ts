import type { AlertState, Condition } from '../domain/alert.ts';
import type { AlertMark, ReportRange } from '../domain/hygiene.ts';
import type { Severity } from '../domain/rule.ts';
import type { Db } from './database.ts';
import { eachDay, listDays, readMeta } from './history.ts';
import type { JournalFiles } from './journal-rows.ts';

const dayMs = 86_400_000;

interface MarkRow {
  readonly at: number;
  readonly key: string;
  readonly id: string;
  readonly kind: string;
  readonly origin: AlertState;
  readonly target: AlertState;
  readonly reason: string;
  readonly condition: Condition;
  readonly severity: Severity;
  readonly breached_at: number | null;
  readonly raised_at: number | null;
  readonly acknowledged_at: number | null;
  readonly is_quiet: number;
  readonly is_shelved: number;
  readonly drill: number;
}

/** The alert events of a time in order of seq, one at a time: nothing but the present one is in memory. */
export function eachAlertMark(
  { directory, unreadable }: JournalFiles,
  { fromMs, toMs }: ReportRange,
  use: (mark: AlertMark) => void,
): void {
  // A file may go on beyond its day where the clock was set back, never begin before the one in front of it.
  const days = listDays(directory).filter(({ dayMs: startMs }) => startMs - dayMs < toMs);
  eachDay(days, unreadable, (db) => {
    for (const mark of marksOf(db, { fromMs, toMs })) use(mark);
  });
}

/** When the history that is stored begins; null: there is none. */
export function historyBegan({ directory, unreadable }: JournalFiles): number | null {
  let began: number | null = null;
  eachDay(listDays(directory), unreadable, (db) => {
    const first = db.prepare('SELECT at FROM entry ORDER BY seq LIMIT 1').pluck().get();
    if (typeof first !== 'number') return undefined;
    began = first + Number(readMeta(db, 'base_ms'));
    return 'stop';
  });
  return began;
}

function* marksOf(db: Db, { fromMs, toMs }: ReportRange): Generator<AlertMark> {
  const baseMs = Number(readMeta(db, 'base_ms'));
  const rows = db
    .prepare(
      `SELECT at, key, json_extract(body, '$.shown.id') AS id, json_extract(body, '$.kind') AS kind,
         json_extract(body, '$.from') AS origin, json_extract(body, '$.to') AS target,
         json_extract(body, '$.reason') AS reason, json_extract(body, '$.shown.condition') AS condition,
         json_extract(body, '$.shown.severity') AS severity,
         json_extract(body, '$.shown.breached_at') AS breached_at,
         json_extract(body, '$.shown.raised_at') AS raised_at,
         json_extract(body, '$.shown.acknowledged_at') AS acknowledged_at,
         json_extract(body, '$.shown.shelved_until') IS NOT NULL
           OR json_extract(body, '$.shown.suppressed_by') IS NOT NULL
           OR json_extract(body, '$.shown.out_of_service') = 1 AS is_quiet,
         json_extract(body, '$.shown.shelved_until') IS NOT NULL AS is_shelved,
         json_extract(body, '$.drill') AS drill
       FROM entry WHERE kind = 'alert' AND at >= ? AND at < ? ORDER BY seq`,
    )
    .iterate(fromMs - baseMs, toMs - baseMs) as Iterable<MarkRow>;
  for (const row of rows) {
    yield {
      atMs: row.at + baseMs,
      key: row.key,
      id: row.id,
      kind: row.kind,
      from: row.origin,
      to: row.target,
      reason: row.reason,
      condition: row.condition,
      severity: row.severity,
      breachedAt: row.breached_at,
      raisedAt: row.raised_at,
      acknowledgedAt: row.acknowledged_at,
      isQuiet: row.is_quiet === 1,
      isShelved: row.is_shelved === 1,
      drill: row.drill === 1,
    };
  }
}
