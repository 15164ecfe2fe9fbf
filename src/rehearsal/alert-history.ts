import { alertKey, alertOfJson, type AlertKey } from '../domain/alert.ts';
import type { EngineSnapshot, PointMemory } from '../domain/engine.ts';
import type { JournalRow } from '../domain/journal.ts';
import { limits } from '../domain/limits.ts';
import { pointName, type Point, type PointIndex } from '../domain/point.ts';
import { historyOnlyFlag, qualityCodes, qualityOf, type Seq } from '../domain/reading.ts';
import type { Rule } from '../domain/rule.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { rowWith, type AlertBody, type RowWith } from '../rules/explain/explain-rows.ts';
import {
  entriesOf,
  findEntryUpTo,
  findOccurrence,
  type JournalFiles,
} from '../storage/journal-rows.ts';
import type { Stamp } from '../storage/replay.ts';
import {
  commitBefore,
  commitFrom,
  eachReadingBack,
  entriesBetween,
  everyPoint,
  isUsable,
  readingsBetween,
  type StretchReading,
} from '../storage/stretch.ts';
import type { AlertStart } from './alert-replay.ts';
import {
  inputKinds,
  learnedOf,
  type LearnedRow,
  type ScheduleRow,
  type StartedRow,
} from './stored-inputs.ts';

const { whyNotAroundMs: aroundMs } = limits;
/** A Limen that runs commits at least this often. */
const silenceMsMax = 3 * limits.tickMs;
/** A start writes its first rows, and an end its last, within so many numbers. */
const edgeRowsMax = 50_000;

/** The part of the journal that is read around a moment. */
export interface Stretch {
  /** Windows are filled from here. */
  readonly gatherSeq: number;
  /** The engine runs from here on. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly startAt: EngineMs;
  readonly wallOffsetMs: number;
  /** It would have to begin earlier. */
  readonly isCut: boolean;
}

/** What the journal holds of one alert and its point in a stretch. */
export interface AlertHistory extends Pick<
  AlertStart,
  'points' | 'memories' | 'learned' | 'schedules' | 'alerts'
> {
  /** The last readings before, in order: down to the last usable one. */
  readonly before: readonly StretchReading[];
  readonly earlier: readonly StretchReading[];
  readonly readings: readonly StretchReading[];
  readonly inputs: readonly JournalRow[];
  /** The last one before the stretch, and all within. */
  readonly events: readonly RowWith<AlertBody>[];
  readonly isCut: boolean;
}

/** Places the stretch around a moment. `commit`: the last one before it. */
export function placeStretch(
  files: JournalFiles,
  commit: Stamp,
  { atMs, rule }: { readonly atMs: number; readonly rule: Rule | null },
): Stretch {
  const fromMs = Math.min(atMs, commit.wallMs) - aroundMs;
  const begin = commitBefore(files, fromMs);
  const gather = rule === null ? null : commitBefore(files, fromMs - gatherMs(rule));
  const earliest = Math.max(1, commit.seq - limits.whyNotRowsMax);
  const fromSeq = Math.max((begin?.seq ?? 0) + 1, earliest);
  const end = commitFrom(files, atMs + aroundMs);
  // Nothing lies before the first commit but the rows of its own group.
  const from = begin ?? commitFrom(files, -Infinity) ?? commit;
  return {
    gatherSeq: Math.max((gather?.seq ?? 0) + 1, earliest),
    fromSeq,
    toSeq: Math.min(end?.seq ?? Number.MAX_SAFE_INTEGER, commit.seq + limits.whyNotRowsMax),
    startAt: (from.wallMs - from.lagMs) as EngineMs,
    wallOffsetMs: from.lagMs,
    isCut: (gather?.seq ?? begin?.seq ?? 0) + 1 < earliest,
  };
}

/**
 * Begins the stretch of a rule with a window at the last reading before: from there on the window is judged by time, and has
 * to be judged at the same times again.
 */
export function alignStretch(
  files: JournalFiles,
  stretch: Stretch,
  rule: Rule | null,
  names: ReadonlySet<string>,
): Stretch {
  const spanMs = rule?.window?.spanMs ?? 0;
  if (spanMs === 0) return stretch;
  const every = everyPoint(files).filter((point) => names.has(pointName(point)));
  const last = lastBefore(files, stretch.fromSeq, every).at(-1);
  // An empty window waits for a reading.
  if (last === undefined || last.engineMs < stretch.startAt - spanMs) return stretch;
  return { ...stretch, fromSeq: last.seq, startAt: last.engineMs as EngineMs };
}

