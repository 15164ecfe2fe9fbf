import { createDerivedPoints, inOrder, type DerivedPoints } from '../channel/derived.ts';
import { validRange } from '../channel/points.ts';
import type { PointEntry } from '../domain/config.ts';
import type { Engine } from '../domain/engine.ts';
import { mergePointEntries } from '../domain/point-settings.ts';
import { pointName, type Point, type PointIndex } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import type { EngineMs } from '../domain/time.ts';

/** Told of each calculated reading. */
export type CalculatedWatcher = (point: Point, at: number, value: number, quality: number) => void;

/**
 * The derived points of one config, calculated from the stored readings of their inputs: a backtest shows what an
 * expression would have given, not what another one gave at the time. What came in the same millisecond is taken as one
 * payload.
 */
export class ReplayedDerived {
  readonly #engine: Engine;
  readonly #entries: readonly PointEntry[];
  readonly #indexOf: (name: string) => PointIndex;
  readonly #derived: DerivedPoints;
  /** As this engine was told of them. */
  readonly #points = new Map<string, Point>();
  readonly #calculated = new Map<string, Point>();
  #touched: string[] = [];

  constructor(
    engine: Engine,
    entries: readonly PointEntry[],
    indexOf: (name: string) => PointIndex,
  ) {
    this.#engine = engine;
    this.#entries = entries;
    this.#indexOf = indexOf;
    this.#derived = createDerivedPoints(entries);
  }

  /** Whether a point is calculated: what is stored of it is then not its own. */
  calculates(name: string): boolean {
    return this.#derived.find(name) !== null;
  }

  /** Whether something is calculated from a point. */
  feeds(name: string): boolean {
    return this.#derived.dependentsOf(name) !== null;
  }

  /** Notes a point that the engine was told of. */
  declare(point: Point): void {
    this.#points.set(pointName(point), point);
  }

  known(device: string, metric: string): Point | null {
    return this.#points.get(pointName({ device, metric })) ?? null;
  }

  /** The engine was given a reading of a point. */
  touch(name: string): void {
    if (this.feeds(name)) this.#touched.push(name);
  }

  /** Calculates what follows from the readings since the last call, and gives it to the engine. */
  flush(seq: number, at: number, watch: CalculatedWatcher | null): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    const engine = this.#engine;
    const dependents = touched.flatMap((name) => this.#derived.dependentsOf(name) ?? []);
    for (const derived of inOrder(dependents)) {
      if (!derived.gather(this, engine)) continue;
      const point = this.#pointOf(pointName(derived), derived, at);
      const settings = mergePointEntries(this.#entries, derived.device, derived.metric);
      const [validLow, validHigh] = validRange(settings, point.unit);
      derived.calculate({ validLow, validHigh });
      const { atMs, value, quality } = derived;
      engine.reading(seq as Seq, at as EngineMs, atMs, point.index, value, quality);
      watch?.(point, at, value, quality);
    }
  }

  #pointOf(name: string, { device, metric, expression }: NamedExpression, at: number): Point {
    const known = this.#calculated.get(name);
    if (known !== undefined) return known;
    const { unit } = mergePointEntries(this.#entries, device, metric);
    const { kind } = expression;
    const point: Point = { index: this.#indexOf(name), device, metric, unit, kind, states: [] };
    this.#calculated.set(name, point);
    this.declare(point);
    this.#engine.accept(0 as Seq, at as EngineMs, { kind: 'point', point });
    return point;
  }
}

interface NamedExpression {
  readonly device: string;
  readonly metric: string;
  readonly expression: { readonly kind: 'number' | 'boolean' };
}
