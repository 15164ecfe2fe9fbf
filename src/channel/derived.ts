import type { PointEntry } from '../domain/config.ts';
import type { Engine } from '../domain/engine.ts';
import { compileExpression, type Evaluate } from '../domain/evaluate-expression.ts';
import type { Expression } from '../domain/expression.ts';
import { calculableValue, convertStored, pointName, type Point } from '../domain/point.ts';
import { qualityCodes } from '../domain/reading.ts';
import type { WallMs } from '../domain/time.ts';

/** Where a calculation finds its inputs. */
export interface KnownPoints {
  /** The point of that name; null if it was never heard. */
  known(device: string, metric: string): Point | null;
}

/** The numbers that a point may have, in its unit. */
interface ValidRange {
  readonly validLow: number;
  readonly validHigh: number;
}

/** Why a result is bad whose inputs are not all good: they tell the rest themselves. */
const badInput = 'an input that is bad or stale';

/** A point that is calculated from readings of others (contract 1, `expression:`). */
export class DerivedPoint {
  readonly device: string;
  readonly metric: string;
  readonly expression: Expression;
  /** A point comes after all that it is calculated from. */
  readonly place: number;
  /** The last result: the stored number, NaN if there is none. */
  value = NaN;
  quality: number = qualityCodes.bad;
  /** The newest time of the inputs. */
  atMs = 0 as WallMs;
  /** Why the result is bad; null: it is not. */
  reason: string | null = null;
  /** Whether an input is of a kind or in a unit that can never be used: worth telling once. */
  isMisfit = false;
  isTold = false;
  readonly #evaluate: Evaluate;
  readonly #values: Float64Array;
  readonly #inputs: (Point | null)[];

  constructor(
    name: { readonly device: string; readonly metric: string },
    expression: Expression,
    place: number,
  ) {
    this.device = name.device;
    this.metric = name.metric;
    this.expression = expression;
    this.place = place;
    this.#evaluate = compileExpression(expression);
    this.#values = new Float64Array(expression.inputs.length);
    this.#inputs = expression.inputs.map(() => null);
  }

  /** Takes the last readings of the inputs; false: one of them has not had any yet, and there is nothing to calculate. */
  gather(points: KnownPoints, engine: Engine): boolean {
    let quality: number = qualityCodes.good;
    let atMs = -Infinity;
    let misfit: string | null = null;
    this.reason = null;
    for (const [place, input] of this.expression.inputs.entries()) {
      const point = this.#input(points, place);
      const last = point === null ? null : engine.pointMemory(point.index);
      if (point === null || last === null || last.atMs === null) return false;
      atMs = Math.max(atMs, last.atMs);
      quality = Math.max(quality, last.quality);
      const value = calculableValue(point, last.value ?? NaN);
      const number = input.unit === null ? value : convertStored(value, point, input.unit);
      this.#values[place] = number;
      if (!engine.isUsable(point.index)) this.reason = badInput;
      else if (Number.isNaN(value)) misfit = `${input.name} is a state, not a number`;
      else if (Number.isNaN(number))
        misfit = `${input.name} is in ${point.unit ?? ''}, not in a unit like ${input.unit ?? ''}`;
    }
    this.reason ??= misfit;
    this.isMisfit = misfit !== null;
    this.quality = quality;
    this.atMs = atMs as WallMs;
    return true;
  }

  /** Calculates the result from what was gathered. A bad or stale input makes it bad, a suspect one suspect. */
  calculate({ validLow, validHigh }: ValidRange): void {
    this.value = this.reason === null ? this.#evaluate(this.#values) : NaN;
    if (this.reason === null && Number.isNaN(this.value)) this.reason = 'no finite number';
    if (this.value < validLow || this.value > validHigh) this.reason = 'outside the valid range';
    if (this.reason !== null) this.quality = qualityCodes.bad;
  }

  /** Whether there is something wrong that no input tells of. */
  get isAtFault(): boolean {
    return this.reason !== null && this.reason !== badInput;
  }

  /** The numbers the last result was calculated from, each with the reading it is of. */
  describe(engine: Engine): string {
    const parts = this.expression.inputs.map(({ name, unit, device, metric }, place) => {
      const ref = this.#inputs[place] ?? null;
      const last = ref === null ? null : engine.pointMemory(ref.index);
      const number = Number.isNaN(this.#values[place]!) ? 'unknown' : this.#values[place]!;
      const shownUnit = unit ?? ref?.unit ?? null;
      const row = last?.seq === null ? '' : `, row ${last?.seq ?? 0}`;
      const shown = shownUnit === null ? number : `${number} ${shownUnit}`;
      // What it last was is not what was calculated with.
      return ref !== null && engine.isUsable(ref.index)
        ? `${name} = ${shown} (${device}/${metric}${row})`
        : `${name} = unusable (${device}/${metric}${row}, last ${shown})`;
    });
    return parts.join(', ');
  }

  // Points come into being with their first reading.
  #input(points: KnownPoints, place: number): Point | null {
    const known = this.#inputs[place] ?? null;
    const input = this.expression.inputs[place];
    if (known !== null || input === undefined) return known;
    const found = points.known(input.device, input.metric);
    this.#inputs[place] = found;
    return found;
  }
}

/** Every derived point of a config, and what follows from what. */
export interface DerivedPoints {
  readonly size: number;
  find(name: string): DerivedPoint | null;
  /** All that is calculated from a point, directly or not, each after what it is calculated from; null: nothing. */
  dependentsOf(name: string): readonly DerivedPoint[] | null;
}

/** Orders the derived points of a config, in which there is no circle. */
export function createDerivedPoints(entries: readonly PointEntry[]): DerivedPoints {
  const expressions = new Map(
    entries.flatMap(({ pattern, expression }) =>
      expression === null ? [] : [[pattern.text, expression] as const],
    ),
  );
  const derived = new Map<string, DerivedPoint>();
  const dependents = new Map<string, Set<DerivedPoint>>();
  const sources = new Map<string, readonly string[]>();
  const add = (name: string, expression: Expression): void => {
    if (derived.has(name)) return;
    const below = expression.inputs.map(pointName);
    for (const input of below) {
      const other = expressions.get(input);
      if (other !== undefined) add(input, other);
    }
    const point = new DerivedPoint(splitName(name), expression, derived.size);
    derived.set(name, point);
    sources.set(name, [...new Set(below.flatMap((input) => sources.get(input) ?? [input]))]);
    for (const source of sources.get(name) ?? []) {
      const known = dependents.get(source) ?? new Set();
      dependents.set(source, known.add(point));
    }
  };
  for (const [name, expression] of expressions) add(name, expression);
  const ordered = new Map([...dependents].map(([name, set]) => [name, inOrder(set)]));
  return {
    size: derived.size,
    find: (name) => derived.get(name) ?? null,
    dependentsOf: (name) => ordered.get(name) ?? null,
  };
}

/** Each point once, after what it is calculated from. */
export function inOrder(points: Iterable<DerivedPoint>): readonly DerivedPoint[] {
  return [...new Set(points)].sort((a, b) => a.place - b.place);
}

function splitName(name: string): { readonly device: string; readonly metric: string } {
  const slash = name.lastIndexOf('/');
  return { device: name.slice(0, slash), metric: name.slice(slash + 1) };
}
