import { limits } from '../domain/limits.ts';
import { historyOnlyFlag, lateFlag, qualityCodes } from '../domain/reading.ts';
import type { RecentQuery, RecentReadings } from '../domain/store.ts';
import { eachDayAfter, readMeta, type Unreadable } from './history.ts';

/**
 * The stored readings of some points since a time of each, the oldest first; only those a rule has judged by their value.
 * Of a long history the newest `limits.recentRowsMax` numbers are looked at: a start must not take longer by it.
 */
export function readRecent(
  directory: string,
  lastSeq: number,
  { since }: RecentQuery,
  unreadable: Unreadable,
): RecentReadings {
  const froms = new Map<number, number>(since);
  const points: number[] = [];
  const engineMs: number[] = [];
  const values: number[] = [];
  const lateAtMs: number[] = [];
  const news: number[] = [];
  const afterSeq = lastSeq - limits.recentRowsMax;
  eachDayAfter(directory, afterSeq, unreadable, (db) => {
    const baseMs = Number(readMeta(db, 'base_ms'));
    const rows = db
      .prepare(
        `SELECT point, at - lag, value, quality, at FROM reading
         WHERE seq > ? AND point > 0 AND quality & 15 <= ${qualityCodes.suspect} AND value IS NOT NULL
         AND quality & ${historyOnlyFlag + lateFlag} <> ${historyOnlyFlag}
         ORDER BY seq`,
      )
      .raw()
      .iterate(afterSeq) as Iterable<[number, number, number, number, number]>;
    for (const [point, at, value, quality, ownAt] of rows) {
      const from = froms.get(point);
      if (from === undefined || at + baseMs < from) continue;
      const isLate = (quality & lateFlag) !== 0;
      lateAtMs.push(isLate ? ownAt + baseMs : NaN);
      news.push(quality & historyOnlyFlag ? 0 : 1);
      points.push(point);
      engineMs.push(at + baseMs);
      values.push(value);
    }
  });
  return {
    points: Uint32Array.from(points),
    engineMs: Float64Array.from(engineMs),
    values: Float64Array.from(values),
    lateAtMs: Float64Array.from(lateAtMs),
    news: Uint8Array.from(news),
  };
}
