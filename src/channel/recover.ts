import { alertOfJson, type AlertEvent } from '../domain/alert.ts';
import type { EngineSnapshot } from '../domain/engine.ts';
import type { RowKind } from '../domain/journal.ts';
import type { Recovery } from '../domain/store.ts';
import type { Evidence } from './intake.ts';

/** The body of a journal row of kind `alert`. */
export interface AlertRow extends Omit<AlertEvent, 'alert'> {
  /** Notifiers that are to tell somebody. */
  readonly notify: readonly string[];
  /** The alert as `alertJson` shows it. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** Raw bytes and topic of the reading that caused it. */
  readonly evidence: Evidence | null;
}

/** The engine as the last run left it. Test alerts of a drill end with the run. */
export function engineSnapshot(recovery: Recovery, wallOffsetMs: number): EngineSnapshot {
  return {
    wallOffsetMs,
    points: recovery.pointMemories,
    alerts: recovery.projections.flatMap(({ kind, body }) => {
      if (kind !== 'alert') return [];
      // a row that Limen wrote
      const row = body as AlertRow;
      return row.drill ? [] : [{ alert: alertOfJson(row.shown), memory: row.memory }];
    }),
  };
}

/** The last row of each key of one kind. */
export function lastRows(recovery: Recovery, kind: RowKind): Map<string, unknown> {
  return new Map(
    recovery.projections.filter((row) => row.kind === kind).map((row) => [row.key, row.body]),
  );
}
