import { join } from 'node:path';
import type { PointMemory } from '../domain/engine.ts';
import type { Group } from '../domain/group.ts';
import type { JournalRow, RowKind } from '../domain/journal.ts';
import type { Point } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import { messageOf } from '../domain/error.ts';
import type {
  RecentQuery,
  RecentReadings,
  Recovery,
  RowsQuery,
  StoreOptions,
  StoreProblem,
} from '../domain/store.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { createFolder, isBusy, isFull } from './database.ts';
import { isDamaged, setAside } from './damage.ts';
import { DayFile } from './day-file.ts';
import {
  dayPath,
  eachDayAfter,
  projectionsAfter,
  readMeta,
  readTail,
  rememberReadings,
  type Unreadable,
} from './history.ts';
import { readRecent } from './recent.ts';
import type { JournalFiles } from './journal-rows.ts';
import { findStretches, restampSome, type Stretch } from './restamp.ts';
import { StateFile } from './state-file.ts';

/** Kinds whose last row per key is needed at start. */
const projectedKinds: ReadonlySet<RowKind> = new Set([
  'alert',
  'output',
  'notification',
  'config',
  'started',
  'stopped',
  'clock',
  'learned',
  'board',
]);

/** Rows that say how engine time is mapped to wall time. */
const isClock = (kind: RowKind): boolean => kind === 'clock' || kind === 'started';

/**
 * More numbers than are handed out between two writings of the projections: where rows may be missing at the end of the
 * history, numbers go on so far above what is known of them. Holes, never twins.
 */
const missingRowsMax = 1_000_000_000;

/** What the store needs of its surroundings. */
export interface StoreSurroundings {
  /** For the names of files that are set aside. */
  wallMs(): number;
  problem(problem: StoreProblem): void;
}

