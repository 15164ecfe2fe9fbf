import type { RowKind } from '../domain/journal.ts';
import type { Point } from '../domain/point.ts';
import { historyOnlyFlag, lateFlag } from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import type { Db } from './database.ts';
import {
  eachDay,
  listDays,
  readMeta,
  readPoints,
  type DayPath,
  type Unreadable,
} from './history.ts';

/**
 * A stored reading as a row of a block: engine time since the block's base, `point * 32 + quality`, value. As few
 * columns as will do: each costs a conversion for each of millions of rows.
 */
export type ReplayRow = readonly [at: number, pointAndQuality: number, value: number | null];

/** What `pointAndQuality` is made with. */
export const qualitySpan = 64;

/** A stored input that is not a reading. */
export interface ReplayInput {
  readonly seq: number;
  readonly at: EngineMs;
  readonly kind: RowKind;
  readonly body: unknown;
}

/** Takes the rows of the history in their order. */
export interface ReplaySink {
  /**
   * Readings with numbers from `seq` on; those of the past that were retained are not among them. `lateAts`: source times
   * beside `baseMs` of those that were late or out of order, in their order.
   */
  readings(
    rows: readonly ReplayRow[],
    baseMs: number,
    seq: number,
    lateAts: readonly number[],
  ): void;
  input(input: ReplayInput): void;
  progress(fraction: number): void;
}

/** A stretch of the history, and what was known where it begins. */
export interface ReplayRange {
  readonly days: readonly DayPath[];
  /** Every point in the history; the newest index of a name is the last. */
  readonly points: readonly Point[];
  /** Names of those that were heard, declared or changed within: the others were there before. */
  readonly toldWithin: ReadonlySet<string>;
  /** Numbers from here on, and up to here. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly startAt: EngineMs;
  readonly endAt: EngineMs;
  /** Add to engine time to get wall time, where the stretch begins and where it ends. */
  readonly startOffsetMs: number;
  readonly endOffsetMs: number;
}

/** The last row of a group: where it lies, and both times of it. */
export interface Stamp {
  readonly seq: number;
  readonly wallMs: WallMs;
  readonly lagMs: number;
}

type FoundRange = ReplayRange & { readonly toldWithin: Set<string> };

/** Where a stretch begins: the rows of a group lie before its stamp. */
interface Beginning {
  readonly fromSeq: number;
  readonly startAt: EngineMs;
  readonly lagMs: number;
}

/** Rows are read in blocks of so many numbers: no statement stays open, so checkpoints are not held up. */
const blockRows = 4_096;
const inputKinds = "('started', 'stopped', 'clock', 'config', 'point', 'source', 'learned')";

/** Finds the rows between two wall times by the stamps of the groups; null: there are none. */
export function findReplayRange(
  directory: string,
  fromMs: number,
  toMs: number | null,
  unreadable: Unreadable,
): ReplayRange | null {
  const days: DayPath[] = [];
  let points: readonly Point[] = [];
  let first: Beginning | null = null;
  let last: Stamp | null = null;
  for (const day of listDays(directory)) {
    eachDay([day], unreadable, (db) => {
      const start = findStamp(db, fromMs);
      const end = lastStamp(db, toMs);
      if (start === null || end === null || end.seq < start.seq) return;
      first ??= beginningOf(db, start);
      last = end;
      points = readPoints(db);
      days.push(day);
    });
  }
  const range = rangeOf(days, points, first, last);
  if (range !== null) eachDay(days, unreadable, (db) => noteTold(db, range));
  return range;
}

function noteTold(db: Db, { fromSeq, toSeq, toldWithin }: FoundRange): void {
  const names = db
    .prepare("SELECT DISTINCT key FROM entry WHERE seq BETWEEN ? AND ? AND kind = 'point'")
    .pluck()
    .all(fromSeq, toSeq) as string[];
  for (const name of names) toldWithin.add(name);
}

/** Reads the rows of a stretch, the oldest first, and gives them to `sink`. */
export function replay(range: ReplayRange, sink: ReplaySink, unreadable: Unreadable): void {
  eachDay(range.days, unreadable, (db) => replayDay(db, range, sink));
}

