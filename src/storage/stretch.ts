import type { JournalRow, RowKind } from '../domain/journal.ts';
import type { Point } from '../domain/point.ts';
import { historyOnlyFlag, lateFlag, qualityOf } from '../domain/reading.ts';
import type { Db } from './database.ts';
import { eachDay, listDays, readMeta, readPoints } from './history.ts';
import { rowOf, type JournalFiles, type StoredEntry } from './journal-rows.ts';
import { findStamp, lastStamp, type Stamp } from './replay.ts';

// A stretch of the journal around a moment, of a few points only.

/** A stored reading as the engine took it. */
export interface StretchReading {
  readonly seq: number;
  /** When it arrived, by engine time. */
  readonly engineMs: number;
  readonly atMs: number;
  /** Index of the point. */
  readonly point: number;
  readonly value: number | null;
  /** The stored code, with the flag of a reading that is history only. */
  readonly quality: number;
}

/** A message of the past, delivered as retained: shown as last value, never judged. */
export function isRetained(quality: number): boolean {
  return (quality & historyOnlyFlag) !== 0 && (quality & lateFlag) === 0;
}

/** Whether there is a value that can be judged. */
export function isUsable({ quality, value }: StretchReading): boolean {
  const known = qualityOf(quality);
  return value !== null && (known === 'good' || known === 'suspect') && !isRetained(quality);
}

/** What of a stretch is wanted: numbers from and up to, both included. */
export interface StretchQuery {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Indexes of the points. */
  readonly points: ReadonlySet<number>;
}

/** The last commit before a wall time; null: the history begins later. */
export function commitBefore(files: JournalFiles, wallMs: number): Stamp | null {
  return firstFound(files, listDays(files.directory).toReversed(), (db) => lastStamp(db, wallMs));
}

/** The first commit at or after a wall time; null: there is none. */
export function commitFrom(files: JournalFiles, wallMs: number): Stamp | null {
  const days = listDays(files.directory);
  // A file of the day before may hold it: rows are told apart by their group, not by midnight.
  const first = days.findLastIndex(({ dayMs }) => dayMs <= wallMs);
  return firstFound(files, days.slice(Math.max(0, first - 1)), (db) => findStamp(db, wallMs));
}

/** Every point there is, by index; a name stands for as many as it had units. */
export function everyPoint(files: JournalFiles): Point[] {
  let points: Point[] = [];
  eachDay(listDays(files.directory).toReversed(), files.unreadable, (db) => {
    points = readPoints(db);
    return 'stop';
  });
  return points;
}

/** Rows of some kinds, and of one key if one is given, in order. */
export function entriesBetween(
  files: JournalFiles,
  { fromSeq, toSeq }: Pick<StretchQuery, 'fromSeq' | 'toSeq'>,
  kinds: readonly RowKind[],
  key: string | null = null,
): JournalRow[] {
  const marks = kinds.map(() => '?').join(', ');
  const found: JournalRow[] = [];
  eachDayWithin(files, fromSeq, toSeq, (db) => {
    const rows = db
      .prepare(
        `SELECT seq, at, lag, kind, key, body FROM entry
         WHERE seq BETWEEN ? AND ? AND kind IN (${marks}) AND key = ifnull(?, key) ORDER BY seq`,
      )
      .all(fromSeq, toSeq, ...kinds, key) as StoredEntry[];
    const baseMs = Number(readMeta(db, 'base_ms'));
    for (const row of rows) found.push(rowOf(row, baseMs));
  });
  return found;
}

/** The last readings of some points up to a number, at most so many, in order; true if there are more. */
export function readingsBetween(
  files: JournalFiles,
  query: StretchQuery,
  rowsMax: number,
): { readonly readings: StretchReading[]; readonly isCut: boolean } {
  const found: StretchReading[] = [];
  eachReadingBack(files, query, (reading) => {
    found.push(reading);
    return found.length > rowsMax ? 'stop' : undefined;
  });
  return { readings: found.slice(0, rowsMax).toReversed(), isCut: found.length > rowsMax };
}

/** Readings of some points, the newest first; `use` may end it with `stop`. */
export function eachReadingBack(
  files: JournalFiles,
  { fromSeq, toSeq, points }: StretchQuery,
  use: (reading: StretchReading) => 'stop' | void,
): void {
  const marks = [...points].join(', ');
  eachDay(listDays(files.directory).toReversed(), files.unreadable, (db) => {
    const [first, last] = edges(db);
    if (first > toSeq) return undefined;
    if (last < fromSeq && last > -Infinity) return 'stop';
    const baseMs = Number(readMeta(db, 'base_ms'));
    const rows = db
      .prepare(
        `SELECT seq, at, lag, point, value, quality FROM reading
         WHERE seq BETWEEN ? AND ? AND point IN (${marks}) ORDER BY seq DESC`,
      )
      .raw()
      .iterate(fromSeq, toSeq) as Iterable<[number, number, number, number, number | null, number]>;
    for (const [seq, at, lag, point, value, quality] of rows) {
      const atMs = at + baseMs;
      const reading = { seq, engineMs: atMs - lag, atMs, point, value, quality };
      if (use(reading) === 'stop') return 'stop';
    }
    return undefined;
  });
}

function firstFound(
  { unreadable }: JournalFiles,
  days: ReturnType<typeof listDays>,
  find: (db: Db) => Stamp | null,
): Stamp | null {
  let found: Stamp | null = null;
  eachDay(days, unreadable, (db) => {
    found = find(db);
    return found === null ? undefined : 'stop';
  });
  return found;
}

function eachDayWithin(
  { directory, unreadable }: JournalFiles,
  fromSeq: number,
  toSeq: number,
  use: (db: Db) => void,
): void {
  eachDay(listDays(directory), unreadable, (db) => {
    const [first, last] = edges(db);
    if (first > toSeq) return 'stop';
    if (last >= fromSeq) use(db);
    return undefined;
  });
}

// Each group ends with a row of the readings: nothing lies behind its last number.
function edges(db: Db): readonly [first: number, last: number] {
  const edge = (table: string, which: string): number | null =>
    db.prepare(`SELECT ${which}(seq) FROM ${table}`).pluck().get() as number | null;
  const first = Math.min(edge('reading', 'min') ?? Infinity, edge('entry', 'min') ?? Infinity);
  return [first, edge('reading', 'max') ?? -Infinity];
}
