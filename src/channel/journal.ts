import type { PointMemory } from '../domain/engine.ts';
import {
  groupBytes,
  groupColumns,
  type Entry,
  type Group,
  type GroupColumns,
} from '../domain/group.ts';
import type { RowKind, RowWriter } from '../domain/journal.ts';
import { limits } from '../domain/limits.ts';
import type { PointIndex } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import { releasedMs, type DurationMs, type EngineMs, type WallMs } from '../domain/time.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Histogram, Metrics } from '../host/metrics.ts';
import type { EngineTime } from './engine-time.ts';

/** Somebody with rows in a group, told when the group is on disk. */
export interface Holder {
  release(group: number): void;
}

const dayMs = 86_400_000;
const capacity = limits.groupRowsMax;
const memoriesEveryRows = 500_000;
const memoriesEveryMs = 60_000;
/** Numbers reserved ahead of the last commit: more than can be handed out before the next one. */
const reserveAhead = 4 * limits.unstoredRowsMax;

interface ClosedGroup {
  readonly group: Group;
  readonly holders: readonly Holder[];
  readonly callbacks: readonly (() => void)[];
}

/** What the journal needs of its surroundings. */
export interface JournalOptions {
  readonly clock: Clock;
  readonly time: EngineTime;
  readonly metrics: Metrics;
  readonly nextSeq: number;
  /** The newest day on disk; groups never go to an older file. */
  readonly dayMs: number;
  readonly commitDelayMs: DurationMs;
  /** Sends a group to the storage thread, its buffer transferred. One is under way at a time. */
  post(group: Group): void;
  /** Memories of the points that changed since the last call. */
  takeMemories(): readonly PointMemory[];
}

/**
 * The channel inside: one ordered sequence of rows, committed in groups. A group is closed when somebody waits for it
 * and the storage thread is free; small groups are charged to a token bucket, so that the card sees at most
 * 1/`commit_delay` small commits per second in the long run while bursts run free. An event, an act or a command closes
 * the group at once and is not charged.
 */
export class Journal implements RowWriter {
  readonly #options: JournalOptions;
  readonly #commitSeconds: Histogram;
  readonly #spareBuffers: ArrayBuffer[] = [];
  #commitDelayMs: DurationMs;
  #nextSeq: number;
  #committedSeq: number;
  #dayMs: number;
  readonly #startDateMs: number;
  readonly #startedAtMs: number;
  #reservedSeq = 0;

  #openGroup = 1;
  #columns: GroupColumns;
  #count = 0;
  #entries: Entry[] = [];
  #holders: Holder[] = [];
  #callbacks: (() => void)[] = [];
  #waited = false;
  #urgent = false;
  #openedAtMs = 0;

