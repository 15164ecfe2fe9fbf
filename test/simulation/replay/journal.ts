import { openForReading, type Db } from '../../../src/storage/database.ts';
import { listDays, readMeta } from '../../../src/storage/history.ts';

/** A row of the journal, as a replay needs it. Times are engine milliseconds. */
export type Row = ReadingRow | StampRow | EntryRow;

interface AnyRow {
  readonly seq: number;
  readonly at: number;
}

export interface ReadingRow extends AnyRow {
  readonly kind: 'reading';
  readonly atMs: number;
  readonly point: number;
  readonly value: number;
  /** As stored, flags included. */
  readonly quality: number;
}

/** The last row of a group: what the clock said at its commit. */
export interface StampRow extends AnyRow {
  readonly kind: 'stamp';
}

export interface EntryRow extends AnyRow {
  readonly kind: 'entry';
  readonly entry: string;
  readonly key: string;
  readonly body: string;
}

/** Every row in the day files of a folder, by number. */
export function readJournal(directory: string): { readonly rows: Row[]; readonly days: number } {
  const rows: Row[] = [];
  const days = listDays(directory);
  for (const { path } of days) {
    const db = openForReading(path);
    if (db === null) throw new Error(`${path} cannot be opened`);
    for (const row of readDay(db)) rows.push(row);
    db.close();
  }
  return { rows: rows.toSorted((a, b) => a.seq - b.seq), days: days.length };
}

function readDay(db: Db): Row[] {
  const baseMs = Number(readMeta(db, 'base_ms'));
  const readings = db
    .prepare('SELECT seq, at, lag, point, value, quality FROM reading')
    .raw()
    .all() as [number, number, number, number, number | null, number][];
  const entries = db.prepare('SELECT seq, at, lag, kind, key, body FROM entry').raw().all() as [
    number,
    number,
    number,
    string,
    string,
    string,
  ][];
  return [
    ...readings.map(([seq, at, lag, point, value, quality]): Row => {
      const atMs = at + baseMs;
      if (point === 0) return { kind: 'stamp', seq, at: atMs - lag };
      return { kind: 'reading', seq, at: atMs - lag, atMs, point, value: value ?? NaN, quality };
    }),
    ...entries.map(([seq, at, lag, entry, key, body]): Row => ({
      kind: 'entry',
      seq,
      at: at + baseMs - lag,
      entry,
      key,
      body,
    })),
  ];
}
