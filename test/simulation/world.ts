import {
  alertFacts,
  alertKey,
  alertOfJson,
  isShown,
  type Alert,
  type AlertEvent,
} from '../../src/domain/alert.ts';
import type { ActVerdict, Engine, EngineInput, EngineSnapshot } from '../../src/domain/engine.ts';
import { lateFate, lateFromMs } from '../../src/domain/lateness.ts';
import { pointName, type Point, type PointIndex } from '../../src/domain/point.ts';
import { qualityCodes, type Quality, type Seq } from '../../src/domain/reading.ts';
import type { Rule } from '../../src/domain/rule.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import { convert } from '../../src/domain/units.ts';
import { gather, gatherQuery } from '../../src/channel/gather.ts';
import { createEngine } from '../../src/rules/engine.ts';
import { wallOffsetMs } from '../rules/bench.ts';
import { doorStates, plantPoints, type Plant } from './plant.ts';
import type { Step } from './steps.ts';

const units = ['°C', '°F', 'K'];

type Start = Extract<Step, { kind: 'start' }>;

/** No step of a plant this small has so many. */
const eventsOfStepMax = 2_000;

/** A reading that the windows of a start begin with. */
interface Heard {
  readonly name: string;
  readonly at: number;
  readonly value: number;
  /** NaN: not late. */
  readonly lateAtMs: number;
  readonly isNews: boolean;
}

/**
 * An engine in a world of its own: numbers, clocks, points, schedules and sources, and what is left on disk when it is
 * killed. Readings are placed in time, and points calculated, as the intake does.
 */
export class World {
  readonly events: AlertEvent[] = [];
  readonly configs: readonly Plant[];
  engine: Engine;
  at = 0;
  config = 0;
  /** What the last act was answered. */
  verdict: ActVerdict | null = null;
  #seq = 1;
  #taken = 0;
  #eventsOfStep = 0;
  #wallOffsetMs = wallOffsetMs;
  #points: Map<string, Point>;
  #heard: Heard[] = [];
  readonly #schedules = new Map<string, boolean | null>();
  #stored = new Map<string, EngineSnapshot['alerts'][number]>();
  #learned = new Map<string, Extract<Step, { kind: 'learned' }>>();

  constructor(configs: readonly Plant[], points: readonly Point[] = plantPoints) {
    this.configs = configs;
    this.#points = new Map(points.map((point) => [pointName(point), point]));
    this.engine = this.#newEngine();
    this.#configure();
    this.#start(null);
  }

  /** The rules in force. */
  get plant(): Plant {
    const plant = this.configs[this.config % this.configs.length];
    if (plant === undefined) throw new Error('there is no config');
    return plant;
  }

  /** The wall clock, and by how much it has been set. */
  get wallMs(): number {
    return this.at + this.#wallOffsetMs;
  }

  get stepMs(): number {
    return this.#wallOffsetMs - wallOffsetMs;
  }

  /** Events since the last call. */
  news(): readonly AlertEvent[] {
    const fresh = this.events.slice(this.#taken);
    this.#taken = this.events.length;
    return fresh;
  }

  take(step: Step): void {
    this.#eventsOfStep = 0;
    this.#do(step);
    this.engine.advance(this.at as EngineMs);
  }

  #do(step: Step): void {
    switch (step.kind) {
      case 'wait':
        this.at += step.waitMs;
        return;
      case 'read':
        this.at += step.waitMs;
        this.#read(step);
        return;
      case 'act':
        this.verdict = this.#act(step);
        return;
      case 'schedule':
        this.#schedules.set(step.key, step.isOpen);
        this.#accept(step);
        return;
      case 'source':
        this.#accept(step);
        return;
      case 'learned': {
        this.#learned.set(step.point, step);
        this.#accept({ ...step, point: this.#point(step.point).index });
        return;
      }
      case 'config':
        this.config = step.index;
        this.#accept({ kind: 'config', ...this.plant });
        return;
      case 'unit':
        this.#changeUnit(this.#point(step.point));
        return;
      case 'clock': {
        const { creditMs, stepMs, unsureMs } = step;
        this.#wallOffsetMs = wallOffsetMs + stepMs;
        const unsureSinceMs = unsureMs === null ? null : ((this.at - unsureMs) as EngineMs);
        this.#accept({ kind: 'clock', wallOffsetMs: this.#wallOffsetMs, creditMs, unsureSinceMs });
        return;
      }
      case 'start':
        this.killAndStart(step);
        return;
    }
  }

