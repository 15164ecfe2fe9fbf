import { alertKey, type Alert } from '../domain/alert.ts';
import type { Calibration } from '../domain/calibration.ts';
import {
  clauseOf,
  clauseTexts,
  compoundMetric,
  pointPatterns,
  textPatterns,
} from '../domain/clause.ts';
import type { PointEntry } from '../domain/config.ts';
import type { PointMemory } from '../domain/engine.ts';
import { lateFromMs, type Lateness } from '../domain/lateness.ts';
import { limits } from '../domain/limits.ts';
import { mergePointEntries, type PointSettings } from '../domain/point-settings.ts';
import {
  pointName,
  type Point,
  type PointIndex,
  type PointPattern,
  type ValueKind,
} from '../domain/point.ts';
import type { OutputSpec } from '../domain/output.ts';
import type { Seq } from '../domain/reading.ts';
import { everyVariant, type Rule } from '../domain/rule.ts';
import { convert } from '../domain/units.ts';
import { createDerivedPoints, type DerivedPoint } from './derived.ts';
import type { Evidence } from './evidence.ts';
import { createHabit, type Habit, type HabitRow } from './habits.ts';

/** A point as the intake works with it: what is needed per reading, resolved once. */
export class PointRef implements Point {
  /** Another one when the unit changes. */
  index: PointIndex;
  readonly device: string;
  readonly metric: string;
  unit: string | null;
  kind: ValueKind;
  states: readonly string[];
  /** A plain number within is stored as it came, without a further look. Empty for a point that is calibrated or derived. */
  low = -Infinity;
  high = Infinity;
  /** Valid range of the corrected value in the point's unit. */
  validLow = -Infinity;
  validHigh = Infinity;
  calibrations: readonly Calibration[] = [];
  /** What its rules say about late readings, and the age from which one is late for the first of them. */
  lateness: readonly Lateness[] = [];
  lateFromMs = 0;
  /** Whether some rule compares the point with a text: only then is a text a value. */
  takesText = false;
  /** Whether the journal and the engine know the point. */
  declared: boolean;
  /** Whether there ever was a value, not only the news that there is none: the first one settles the kind. */
  settled: boolean;
  /** Whether the payload of each reading is kept until the next one: a delay runs, and its end will rest on the last. */
  keepsEvidence = false;
  /** The last reading judged while it is kept. */
  lastEvidence: { readonly seq: Seq; readonly evidence: Evidence | null } | null = null;
  /** Engine time of the last arrival of usable readings; NaN: none, or nobody could have heard it since. */
  arrivedAt = NaN;
  habit: Habit = createHabit(null);
  /** How the point is calculated; null: it comes from a source. */
  derived: DerivedPoint | null = null;
  /** What is calculated anew after each reading; null: nothing. */
  dependents: readonly DerivedPoint[] | null = null;
  /** What the config says it comes through. */
  via: string | null = null;
  /** Alerts of the point of which a delay runs. */
  readonly delayed = new Set<string>();

  constructor(point: Point, declared: boolean, settled: boolean) {
    this.index = point.index;
    this.device = point.device;
    this.metric = point.metric;
    this.unit = point.unit;
    this.kind = point.kind;
    this.states = point.states;
    this.declared = declared;
    this.settled = settled;
  }

  /** The immutable value that the journal and the engine are given. */
  toPoint(): Point {
    const { index, device, metric, unit, kind, states } = this;
    return { index, device, metric, unit, kind, states };
  }
}

/** Told of a point; `replaces`: as it was before, if it goes on under another index. */
export type Declare = (point: Point, replaces: Point | null) => void;

/**
 * Every point ever heard of, by name and by index. A name stands for the newest index: each unit that a point had has an
 * index of its own, under which its readings are stored.
 */
export class Points {
  readonly #byName = new Map<string, PointRef>();
  readonly #byIndex: (PointRef | undefined)[] = [];
  readonly #declare: Declare;
  #entries: readonly PointEntry[] = [];
  #rules: readonly Rule[] = [];
  #textPatterns: readonly PointPattern[] = [];
  #derived = createDerivedPoints([]);

