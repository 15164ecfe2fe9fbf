import type { Alert, AlertKey } from '../domain/alert.ts';
import { alertKey } from '../domain/alert.ts';
import type {
  ActVerdict,
  Compared,
  Engine,
  EngineInput,
  EngineSnapshot,
  EngineSurroundings,
  GatheredLate,
  Grounds,
  PointMemory,
} from '../domain/engine.ts';
import type { PointIndex } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { takeSchedule } from './clauses/active-when.ts';
import { perform } from './acts.ts';
import { compareCells } from './alert-cell.ts';
import { heedDeclared } from './clauses/clause.ts';
import { comparedNumbers } from './compared.ts';
import { encodeMemory } from './cell-memory.ts';
import { declarePoint, learnInterval } from './declare.ts';
import { orderedCells, type EngineCore } from './engine-core.ts';
import { presentAlert } from './events.ts';
import { setFault } from './telling/faults.ts';
import { fireDue } from './fire.ts';
import { beginFlood } from './telling/flood.ts';
import { groundsOf } from './explain/grounds.ts';
import { gatherReading } from './gauges/judge-gauge.ts';
import { gatherLate, judgeLate } from './judge-late.ts';
import { judgeReading } from './judge-reading.ts';
import { orNull, PointTable } from './point-table.ts';
import { problemsOf } from './problems.ts';
import { replacePoint } from './replace-point.ts';
import { noteSource } from './silence/source-lost.ts';
import { sourceOf } from './silence/source-table.ts';
import { followClock, restart } from './restart.ts';
import { applyConfig } from './rule-change.ts';
import { TimerHeap } from './timer-heap.ts';

/**
 * The deterministic engine: readings and other inputs in, alert events out, synchronously. The alarm model is that of
 * ISA-18.2 (deadband, on-delay, off-delay, latch, acknowledge) as contract 3 words it.
 */
export function createEngine(surroundings: EngineSurroundings): Engine {
  return new RuleEngine(surroundings);
}

class RuleEngine implements Engine {
  readonly #core: EngineCore;
  readonly #points = new PointTable();
  readonly #timers = new TimerHeap(compareCells);
  // Reused for every reading: judging one allocates nothing unless something changes.
  readonly #moment = { at: 0, seq: 0, atMs: 0 };
  readonly #reading = { value: 0, quality: 0 };
  #now = 0;

