import type { Engine } from '../domain/engine.ts';
import type { Point, PointIndex } from '../domain/point.ts';
import { everyVariant, type Rule } from '../domain/rule.ts';
import type { RecentQuery, RecentReadings } from '../domain/store.ts';
import type { DurationMs, EngineMs, WallMs } from '../domain/time.ts';

/**
 * Which stored readings the windows of the rules need at a start: those of the last span, and twice as far back, because
 * the reading before a window covers its beginning. null: there are no windows.
 */
export function gatherQuery(
  rules: readonly Rule[],
  points: readonly Point[],
  now: EngineMs,
): RecentQuery | null {
  const spans = new Map<PointIndex, DurationMs>();
  for (const rule of rules) {
    const spanMs = Math.max(...everyVariant(rule).map(spanOf));
    if (spanMs === 0) continue;
    for (const { index, device, metric } of points) {
      if (!rule.points.some((pattern) => pattern.matches(device, metric))) continue;
      spans.set(index, Math.max(spans.get(index) ?? 0, spanMs));
    }
  }
  if (spans.size === 0) return null;
  return { since: [...spans].map(([index, spanMs]) => [index, now - 2 * spanMs] as const) };
}

/** Fills the windows with what was read before the start. */
export function gather(engine: Pick<Engine, 'gather'>, readings: RecentReadings): void {
  for (const [row, index] of readings.points.entries()) {
    const at = readings.engineMs[row];
    const value = readings.values[row];
    if (at === undefined || value === undefined) continue;
    const lateAtMs = readings.lateAtMs[row] ?? NaN;
    if (Number.isNaN(lateAtMs)) engine.gather(at as EngineMs, index as PointIndex, value);
    else {
      const late = { atMs: lateAtMs as WallMs, isNews: readings.news[row] === 1 };
      engine.gather(at as EngineMs, index as PointIndex, value, late);
    }
  }
}

function spanOf({ window, levels }: Rule): DurationMs {
  const times = levels.map(({ comparator }) =>
    comparator.kind === 'stuck_for' ? comparator.forMs : 0,
  );
  return Math.max(window?.spanMs ?? 0, ...times);
}
