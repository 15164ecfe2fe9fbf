import { convertStored, pointName, type Point, type PointIndex } from '../domain/point.ts';
import { lateFlag, qualityCodes, qualityOf, type Seq } from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import {
  qualitySpan,
  type ReplayInput,
  type ReplayRange,
  type ReplayRow,
  type ReplaySink,
} from '../storage/replay.ts';
import { PointNoise } from './point-noise.ts';
import { newestPoints, type ReplayedRules } from './replayed-rules.ts';
import { ReplayedSchedules } from './replayed-schedules.ts';
import { startedInput, type StartedRow } from './stored-inputs.ts';

// What is to be done with the readings of a stored index.
const skipped = 0;
const given = 1;
/** Stored in another unit than one of the configs has, or calculated by one of them, or calculated from. */
const converted = 2;
const notSeenYet = 3;

/**
 * Feeds the rows of the history to both engines in one pass; readings of a point that neither config judges are passed
 * over. Each stored index of a point (it has another one for each
 * unit it had) is one point to the engines, in the unit its config gives it.
 */
export class HistoryRun implements ReplaySink {
  readonly #before: ReplayedRules;
  readonly #after: ReplayedRules;
  readonly #onProgress: (fraction: number, readings: number) => void;
  readonly #stored: ReadonlyMap<number, Point>;
  readonly #newest: ReadonlyMap<string, Point>;
  readonly #noises = new Map<string, PointNoise>();
  readonly #todo: Uint8Array;
  readonly #index: Uint32Array;
  readonly #noise: (PointNoise | undefined)[] = [];
  readonly #declared = new Set<string>();
  /** Points that came with a config: at a start they come before what the start concludes. */
  #waiting: Point[] = [];
  readonly #schedules: ReplayedSchedules;
  #count = 0;
  #at = 0;
  /** The time of readings from which something is still to be calculated; Infinity: there are none. */
  #touchedAt = Infinity;
  #touchedSeq = 0;

  constructor(
    range: ReplayRange,
    before: ReplayedRules,
    after: ReplayedRules,
    onProgress: (fraction: number, readings: number) => void,
  ) {
    this.#before = before;
    this.#after = after;
    this.#onProgress = onProgress;
    this.#at = range.startAt;
    this.#stored = new Map(range.points.map((point) => [point.index as number, point]));
    this.#newest = newestPoints(range.points);
    const size = Math.max(0, ...this.#stored.keys()) + 1;
    this.#todo = new Uint8Array(size).fill(notSeenYet);
    this.#index = new Uint32Array(size);
    for (const [name, point] of this.#newest) {
      if (!range.toldWithin.has(name)) this.#declare(point, range.startAt);
    }
    this.#schedules = new ReplayedSchedules([...before.rules, ...after.rules], (key, isOpen, at) =>
      this.#giveSchedule(key, isOpen, at),
    );
    this.#schedules.look(range.startAt + before.recorder.wallOffsetMs);
  }

  /** Readings so far. */
  get count(): number {
    return this.#count;
  }

  noiseOf(name: string): PointNoise | null {
    return this.#noises.get(name) ?? null;
  }

