import type { JournalRow, RowKind } from '../domain/journal.ts';
import { displayValue, type Point } from '../domain/point.ts';
import { qualityOf, type Seq } from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import type { StoredReading } from '../domain/why.ts';
import type { Db } from './database.ts';
import {
  eachDay,
  eachDayAfter,
  listDays,
  readMeta,
  readPoints,
  type Unreadable,
} from './history.ts';

const entryColumns = 'seq, at, lag, kind, key, body';

/** The journal on disk, and what to do about a file of it that cannot be read. */
export interface JournalFiles {
  readonly directory: string;
  readonly unreadable: Unreadable;
}

/** The events of one occurrence, by their numbers. */
export interface OccurrenceSeqs {
  readonly id: string;
  /** In order. */
  readonly seqs: readonly number[];
}

/** A row of the table `entry`. */
export interface StoredEntry {
  readonly seq: number;
  readonly at: number;
  readonly lag: number;
  readonly kind: RowKind;
  readonly key: string;
  readonly body: string;
}

/** The row of a number that is not a reading; null if there is none. */
export function findEntry(files: JournalFiles, seq: number): JournalRow | null {
  return lastEntry(files, 'seq = @seq', { seq });
}

/** The last row of a kind up to a number, of one key or of any. */
export function findEntryUpTo(
  files: JournalFiles,
  kind: RowKind,
  seq: number,
  key: string | null = null,
): JournalRow | null {
  const where = `seq <= @seq AND kind = @kind${key === null ? '' : ' AND key = @key'}`;
  return lastEntry(files, where, key === null ? { seq, kind } : { seq, kind, key });
}

/** Rows of some kinds beyond a number, in order; `use` may end it with `stop`. */
export function eachEntryAfter(
  { directory, unreadable }: JournalFiles,
  afterSeq: number,
  kinds: readonly RowKind[],
  use: (row: JournalRow) => 'stop' | void,
): void {
  const marks = kinds.map(() => '?').join(', ');
  eachDayAfter(directory, afterSeq, unreadable, (db) => {
    const baseMs = baseOf(db);
    const rows = db
      .prepare(
        `SELECT ${entryColumns} FROM entry WHERE seq > ? AND kind IN (${marks}) ORDER BY seq`,
      )
      .iterate(afterSeq, ...kinds) as Iterable<StoredEntry>;
    for (const row of rows) if (use(rowOf(row, baseMs)) === 'stop') return 'stop';
    return undefined;
  });
}

/**
 * The events of an occurrence of an alert, `id` null: of the last one. Read from the newest backwards, and no further than
 * to its beginning. What people are told of it afterwards (it no longer chatters) belongs to it; that an alert which goes
 * on being normal is judged anew by a changed rule is part of none.
 */
export function findOccurrence(
  { directory, unreadable }: JournalFiles,
  key: string,
  id: string | null,
): OccurrenceSeqs | null {
  const seqs: number[] = [];
  let wanted = id;
  eachDay(listDays(directory).toReversed(), unreadable, (db) => {
    const rows = db
      .prepare(
        `SELECT seq, json_extract(body, '$.shown.id') AS id, json_extract(body, '$.to') AS state,
           json_extract(body, '$.from') AS origin
         FROM entry WHERE kind = 'alert' AND key = ? AND NOT
           (origin = 'normal' AND state = 'normal' AND json_extract(body, '$.kind') <> 'notice')
         ORDER BY seq DESC`,
      )
      .iterate(key) as Iterable<{ seq: number; id: string; state: string; origin: string }>;
    for (const row of rows) {
      wanted ??= row.id;
      if (row.id === wanted) seqs.push(row.seq);
      const isBegun = row.id === wanted && row.origin === 'normal' && row.state !== 'normal';
      if (isBegun || countOf(row.id) < countOf(wanted)) return 'stop';
    }
    return undefined;
  });
  return wanted === null || seqs.length === 0 ? null : { id: wanted, seqs: seqs.toReversed() };
}

/** The rows of some numbers, in order. */
export function entriesOf(files: JournalFiles, seqs: readonly number[]): JournalRow[] {
  return collect(files, seqs, (db, wanted) => {
    const baseMs = baseOf(db);
    const find = db.prepare(`SELECT ${entryColumns} FROM entry WHERE seq = ?`);
    return wanted.flatMap((seq) => {
      const row = find.get(seq) as StoredEntry | undefined;
      return row === undefined ? [] : [rowOf(row, baseMs)];
    });
  });
}

/** The readings of some numbers, in order; numbers that are no reading are left out. */
export function readingsOf(files: JournalFiles, seqs: readonly number[]): StoredReading[] {
  return collect(files, seqs, (db, wanted) => {
    const baseMs = baseOf(db);
    const points = new Map<number, Point>(readPoints(db).map((point) => [point.index, point]));
    const find = db.prepare(
      'SELECT seq, point, at, value, quality, lag, raw FROM reading WHERE seq = ? AND point > 0',
    );
    return wanted.flatMap((seq) => {
      const row = find.get(seq) as ReadingRow | undefined;
      const point = row === undefined ? undefined : points.get(row.point);
      return row === undefined || point === undefined ? [] : [readingOf(row, point, baseMs)];
    });
  });
}

interface ReadingRow {
  readonly seq: number;
  readonly point: number;
  readonly at: number;
  readonly value: number | null;
  readonly quality: number;
  readonly lag: number;
  readonly raw: number | null;
}

function readingOf(row: ReadingRow, point: Point, baseMs: number): StoredReading {
  const { seq, at, value, quality, lag, raw } = row;
  return {
    seq,
    atMs: at + baseMs,
    engineMs: at + baseMs - lag,
    device: point.device,
    metric: point.metric,
    value: value === null ? null : displayValue(point, value),
    raw,
    unit: point.unit,
    quality: qualityOf(quality),
  };
}

function lastEntry(
  { directory, unreadable }: JournalFiles,
  where: string,
  params: Readonly<Record<string, number | string>>,
): JournalRow | null {
  let found: JournalRow | null = null;
  eachDay(listDays(directory).toReversed(), unreadable, (db) => {
    const row = db
      .prepare(`SELECT ${entryColumns} FROM entry WHERE ${where} ORDER BY seq DESC LIMIT 1`)
      .get(params) as StoredEntry | undefined;
    if (row === undefined) return undefined;
    found = rowOf(row, baseOf(db));
    return 'stop';
  });
  return found;
}

function collect<T>(
  { directory, unreadable }: JournalFiles,
  seqs: readonly number[],
  find: (db: Db, seqs: readonly number[]) => T[],
): T[] {
  const ordered = [...new Set(seqs)].sort((a, b) => a - b);
  const first = ordered[0];
  const found: T[] = [];
  if (first === undefined) return found;
  eachDayAfter(directory, first - 1, unreadable, (db) => {
    found.push(...find(db, ordered));
  });
  return found;
}

function baseOf(db: Db): number {
  return Number(readMeta(db, 'base_ms'));
}

/** A stored row with its times put together. */
export function rowOf({ seq, at, lag, kind, key, body }: StoredEntry, baseMs: number): JournalRow {
  const atMs = at + baseMs;
  return {
    seq: seq as Seq,
    atMs: atMs as WallMs,
    engineMs: (atMs - lag) as EngineMs,
    kind,
    key,
    body: JSON.parse(body) as unknown,
  };
}

/** The n of `<rule>/<device>/<metric>/<n>`. */
function countOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}