  takeAll(steps: readonly Step[], look: (world: World) => void = () => {}): this {
    for (const step of steps) {
      this.take(step);
      look(this);
    }
    return this;
  }

  /** Killed, and begun again from what it left on disk: the last event of each alert. */
  killAndStart(step: Start): void {
    this.#goDown(step);
    this.#restore(this.#leftOnDisk());
    this.#start(step);
  }

  /** Killed, and begun again from the whole of its memory, which is what the last events and the journal hold together. */
  beRebornAndStart(step: Start): void {
    this.#goDown(step);
    this.#restore(this.engine.snapshot());
    this.#start(step);
  }

  /** Started without having been killed: what it has in memory is all there. */
  startAlive(step: Start): void {
    this.#goDown(step);
    this.#start(step);
  }

  // Of a change since before a start nobody knows: the door is found closed.
  #hearDoor(): void {
    if (this.#points.has('room/door'))
      this.#give('room/door', 0, 'good', { lateAtMs: NaN, isNews: true });
  }

  alerts(): readonly Alert[] {
    return this.engine.all();
  }

  ruleOf(name: string): Rule | null {
    return this.plant.rules.find((rule) => rule.name === name) ?? null;
  }

  #newEngine(): Engine {
    return createEngine({
      nextSeq: () => this.#seq as Seq,
      emit: (event) => {
        // An engine that comes to no end would take the seed with it.
        this.#eventsOfStep += 1;
        if (this.#eventsOfStep > eventsOfStepMax) throw new Error(`no end of ${event.reason}`);
        this.events.push(event);
        this.#seq += 1;
        const { alert, memory, kind } = event;
        if (kind === 'condition' && !isShown(alert)) return;
        const row = JSON.parse(JSON.stringify([alertFacts(alert), memory])) as [
          Readonly<Record<string, unknown>>,
          unknown,
        ];
        this.#stored.set(alertKey(alert), { alert: alertOfJson(row[0]), memory: row[1] });
      },
    });
  }

  #accept(input: EngineInput): ActVerdict | null {
    this.#seq += 1;
    return this.engine.accept((this.#seq - 1) as Seq, this.at as EngineMs, input);
  }

  #lastSeq(): Seq {
    return (this.#seq - 1) as Seq;
  }

  #point(name: string): Point {
    const point = this.#points.get(name);
    if (point === undefined) throw new Error(`there is no point ${name}`);
    return point;
  }