  readonly #closed: ClosedGroup[] = [];
  #posted: ClosedGroup | null = null;
  #postedAtMs = 0;
  #unstoredRows = 0;
  #scheduled = false;
  #timer: Timer | null = null;
  #timerDueMs = Infinity;
  #tokens: number = limits.smallCommitBurst;
  #tokensAtMs: number;
  #rowsSinceMemories = 0;
  #memoriesAtMs: number;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#nextSeq = options.nextSeq;
    this.#committedSeq = options.nextSeq - 1;
    this.#dayMs = options.dayMs;
    this.#startedAtMs = options.clock.monotonicMs();
    this.#startDateMs =
      options.dayMs > 0 ? options.dayMs : Math.max(options.clock.wallMs(), releasedMs);
    this.#commitDelayMs = options.commitDelayMs;
    this.#columns = this.#newColumns();
    this.#tokensAtMs = options.clock.monotonicMs();
    this.#memoriesAtMs = this.#tokensAtMs;
    const { metrics } = options;
    this.#commitSeconds = metrics.histogram(
      'limen_commit_duration_seconds',
      'Time from sending a group to the storage thread until it is on disk',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    );
    metrics.gauge(
      'limen_journal_unstored_rows',
      'Rows accepted and not yet on disk',
      () => this.#unstoredRows,
    );
    metrics.gauge(
      'limen_journal_oldest_unstored_seconds',
      'Age of the group under way to the disk',
      () => this.postedForMs / 1000,
    );
  }

  get nextSeq(): Seq {
    return this.#nextSeq as Seq;
  }

  get committedSeq(): Seq {
    return this.#committedSeq as Seq;
  }

  /** Id of the group that rows are appended to now; a holder is released with it. */
  get openGroup(): number {
    return this.#openGroup;
  }

  /** Rows of every kind accepted and not yet on disk: what bounds them bounds the numbers handed out ahead, too. */
  get unstoredRows(): number {
    return this.#unstoredRows;
  }

  /** How long the storage thread has been busy with one group. */
  get postedForMs(): DurationMs {
    return this.#posted === null ? 0 : this.#options.clock.monotonicMs() - this.#postedAtMs;
  }

  /** How long ago the last group was sent; 0 while one is under way: a further one would only queue up behind it. */
  get quietForMs(): DurationMs {
    return this.#posted === null ? this.#options.clock.monotonicMs() - this.#postedAtMs : 0;
  }

  set commitDelayMs(delayMs: DurationMs) {
    this.#commitDelayMs = delayMs;
  }

  /** The hot path: gives a reading its number and its place. `raw`: NaN if it is the same as the value. */
  reading(
    point: PointIndex,
    engineMs: EngineMs,
    atMs: WallMs,
    value: number,
    raw: number,
    quality: number,
  ): Seq {
    if (this.#count === capacity) this.#close();
    const row = this.#count++;
    const seq = this.#nextSeq++;
    const columns = this.#columns;
    columns.seq[row] = seq;
    columns.atMs[row] = atMs;
    columns.lagMs[row] = atMs - engineMs;
    columns.value[row] = value;
    columns.raw[row] = raw;
    columns.point[row] = point;
    columns.quality[row] = quality;
    this.#unstoredRows++;
    if (!this.#scheduled) this.#schedule();
    return seq as Seq;
  }

  append(kind: RowKind, key: string, body: unknown): Seq {
    return this.appendAt(this.#options.time.now(), kind, key, body);
  }

  /** The same with an engine time that was stamped before: an input carries the time at which it entered. */
  appendAt(engineMs: EngineMs, kind: RowKind, key: string, body: unknown): Seq {
    const seq = this.#nextSeq++;
    const atMs = this.#options.time.wallOf(engineMs);
    this.#entries.push({
      seq,
      atMs,
      lagMs: atMs - engineMs,
      kind,
      key,
      body: JSON.stringify(body),
    });
    this.#unstoredRows++;
    // That a point exists is worth no more than its first reading, and what it shows no more than the ones it rests on.
    if (kind !== 'point' && kind !== 'learned') this.#urgent = true;
    if (!this.#scheduled) this.#schedule();
    return seq as Seq;
  }

  /** Takes a number for what is shown and not kept: a hole. */
  skip(): Seq {
    return this.#nextSeq++ as Seq;
  }

  afterCommit(callback: () => void): void {
    this.#callbacks.push(callback);
    this.#waited = true;
    if (!this.#scheduled) this.#schedule();
  }

  /**
   * Asks to be released when the open group is on disk. A holder registers once per group.
   */
  hold(holder: Holder): void {
    this.#holders.push(holder);
  }

  /** Somebody waits for the open group to be on disk: it must not gather for the whole loss window. */
  wait(): void {
    this.#waited = true;
    // The group may have been gathering rows that nobody waited for.
    if (!this.#scheduled) this.#schedule();
  }

  /** Commits what is open as soon as the storage thread is free, even if it is nothing but the clock. */
  flush(): void {
    this.#waited = true;
    this.#urgent = true;
    // Not closed while another group is under way: a stalled disk would gather a buffer for each call.
    this.#pump();
  }

  /** The storage thread has a group on disk and gives its buffer back. */
  committed(id: number, buffer: ArrayBuffer): void {
    const posted = this.#posted;
    if (posted === null || posted.group.id !== id) throw new Error(`group ${id} was not under way`);
    this.#posted = null;
    this.#spareBuffers.push(buffer);
    this.#committedSeq = posted.group.stampSeq;
    this.#unstoredRows -= posted.group.count + posted.group.entries.length;
    this.#commitSeconds.observe((this.#options.clock.monotonicMs() - this.#postedAtMs) / 1000);
    // The next group goes to the disk before the acknowledgements of this one go to the network.
    this.#pump();
    for (const holder of posted.holders) holder.release(id);
    for (const callback of posted.callbacks) callback();
  }

  /** Resolves when everything appended so far is on disk. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.afterCommit(resolve);
      this.flush();
    });
  }

  /** Writes the last group: the numbers reserved ahead are given back, so that a clean stop leaves no hole. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.afterCommit(resolve);
      this.#close(true);
      this.#pump();
    });
  }

  #schedule(): void {
    this.#scheduled = true;
    if (this.#count + this.#entries.length <= 1)
      this.#openedAtMs = this.#options.clock.monotonicMs();
    // After the poll phase: one group for all sockets that were readable together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Sends the next group if the storage thread is free and it is time; else sees to it that this runs in time. */
  #pump(): void {
    if (this.#posted !== null) return;
    const first = this.#closed.shift();
    if (first !== undefined) {
      this.#post(first);
      return;
    }
    if (this.#count === 0 && this.#entries.length === 0 && !this.#waited) return;
    const dueMs = this.#dueMs();
    const nowMs = this.#options.clock.monotonicMs();
    if (dueMs > nowMs) {
      this.#wakeAt(dueMs, nowMs);
      return;
    }
    this.#close();
    this.#pump();
  }

  /** When the open group may be closed, in monotonic ms; takes a token if it is a small commit whose time has come. */
  #dueMs(): number {
    if (this.#urgent) return -Infinity;
    if (!this.#waited) {
      return this.#count >= capacity / 2 ? -Infinity : this.#openedAtMs + limits.lossWindowMs;
    }
    if (this.#count >= limits.smallGroupRows) return -Infinity;
    const nowMs = this.#options.clock.monotonicMs();
    const passedMs = nowMs - this.#tokensAtMs;
    const refilled = this.#commitDelayMs === 0 ? Infinity : passedMs / this.#commitDelayMs;
    this.#tokens = Math.min(limits.smallCommitBurst, this.#tokens + refilled);
    this.#tokensAtMs = nowMs;
    if (this.#tokens < 1) return nowMs + (1 - this.#tokens) * this.#commitDelayMs;
    this.#tokens -= 1;
    return -Infinity;
  }

  #wakeAt(dueMs: number, nowMs: number): void {
    if (this.#timerDueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#timerDueMs = dueMs;
    this.#timer = this.#options.clock.after(Math.ceil(dueMs - nowMs), () => {
      this.#timerDueMs = Infinity;
      this.#pump();
    });
  }

  /** Closes the open group: nothing is added to it any more. */
  #close(last = false): void {
    const { time, clock } = this.#options;
    const stamp = time.stamp();
    const stampSeq = this.#nextSeq++;
    if (last) this.#reservedSeq = stampSeq;
    else if (this.#reservedSeq - stampSeq < reserveAhead / 2)
      this.#reservedSeq = stampSeq + reserveAhead;
    const dateMs = stamp.trusted ? stamp.wallMs : this.#guessDateMs(clock.monotonicMs());
    this.#dayMs = Math.max(this.#dayMs, Math.floor(dateMs / dayMs) * dayMs);
    this.#rowsSinceMemories += this.#count;
    const nowMs = clock.monotonicMs();
    let points: readonly PointMemory[] = [];
    if (
      last ||
      this.#rowsSinceMemories >= memoriesEveryRows ||
      nowMs - this.#memoriesAtMs >= memoriesEveryMs
    ) {
      points = this.#options.takeMemories();
      this.#rowsSinceMemories = 0;
      this.#memoriesAtMs = nowMs;
    }
    const group: Group = {
      id: this.#openGroup++,
      dayMs: this.#dayMs,
      buffer: this.#columns.buffer,
      capacity,
      count: this.#count,
      entries: this.#entries,
      points,
      stampSeq,
      stamp,
      reservedSeq: this.#reservedSeq,
    };
    this.#closed.push({ group, holders: this.#holders, callbacks: this.#callbacks });
    this.#columns = this.#newColumns();
    this.#count = 0;
    this.#entries = [];
    this.#holders = [];
    this.#callbacks = [];
    this.#waited = false;
    this.#urgent = false;
    this.#openedAtMs = nowMs;
  }

  // A clock that lost its date must make no file of 1970, and none of a far day behind which all that follow would go: it
  // goes on from the newest file, or on a new installation from the earliest day that can be.
  #guessDateMs(nowMs: number): number {
    return this.#startDateMs + (nowMs - this.#startedAtMs);
  }

  #post(closed: ClosedGroup): void {
    this.#posted = closed;
    this.#postedAtMs = this.#options.clock.monotonicMs();
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerDueMs = Infinity;
    this.#options.post(closed.group);
  }

  #newColumns(): GroupColumns {
    const buffer = this.#spareBuffers.pop() ?? new ArrayBuffer(groupBytes(capacity));
    return groupColumns(buffer, capacity);
  }
}