function replayDay(db: Db, { fromSeq, toSeq }: ReplayRange, sink: ReplaySink): void {
  const baseMs = Number(readMeta(db, 'base_ms'));
  const begin = Math.max(fromSeq, edgeSeq(db, 'min'));
  const end = Math.min(toSeq, edgeSeq(db, 'max'));
  const block = db
    .prepare(
      `SELECT at - lag, point * ${qualitySpan} + (quality & 63), value FROM reading
       WHERE seq BETWEEN ? AND ? AND point > 0 AND quality & ${historyOnlyFlag + lateFlag} <> ${historyOnlyFlag}
       ORDER BY seq`,
    )
    .raw();
  const late = db
    .prepare(
      `SELECT at FROM reading WHERE seq BETWEEN ? AND ? AND point > 0 AND quality & ${lateFlag} ORDER BY seq`,
    )
    .pluck();
  const readUpTo = (from: number, to: number): void => {
    for (let seq = from; seq <= to; seq += blockRows) {
      const rows = block.all(seq, Math.min(to, seq + blockRows - 1)) as ReplayRow[];
      sink.progress((seq - fromSeq) / (toSeq - fromSeq + 1));
      if (rows.length > 0) {
        // Asked for only where there are such: a further column would cost all the others.
        const lateAts = rows.some((row) => row[1] % qualitySpan >= lateFlag)
          ? (late.all(seq, Math.min(to, seq + blockRows - 1)) as number[])
          : [];
        sink.readings(rows, baseMs, seq, lateAts);
      }
      // Numbers may have holes, wide ones after a power cut.
      else seq = Math.max(seq, nextSeq(db, seq + blockRows) - blockRows);
    }
  };
  let next = begin;
  for (const input of inputsOf(db, baseMs, begin, end)) {
    readUpTo(next, input.seq - 1);
    sink.input(input);
    next = input.seq + 1;
  }
  readUpTo(next, end);
}

// Inputs beside readings are rare: those of a whole day fit into memory.
function inputsOf(db: Db, baseMs: number, begin: number, end: number): ReplayInput[] {
  const rows = db
    .prepare(
      `SELECT seq, at - lag, kind, body FROM entry WHERE seq BETWEEN ? AND ? AND kind IN ${inputKinds}
       ORDER BY seq`,
    )
    .raw()
    .all(begin, end) as [number, number, RowKind, string][];
  return rows.map(([seq, at, kind, body]) => ({
    seq,
    at: (at + baseMs) as EngineMs,
    kind,
    // The text of a config is long, and is not asked for.
    body: kind === 'config' ? null : (JSON.parse(body) as unknown),
  }));
}

/** The first number from here on; infinite: there is none. */
function nextSeq(db: Db, seq: number): number {
  const found = db.prepare('SELECT min(seq) FROM reading WHERE seq >= ?').pluck().get(seq);
  return typeof found === 'number' ? found : Infinity;
}

export function edgeSeq(db: Db, edge: 'min' | 'max'): number {
  const found = ['reading', 'entry'].flatMap((table) => {
    const seq = db.prepare(`SELECT ${edge}(seq) FROM ${table}`).pluck().get();
    return typeof seq === 'number' ? [seq] : [];
  });
  return edge === 'min' ? Math.min(...found) : Math.max(...found);
}

/** The first stamp at or after a wall time. Stamps lie in the order of time but where the clock was set. */
export function findStamp(db: Db, wallMs: number): Stamp | null {
  let low = edgeSeq(db, 'min');
  let high = edgeSeq(db, 'max');
  if (high < low) return null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const stamp = stampFrom(db, middle);
    if (stamp === null || stamp.wallMs >= wallMs) high = middle;
    else low = stamp.seq + 1;
  }
  return stampFrom(db, low);
}

function beginningOf(db: Db, { seq, wallMs, lagMs }: Stamp): Beginning {
  const before = stampWhere(db, 'seq < ? ORDER BY seq DESC', seq);
  const fromSeq = before === null ? edgeSeq(db, 'min') : before.seq + 1;
  const baseMs = Number(readMeta(db, 'base_ms'));
  const times = ['reading', 'entry'].flatMap((table) => {
    const at = db
      .prepare(`SELECT at - lag FROM ${table} WHERE seq >= ? ORDER BY seq LIMIT 1`)
      .pluck()
      .get(fromSeq);
    return typeof at === 'number' ? [at + baseMs] : [];
  });
  return { fromSeq, startAt: Math.min(wallMs - lagMs, ...times) as EngineMs, lagMs };
}

/** The last stamp before a wall time; null as the time: the last one there is. */
export function lastStamp(db: Db, wallMs: number | null): Stamp | null {
  const after = wallMs === null ? null : findStamp(db, wallMs);
  return stampWhere(db, 'seq < ? ORDER BY seq DESC', after?.seq ?? Number.MAX_SAFE_INTEGER);
}

function stampFrom(db: Db, seq: number): Stamp | null {
  return stampWhere(db, 'seq >= ? ORDER BY seq', seq);
}

function stampWhere(db: Db, where: string, seq: number): Stamp | null {
  const row = db
    .prepare(`SELECT seq, at, lag FROM reading WHERE point = 0 AND ${where} LIMIT 1`)
    .raw()
    .get(seq) as [number, number, number] | undefined;
  if (row === undefined) return null;
  const [found, at, lagMs] = row;
  return { seq: found, wallMs: (at + Number(readMeta(db, 'base_ms'))) as WallMs, lagMs };
}

function rangeOf(
  days: readonly DayPath[],
  points: readonly Point[],
  first: Beginning | null,
  last: Stamp | null,
): FoundRange | null {
  if (first === null || last === null) return null;
  return {
    days,
    points,
    toldWithin: new Set(),
    fromSeq: first.fromSeq,
    toSeq: last.seq,
    startAt: first.startAt,
    endAt: (last.wallMs - last.lagMs) as EngineMs,
    startOffsetMs: first.lagMs,
    endOffsetMs: last.lagMs,
  };
}
