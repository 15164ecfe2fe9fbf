import { randomBytes } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import type { QuarantineRecord } from '../domain/api.ts';
import type { PointMemory } from '../domain/engine.ts';
import { LimenError } from '../domain/error.ts';
import type { Projection } from '../domain/group.ts';
import type { RowKind } from '../domain/journal.ts';
import { makePrivate, openForWriting, type Db } from './database.ts';

const schemaVersion = 1;
const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
  -- Projections: the last journal row of each (kind, key), up to meta.applied_seq.
  CREATE TABLE IF NOT EXISTS projection (
    kind TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
  ) WITHOUT ROWID, STRICT;
  -- What is kept of each point between two readings, up to meta.points_seq.
  CREATE TABLE IF NOT EXISTS point_memory (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS quarantine (
    source TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, sample BLOB NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (source, topic, reason)
  ) WITHOUT ROWID, STRICT;
  -- Originals: not derived from the journal.
  CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, credential TEXT NOT NULL) WITHOUT ROWID, STRICT;
`;

interface ProjectionRow {
  readonly kind: RowKind;
  readonly key: string;
  readonly seq: number;
  readonly body: string;
}

/** `state.db`: projections of the journal, and users. */
export class StateFile {
  readonly #db: Db;
  readonly #setProjection: Statement;
  readonly #setPoint: Statement;
  readonly #setMeta: Statement;
  /** It was made just now: there was none, or an empty one. */
  readonly isNew: boolean;

  /** Opens or creates the file; refuses one that a newer Limen has written. */
  constructor(path: string) {
    const db = openForWriting(path, 4096);
    this.#db = db;
    try {
      // It holds what is stored of the passwords; earlier versions made it with the mode of the umask.
      makePrivate(path);
      // Little is written here, and nobody waits for it: SQLite's own checkpoints keep its log short.
      db.pragma('wal_autocheckpoint = 1000');
      const version = db.pragma('user_version', { simple: true });
      if (typeof version !== 'number' || version > schemaVersion) {
        throw new LimenError(
          'conflict',
          `${path} was written by a newer Limen (schema ${String(version)}, this one knows ${schemaVersion}): install that version again`,
        );
      }
      this.isNew = version === 0;
      db.exec('BEGIN IMMEDIATE');
      db.exec(schema);
      db.prepare("INSERT OR IGNORE INTO meta VALUES ('installation', ?)").run(
        randomBytes(4).toString('hex'),
      );
      db.pragma(`user_version = ${schemaVersion}`);
      db.exec('COMMIT');
      this.#setProjection = db.prepare(
        `INSERT INTO projection VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, body = excluded.body
         WHERE excluded.seq >= projection.seq`,
      );
      this.#setPoint = db.prepare(
        'INSERT INTO point_memory VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
      );
      this.#setMeta = db.prepare(
        'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      );
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Random, made with the file. */
  get installationId(): string {
    return String(
      this.#db.prepare("SELECT value FROM meta WHERE name = 'installation'").pluck().get(),
    );
  }

  /** Number up to which the projections follow the journal. */
  get appliedSeq(): number {
    return this.#meta('applied_seq');
  }

  /** Number up to which the point memories follow the journal. */
  get pointsSeq(): number {
    return this.#meta('points_seq');
  }

  /** Number of the row of the clock up to which wall times were put right. */
  get restampedSeq(): number {
    return this.#meta('restamped_seq');
  }

  set restampedSeq(seq: number) {
    this.#setMeta.run('restamped_seq', seq);
  }

  projections(): Projection[] {
    const rows = this.#db
      .prepare('SELECT kind, key, seq, body FROM projection')
      .all() as ProjectionRow[];
    return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as unknown }));
  }

  pointMemories(): PointMemory[] {
    const rows = this.#db.prepare('SELECT body FROM point_memory').pluck().all() as string[];
    return rows.map((body) => JSON.parse(body) as PointMemory);
  }

  /** Brings the projections up to `appliedSeq`, in one transaction. */
  project(
    rows: Iterable<{ kind: RowKind; key: string; seq: number; body: string }>,
    appliedSeq: number,
  ): void {
    this.#transaction(() => {
      for (const { kind, key, seq, body } of rows) this.#setProjection.run(kind, key, seq, body);
      this.#setMeta.run('applied_seq', appliedSeq);
    });
  }

  storePoints(points: readonly PointMemory[], pointsSeq: number): void {
    this.#transaction(() => {
      for (const point of points) this.#setPoint.run(point.index, JSON.stringify(point));
      this.#setMeta.run('points_seq', pointsSeq);
    });
  }

  quarantined(): QuarantineRecord[] {
    return readQuarantine(this.#db);
  }

  /** Makes the stored quarantine the same as the given one; what did not change is not written again. */
  storeQuarantine(records: readonly QuarantineRecord[]): void {
    const stored = new Map(
      readQuarantine(this.#db).map((record) => [quarantineKey(record), record]),
    );
    const upsert = this.#db.prepare(
      'INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    const remove = this.#db.prepare(
      'DELETE FROM quarantine WHERE source = ? AND topic = ? AND reason = ?',
    );
    this.#transaction(() => {
      for (const r of records) {
        const before = stored.get(quarantineKey(r));
        stored.delete(quarantineKey(r));
        if (before?.count === r.count && before.last_at === r.last_at) continue;
        const sample = Buffer.from(r.sample_base64, 'base64');
        upsert.run(r.source, r.topic, r.reason, sample, r.first_at, r.last_at, r.count);
      }
      for (const { source, topic, reason } of stored.values()) remove.run(source, topic, reason);
    });
  }

  /** Name → stored credential. */
  users(): Map<string, string> {
    const rows = this.#db.prepare('SELECT name, credential FROM user ORDER BY name').all() as {
      name: string;
      credential: string;
    }[];
    return new Map(rows.map(({ name, credential }) => [name, credential]));
  }

  setUser(name: string, credential: string): void {
    this.#db
      .prepare(
        'INSERT INTO user VALUES (?, ?) ON CONFLICT DO UPDATE SET credential = excluded.credential',
      )
      .run(name, credential);
  }

  /** Removes a user; false if there was none. */
  removeUser(name: string): boolean {
    return this.#db.prepare('DELETE FROM user WHERE name = ?').run(name).changes > 0;
  }

  checkpoint(): void {
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.#db.close();
  }

  #meta(name: string): number {
    const value = this.#db.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name);
    return typeof value === 'number' ? value : 0;
  }

  #transaction(body: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      body();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

function quarantineKey({ source, topic, reason }: QuarantineRecord): string {
  return `${source}\u0000${topic}\u0000${reason}`;
}

/** The stored quarantine, the newest first. */
export function readQuarantine(db: Db): QuarantineRecord[] {
  const rows = db
    .prepare(
      'SELECT source, topic, reason, sample, first_at, last_at, count FROM quarantine ORDER BY last_at DESC',
    )
    .all() as (Omit<QuarantineRecord, 'sample_base64'> & { sample: Buffer })[];
  return rows.map(({ sample, ...row }) => ({ ...row, sample_base64: sample.toString('base64') }));
}
