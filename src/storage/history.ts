import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PointMemory } from '../domain/engine.ts';
import type { Projection } from '../domain/group.ts';
import type { RowKind } from '../domain/journal.ts';
import type { Point, PointIndex, ValueKind } from '../domain/point.ts';
import { historyOnlyFlag, qualityCodes, qualityOf, type Seq } from '../domain/reading.ts';
import type { ClockStamp, EngineMs, WallMs } from '../domain/time.ts';
import { openForReading, type Db } from './database.ts';

const namePattern = /^(\d{4}-\d{2}-\d{2})\.db$/;

/** One file of `data/history`. */
export interface DayPath {
  readonly path: string;
  readonly dayMs: number;
}

/** Where the file of a day lies. */
export function dayPath(directory: string, dayMs: number): string {
  return join(directory, 'history', `${new Date(dayMs).toISOString().slice(0, 10)}.db`);
}

/** The day files there are, the oldest first. */
export function listDays(directory: string): DayPath[] {
  let names: string[];
  try {
    names = readdirSync(join(directory, 'history'));
  } catch {
    return [];
  }
  const days: DayPath[] = [];
  for (const name of names) {
    const day = namePattern.exec(name)?.[1];
    if (day === undefined) continue;
    days.push({ path: join(directory, 'history', name), dayMs: Date.parse(`${day}T00:00:00Z`) });
  }
  return days.toSorted((a, b) => a.dayMs - b.dayMs);
}

/** Whether the file got as far as its schema: a crash at its creation may have left an empty one. */
export function hasSchema(db: Db): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'readings'").get() !== undefined;
}

/** A value of the file's `meta` table. */
export function readMeta(db: Db, name: string): unknown {
  return db.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name);
}

/** The points a day file knows. */
export function readPoints(db: Db): Point[] {
  const rows = db
    .prepare('SELECT id, device, metric, unit, kind, states FROM point ORDER BY id')
    .all() as {
    id: number;
    device: string;
    metric: string;
    unit: string | null;
    kind: ValueKind;
    states: string;
  }[];
  return rows.map(({ id, device, metric, unit, kind, states }) => ({
    index: id as PointIndex,
    device,
    metric,
    unit,
    kind,
    states: JSON.parse(states) as string[],
  }));
}

/** What to do about a file that cannot be read: returns to go on without it, throws to give up. */
export type Unreadable = (path: string, error: unknown) => void;

/**
 * Opens day files one after the other; `use` may end it with `stop`. A file that did not get as far as its schema is
 * passed over.
 */
export function eachDay(
  days: readonly DayPath[],
  unreadable: Unreadable,
  use: (db: Db) => 'stop' | void,
): void {
  for (const { path } of days) {
    try {
      const db = openForReading(path);
      if (db === null) continue;
      try {
        if (hasSchema(db) && use(db) === 'stop') return;
      } finally {
        db.close();
      }
    } catch (error) {
      unreadable(path, error);
    }
  }
}

/** What the journal on disk says about the time before this start. */
export interface HistoryTail {
  /** Numbers up to here may have been handed out. */
  readonly reservedSeq: number;
  /** The last number that was used; 0: none. */
  readonly lastSeq: number;
  /** The clock at the last commit; null if nothing was ever committed. */
  readonly stamp: ClockStamp | null;
  /** Start of the newest day; groups never go to an older file. 0: there is none. */
  readonly dayMs: number;
  readonly points: readonly Point[];
}

/** Reads the end of the newest day files. */
export function readTail(directory: string, unreadable: Unreadable): HistoryTail {
  let reservedSeq = 0;
  let points: Point[] = [];
  let end: Pick<HistoryTail, 'lastSeq' | 'stamp'> = { lastSeq: 0, stamp: null };
  eachDay(listDays(directory).toReversed(), unreadable, (db) => {
    const reserved = readMeta(db, 'reserved_seq');
    if (typeof reserved === 'number') reservedSeq = Math.max(reservedSeq, reserved);
    if (points.length === 0) points = readPoints(db);
    const found = readEnd(db);
    if (found === null) return undefined;
    end = found;
    return 'stop';
  });
  // Listed anew: what could not be read may have been set aside.
  return { reservedSeq, ...end, dayMs: listDays(directory).at(-1)?.dayMs ?? 0, points };
}

