import { pointPatterns } from '../domain/clause.ts';
import type { Config, PointEntry } from '../domain/config.ts';
import type { Engine } from '../domain/engine.ts';
import { mergePointEntries } from '../domain/point-settings.ts';
import { pointName, type Point, type PointIndex, type PointPattern } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import { everyVariant, type Rule } from '../domain/rule.ts';
import type { EngineMs } from '../domain/time.ts';
import { createEngine } from '../rules/engine.ts';
import { judgementOf } from '../rules/judgement.ts';
import { ReplayedDerived } from './replayed-derived.ts';
import { SpanRecorder } from './raised-spans.ts';

/** Begins where the history does. */
export interface ReplayStart {
  readonly at: EngineMs;
  readonly wallOffsetMs: number;
  /** Alerts that ended before are not kept. */
  readonly fromMs: number;
  /** Only this rule; null: all of them. */
  readonly rule: string | null;
  /** Rules that another engine runs already, with the same outcome. */
  readonly spared: ReadonlySet<string>;
  /** The index by which the engines know a point, stored or not. */
  indexOf(name: string): PointIndex;
}

/** One config and the engine that runs it over the history. */
export interface ReplayedRules {
  readonly engine: Engine;
  readonly recorder: SpanRecorder;
  readonly derived: ReplayedDerived;
  readonly rules: readonly Rule[];
  /** The point as this config has it: its readings are converted to this unit. */
  inOwnUnit(point: Point): Point;
  /** Whether any alert of this config depends on the readings of the point. */
  judges(point: Point): boolean;
}

/** Makes the engine of one config. Nobody is there in a backtest: every alert counts as seen, and as reset, at once. */
export function replayRules(config: Config, start: ReplayStart): ReplayedRules {
  const { at, wallOffsetMs, fromMs } = start;
  const rules = config.rules.filter(({ name }) => start.rule === null || name === start.rule);
  // That Limen was down is no matter of rules.
  const isWanted = (rule: string): boolean =>
    start.rule === null ? rule !== 'limen.was_down' : rule === start.rule;
  const recorder = new SpanRecorder(wallOffsetMs, fromMs, isWanted);
  let events = 0;
  const engine = createEngine({
    nextSeq: () => (events += 1) as Seq,
    emit: (event) => recorder.take(event),
  });
  const zero = 0 as Seq;
  const run = rules.filter(({ name }) => !start.spared.has(name));
  engine.accept(zero, at, {
    kind: 'config',
    rules: run.map((rule) => ({
      ...rule,
      acknowledge: 'not_required',
      acknowledgeWith: null,
      latch: false,
      then: [],
    })),
    // What the other rules name in full is expected from the start all the same.
    points: [...config.points, ...config.rules.flatMap((rule) => pointPatterns(rule).map(entryOf))],
  });
  const started = { elapsedMs: null, downMs: null, wallOffsetMs } as const;
  engine.accept(zero, at, { kind: 'started', ...started });
  const derived = new ReplayedDerived(engine, config.points, (name) => start.indexOf(name));
  return {
    engine,
    recorder,
    derived,
    rules,
    inOwnUnit(point) {
      const { unit } = mergePointEntries(config.points, point.device, point.metric);
      return { ...point, unit: unit ?? point.unit };
    },
    judges: ({ device, metric }) =>
      derived.feeds(pointName({ device, metric })) ||
      rules.some((rule) =>
        pointPatterns(rule).some((pattern) => pattern.matches(device, metric)),
      ) ||
      config.points.some(
        ({ pattern, expectEveryMs, atLeast }) =>
          (pattern.exact || expectEveryMs !== null || atLeast !== null) &&
          pattern.matches(device, metric),
      ),
  };
}

/**
 * The rules that both configs judge alike: one engine does for both. None if anything about the points differs, on which
 * all rules depend.
 */
export function sharedRules(before: Config, after: Config): ReadonlySet<string> {
  if (pointsText(before) !== pointsText(after)) return new Set();
  const judgements = new Map(before.rules.map((rule) => [rule.name, judgementText(rule)]));
  const same = after.rules.filter((rule) => judgements.get(rule.name) === judgementText(rule));
  return new Set(same.map(({ name }) => name));
}

function judgementText(rule: Rule): string {
  const places = rule.variants.map(({ patterns }) => patterns.map(({ text }) => text));
  const texts = everyVariant(rule).map((one) => `${one.unknown} ${judgementOf(one)}`);
  return JSON.stringify([
    rule.late,
    rule.lateAfterMs,
    places,
    texts,
    rule.activeWhen,
    rule.settleMs,
  ]);
}

function pointsText({ points }: Config): string {
  return JSON.stringify(points.map(({ pattern, ...rest }) => [pattern.text, rest]));
}

function entryOf(pattern: PointPattern): PointEntry {
  return {
    pattern,
    unit: null,
    valid: null,
    expectEveryMs: null,
    atLeast: null,
    via: null,
    calibrations: null,
    expression: null,
  };
}

/** Gives each name the index of its newest point, and one of its own to a name that is not stored. */
export function createIndexes(points: readonly Point[]): (name: string) => PointIndex {
  const known = new Map([...newestPoints(points)].map(([name, { index }]) => [name, index]));
  let last = Math.max(0, ...points.map(({ index }) => index));
  return (name) => {
    const index = known.get(name) ?? ((last += 1) as PointIndex);
    known.set(name, index);
    return index;
  };
}

/** The newest of each name: the one whose index the engines are given. */
export function newestPoints(points: readonly Point[]): Map<string, Point> {
  return new Map(points.map((point) => [pointName(point), point]));
}