/** The stop of Limen in which a moment lies; null: it ran. `isRunning`: it does now. */
export function findStop(
  files: JournalFiles,
  commit: Stamp,
  { atMs, toSeq, isRunning }: { atMs: number; toSeq: number; isRunning: boolean },
): { readonly stoppedAt: number; readonly startedAt: number | null } | null {
  const next = { fromSeq: commit.seq + 1, toSeq: Math.max(commit.seq + edgeRowsMax, toSeq) };
  const [started] = entriesBetween(files, next, ['started']);
  if (started !== undefined) {
    const { stopped_at: stoppedAt } = rowWith<StartedRow>(started).body;
    if (stoppedAt === null || stoppedAt > atMs || started.atMs <= atMs) return null;
    return { stoppedAt, startedAt: started.atMs };
  }
  if (isRunning || commitFrom(files, atMs + 1) !== null) return null;
  const last = { fromSeq: commit.seq - edgeRowsMax, toSeq: Number.MAX_SAFE_INTEGER };
  const isStopped = entriesBetween(files, last, ['started', 'stopped']).at(-1)?.kind === 'stopped';
  const isSilent = atMs - commit.wallMs > silenceMsMax;
  return isStopped || isSilent ? { stoppedAt: commit.wallMs, startedAt: null } : null;
}

/**
 * Reads what a replay of an alert needs. `names`: the points that it judges. `known`: the alerts as their last events left
 * them: what is not among them never had any.
 */
export function readHistory(
  files: JournalFiles,
  { gatherSeq, fromSeq, toSeq }: Stretch,
  {
    key,
    names,
    known,
  }: {
    readonly key: AlertKey;
    readonly names: ReadonlySet<string>;
    readonly known: readonly Record<string, unknown>[];
  },
): AlertHistory {
  const every = everyPoint(files).filter((point) => names.has(pointName(point)));
  const points = new Set(every.map(({ index }) => index as number));
  const inputs = entriesBetween(files, { fromSeq, toSeq }, inputKinds);
  const within = readingsBetween(files, { fromSeq, toSeq, points }, limits.whyNotReadingsMax);
  const gathered =
    gatherSeq < fromSeq
      ? readingsBetween(
          files,
          { fromSeq: gatherSeq, toSeq: fromSeq - 1, points },
          limits.whyNotReadingsMax,
        )
      : { readings: [], isCut: false };
  const before = lastBefore(files, fromSeq, every);
  const present = presentPoints(every, before, inputs);
  const own = present.flatMap(({ device, metric }) =>
    ['limen.stale', 'limen.bad'].map((rule) => ({ rule, device, metric })),
  );
  const keys = new Set([key, ...own].map(alertKey));
  const alerts = [...keys].flatMap((one) => lastEvent(files, fromSeq, one, known) ?? []);
  const last = alerts.find((row) => row.key === alertKey(key));
  const events = entriesBetween(files, { fromSeq, toSeq }, ['alert'], alertKey(key));
  return {
    points: present,
    memories: present.flatMap(({ index }) =>
      memoryOf(
        index,
        before.filter(({ point }) => point === index),
      ),
    ),
    learned: learnedBefore(files, fromSeq, present),
    schedules: schedulesBefore(files, fromSeq),
    alerts: alerts.map(storedAlert),
    before,
    earlier: gathered.readings,
    readings: within.readings,
    inputs,
    events: [
      ...(last === undefined ? [] : [last]),
      ...events.map((row) => rowWith<AlertBody>(row)),
    ],
    isCut: within.isCut || gathered.isCut,
  };
}

/** The event by which an alert that was raised at a moment was announced; null: it is no longer stored. */
export function findRaise(
  files: JournalFiles,
  events: readonly RowWith<AlertBody>[],
  atMs: number,
): RowWith<AlertBody> | null {
  const last = events.findLast((event) => event.atMs <= atMs);
  const isRaised = last?.body.to === 'active' || last?.body.to === 'acknowledged';
  if (last === undefined || !isRaised) return null;
  const near = events.findLast((event) => event.seq <= last.seq && isAnnounced(event));
  if (near?.body.shown.id === last.body.shown.id) return near;
  const { seqs } = findOccurrence(files, last.key, last.body.shown.id) ?? { seqs: [] };
  const rows = entriesOf(
    files,
    seqs.filter((seq) => seq <= last.seq).slice(-limits.whyNotEventsMax),
  );
  return rows.map((row) => rowWith<AlertBody>(row)).findLast(isAnnounced) ?? null;
}

function isAnnounced({ body }: RowWith<AlertBody>): boolean {
  return body.to === 'active' && (body.from !== 'active' || body.notify.length > 0);
}

