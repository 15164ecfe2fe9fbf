import { alertKey, type AlertKey } from '../domain/alert.ts';
import type {
  Engine,
  EngineInput,
  EngineSnapshot,
  LearnedInterval,
  PointMemory,
} from '../domain/engine.ts';
import type { JournalRow } from '../domain/journal.ts';
import { limits } from '../domain/limits.ts';
import type { Point, PointIndex } from '../domain/point.ts';
import { historyOnlyFlag, lateFlag, qualityCodes, qualityOf, type Seq } from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { createEngine } from '../rules/engine.ts';
import { nearestLevel } from '../rules/missing.ts';
import type { AlertAtMoment, NearMiss } from '../rules/explain/why-not-facts.ts';
import { isRetained, isUsable, type StretchReading } from '../storage/stretch.ts';
import { storedInput, type RunConfig } from './stored-inputs.ts';

/** Where a replay of one alert begins. */
export interface AlertStart {
  readonly key: AlertKey;
  readonly config: RunConfig;
  readonly at: EngineMs;
  /** Add to engine time to get wall time. */
  readonly wallOffsetMs: number;
  /** The points there were, as they were. */
  readonly points: readonly Point[];
  /** What was known of them. */
  readonly memories: readonly PointMemory[];
  /** How they had been learned to report. */
  readonly learned: readonly LearnedInterval[];
  /** Whether each schedule was open. */
  readonly schedules: ReadonlyMap<string, boolean | null>;
  /** The alert and those that it depends on, as their last events left them. */
  readonly alerts: EngineSnapshot['alerts'];
}

/** A stretch of the journal, and the moment in it that is asked about. */
export interface AlertStretch {
  /** Only before it begins: windows are filled with them. */
  readonly earlier: readonly StretchReading[];
  readonly readings: readonly StretchReading[];
  readonly inputs: readonly JournalRow[];
  /** By the wall clock. */
  readonly momentMs: number;
  /** The config of a row. */
  parse(row: JournalRow): RunConfig;
}

/** What a replay came to. */
export interface AlertReplayed {
  readonly moment: AlertAtMoment;
  readonly closest: NearMiss | null;
  /** Every point that there was, by its index. */
  readonly points: ReadonlyMap<number, Point>;
  /** Arrival of each reading by the wall clock, by its number. */
  readonly receivedMs: ReadonlyMap<number, number>;
  /** Readings given to the engine. */
  readonly count: number;
}

/**
 * Runs one rule over a stretch of the journal with the engine of the live program, from the state in which the journal
 * says that the alert was, and looks at it at one moment. A start of Limen in between is a start of a new engine from the
 * state of the old one, as it was then.
 */
export function replayAlert(start: AlertStart, stretch: AlertStretch): AlertReplayed {
  return new AlertReplay(start, stretch).run();
}

class AlertReplay {
  readonly #key: AlertKey;
  readonly #stretch: AlertStretch;
  readonly #points = new Map<number, Point>();
  /** Those that went on under another index, too. */
  readonly #everyPoint = new Map<number, Point>();
  readonly #receivedMs = new Map<number, number>();
  /** Usable readings so far, for the windows of a new engine. */
  readonly #usable: StretchReading[];
  readonly #schedules: Map<string, boolean | null>;
  #engine: Engine;
  #config: RunConfig;
  #at: number;
  #wallOffsetMs: number;
  #count = 0;
  #moment: AlertAtMoment | null = null;
  #closest: NearMiss | null = null;
  #events = 0;

