import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PointMemory } from '../domain/engine.ts';
import type { Group } from '../domain/group.ts';
import type { JournalRow, RowKind } from '../domain/journal.ts';
import type { Point } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import type { Recovery, RowsQuery, StoreOptions } from '../domain/store.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { isBusy, isFull, privateFolder } from './database.ts';
import { DayFile } from './day-file.ts';
import {
  dayPath,
  filesAfter,
  projectionsAfter,
  readMeta,
  readTail,
  rememberReadings,
} from './history.ts';
import { StateFile } from './state-file.ts';

/** Kinds whose last row per key is needed at start. */
const projectedKinds: ReadonlySet<RowKind> = new Set([
  'alert',
  'output',
  'notification',
  'config',
  'started',
  'stopped',
]);

/** Everything on disk: the day file that is being written and the state file. Lives in the storage thread. */
export class Store {
  readonly #options: StoreOptions;
  readonly #state: StateFile;
  readonly #points = new Map<number, Point>();
  /** Rows not yet in the projection tables: the last of each (kind, key). */
  #unprojected = new Map<string, { kind: RowKind; key: string; seq: number; body: string }>();
  /** Point memories not yet in the state file, as of the group that brought them. */
  readonly #memories = new Map<number, PointMemory>();
  #memoriesSeq = 0;
  #committedSeq = 0;
  #day: DayFile | null = null;

  constructor(options: StoreOptions) {
    this.#options = options;
    mkdirSync(join(options.directory, 'history'), { recursive: true, mode: privateFolder });
    this.#state = new StateFile(join(options.directory, 'state.db'));
  }

  /** Reads what the last run left, and brings the projections up to date with it. */
  recover(): Recovery {
    const { directory } = this.#options;
    const tail = readTail(directory);
    for (const point of tail.points) this.#points.set(point.index, point);

    for (const { kind, key, seq, body } of projectionsAfter(
      directory,
      this.#state.appliedSeq,
    ).values()) {
      this.#note({ kind, key, seq, body: JSON.stringify(body) });
    }
    this.#committedSeq = tail.reservedSeq;
    this.project();

    const memories = new Map(
      this.#state.pointMemories().map((memory) => [memory.index as number, memory]),
    );
    rememberReadings(directory, this.#state.pointsSeq, memories);
    return {
      installationId: this.#state.installationId,
      nextSeq: tail.reservedSeq + 1,
      stamp: tail.stamp,
      dayMs: tail.dayMs,
      points: tail.points,
      pointMemories: [...memories.values()],
      projections: this.#state.projections(),
      users: [...this.#state.users()],
      quarantine: this.#state.quarantined(),
    };
  }

  /** Writes one group; on return it is on disk. Throws, with nothing written, if that was not possible. */
  write(group: Group): void {
    this.#dayFor(group).write(group);
    this.#committedSeq = group.stampSeq;
    for (const { kind, key, seq, body } of group.entries) {
      if (kind === 'point') {
        const point = JSON.parse(body) as Point;
        this.#points.set(point.index, point);
      }
      this.#note({ kind, key, seq, body });
    }
    // Derived like the projections: a locked state file must not hold up the commits.
    for (const memory of group.points) this.#memories.set(memory.index, memory);
    if (group.points.length > 0) this.#memoriesSeq = group.stampSeq;
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
    for (const db of filesAfter(this.#options.directory, afterSeq)) {
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
      if (found.length >= rowsMax) break;
    }
    return found;
  }

  /** Never throws for a lock or a full disk: all that is left to write is derived from what is on disk. */
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
        if (!isBusy(error) && !isFull(error)) throw error;
      }
    }
    this.#day?.close();
    this.#state.close();
  }

  #note(row: { kind: RowKind; key: string; seq: number; body: string }): void {
    if (projectedKinds.has(row.kind)) this.#unprojected.set(`${row.kind} ${row.key}`, row);
  }

  #dayFor(group: Group): DayFile {
    if (this.#day?.dayMs === group.dayMs) return this.#day;
    this.#day?.checkpoint('TRUNCATE');
    this.#day?.close();
    this.#day = null;
    this.#day = new DayFile(dayPath(this.#options.directory, group.dayMs), {
      dayMs: group.dayMs,
      bootId: this.#options.bootId,
      reservedSeq: group.reservedSeq,
      points: this.#points.values(),
    });
    return this.#day;
  }
}