/** How far back readings before the stretch matter: as a start of Limen fills its windows. */
function gatherMs({ window, levels }: Rule): number {
  const times = levels.map(({ comparator }) =>
    comparator.kind === 'stuck_for' ? comparator.forMs : 0,
  );
  return 2 * Math.max(window?.spanMs ?? 0, ...times);
}

function lastBefore(
  files: JournalFiles,
  fromSeq: number,
  every: readonly Point[],
): StretchReading[] {
  const before: StretchReading[] = [];
  const names = new Map(every.map((point) => [point.index as number, pointName(point)]));
  const points: ReadonlySet<number> = new Set(names.keys());
  const missing = new Set(names.values());
  const query = { fromSeq: fromSeq - limits.whyNotRowsMax, toSeq: fromSeq - 1, points };
  eachReadingBack(files, query, (reading) => {
    if ((reading.quality & historyOnlyFlag) !== 0) return undefined;
    const name = names.get(reading.point) ?? '';
    if (missing.has(name)) before.push(reading);
    if (isUsable(reading)) missing.delete(name);
    return missing.size === 0 || before.length >= limits.whyNotReadingsMax ? 'stop' : undefined;
  });
  return before.toReversed();
}

function memoryOf(index: PointIndex, before: readonly StretchReading[]): PointMemory[] {
  const last = before.at(-1);
  if (last === undefined) return [];
  const usable = before.findLast(isUsable);
  const bad = before.find(({ quality }) => qualityOf(quality) === 'bad');
  return [
    {
      index,
      value: usable?.value ?? null,
      quality: last.value === null ? qualityCodes.bad : qualityCodes[qualityOf(last.quality)],
      seq: last.seq as Seq,
      heardAt: (usable?.engineMs ?? null) as EngineMs | null,
      atMs: last.atMs as WallMs,
      badSince: isUsable(last) ? null : ((bad?.engineMs ?? null) as EngineMs | null),
    },
  ];
}

/** The points there were: each name under the index of its last reading. */
function presentPoints(
  every: readonly Point[],
  before: readonly StretchReading[],
  inputs: readonly JournalRow[],
): Point[] {
  const later = new Set(
    inputs.flatMap((row) => (row.kind === 'point' ? [rowWith<Point>(row).body.index] : [])),
  );
  const last = new Map(before.map(({ point, seq }) => [point, seq]));
  return [...Map.groupBy(every, pointName).values()].flatMap((ones) => {
    const read = ones.filter(({ index }) => last.has(index));
    const present = read.toSorted((a, b) => (last.get(b.index) ?? 0) - (last.get(a.index) ?? 0))[0];
    // Of which nothing was read, that is there unless it is declared only later.
    return present ?? ones.find(({ index }) => !later.has(index)) ?? [];
  });
}

function learnedBefore(
  files: JournalFiles,
  fromSeq: number,
  points: readonly Point[],
): AlertStart['learned'] {
  const query = { fromSeq: fromSeq - limits.whyNotRowsMax, toSeq: fromSeq - 1 };
  const rows = new Map(entriesBetween(files, query, ['learned']).map((row) => [row.key, row]));
  return points.flatMap((point) => {
    const row = rows.get(pointName(point));
    if (row === undefined) return [];
    return [{ ...learnedOf(rowWith<LearnedRow>(row).body), point: point.index }];
  });
}

function schedulesBefore(files: JournalFiles, fromSeq: number): AlertStart['schedules'] {
  const query = { fromSeq: fromSeq - limits.whyNotRowsMax, toSeq: fromSeq - 1 };
  const rows = entriesBetween(files, query, ['schedule']);
  return new Map(rows.map((row) => [row.key, rowWith<ScheduleRow>(row).body.open]));
}

function lastEvent(
  files: JournalFiles,
  fromSeq: number,
  key: string,
  known: readonly Record<string, unknown>[],
): RowWith<AlertBody> | null {
  const newest = known.map(alertOfJson).find((alert) => alertKey(alert) === key);
  if (newest === undefined) return null;
  const row =
    newest.seq < fromSeq
      ? entriesOf(files, [newest.seq])[0]
      : findEntryUpTo(files, 'alert', fromSeq - 1, key);
  const found = row === undefined || row === null ? null : rowWith<AlertBody>(row);
  return found === null || found.body.drill ? null : found;
}

function storedAlert({ body }: RowWith<AlertBody>): EngineSnapshot['alerts'][number] {
  return { alert: alertOfJson({ ...body.shown }), memory: body.memory ?? null };
}