  /**
   * `known`: in the order of their indexes. `memories`: what is kept of them. `declare` is told of each new point and each change, before the first
   * reading with it.
   */
  constructor(known: readonly Point[], memories: readonly PointMemory[], declare: Declare) {
    this.#declare = declare;
    const valued = new Set(memories.flatMap(({ index, value }) => (value === null ? [] : [index])));
    for (const point of known) {
      this.#add(new PointRef(point, true, point.kind !== 'number' || valued.has(point.index)));
    }
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The largest index given to a point; there may be holes below it. */
  get lastIndex(): number {
    return Math.max(0, this.#byIndex.length - 1);
  }

  /** All points, as values. */
  all(): Point[] {
    return [...this.#byName.values()].map((ref) => ref.toPoint());
  }

  find(index: PointIndex): PointRef | undefined {
    return this.#byIndex[index];
  }

  /** What earlier runs have gathered, by point name. */
  restoreHabits(stored: ReadonlyMap<string, unknown>): void {
    for (const ref of this.#byName.values()) {
      const row = stored.get(pointName(ref));
      // a row that Limen wrote
      if (row !== undefined) ref.habit = createHabit(row as HabitRow);
    }
  }

  /** Nobody can hear these points now: the time until they are heard again is no gap. */
  interrupt(via: string): void {
    for (const ref of this.#byName.values())
      if (ref.habit.via === via || ref.via === via) ref.arrivedAt = NaN;
  }

  /** What several points come through, and what the config names as such. */
  sharedSources(): ReadonlySet<string> {
    const once = new Set<string>();
    const shared = new Set<string>();
    for (const { via, habit } of this.#byName.values()) {
      const name = via ?? habit.via;
      if (name === null) continue;
      if (via !== null || once.has(name)) shared.add(name);
      once.add(name);
    }
    return shared;
  }

  /** Points with gaps that no row tells of yet. */
  unstoredHabits(): PointRef[] {
    return [...this.#byName.values()].filter(({ habit, arrivedAt }) => arrivedAt > habit.storedAt);
  }

  /** Settings of the config are looked up anew for every point. */
  configure(
    entries: readonly PointEntry[],
    rules: readonly Rule[],
    outputs: readonly Pick<OutputSpec, 'onlyWhile'>[] = [],
  ): void {
    this.#entries = entries;
    this.#rules = rules;
    const interlocks = outputs.flatMap(({ onlyWhile }) =>
      onlyWhile === null ? [] : clauseTexts(onlyWhile),
    );
    this.#textPatterns = [...rules.flatMap(everyVariant).flatMap(textPatterns), ...interlocks];
    this.#derived = createDerivedPoints(entries);
    for (const ref of this.#byName.values()) {
      const before = ref.toPoint();
      this.#settle(ref);
      if (!ref.declared || (ref.unit === before.unit && ref.kind === before.kind)) continue;
      // A unit for numbers that had none says what they were all along; another one would rewrite what is stored.
      if (before.unit === null && ref.kind === before.kind) this.#declare(ref.toPoint(), null);
      else this.#moveOn(ref, before);
    }
  }

  /** Settings that do nothing, in words. */
  problems(): string[] {
    return [...this.#byName.values()].flatMap(({ device, metric, kind, calibrations }) =>
      kind === 'number' || calibrations.length === 0
        ? []
        : [`calibrations of ${device}/${metric} are not used: its values are not numbers`],
    );
  }

  /** Whether any point is calculated. */
  get areSomeDerived(): boolean {
    return this.#derived.size > 0;
  }

  /** The point of that name; null if it was never heard. */
  known(device: string, metric: string): PointRef | null {
    return this.#byName.get(nameOf(device, metric)) ?? null;
  }

  /** The point of that name, made if it is new; null if there are too many. */
  get(device: string, metric: string): PointRef | null {
    const name = nameOf(device, metric);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= limits.pointsMax) return null;
    const index = this.#nextIndex();
    const ref = new PointRef(
      { index, device, metric, unit: null, kind: 'number', states: [] },
      false,
      false,
    );
    this.#settle(ref);
    this.#add(ref);
    return ref;
  }

  /** Whether a point of that name, known or not, takes texts for values. */
  takesText(device: string, metric: string): boolean {
    return this.#textPatterns.some((pattern) => pattern.matches(device, metric));
  }

  /** Records a unit, a kind or a state that the point has learned, or that there is such a point. */
  learn(ref: PointRef, change: { unit?: string; kind?: ValueKind; state?: string }): void {
    if (change.unit !== undefined) {
      ref.unit = change.unit;
      this.#settle(ref);
    }
    if (change.kind !== undefined) ref.kind = change.kind;
    if (change.state !== undefined) ref.states = [...ref.states, change.state];
    ref.declared = true;
    this.#declare(ref.toPoint(), null);
  }

  #nextIndex(): PointIndex {
    return Math.max(1, this.#byIndex.length) as PointIndex;
  }

  // The same object: topics that were resolved to it go on.
  #moveOn(ref: PointRef, before: Point): void {
    ref.index = this.#nextIndex();
    this.#byIndex[before.index] = new PointRef(before, true, ref.settled);
    this.#byIndex[ref.index] = ref;
    this.#declare(ref.toPoint(), before);
  }

  /** Notes whether a delay of the alert runs: meanwhile the payloads of its point are worth keeping. */
  noteDelay(alert: Alert): void {
    for (const ref of this.#refsOf(alert)) {
      if (alert.dueAt === null) ref.delayed.delete(alertKey(alert));
      else ref.delayed.add(alertKey(alert));
      ref.keepsEvidence = ref.delayed.size > 0;
      if (!ref.keepsEvidence) ref.lastEvidence = null;
    }
  }

  /** The payload of a reading of one of the alert's points, if it is the one that was kept. */
  evidenceOf(alert: Alert, seq: Seq | undefined): Evidence | null {
    const ref = this.#refsOf(alert).find(({ lastEvidence }) => lastEvidence?.seq === seq);
    return seq === undefined ? null : (ref?.lastEvidence?.evidence ?? null);
  }

  // An alert is about its point, that of a compound rule about all that the rule judges.
  #refsOf({ rule: name, device, metric }: Alert): readonly PointRef[] {
    const ref = this.#byName.get(nameOf(device, metric));
    if (ref !== undefined || metric !== compoundMetric) return ref === undefined ? [] : [ref];
    const rule = this.#rules.find((each) => each.name === name);
    if (rule === undefined || clauseOf(rule) === null) return [];
    return [...this.#byName.values()].filter((one) =>
      rule.points.some((pattern) => pattern.matches(one.device, one.metric)),
    );
  }

  #add(ref: PointRef): void {
    this.#byName.set(nameOf(ref.device, ref.metric), ref);
    this.#byIndex[ref.index] = ref;
  }

  #settle(ref: PointRef): void {
    const settings = mergePointEntries(this.#entries, ref.device, ref.metric);
    ref.unit = settings.unit ?? ref.unit;
    [ref.validLow, ref.validHigh] = validRange(settings, ref.unit);
    ref.derived = this.#derived.find(pointName(ref));
    // What follows from a derived point follows from its sources, in one go.
    ref.dependents = ref.derived === null ? this.#derived.dependentsOf(pointName(ref)) : null;
    // Its inputs are calibrated, each by itself.
    ref.calibrations = ref.derived === null ? settings.calibrations : [];
    if (ref.derived !== null && ref.kind !== ref.derived.expression.kind) {
      ref.kind = ref.derived.expression.kind;
      ref.states = [];
    }
    const isPlain = ref.calibrations.length === 0 && ref.derived === null;
    ref.low = isPlain ? ref.validLow : Infinity;
    ref.high = isPlain ? ref.validHigh : -Infinity;
    ref.lateness = this.#rules.filter((rule) =>
      pointPatterns(rule).some((pattern) => pattern.matches(ref.device, ref.metric)),
    );
    ref.lateFromMs = lateFromMs(ref.lateness);
    ref.via = settings.via;
    ref.takesText = this.takesText(ref.device, ref.metric);
    if (ref.takesText && ref.kind === 'boolean' && ref.derived === null) {
      // What was false and true so far are the words for it beside others.
      ref.kind = 'text';
      ref.states = ['off', 'on'];
    }
  }
}

/** The valid range of a point in its unit. */
export function validRange(
  { valid }: PointSettings,
  unit: string | null,
): [low: number, high: number] {
  if (valid === null) return [-Infinity, Infinity];
  const [low, high] = valid.map((bound) =>
    bound.unit === null || unit === null ? bound.value : convert(bound.value, bound.unit, unit),
  );
  // A range in an incompatible unit is refused by the config where the unit is known there.
  return [low ?? -Infinity, high ?? Infinity];
}

function nameOf(device: string, metric: string): string {
  return `${device}\u0000${metric}`;
}
