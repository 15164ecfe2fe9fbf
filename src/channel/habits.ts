import { limits } from '../domain/limits.ts';
import type { DurationMs, EngineMs } from '../domain/time.ts';
import { GapHistory } from './gaps.ts';

/** How a point reports, as far as it shows: gathered with each arrival, kept over restarts. */
export interface Habit {
  readonly gaps: GapHistory;
  /** The client or broker that brings the readings, as the engine was told; null: not known. */
  via: string | null;
  /** What brought the last ones, and how many in a row. */
  lastVia: string | null;
  lastViaCount: number;
  /** What the engine was told; null: nothing yet. */
  staleAfterMs: DurationMs | null;
  /** A silence that was longer than that: counted only if it is not the only one. */
  outlierMs: DurationMs | null;
  gapsSinceOutlier: number;
  /** Engine time of the last look at what the gaps say, and of the last row. */
  judgedAt: number;
  storedAt: number;
}

/** What of a habit is stored with the input that tells the engine. */
export interface HabitRow {
  readonly stale_after_ms: DurationMs | null;
  readonly via: string | null;
  readonly gaps: string;
}

/** A habit that goes on from what was stored; null: nothing was. */
export function createHabit(stored: HabitRow | null): Habit {
  return {
    gaps: stored === null ? new GapHistory() : GapHistory.decode(stored.gaps),
    via: stored?.via ?? null,
    lastVia: null,
    lastViaCount: 0,
    staleAfterMs: stored?.stale_after_ms ?? null,
    outlierMs: null,
    gapsSinceOutlier: 0,
    judgedAt: NaN,
    storedAt: NaN,
  };
}

/**
 * Readings within a second of the first are one arrival: a message that is sent three times, or a burst, must not hide
 * the pauses.
 */
export const arrivalMs = 1_000;

/** Notes the gap before an arrival; true: the engine is to be told, or the gaps to be stored. */
export function noteGap(habit: Habit, gapMs: DurationMs, at: EngineMs): boolean {
  if (Number.isNaN(habit.judgedAt)) {
    habit.judgedAt = at;
    habit.storedAt = at;
  }
  count(habit, gapMs);
  if (at - habit.judgedAt < limits.learnLookMs) return false;
  habit.judgedAt = at;
  const staleAfterMs = habit.gaps.staleAfterMs();
  if (isNews(habit.staleAfterMs, staleAfterMs)) {
    habit.staleAfterMs = staleAfterMs;
    return true;
  }
  return at - habit.storedAt >= limits.habitStoredMs;
}

/**
 * Notes what brought an arrival; true: the engine is to be told. It takes some in a row: a script that publishes under a
 * new name each time is no source, and neither is the one of two gateways that was faster this time.
 */
export function noteVia(habit: Habit, via: string | null): boolean {
  if (via === null || via === habit.via) {
    habit.lastViaCount = 0;
    return false;
  }
  habit.lastViaCount = via === habit.lastVia ? habit.lastViaCount + 1 : 1;
  habit.lastVia = via;
  if (habit.lastViaCount < limits.sourceArrivals) return false;
  habit.via = via;
  return true;
}

/** The body of the row that tells of a habit. */
export function habitRow(habit: Habit, at: EngineMs): HabitRow {
  habit.storedAt = at;
  return { stale_after_ms: habit.staleAfterMs, via: habit.via, gaps: habit.gaps.encode() };
}

// A sensor that was dead for days has shown nothing of its habits; one that is late again and again has new ones.
function count(habit: Habit, gapMs: DurationMs): void {
  const { staleAfterMs, outlierMs } = habit;
  if (staleAfterMs === null || gapMs <= staleAfterMs) {
    habit.gaps.add(gapMs);
    habit.gapsSinceOutlier += 1;
    if (habit.gapsSinceOutlier > limits.learnGapsMin) habit.outlierMs = null;
  } else if (outlierMs === null) {
    habit.outlierMs = gapMs;
    habit.gapsSinceOutlier = 0;
  } else {
    habit.gaps.add(outlierMs);
    habit.gaps.add(gapMs);
    habit.outlierMs = null;
  }
}

// A row for each change of a per cent would tell nobody anything.
function isNews(told: DurationMs | null, found: DurationMs | null): boolean {
  if (found === null) return false;
  return told === null || Math.abs(found / told - 1) > limits.learnChangeMin;
}