  readings(
    rows: readonly ReplayRow[],
    baseMs: number,
    seq: number,
    lateAts: readonly number[],
  ): void {
    let lateRow = 0;
    if (this.#waiting.length > 0) this.#declareWaiting();
    const todo = this.#todo;
    const index = this.#index;
    const noise = this.#noise;
    const before = this.#before.engine;
    const after = this.#after.engine;
    const offsetMs = this.#before.recorder.wallOffsetMs;
    let edgeAt = this.#schedules.nextMs - offsetMs;
    this.#count += rows.length;
    // Columns by place: an iterator for each of millions of rows costs more than to judge it.
    for (let row = 0; row < rows.length; row += 1) {
      const columns = rows[row];
      if (columns === undefined) continue;
      const packed = columns[1];
      const quality = packed % qualitySpan;
      const point = (packed - quality) / qualitySpan;
      const ownAt = quality >= lateFlag ? lateAts[lateRow++] : undefined;
      let what = todo[point] ?? skipped;
      if (what === skipped) continue;
      const at = baseMs + columns[0];
      if (at > this.#touchedAt) this.#calculate();
      if (at >= edgeAt) {
        this.#schedules.moveTo(at + offsetMs);
        edgeAt = this.#schedules.nextMs - offsetMs;
      }
      if (what === notSeenYet) what = this.#meet(point, at);
      const value = columns[2] ?? NaN;
      const target = (index[point] ?? 0) as PointIndex;
      if (quality <= qualityCodes.suspect && value === value) noise[point]?.add(at, value);
      if (ownAt !== undefined) {
        if (what !== skipped) this.#giveLate(seq, at, point, value, quality, baseMs + ownAt);
      } else if (what === given) {
        const atMs = (at + offsetMs) as WallMs;
        before.reading(seq as Seq, at as EngineMs, atMs, target, value, quality);
        after.reading(seq as Seq, at as EngineMs, atMs, target, value, quality);
      } else if (what === converted) this.#giveConverted(seq, at, point, value, quality);
    }
    const last = rows[rows.length - 1];
    if (last !== undefined) this.#at = baseMs + last[0];
  }

  input({ seq, at, kind, body }: ReplayInput): void {
    this.#calculate();
    // Bodies are rows that Limen wrote.
    switch (kind) {
      case 'point': {
        const { index } = body as Point;
        const point = this.#stored.get(index);
        if (point !== undefined) this.#waiting.push(point);
        break;
      }
      case 'started': {
        const started = startedInput(body as StartedRow);
        // What fell due before the stop happened then: Limen was there until its last commit.
        const stoppedAt = (at - (started.elapsedMs ?? 0)) as EngineMs;
        this.#eachEngine(({ engine, recorder }) => {
          if (stoppedAt > this.#at) engine.advance(stoppedAt);
          recorder.wallOffsetMs = started.wallOffsetMs;
          engine.accept(seq as Seq, at, started);
        });
        this.#at = at;
        this.#schedules.look(at + started.wallOffsetMs);
        break;
      }
      case 'stopped':
        this.#eachEngine(({ engine }) => engine.accept(seq as Seq, at, { kind: 'stopped' }));
        break;
      case 'clock': {
        const { wallOffsetMs, creditMs, unsureSinceMs = null } = body as ClockRow;
        this.#eachEngine(({ engine, recorder }) => {
          recorder.wallOffsetMs = wallOffsetMs;
          engine.accept(seq as Seq, at, { kind: 'clock', wallOffsetMs, creditMs, unsureSinceMs });
        });
        this.#at = at;
        this.#schedules.look(at + wallOffsetMs);
        break;
      }
      case 'source': {
        const { source, connected, bridge } = body as SourceRow;
        this.#eachEngine(({ engine }) =>
          engine.accept(seq as Seq, at, { kind: 'source', source, connected, bridge }),
        );
        break;
      }
      case 'learned': {
        const { point: stored, stale_after_ms: staleAfterMs, via } = body as LearnedRow;
        const point = this.#newestOf(stored)?.index;
        if (point === undefined) break;
        this.#eachEngine(({ engine }) =>
          engine.accept(seq as Seq, at, { kind: 'learned', point, staleAfterMs, via }),
        );
        break;
      }
      default:
        // Of the configs of the past nothing is wanted: both that are compared are known.
        break;
    }
    this.#at = at;
  }

  progress(fraction: number): void {
    this.#onProgress(fraction, this.#count);
  }

  /** The history ends: what falls due until then happens. */
  finish(at: EngineMs): void {
    this.#calculate();
    this.#declareWaiting();
    this.#schedules.moveTo(at + this.#before.recorder.wallOffsetMs);
    this.#eachEngine(({ engine }) => engine.advance(at));
  }

  #calculate(): void {
    const at = this.#touchedAt;
    if (at === Infinity) return;
    this.#touchedAt = Infinity;
    this.#before.derived.flush(this.#touchedSeq, at, null);
    this.#after.derived.flush(this.#touchedSeq, at, (point, ...reading) =>
      this.#noteNoise(point, ...reading),
    );
  }

  #noteNoise(point: Point, at: number, value: number, quality: number): void {
    if (point.kind !== 'number' || quality > qualityCodes.suspect) return;
    const name = pointName(point);
    const noise = this.#noises.get(name) ?? new PointNoise();
    this.#noises.set(name, noise);
    noise.add(at, value);
  }

  #eachEngine(give: (rules: ReplayedRules) => void): void {
    give(this.#before);
    give(this.#after);
  }

  #giveSchedule(key: string, isOpen: boolean, wallMs: number): void {
    this.#eachEngine(({ engine, recorder }) => {
      const at = Math.max(this.#at, wallMs - recorder.wallOffsetMs) as EngineMs;
      engine.accept(0 as Seq, at, { kind: 'schedule', key, isOpen });
    });
  }

  #declareWaiting(): void {
    const points = this.#waiting;
    this.#waiting = [];
    for (const point of points) this.#declare(point, this.#at);
  }

  #declare(point: Point, at: number): void {
    const name = pointName(point);
    if (this.#declared.has(name)) return;
    this.#declared.add(name);
    const newest = this.#newest.get(name) ?? point;
    const isJudged = this.#before.judges(newest) || this.#after.judges(newest);
    this.#eachEngine((rules) => {
      if (!isJudged || rules.derived.calculates(name)) return;
      const own = rules.inOwnUnit(newest);
      rules.derived.declare(own);
      rules.engine.accept(0 as Seq, at as EngineMs, { kind: 'point', point: own });
    });
  }

  /** The first reading under a stored index: what is to be done with all of them. */
  #meet(stored: number, at: number): number {
    const point = this.#stored.get(stored);
    let what = skipped;
    if (point !== undefined) {
      const name = pointName(point);
      const newest = this.#newest.get(name) ?? point;
      const both = [this.#before, this.#after];
      this.#declare(point, at);
      this.#index[stored] = newest.index;
      if (both.some((rules) => rules.judges(newest))) what = given;
      const isOwn = both.every((rules) => isIn(point, rules.inOwnUnit(newest)));
      const isMoved = both.some(({ derived }) => derived.calculates(name) || derived.feeds(name));
      if (what === given && (!isOwn || isMoved)) what = converted;
      if (both.every(({ derived }) => derived.calculates(name))) what = skipped;
      const isOurs = this.#after.derived.calculates(name);
      if (what !== skipped && !isOurs && point.index === newest.index && point.kind === 'number') {
        const noise = new PointNoise();
        this.#noise[stored] = noise;
        this.#noises.set(name, noise);
      }
    }
    this.#todo[stored] = what;
    return what;
  }

  #newestOf(stored: number): Point | undefined {
    const point = this.#stored.get(stored);
    return point === undefined ? undefined : this.#newest.get(pointName(point));
  }

  #giveLate(
    seq: number,
    at: number,
    stored: number,
    value: number,
    flagged: number,
    ownAt: number,
  ): void {
    const quality = qualityCodes[qualityOf(flagged)];
    this.#eachConverted(stored, value, quality, ({ engine }, { index }, own, given) =>
      engine.late(seq as Seq, at as EngineMs, ownAt as WallMs, index, own, given),
    );
  }

  #giveConverted(seq: number, at: number, stored: number, value: number, quality: number): void {
    this.#eachConverted(stored, value, quality, (rules, point, own, given) => {
      const { engine, recorder, derived } = rules;
      const atMs = (at + recorder.wallOffsetMs) as WallMs;
      engine.reading(seq as Seq, at as EngineMs, atMs, point.index, own, given);
      const name = pointName(point);
      if (!derived.feeds(name)) return;
      derived.touch(name);
      this.#touchedAt = at;
      this.#touchedSeq = seq;
    });
  }

  #eachConverted(
    stored: number,
    value: number,
    quality: number,
    give: (rules: ReplayedRules, point: Point, own: number, quality: number) => void,
  ): void {
    const point = this.#stored.get(stored);
    const newest = this.#newestOf(stored);
    if (point === undefined || newest === undefined) return;
    this.#eachEngine((rules) => {
      if (rules.derived.calculates(pointName(newest))) return;
      const own = convertStored(value, point, rules.inOwnUnit(newest).unit);
      const isLost = own !== own && quality <= qualityCodes.suspect;
      give(rules, newest, own, isLost ? qualityCodes.bad : quality);
    });
  }
}

/** The bodies of rows of kind `clock`, `source` and `learned`. */
interface ClockRow {
  readonly wallOffsetMs: number;
  readonly creditMs: number;
  readonly unsureSinceMs?: EngineMs | null;
}
interface SourceRow {
  readonly source: string;
  readonly connected: boolean;
  readonly bridge: boolean;
}
interface LearnedRow {
  readonly point: number;
  readonly stale_after_ms: number | null;
  readonly via: string | null;
}

function isIn(stored: Point, own: Point): boolean {
  return stored.kind !== 'number' || stored.unit === null || stored.unit === own.unit;
}