  constructor(start: AlertStart, stretch: AlertStretch) {
    const { key, config, at, wallOffsetMs, points, memories, learned, alerts } = start;
    this.#key = key;
    this.#stretch = stretch;
    this.#config = this.#ofRule(config);
    this.#at = at;
    this.#wallOffsetMs = wallOffsetMs;
    for (const point of points) this.#know(point);
    this.#usable = stretch.earlier.filter(isUsable);
    this.#schedules = new Map(start.schedules);
    // Not a start of Limen: it goes on from a state, and no delay is touched by that.
    this.#engine = this.#begin(
      { wallOffsetMs, points: memories, learned, sources: [], alerts },
      at,
    );
  }

  run(): AlertReplayed {
    const { readings, inputs } = this.#stretch;
    let next = 0;
    for (const [index, row] of inputs.entries()) {
      for (; next < readings.length; next += 1) {
        const reading = readings[next];
        if (reading === undefined || reading.seq > row.seq) break;
        this.#read(reading);
      }
      this.#input(row, inputs.slice(index + 1));
    }
    for (const reading of readings.slice(next)) this.#read(reading);
    this.#look(Infinity);
    return {
      moment: this.#moment ?? this.#present(),
      closest: this.#closest,
      points: this.#everyPoint,
      receivedMs: this.#receivedMs,
      count: this.#count,
    };
  }

  #read(reading: StretchReading): void {
    const { seq, engineMs, atMs, point, value, quality } = reading;
    this.#receivedMs.set(seq, engineMs + this.#wallOffsetMs);
    if (isRetained(quality)) return;
    this.#look(engineMs);
    const isLate = (quality & lateFlag) !== 0;
    this.#engine[isLate ? 'late' : 'reading'](
      seq as Seq,
      engineMs as EngineMs,
      atMs as WallMs,
      point as PointIndex,
      value ?? NaN,
      qualityCodes[qualityOf(quality)],
    );
    this.#at = engineMs;
    this.#count += 1;
    if (isUsable(reading)) {
      this.#usable.push(reading);
      this.#noteNearest(reading);
    }
  }

  #input(row: JournalRow, later: readonly JournalRow[]): void {
    const input = storedInput(row, (config) => this.#ofRule(this.#stretch.parse(config)));
    if (input === null || (input.kind === 'act' && alertKey(input.act.alert) !== this.#name))
      return;
    // The first rows of a start come before the start itself, which tells how long Limen was down.
    if (leadsToStart(row, later)) {
      this.#note(input);
      return;
    }
    if (input.kind === 'started') this.#restart(row, input);
    else {
      this.#look(row.engineMs);
      this.#note(input);
      this.#engine.accept(row.seq, row.engineMs, input);
    }
    this.#at = row.engineMs;
  }

  get #name(): string {
    return alertKey(this.#key);
  }

  #note(input: EngineInput): void {
    switch (input.kind) {
      case 'config':
        this.#config = { ...this.#config, ...input };
        break;
      case 'point':
        if (input.replaces !== undefined) this.#points.delete(input.replaces.index);
        this.#know(input.point);
        break;
      case 'clock':
        this.#wallOffsetMs = input.wallOffsetMs;
        break;
      case 'schedule':
        this.#schedules.set(input.key, input.isOpen);
        break;
      case 'source':
      case 'learned':
      case 'fault':
      case 'act':
      case 'started':
      case 'stopped':
        break;
      default:
        input satisfies never;
    }
  }

  #know(point: Point): void {
    this.#points.set(point.index, point);
    this.#everyPoint.set(point.index, point);
  }

  #restart(row: JournalRow, input: Extract<EngineInput, { kind: 'started' }>): void {
    const stoppedAt = row.engineMs - (input.elapsedMs ?? 0);
    // A moment at which Limen was down is that of its last commit: the end of the old engine, not the beginning of the new one.
    this.#look(stoppedAt + 1);
    if (stoppedAt > this.#at) this.#engine.advance(stoppedAt as EngineMs);
    const snapshot = this.#engine.snapshot();
    this.#wallOffsetMs = input.wallOffsetMs;
    this.#engine = this.#begin(
      { ...snapshot, wallOffsetMs: input.wallOffsetMs, sources: [] },
      row.engineMs,
    );
    this.#engine.accept(row.seq, row.engineMs, input);
  }

  #begin(snapshot: EngineSnapshot, at: EngineMs): Engine {
    const engine = createEngine({
      nextSeq: () => (this.#events += 1) as Seq,
      emit: () => undefined,
    });
    const zero = 0 as Seq;
    engine.restore(snapshot);
    for (const [key, isOpen] of this.#schedules)
      engine.accept(zero, at, { kind: 'schedule', key, isOpen });
    engine.accept(zero, at, { kind: 'config', ...this.#config });
    for (const point of this.#points.values()) {
      engine.accept(zero, at, { kind: 'point', point });
    }
    for (const { engineMs, atMs, point, value, quality } of this.#usable) {
      const late =
        (quality & lateFlag) === 0
          ? undefined
          : { atMs: atMs as WallMs, isNews: (quality & historyOnlyFlag) === 0 };
      if (value !== null) engine.gather(engineMs as EngineMs, point as PointIndex, value, late);
    }
    return engine;
  }

  /** Before what comes at this engine time: has the moment passed by then? */
  #look(nextAt: number): void {
    const momentAt = this.#stretch.momentMs - this.#wallOffsetMs;
    if (this.#moment !== null || nextAt <= momentAt) return;
    // What a start concludes, and what falls due until then, has happened; a clock that was set back does not undo it.
    if (momentAt > this.#at) {
      this.#engine.advance(momentAt as EngineMs);
      this.#at = momentAt;
    }
    this.#moment = this.#present();
  }

  #present(): AlertAtMoment {
    const point = [...this.#points.values()].find(
      ({ device, metric }) => device === this.#key.device && metric === this.#key.metric,
    );
    const memory = point === undefined ? null : this.#engine.pointMemory(point.index);
    const badSince = memory?.badSince ?? null;
    return {
      alert: this.#engine.find(this.#key),
      compared: this.#engine.compared(this.#key),
      grounds: this.#engine.grounds(this.#key),
      badSince: badSince === null ? null : ((badSince + this.#wallOffsetMs) as WallMs),
    };
  }

  #noteNearest({ seq, engineMs }: StretchReading): void {
    const atMs = engineMs + this.#wallOffsetMs;
    if (Math.abs(atMs - this.#stretch.momentMs) > limits.whyNotAroundMs) return;
    const alert = this.#engine.find(this.#key);
    const compared = this.#engine.compared(this.#key);
    if (alert === null || compared === null || alert.condition === 'unknown') return;
    const nearest = nearestLevel(compared, alert.value);
    if (nearest === null || nearest.missing >= (this.#closest?.missing ?? Infinity)) return;
    this.#closest = { ...nearest, seq, atMs };
  }

  #ofRule({ rules, ...rest }: RunConfig): RunConfig {
    return { ...rest, rules: rules.filter(({ name }) => name === this.#key.rule) };
  }
}

const startKinds: ReadonlySet<string> = new Set(['config', 'point', 'schedule']);
/** Events may lie between the rows of a start. After a kill numbers go on further ahead than this. */
const startRowsMax = 64;

/** Whether a row is one of those that a start writes before it can tell how long Limen was down. */
function leadsToStart({ kind, seq }: JournalRow, later: readonly JournalRow[]): boolean {
  if (!startKinds.has(kind)) return false;
  const next = later.find((row) => !startKinds.has(row.kind));
  if (next?.kind !== 'started') return false;
  return next.seq - seq <= later.indexOf(next) + startRowsMax;
}