/**
 * Everything on disk: the day file that is being written and the state file. Lives in the storage thread of the process
 * that holds the instance lock. A file that turns out to be broken is set aside, and the store goes on with the rest.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #around: StoreSurroundings;
  #state: StateFile;
  /** Broken files that are passed over, told once. */
  readonly #told = new Set<string>();
  #isDamaged = false;
  readonly #points = new Map<number, Point>();
  /** Rows not yet in the projection tables: the last of each (kind, key). */
  #unprojected = new Map<string, { kind: RowKind; key: string; seq: number; body: string }>();
  /** Point memories not yet in the state file, as of the group that brought them. */
  readonly #memories = new Map<number, PointMemory>();
  #memoriesSeq = 0;
  #committedSeq = 0;
  /** Number of the last row of the clock, while wall times may have to be put right by it. */
  #clockSeq: number | null = null;
  #restamp: { readonly stretches: readonly Stretch[]; readonly nextSeq: number } | null = null;
  #day: DayFile | null = null;

  constructor(options: StoreOptions, around: StoreSurroundings) {
    this.#options = options;
    this.#around = around;
    createFolder(join(options.directory, 'history'));
    try {
      this.#state = new StateFile(this.#statePath);
    } catch (error) {
      if (!isDamaged(error, this.#statePath)) throw error;
      this.#setAside(this.#statePath, error);
      this.#state = new StateFile(this.#statePath);
    }
  }

  /** Reads what the last run left, and brings the projections up to date with it. */
  recover(): Recovery {
    try {
      return this.#recover();
    } catch (error) {
      // Day files that cannot be read are dealt with one by one: this is the state file.
      if (!isDamaged(error, this.#statePath)) throw error;
      this.#state.close();
      this.#setAside(this.#statePath, error);
      this.#state = new StateFile(this.#statePath);
      return this.#recover();
    }
  }

  #recover(): Recovery {
    const { directory } = this.#options;
    const unreadable: Unreadable = (path, error) => this.#goOnWithout(path, error);
    const tail = readTail(directory, unreadable);
    for (const point of tail.points) this.#points.set(point.index, point);
    // Projections are written after the rows they are made of: the history must reach as far as they do.
    const { appliedSeq } = this.#state;
    const isShort = tail.lastSeq < appliedSeq;
    if (isShort) {
      this.#around.problem({
        message: 'the history ends before what was once committed: rows are missing',
        fields: { directory, last_seq: tail.lastSeq, known_seq: appliedSeq },
      });
    }
    if (this.#state.isNew && tail.lastSeq > 0) {
      this.#around.problem({
        message:
          'state.db is new: users are gone, add them again with "limen user add"; alerts are as the history tells',
        fields: { path: this.#statePath },
      });
    }

    const rows = projectionsAfter(directory, appliedSeq, unreadable);
    for (const { kind, key, seq, body } of rows.values()) {
      this.#note({ kind, key, seq, body: JSON.stringify(body) });
    }
    this.#committedSeq = Math.max(tail.lastSeq, appliedSeq);
    this.project();

    const memories = new Map(
      this.#state.pointMemories().map((memory) => [memory.index as number, memory]),
    );
    rememberReadings(directory, this.#state.pointsSeq, memories, unreadable);
    const projections = this.#state.projections();
    // A kill may have come between the row of the clock and the last of the times.
    for (const { kind, seq } of projections)
      if (isClock(kind) && seq > this.#state.restampedSeq) this.#noteClock(seq);
    const reservedSeq = Math.max(tail.reservedSeq, this.#committedSeq);
    return {
      installationId: this.#state.installationId,
      nextSeq: reservedSeq + 1 + (isShort || this.#isDamaged ? missingRowsMax : 0),
      stamp: tail.stamp,
      dayMs: tail.dayMs,
      points: tail.points,
      pointMemories: [...memories.values()],
      projections,
      users: [...this.#state.users()],
      quarantine: this.#state.quarantined(),
    };
  }

  /** Writes one group; on return it is on disk. Throws, with nothing written, if that was not possible. */
  write(group: Group): void {
    this.#writeToDay(group);
    this.#committedSeq = group.stampSeq;
    for (const { kind, key, seq, body } of group.entries) {
      if (kind === 'point') {
        const point = JSON.parse(body) as Point;
        this.#points.set(point.index, point);
      }
      this.#note({ kind, key, seq, body });
      if (isClock(kind)) this.#noteClock(seq);
    }
    // Derived like the projections: a locked state file must not hold up the commits.
    for (const memory of group.points) this.#memories.set(memory.index, memory);
    if (group.points.length > 0) this.#memoriesSeq = group.stampSeq;
  }

  /** Whether wall times wait to be put right. */
  get hasRestamp(): boolean {
    return this.#clockSeq !== null;
  }

  /** Puts some wall times right that were stamped before the clock was trusted; a kill in between costs nothing. */
  restamp(): void {
    const clockSeq = this.#clockSeq;
    if (clockSeq === null) return;
    const { stretches, nextSeq: from } = this.#restamp ?? {
      stretches: findStretches(this.#files, clockSeq, this.#state.restampedSeq),
      nextSeq: 0,
    };
    const nextSeq = restampSome(this.#files, stretches, from);
    this.#restamp = nextSeq === null ? null : { stretches, nextSeq };
    if (nextSeq !== null) return;
    this.#state.restampedSeq = clockSeq;
    this.#clockSeq = null;
  }

  /** Gives up what could not be put right: it stays marked. */
  dropRestamp(): void {
    this.#clockSeq = null;
    this.#restamp = null;
  }

  /** Whether something derived waits to be written. */
  get hasUnprojected(): boolean {
    return this.#unprojected.size > 0 || this.#memories.size > 0;
  }

  /** Writes the projections of all rows committed so far. They are derived: a crash before it costs nothing. */
  project(): void {
    this.#state.project(this.#unprojected.values(), this.#committedSeq);
    this.#unprojected.clear();
    if (this.#memories.size === 0) return;
    this.#state.storePoints([...this.#memories.values()], this.#memoriesSeq);
    this.#memories.clear();
  }

  get state(): StateFile {
    return this.#state;
  }

  /** Committed rows of one kind beyond a number, the oldest first. */
  rows({ kind, afterSeq, notifier, rowsMax }: RowsQuery): JournalRow[] {
    const found: JournalRow[] = [];
    const unreadable: Unreadable = (path, error) => {
      if (!isDamaged(error, path)) throw error;
      this.#passOver(path, error);
    };
    eachDayAfter(this.#options.directory, afterSeq, unreadable, (db) => {
      const baseMs = Number(readMeta(db, 'base_ms'));
      const rows = db
        .prepare(
          `SELECT seq, at, lag, key, body FROM entry WHERE seq > @afterSeq AND kind = @kind
           AND (@notifier IS NULL OR EXISTS (SELECT 1 FROM json_each(body, '$.notify') WHERE value = @notifier))
           ORDER BY seq LIMIT @limit`,
        )
        .all({ afterSeq, kind, notifier, limit: rowsMax - found.length }) as {
        seq: number;
        at: number;
        lag: number;
        key: string;
        body: string;
      }[];
      for (const { seq, at, lag, key, body } of rows) {
        const atMs = (at + baseMs) as WallMs;
        const engineMs = (atMs - lag) as EngineMs;
        found.push({
          seq: seq as Seq,
          atMs,
          engineMs,
          kind,
          key,
          body: JSON.parse(body) as unknown,
        });
      }
      return found.length >= rowsMax ? 'stop' : undefined;
    });
    return found;
  }

  /** What windows need at a start; a file that cannot be read is passed over. */
  recent(query: RecentQuery): RecentReadings {
    const unreadable: Unreadable = (path, error) => this.#passOver(path, error);
    return readRecent(this.#options.directory, this.#committedSeq, query, unreadable);
  }

  /** Never throws for the sake of the disk: all that is left to write is derived from what is on it. */
  close(): void {
    const steps = [
      () => (this.hasUnprojected ? this.project() : undefined),
      () => this.#day?.checkpoint('TRUNCATE'),
      () => this.#state.checkpoint(),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (error) {
        if (isBusy(error) || isFull(error)) continue;
        const fields = { directory: this.#options.directory, error: messageOf(error) };
        this.#around.problem({ message: 'not closed in good order', fields });
      }
    }
    this.#day?.close();
    this.#state.close();
  }

  // Found out later what there is to do: a commit must not wait for it, nor fail by it.
  #noteClock(seq: number): void {
    if (seq <= (this.#clockSeq ?? 0)) return;
    this.#clockSeq = seq;
    this.#restamp = null;
  }

  get #files(): JournalFiles {
    const unreadable: Unreadable = (path, error) => {
      if (isBusy(error) || isFull(error)) throw error;
      this.#passOver(path, error);
    };
    return { directory: this.#options.directory, unreadable };
  }

  #note(row: { kind: RowKind; key: string; seq: number; body: string }): void {
    if (projectedKinds.has(row.kind)) this.#unprojected.set(`${row.kind} ${row.key}`, row);
  }

  #writeToDay(group: Group): void {
    try {
      this.#dayFor(group).write(group);
    } catch (error) {
      const path = dayPath(this.#options.directory, group.dayMs);
      if (!isDamaged(error, path)) throw error;
      // Found out only now, by what recovery had no need to read. To end would be to end again after each start.
      this.#day?.close();
      this.#day = null;
      this.#setAside(path, error);
      this.#dayFor(group).write(group);
    }
  }

  #dayFor(group: Group): DayFile {
    if (this.#day?.dayMs === group.dayMs) return this.#day;
    this.#closeDay();
    this.#day = new DayFile(dayPath(this.#options.directory, group.dayMs), {
      dayMs: group.dayMs,
      bootId: this.#options.bootId,
      reservedSeq: group.reservedSeq,
      points: this.#points.values(),
    });
    return this.#day;
  }

  #closeDay(): void {
    const day = this.#day;
    if (day === null) return;
    try {
      day.checkpoint('TRUNCATE');
    } catch (error) {
      const path = dayPath(this.#options.directory, day.dayMs);
      if (!isDamaged(error, path)) throw error;
      this.#passOver(path, error);
    }
    day.close();
    this.#day = null;
  }

  get #statePath(): string {
    return join(this.#options.directory, 'state.db');
  }

  /** At recovery no file but the one that is written next is needed to go on. */
  #goOnWithout(path: string, error: unknown): void {
    if (isBusy(error) || isFull(error)) throw error;
    if (isDamaged(error, path)) this.#setAside(path, error);
    else this.#passOver(path, error);
  }

  #setAside(path: string, error: unknown): void {
    const aside = setAside(path, this.#around.wallMs());
    this.#isDamaged = true;
    const fields = { path, aside, error: messageOf(error) };
    this.#around.problem({
      message: 'a file cannot be read: set aside, going on without it',
      fields,
    });
  }

  #passOver(path: string, error: unknown): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    const fields = { path, error: messageOf(error) };
    this.#around.problem({ message: 'a file cannot be read: going on without it', fields });
  }
}
