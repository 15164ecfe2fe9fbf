import { alertOfJson, type AlertEvent } from '../domain/alert.ts';
import type { Compared, EngineSnapshot, LearnedInterval, PointMemory } from '../domain/engine.ts';
import type { RowKind } from '../domain/journal.ts';
import { convertStored, pointName, type Point } from '../domain/point.ts';
import { qualityCodes, type Seq } from '../domain/reading.ts';
import type { Recovery } from '../domain/store.ts';
import type { TrustedMoment } from '../domain/time.ts';
import type { Evidence } from './evidence.ts';
import type { HabitRow } from './habits.ts';

/** The body of a journal row of kind `alert`. */
export interface AlertRow extends Omit<AlertEvent, 'alert'> {
  /** Notifiers that are to tell somebody. */
  readonly notify: readonly string[];
  /** The alert as `alertJson` shows it. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** The numbers compared, as the rule was then; null: the alert had no rule or no point any more. */
  readonly compared: Compared | null;
  /** The config in force: the number of its row. */
  readonly config: Seq;
  /** Raw bytes and topic of the reading that decided it: the last of `cause`. */
  readonly evidence: Evidence | null;
}

/**
 * What is kept of the points. A point whose unit changed just before the end may have nothing under its new index yet:
 * it goes on with what its former one had.
 */
export function pointMemories({
  points,
  pointMemories: stored,
}: Pick<Recovery, 'points' | 'pointMemories'>): PointMemory[] {
  const byIndex = new Map(stored.map((memory) => [memory.index, memory]));
  const formers = new Map<string, Point>();
  for (const point of points) {
    const name = `${point.device}\u0000${point.metric}`;
    const former = formers.get(name);
    formers.set(name, point);
    const memory = former === undefined ? undefined : byIndex.get(former.index);
    if (former === undefined || memory === undefined) continue;
    if (!byIndex.has(point.index)) byIndex.set(point.index, memoryIn(memory, former, point));
    byIndex.delete(former.index);
  }
  return [...byIndex.values()];
}

function memoryIn(memory: PointMemory, former: Point, { index, unit }: Point): PointMemory {
  const value = memory.value === null ? NaN : convertStored(memory.value, former, unit);
  if (!Number.isNaN(value)) return { ...memory, index, value };
  const isUsable = memory.quality <= qualityCodes.suspect;
  const quality = isUsable ? qualityCodes.stale : memory.quality;
  return { ...memory, index, value: null, quality };
}

/** The engine as the last run left it. Test alerts of a drill end with the run. */
export function engineSnapshot(
  recovery: Pick<Recovery, 'points' | 'pointMemories' | 'projections'>,
  wallOffsetMs: number,
): EngineSnapshot {
  return {
    wallOffsetMs,
    points: pointMemories(recovery),
    learned: learnedIntervals(recovery),
    // Of connections each start learns anew.
    sources: [],
    alerts: recovery.projections.flatMap(({ kind, body }) => {
      if (kind !== 'alert') return [];
      // a row that Limen wrote
      const row = body as AlertRow;
      return row.drill ? [] : [{ alert: alertOfJson(row.shown), memory: row.memory }];
    }),
  };
}

// By the name: a point may have gone on under another index since.
function learnedIntervals(recovery: Pick<Recovery, 'points' | 'projections'>): LearnedInterval[] {
  const rows = lastRows(recovery, 'learned');
  const newest = new Map(recovery.points.map((point) => [pointName(point), point.index]));
  return [...newest].flatMap(([name, point]) => {
    // a row that Limen wrote
    const row = rows.get(name) as HabitRow | undefined;
    if (row === undefined) return [];
    return [{ point, staleAfterMs: row.stale_after_ms, via: row.via }];
  });
}

/** When the clock was last trusted, if it was not at the last commit: rows of the clock and of starts say it. */
export function lastTrustedBefore({
  projections,
}: Pick<Recovery, 'projections'>): TrustedMoment | null {
  const told = projections.filter(({ kind }) => kind === 'started' || kind === 'clock');
  const [newest] = told.toSorted((a, b) => b.seq - a.seq);
  // a row that Limen wrote; an earlier version did not say
  return (newest?.body as { readonly lastTrusted?: TrustedMoment | null })?.lastTrusted ?? null;
}

/** The last row of each key of one kind. */
export function lastRows(
  recovery: Pick<Recovery, 'projections'>,
  kind: RowKind,
): Map<string, unknown> {
  return new Map(
    recovery.projections.filter((row) => row.kind === kind).map((row) => [row.key, row.body]),
  );
}
