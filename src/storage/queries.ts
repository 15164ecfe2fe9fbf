import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareKeys, isFlaggedJson, type AlertKey } from '../domain/alert.ts';
import type { QuarantineRecord, ReadingRecord, ReadingsQuery } from '../domain/api.ts';
import { messageOf } from '../domain/error.ts';
import { displayValue, type Point } from '../domain/point.ts';
import { qualityOf, type Quality } from '../domain/reading.ts';
import type { Log } from '../host/log.ts';
import { isDamaged } from './damage.ts';
import { openForReading, type Db } from './database.ts';
import {
  eachDay,
  hasSchema,
  listDays,
  projectionsAfter,
  readMeta,
  readPoints,
  type DayPath,
  type Unreadable,
} from './history.ts';
import { readQuarantine } from './state-file.ts';

const batchRows = 1_000;
/** Readings keep source times up to 7 days old, so a day's file may hold rows of the week before. */
const lateDaysMs = 8 * 86_400_000;

/** Reads the data folder, whether Limen runs or not. Broken files are passed over with a warning. */
export interface Queries {
  /** In order of seq, in batches; close the iterator to stop early. */
  readings(query: ReadingsQuery): Iterable<readonly ReadingRecord[]>;
  countReadings(query: ReadingsQuery): number;
  /** Alerts as the contract's JSON, as of the last commit: the open ones, or all. */
  alerts(all: boolean): Record<string, unknown>[];
  quarantined(): QuarantineRecord[];
  points(): Point[];
  /** After how long without a reading a point is stale, as its readings have shown; null: they have not. */
  learnedStaleAfterMs(point: string): number | null;
  /** The text of the config in force, as of the last commit; null: none was ever applied. */
  configText(): string | null;
  close(): void;
}

/** Broken files are passed over with a warning; anything else is thrown. */
export function passOver(warn: Log['warn']): Unreadable {
  return (path, error) => {
    if (!isDamaged(error, path)) throw error;
    warn('a file cannot be read: its data is missing here', { path, error: messageOf(error) });
  };
}

/** Opens a data folder for reading; null if there is none. */
export function openQueries(directory: string, warn: Log['warn']): Queries | null {
  if (!existsSync(join(directory, 'history'))) return null;
  const unreadable = passOver(warn);
  const statePath = join(directory, 'state.db');
  // What is asked of the state file, or the answer without it.
  const ask = <T>(question: (state: Db) => T, otherwise: () => T): T => {
    try {
      return state === null ? otherwise() : question(state);
    } catch (error) {
      unreadable(statePath, error);
      return otherwise();
    }
  };
  let state: Db | null = null;
  try {
    state = openForReading(statePath);
  } catch (error) {
    unreadable(statePath, error);
  }
  return {
    *readings(query) {
      for (const day of listDays(directory)) {
        try {
          yield* readDay(day, query);
        } catch (error) {
          unreadable(day.path, error);
        }
      }
    },
    countReadings(query) {
      let count = 0;
      eachDay(listDays(directory), unreadable, (db) => {
        const { where, params } = condition(db, query);
        const found = db.prepare(`SELECT count(*) FROM reading WHERE ${where}`).pluck().get(params);
        count += Number(found);
      });
      return count;
    },
    alerts(all) {
      const found = ask(storedAlerts, () => new Map<string, unknown>());
      const applied = ask(
        (db) => Number(readMeta(db, 'applied_seq') ?? 0),
        () => 0,
      );
      for (const { kind, key, body } of projectionsAfter(directory, applied, unreadable).values()) {
        if (kind === 'alert') found.set(key, body);
      }
      return [...found.values()]
        .map((body) => alertOf(body))
        .filter((alert) => alert !== null)
        .filter((alert) => all || alert['state'] !== 'normal' || isFlaggedJson(alert))
        .toSorted((a, b) => compareKeys(keyOf(a), keyOf(b)));
    },
    quarantined: () => ask(readQuarantine, () => []),
    points() {
      let points: Point[] = [];
      eachDay(listDays(directory).toReversed(), unreadable, (db) => {
        points = newestOf(readPoints(db));
        return 'stop';
      });
      return points;
    },
    learnedStaleAfterMs(point) {
      const applied = ask(
        (db) => Number(readMeta(db, 'applied_seq') ?? 0),
        () => 0,
      );
      const newest = projectionsAfter(directory, applied, unreadable).get(`learned ${point}`);
      const body =
        newest?.body ??
        ask(
          (db) => storedHabit(db, point),
          () => null,
        );
      return staleAfterOf(body);
    },
    configText() {
      const applied = ask(
        (db) => Number(readMeta(db, 'applied_seq') ?? 0),
        () => 0,
      );
      const rows = [...projectionsAfter(directory, applied, unreadable).values()];
      const newest = rows.findLast(({ kind }) => kind === 'config');
      return textOf(newest?.body ?? ask(storedConfig, () => null));
    },
    close: () => state?.close(),
  };
}

/** Whether a file can hold rows of what is asked for. */
function mayHold(db: Db, dayMs: number, { fromMs, toMs }: ReadingsQuery): boolean {
  // Beyond its day lie times that were put right once the clock was known.
  const untilMs = (): number => Number(readMeta(db, 'until_ms') ?? 0);
  if (fromMs !== null && dayMs + 86_400_000 + 60_000 <= fromMs && untilMs() < fromMs) return false;
  const isTooLate = toMs !== null && dayMs - lateDaysMs >= toMs;
  return !(isTooLate && isOfItsDay(db));
}

