import type { Statement } from 'better-sqlite3';
import type { Group } from '../domain/group.ts';
import { groupColumns } from '../domain/group.ts';
import type { Point } from '../domain/point.ts';
import { openForWriting, type Db } from './database.ts';

// A small page pays: the tail page of the table is written again by every commit. Measured at 100 readings/s.
const pageSizeBytes = 1024;
const checkpointPages = 4_000;
const rowsPerInsert = 32;
const columns = 7;

const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
  CREATE TABLE IF NOT EXISTS point (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT, kind TEXT NOT NULL,
    states TEXT NOT NULL
  ) STRICT;
  -- point 0 is the clock: the last row of each group, value = monotonic ms, quality 1 = clock not trusted.
  -- quality: 0 good, 1 suspect, 2 bad, 3 stale; + 16: no news, the last value stays; + 32: late or out of order;
  -- + 64: at is not to be believed, the clock was not trusted; + 128: it was put right once the clock was.
  -- at: ms since meta.base_ms; lag: at minus engine time; raw: value before conversion, null = the same.
  CREATE TABLE IF NOT EXISTS reading (
    seq INTEGER PRIMARY KEY, point INTEGER NOT NULL, at INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL,
    lag INTEGER NOT NULL, raw REAL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, lag INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE VIEW IF NOT EXISTS readings AS
    SELECT r.at + CAST((SELECT value FROM meta WHERE name = 'base_ms') AS INTEGER) AS at_ms, p.device, p.metric,
      CASE p.kind WHEN 'text' THEN json_extract(p.states, '$[' || CAST(r.value AS INTEGER) || ']')
        WHEN 'boolean' THEN CAST(r.value AS INTEGER) ELSE r.value END AS value,
      p.unit, CASE r.quality & 15 WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' WHEN 3 THEN 'stale' ELSE 'bad' END AS quality,
      r.seq
    FROM reading r JOIN point p ON p.id = r.point;
`;

/** What a day file starts with. */
export interface DayFileStart {
  readonly dayMs: number;
  readonly bootId: string;
  readonly reservedSeq: number;
  readonly points: Iterable<Point>;
}

/** The file of one day, open for writing. One group is one transaction in it. */
export class DayFile {
  readonly dayMs: number;
  readonly #db: Db;
  readonly #baseMs: number;
  readonly #insertMany: Statement;
  readonly #insertOne: Statement;
  readonly #insertEntry: Statement;
  readonly #upsertPoint: Statement;
  readonly #setMeta: Statement;
  readonly #args: unknown[] = new Array<unknown>(rowsPerInsert * columns);
  readonly #oneArgs: unknown[] = new Array<unknown>(columns);
  readonly #bootId: string;
  #bootStored = false;
  #pagesSinceCheckpoint = 0;
  #reservedSeq: number;

  /** Opens or creates the file. A crash in between leaves a file that the next call completes. */
  constructor(path: string, start: DayFileStart) {
    this.dayMs = start.dayMs;
    this.#baseMs = start.dayMs;
    this.#bootId = start.bootId;
    this.#reservedSeq = start.reservedSeq;
    const db = openForWriting(path, pageSizeBytes);
    this.#db = db;
    try {
      db.exec('BEGIN IMMEDIATE');
      db.exec(schema);
      this.#setMeta = db.prepare(
        'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      );
      this.#upsertPoint = db.prepare(
        `INSERT INTO point VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET unit = excluded.unit,
         kind = excluded.kind, states = excluded.states`,
      );
      this.#setMeta.run('schema', 1);
      // A number beyond 32 bits would be bound as REAL, and every time of the view with it.
      this.#setMeta.run('base_ms', BigInt(start.dayMs));
      this.#setMeta.run('reserved_seq', start.reservedSeq);
      for (const point of start.points) this.#storePoint(point);
      db.exec('COMMIT');
      const row = '(?,?,?,?,?,?,?)';
      this.#insertMany = db.prepare(
        `INSERT INTO reading VALUES ${Array(rowsPerInsert).fill(row).join(',')}`,
      );
      this.#insertOne = db.prepare(`INSERT INTO reading VALUES ${row}`);
      this.#insertEntry = db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)');
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /**
   * Writes one group in one transaction; when it returns, the group is on disk. Throws (and has written nothing) if
   * the file is locked or the disk is full.
   */
  write(group: Group): void {
    const db = this.#db;
    db.exec('BEGIN IMMEDIATE');
    try {
      this.#insertReadings(group);
      for (const { seq, atMs, lagMs, kind, key, body } of group.entries) {
        this.#insertEntry.run(seq, atMs - this.#baseMs, lagMs, kind, key, body);
        if (kind === 'point') this.#storePoint(JSON.parse(body) as Point);
      }
      const { stamp } = group;
      this.#insertOne.run(
        group.stampSeq,
        0,
        stamp.wallMs - this.#baseMs,
        stamp.monotonicMs,
        stamp.trusted ? 0 : 1,
        stamp.wallMs - stamp.engineMs,
        null,
      );
      // Together with the first stamp of this boot, never before it: monotonic clocks of two boots do not compare.
      if (!this.#bootStored) this.#setMeta.run('boot_id', this.#bootId);
      if (group.reservedSeq !== this.#reservedSeq)
        this.#setMeta.run('reserved_seq', group.reservedSeq);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
    this.#bootStored = true;
    this.#reservedSeq = group.reservedSeq;
    // About 28 bytes a reading and 1 KiB an entry: an estimate is enough to know when a checkpoint is worth it.
    this.#pagesSinceCheckpoint +=
      3 + Math.ceil((group.count * 28) / pageSizeBytes) + group.entries.length;
    if (this.#pagesSinceCheckpoint >= checkpointPages) this.checkpoint('PASSIVE');
  }

  /** Moves the write-ahead log into the file. */
  checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    this.#pagesSinceCheckpoint = 0;
    this.#db.pragma(`wal_checkpoint(${mode})`);
  }

  close(): void {
    this.#db.close();
  }

  #insertReadings(group: Group): void {
    const { seq, atMs, lagMs, value, raw, point, quality } = groupColumns(
      group.buffer,
      group.capacity,
    );
    const base = this.#baseMs;
    const fill = (args: unknown[], at: number, row: number): void => {
      const v = value[row]!;
      const r = raw[row]!;
      args[at] = seq[row];
      args[at + 1] = point[row];
      args[at + 2] = atMs[row]! - base;
      // A NaN would be stored as NULL anyhow; said here so that nobody has to know.
      args[at + 3] = v === v ? v : null;
      args[at + 4] = quality[row];
      args[at + 5] = lagMs[row];
      args[at + 6] = r === r ? r : null;
    };
    let row = 0;
    for (; row + rowsPerInsert <= group.count; row += rowsPerInsert) {
      for (let i = 0; i < rowsPerInsert; i++) fill(this.#args, i * columns, row + i);
      this.#insertMany.run(this.#args);
    }
    for (; row < group.count; row++) {
      fill(this.#oneArgs, 0, row);
      this.#insertOne.run(this.#oneArgs);
    }
  }

  #storePoint(point: Point): void {
    this.#upsertPoint.run(
      point.index,
      point.device,
      point.metric,
      point.unit,
      point.kind,
      JSON.stringify(point.states),
    );
  }
}