function readEnd(db: Db): { readonly lastSeq: number; readonly stamp: ClockStamp } | null {
  // Each group ends with a row of point 0: this reads one group backwards at the most.
  const row = db
    .prepare(
      'SELECT seq, at, value, quality, lag FROM reading WHERE point = 0 ORDER BY seq DESC LIMIT 1',
    )
    .get() as { seq: number; at: number; value: number; quality: number; lag: number } | undefined;
  const baseMs = readMeta(db, 'base_ms');
  const bootId = readMeta(db, 'boot_id');
  if (row === undefined || typeof baseMs !== 'number' || typeof bootId !== 'string') return null;
  const wallMs = row.at + baseMs;
  const stamp = {
    bootId,
    monotonicMs: row.value,
    wallMs: wallMs as WallMs,
    trusted: row.quality === 0,
    engineMs: (wallMs - row.lag) as EngineMs,
  };
  return { lastSeq: row.seq, stamp };
}

/** The last row of each (kind, key) beyond a number, over all day files. */
export function projectionsAfter(
  directory: string,
  afterSeq: number,
  unreadable: Unreadable,
): Map<string, Projection> {
  const found = new Map<string, Projection>();
  eachDayAfter(directory, afterSeq, unreadable, (db) => {
    const rows = db
      .prepare('SELECT seq, kind, key, body FROM entry WHERE seq > ? ORDER BY seq')
      .iterate(afterSeq);
    for (const row of rows as Iterable<{ seq: number; kind: RowKind; key: string; body: string }>) {
      found.set(`${row.kind} ${row.key}`, { ...row, body: JSON.parse(row.body) as unknown });
    }
  });
  return found;
}

/** Brings point memories up to date with the readings beyond a number. */
export function rememberReadings(
  directory: string,
  afterSeq: number,
  memories: Map<number, PointMemory>,
  unreadable: Unreadable,
): void {
  eachDayAfter(directory, afterSeq, unreadable, (db) => {
    const baseMs = Number(readMeta(db, 'base_ms'));
    const rows = db
      .prepare(
        'SELECT seq, point, at, value, quality, lag FROM reading WHERE seq > ? AND point > 0 ORDER BY seq',
      )
      .raw()
      .iterate(afterSeq) as Iterable<[number, number, number, number | null, number, number]>;
    for (const [seq, point, at, value, stored, lag] of rows) {
      if ((stored & historyOnlyFlag) !== 0) continue;
      const quality = qualityCodes[qualityOf(stored)];
      const before = memories.get(point);
      const engineMs = (at + baseMs - lag) as EngineMs;
      // As the engine does: only a usable value is heard, and only it ends a run of bad ones.
      const isUsable =
        (quality === qualityCodes.good || quality === qualityCodes.suspect) && value !== null;
      const isBad = quality === qualityCodes.bad || value === null;
      memories.set(point, {
        index: point as PointIndex,
        value: isUsable ? value : (before?.value ?? null),
        quality,
        seq: seq as Seq,
        heardAt: isUsable ? engineMs : (before?.heardAt ?? null),
        atMs: (at + baseMs) as WallMs,
        badSince: isUsable ? null : (before?.badSince ?? (isBad ? engineMs : null)),
      });
    }
  });
}

/** Opens, one after the other, the day files that hold rows beyond a number. */
export function eachDayAfter(
  directory: string,
  afterSeq: number,
  unreadable: Unreadable,
  use: (db: Db) => 'stop' | void,
): void {
  eachDay(listDays(directory), unreadable, (db) => {
    const last = db.prepare('SELECT max(seq) FROM reading').pluck().get();
    return typeof last === 'number' && last > afterSeq ? use(db) : undefined;
  });
}