/**
 * Whether the clock was not behind the day of the file at its last commit. It is where the clock once ran ahead and was
 * set right: groups never go to an older file, so this one holds the days that followed.
 */
function isOfItsDay(db: Db): boolean {
  const last = db
    .prepare('SELECT at FROM reading WHERE point = 0 ORDER BY seq DESC LIMIT 1')
    .pluck()
    .get();
  return typeof last !== 'number' || last >= 0;
}

function* readDay(
  { path, dayMs }: DayPath,
  query: ReadingsQuery,
): Generator<readonly ReadingRecord[]> {
  const db = openForReading(path);
  if (db === null) return;
  try {
    if (hasSchema(db) && mayHold(db, dayMs, query)) yield* readRows(db, query);
  } finally {
    db.close();
  }
}

function* readRows(db: Db, query: ReadingsQuery): Generator<readonly ReadingRecord[]> {
  let points = pointsOf(db);
  const baseMs = Number(readMeta(db, 'base_ms'));
  const { where, params } = condition(db, query);
  // By key, batch by batch: no statement stays open over a slow reader, so checkpoints are not held up.
  const next = db
    .prepare(
      `SELECT seq, point, at, value, quality FROM reading WHERE seq > @after AND ${where} ORDER BY seq LIMIT ${batchRows}`,
    )
    .raw();
  let after = 0;
  for (;;) {
    const rows = next.all({ ...params, after }) as [
      number,
      number,
      number,
      number | null,
      number,
    ][];
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last[0];
    // A writer goes on while this is read: a batch may speak of points and states that came after the first one.
    if (rows.some(([, index, , value]) => !isKnown(points.get(index), value)))
      points = pointsOf(db);
    yield rows.flatMap(([seq, index, at, value, quality]) => {
      const point = points.get(index);
      return point === undefined
        ? []
        : [record(point, seq, at + baseMs, value, qualityOf(quality))];
    });
  }
}

// Each name once, as it is now: a point whose unit changed goes on under a new index.
function newestOf(points: readonly Point[]): Point[] {
  const byName = new Map(points.map((point) => [`${point.device}\u0000${point.metric}`, point]));
  return [...byName.values()];
}

function pointsOf(db: Db): ReadonlyMap<number, Point> {
  return new Map(readPoints(db).map((point) => [point.index as number, point]));
}

function isKnown(point: Point | undefined, value: number | null): boolean {
  return point !== undefined && (value === null || displayValue(point, value) !== null);
}

function record(
  point: Point,
  seq: number,
  atMs: number,
  value: number | null,
  quality: Quality,
): ReadingRecord {
  return {
    seq,
    at_ms: atMs,
    device: point.device,
    metric: point.metric,
    value: value === null ? null : displayValue(point, value),
    unit: point.unit,
    quality,
  };
}

function condition(
  db: Db,
  { point, fromMs, toMs }: ReadingsQuery,
): { where: string; params: Record<string, number | string> } {
  const baseMs = Number(readMeta(db, 'base_ms'));
  const params: Record<string, number | string> = {};
  let where = 'point > 0';
  if (point !== null) {
    const slash = point.lastIndexOf('/');
    // More than one if its unit has changed.
    where = 'point IN (SELECT id FROM point WHERE device = @device AND metric = @metric)';
    params['device'] = point.slice(0, slash);
    params['metric'] = point.slice(slash + 1);
  }
  if (fromMs !== null) {
    where += ' AND at >= @from';
    params['from'] = fromMs - baseMs;
  }
  if (toMs !== null) {
    where += ' AND at < @to';
    params['to'] = toMs - baseMs;
  }
  return { where, params };
}

function storedAlerts(state: Db): Map<string, unknown> {
  const rows = state
    .prepare("SELECT key, body FROM projection WHERE kind = 'alert' ORDER BY key")
    .all() as {
    key: string;
    body: string;
  }[];
  return new Map(rows.map(({ key, body }) => [key, JSON.parse(body) as unknown]));
}

function storedConfig(state: Db): unknown {
  const body = state.prepare("SELECT body FROM projection WHERE kind = 'config'").pluck().get();
  return typeof body === 'string' ? (JSON.parse(body) as unknown) : null;
}

function textOf(body: unknown): string | null {
  const isConfig = typeof body === 'object' && body !== null && 'text' in body;
  return isConfig && typeof body.text === 'string' ? body.text : null;
}

/** The alert within a journal row of kind `alert`. */
function alertOf(body: unknown): Record<string, unknown> | null {
  if (typeof body !== 'object' || body === null || !('shown' in body)) return null;
  const { shown } = body;
  return typeof shown === 'object' && shown !== null ? { ...shown } : null;
}

function keyOf({ rule, device, metric }: Readonly<Record<string, unknown>>): AlertKey {
  return { rule: String(rule), device: String(device), metric: String(metric) };
}

function storedHabit(db: Db, point: string): unknown {
  const body = db
    .prepare("SELECT body FROM projection WHERE kind = 'learned' AND key = ?")
    .pluck()
    .get(point);
  return typeof body === 'string' ? (JSON.parse(body) as unknown) : null;
}

function staleAfterOf(body: unknown): number | null {
  const { stale_after_ms: afterMs } = (body ?? {}) as { readonly stale_after_ms?: unknown };
  return typeof afterMs === 'number' ? afterMs : null;
}