  constructor(surroundings: EngineSurroundings) {
    this.#core = {
      surroundings,
      points: this.#points,
      timers: this.#timers,
      cells: new Map(),
      groups: new Map(),
      dormant: new Map(),
      learned: new Map(),
      clauses: [],
      links: new Map(),
      sources: new Map(),
      counted: [],
      unjudged: [],
      awaitsFirsts: null,
      flood: {
        timesMs: [],
        sinceMs: NaN,
        seq: 0,
        isToBeTold: false,
        floorMs: -Infinity,
        cell: null,
      },
      facts: {
        condition: 'unknown',
        dueAtOnce: false,
        unknownRaises: false,
        latch: false,
        acknowledgeRequired: false,
        offDelayOver: false,
      },
      wallOffsetMs: 0,
      schedules: new Map(),
      activeClauses: new Map(),
      watched: new Map(),
      isAsleep: false,
      book: null,
    };
  }

  get nextDueAt(): EngineMs | null {
    const due = this.#timers.nextDueMs;
    return due === Infinity ? null : (due as EngineMs);
  }

  reading(
    seq: Seq,
    at: EngineMs,
    atMs: WallMs,
    point: PointIndex,
    value: number,
    quality: number,
  ): void {
    if (this.#timers.nextDueMs <= at) this.advance(at);
    const points = this.#points;
    this.#now = at;
    if (
      value > points.quietLow[point]! &&
      value < points.quietHigh[point]! &&
      quality === points.quality[point]
    ) {
      points.value[point] = value;
      points.seq[point] = seq;
      points.heardAt[point] = at;
      points.atMs[point] = atMs;
      return;
    }
    this.#core.isAsleep = false;
    const moment = this.#moment;
    moment.at = at;
    moment.seq = seq;
    moment.atMs = atMs;
    this.#reading.value = value;
    this.#reading.quality = quality;
    judgeReading(this.#core, point, this.#reading, moment);
    beginFlood(this.#core);
  }

  late(
    seq: Seq,
    at: EngineMs,
    atMs: WallMs,
    point: PointIndex,
    value: number,
    quality: number,
  ): void {
    if (this.#timers.nextDueMs <= at) this.advance(at);
    this.#now = at;
    this.#core.isAsleep = false;
    judgeLate(this.#core, point, { value, quality }, { at, seq, atMs });
    beginFlood(this.#core);
  }

  newestAt(point: PointIndex): WallMs | null {
    const atMs = this.#points.atMs[point] ?? NaN;
    return Number.isNaN(atMs) ? null : (atMs as WallMs);
  }

  accept(seq: Seq, at: EngineMs, input: EngineInput): ActVerdict | null {
    const verdict = this.#take(seq, at, input);
    beginFlood(this.#core);
    return verdict;
  }

  #take(seq: Seq, at: EngineMs, input: EngineInput): ActVerdict | null {
    const core = this.#core;
    const moment = { at, seq, atMs: NaN };
    this.#now = at;
    switch (input.kind) {
      case 'started':
        this.#core.isAsleep = false;
        restart(core, input, moment);
        return null;
      case 'config':
        // What fell due since its points were replaced waits until both are in force.
        if (!core.isAsleep && core.unjudged.length === 0) this.advance(at);
        applyConfig(core, input, moment);
        return null;
      case 'point':
        if (!this.#core.isAsleep) this.advance(at);
        if (input.replaces === undefined) declarePoint(core, input.point, moment);
        else replacePoint(core, input.replaces, input.point, moment);
        // What came due while Limen was down comes first, and limits may be others with the unit: the start judges, or
        // the config that follows.
        if (!core.isAsleep && input.replaces === undefined)
          heedDeclared(core, input.point.index, moment);
        return null;
      case 'clock':
        this.advance(at);
        followClock(core, input, moment);
        return null;
      case 'learned':
        this.advance(at);
        learnInterval(core, input, moment);
        return null;
      case 'schedule':
        if (!core.isAsleep) this.advance(at);
        takeSchedule(core, input.key, input.isOpen, moment);
        return null;
      case 'source':
        this.advance(at);
        noteSource(core, input, moment);
        return null;
      case 'fault':
        this.advance(at);
        setFault(core, input, moment);
        return null;
      case 'act':
        this.advance(at);
        return perform(core, input.act, moment);
      case 'stopped':
        this.advance(at);
        return null;
    }
  }

  advance(at: EngineMs): void {
    this.#core.isAsleep = false;
    this.#now = at;
    fireDue(this.#core, at);
  }

  find(key: AlertKey): Alert | null {
    const cell = this.#core.cells.get(alertKey(key));
    return cell === undefined ? null : presentAlert(this.#core, cell, this.#now);
  }

  compared(key: AlertKey): Compared | null {
    const cell = this.#core.cells.get(alertKey(key));
    return cell === undefined ? null : comparedNumbers(this.#core, cell);
  }

  grounds(key: AlertKey): Grounds | null {
    const cell = this.#core.cells.get(alertKey(key));
    return cell === undefined ? null : groundsOf(this.#core, cell, this.#now);
  }

  open(): readonly Alert[] {
    return this.all().filter((alert) => alert.state !== 'normal');
  }

  all(): readonly Alert[] {
    return orderedCells(this.#core).map((cell) => presentAlert(this.#core, cell, this.#now));
  }

  pointMemory(point: PointIndex): PointMemory | null {
    return this.#points.slot(point) === undefined ? null : this.#points.memory(point);
  }

  isUsable(point: PointIndex): boolean {
    return this.#points.isUsable(point);
  }

  problems(point?: PointIndex): readonly string[] {
    if (point === undefined) return problemsOf(this.#core, null);
    const slot = this.#points.slot(point);
    return slot === undefined ? [] : problemsOf(this.#core, slot);
  }

  snapshot(): EngineSnapshot {
    const core = this.#core;
    const dormant = [...core.dormant.keys()].sort().flatMap((key) => core.dormant.get(key) ?? []);
    return {
      wallOffsetMs: core.wallOffsetMs,
      points: [...this.#points.slots()].map(({ point }) => this.#points.memory(point.index)),
      sources: [...core.sources.values()]
        .map(({ name, isBridge, lostAt, awaitsLink }) => ({
          name,
          isBridge,
          lostAt: orNull(lostAt) as EngineMs | null,
          awaitsLink,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      learned: [...core.learned.values()].sort((a, b) => a.point - b.point),
      alerts: [
        ...orderedCells(core).map((cell) => ({
          alert: presentAlert(core, cell, this.#now),
          memory: encodeMemory(cell),
        })),
        ...dormant,
      ],
    };
  }

  gather(at: EngineMs, point: PointIndex, value: number, late?: GatheredLate): void {
    if (late === undefined) gatherReading(this.#core, point, at, value);
    else gatherLate(this.#core, point, { value, at, atMs: late.atMs }, late.isNews);
  }

  restore(snapshot: EngineSnapshot): void {
    const core = this.#core;
    core.wallOffsetMs = snapshot.wallOffsetMs;
    for (const memory of snapshot.points) this.#points.restore(memory);
    for (const { name, isBridge, lostAt, awaitsLink } of snapshot.sources)
      Object.assign(sourceOf(core, name), { isBridge, lostAt: lostAt ?? NaN, awaitsLink });
    for (const one of snapshot.learned) core.learned.set(one.point, one);
    for (const stored of snapshot.alerts) core.dormant.set(alertKey(stored.alert), stored);
    this.#core.isAsleep = true;
  }
}