  // In the order in which their names were first heard, as the registry keeps them.
  points(): Point[] {
    return [...this.#points.values()];
  }

  #leftOnDisk(): EngineSnapshot {
    return {
      wallOffsetMs: this.#wallOffsetMs,
      points: this.points().flatMap(({ index }) => this.engine.pointMemory(index) ?? []),
      learned: [...this.#learned.values()].map(({ point, staleAfterMs, via }) => ({
        point: this.#point(point).index,
        staleAfterMs,
        via,
      })),
      sources: [],
      alerts: [...this.#stored.values()],
    };
  }

  #restore(snapshot: EngineSnapshot): void {
    this.engine = this.#newEngine();
    this.engine.restore(JSON.parse(JSON.stringify(snapshot)) as EngineSnapshot);
    this.#configure();
    const query = gatherQuery(this.plant.rules, this.points(), this.at as EngineMs);
    const since = new Map<number, number>(query?.since ?? []);
    const wanted = this.#heard.flatMap((one) => {
      const { index } = this.#point(one.name);
      return one.at >= (since.get(index) ?? Infinity) ? [{ ...one, index }] : [];
    });
    gather(this.engine, {
      points: Uint32Array.from(wanted, ({ index }) => index),
      engineMs: Float64Array.from(wanted, ({ at }) => at),
      values: Float64Array.from(wanted, ({ value }) => value),
      lateAtMs: Float64Array.from(wanted, ({ lateAtMs }) => lateAtMs),
      news: Uint8Array.from(wanted, ({ isNews }) => (isNews ? 1 : 0)),
    });
  }

  // The numbers of these inputs are those of an earlier life: what follows has to get the same ones in both.
  #configure(): void {
    const at = this.at as EngineMs;
    this.engine.accept(this.#lastSeq(), at, { kind: 'config', ...this.plant });
    for (const point of this.points())
      this.engine.accept(this.#lastSeq(), at, { kind: 'point', point });
    // Each start is told the schedules anew.
    for (const [key, isOpen] of this.#schedules)
      this.engine.accept(this.#lastSeq(), at, { kind: 'schedule', key, isOpen });
  }

  #goDown({ downMs, known }: Start): void {
    this.#eventsOfStep = 0;
    if (known) this.at += downMs;
  }

  #start(step: Start | null): void {
    const elapsedMs = step?.known === true ? step.downMs : null;
    this.#accept({
      kind: 'started',
      elapsedMs,
      downMs: elapsedMs,
      wallOffsetMs: this.#wallOffsetMs,
    });
    this.#hearDoor();
  }

  #read({ point: name, value, quality, ageMs }: Extract<Step, { kind: 'read' }>): void {
    const { device, metric, index } = this.#point(name);
    if (name === 'room/door' && !Number.isNaN(value)) value = Math.round(value) % doorStates.length;
    if (ageMs === null) {
      this.#give(name, value, quality, { lateAtMs: NaN, isNews: true });
      return;
    }
    const rules = this.plant.rules.filter((rule) =>
      rule.points.some((pattern) => pattern.matches(device, metric)),
    );
    const atMs = this.at + this.#wallOffsetMs - ageMs;
    const newestAt = this.engine.newestAt(index);
    const isNews = newestAt === null || atMs >= newestAt;
    if (ageMs <= lateFromMs(rules) && isNews) {
      this.#give(name, value, quality, { lateAtMs: NaN, isNews, atMs });
    } else if (lateFate(rules, ageMs) === 'judged') {
      this.#give(name, value, quality, { lateAtMs: atMs, isNews });
    }
  }

  #give(
    name: string,
    given: number,
    quality: Quality,
    place: { readonly lateAtMs: number; readonly isNews: boolean; readonly atMs?: number },
  ): void {
    const { index, unit } = this.#point(name);
    const { lateAtMs, isNews } = place;
    const isFoot = unit !== null && units.includes(unit) && unit !== '°C';
    const value = isFoot ? (convert(given, '°C', unit) ?? NaN) : given;
    const isLate = !Number.isNaN(lateAtMs);
    const atMs = isLate ? lateAtMs : (place.atMs ?? this.at + this.#wallOffsetMs);
    this.#seq += 1;
    const give = isLate ? this.engine.late : this.engine.reading;
    give.call(
      this.engine,
      (this.#seq - 1) as Seq,
      this.at as EngineMs,
      atMs as WallMs,
      index,
      value,
      qualityCodes[quality],
    );
    if (qualityCodes[quality] <= qualityCodes.suspect && !Number.isNaN(value))
      this.#heard.push({ name, at: this.at, value, lateAtMs, isNews });
    // A point that is calculated follows what is present.
    if (name === 'room/humidity' && !isLate && this.#points.has('room/dew'))
      this.#give('room/dew', given / 2, quality, { lateAtMs: NaN, isNews: true, atMs });
  }

  #act({ rule, point, ask }: Extract<Step, { kind: 'act' }>): ActVerdict | null {
    const [device = '', metric = ''] = point.split('/');
    return this.#accept({
      kind: 'act',
      act: { ...ask, alert: { rule, device, metric }, id: null, by: 'ann', comment: null },
    });
  }

  #changeUnit(former: Point): void {
    const unit = units[(units.indexOf(former.unit ?? '') + 1) % units.length] ?? null;
    const point = { ...former, index: (former.index + 100) as PointIndex, unit };
    this.#points.set(pointName(point), point);
    // What was heard before is of another point: the windows of a start do not look at it.
    this.#heard = this.#heard.filter(({ name }) => name !== pointName(point));
    this.#accept({ kind: 'point', point, replaces: former });
    // It comes of a config, which judges it.
    this.#accept({ kind: 'config', ...this.plant });
  }
}
