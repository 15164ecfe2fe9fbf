import type { ActTarget, Ask } from '../../src/domain/act.ts';
import type { Alert, AlertEvent } from '../../src/domain/alert.ts';
import type { PointEntry } from '../../src/domain/config.ts';
import type {
  ActVerdict,
  Engine,
  EngineInput,
  EngineSnapshot,
  LearnedInterval,
} from '../../src/domain/engine.ts';
import { compilePattern, type Point, type PointIndex } from '../../src/domain/point.ts';
import { qualityCodes, type Quality, type Seq } from '../../src/domain/reading.ts';
import {
  ruleDefaults,
  type Comparator,
  type Level,
  type OwnRule,
  type OwnRuleSettings,
  type Quantity,
  type Rule,
} from '../../src/domain/rule.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import { createEngine } from '../../src/rules/engine.ts';

/** Engine time 0 of the tests is this wall time. */
export const wallOffsetMs = 1_700_000_000_000;

/** An engine on a test bench: time and numbers are the test's, events are kept. */
export interface Bench {
  readonly engine: Engine;
  readonly events: AlertEvent[];
  /** Events since the last call of `take`. */
  take(): readonly AlertEvent[];
  config(
    at: number,
    rules: readonly Rule[],
    points?: readonly PointEntry[],
    ownRules?: readonly OwnRuleSettings[],
  ): void;
  point(at: number, point: Point, replaces?: Point): void;
  started(at: number, started?: Partial<Extract<EngineInput, { kind: 'started' }>>): void;
  clock(at: number, creditMs: number, stepMs?: number): void;
  schedule(at: number, key: string, isOpen: boolean | null): void;
  learned(at: number, learned: LearnedInterval): void;
  source(at: number, source: string, connected: boolean, bridge?: boolean): void;
  read(at: number, value: number, quality?: Quality, point?: Point): void;
  /** Any other input. */
  give(at: number, input: EngineInput): void;
  act(at: number, ask: Ask['act'] | Ask, options?: Partial<ActTarget>): ActVerdict | null;
  advance(at: number): void;
  /** The alert of `warm` on the fridge, or of another rule and point. */
  alert(rule?: string, point?: { readonly device: string; readonly metric: string }): Alert;
  /** A second bench that goes on from a snapshot that went through JSON, its own if none is given. */
  reborn(
    at: number,
    rules: readonly Rule[],
    points?: readonly PointEntry[],
    known?: readonly Point[],
    ownRules?: readonly OwnRuleSettings[],
    snapshot?: EngineSnapshot,
  ): Bench;
}

export const fridge = makePoint(1, 'fridge', 'temperature', { unit: '°C' });

export function makePoint(
  index: number,
  device: string,
  metric: string,
  more: Partial<Point> = {},
): Point {
  return {
    index: index as PointIndex,
    device,
    metric,
    unit: null,
    kind: 'number',
    states: [],
    ...more,
  };
}

export function quantity(value: number, unit: string | null = null): Quantity {
  return { value, unit };
}

export function above(value: number, unit: string | null = null): Comparator {
  return { kind: 'above', limit: quantity(value, unit) };
}

export function level(more: Partial<Level> = {}): Level {
  return {
    severity: 'warning',
    comparator: above(5),
    deadband: quantity(0),
    onDelayMs: 0,
    ...more,
  };
}

/** The rule `warm` on the fridge: above 5, without delays, acknowledgement required. */
export function makeRule(more: Partial<Rule> = {}): Rule {
  return {
    ...ruleDefaults,
    name: 'warm',
    points: [compilePattern('fridge/temperature')],
    levels: [level()],
    acknowledge: 'required',
    shelveMaxMs: 60_000,
    ...more,
  };
}

export function pointEntry(pattern: string, more: Partial<PointEntry> = {}): PointEntry {
  return {
    pattern: compilePattern(pattern),
    unit: null,
    valid: null,
    expectEveryMs: null,
    atLeast: null,
    via: null,
    calibrations: null,
    expression: null,
    ...more,
  };
}

/** What a config says of one of Limen's own rules. */
export function ownSettings(name: OwnRule, more: Partial<OwnRuleSettings> = {}): OwnRuleSettings {
  const { acknowledge, shelveMaxMs, message, then, group, chain, repeatMs, reAlarmMs } =
    ruleDefaults;
  const rest = { shelveMaxMs, message, then, group, chain, repeatMs, reAlarmMs };
  return { name, severity: null, acknowledge, ...rest, ...more };
}

/** A bench that has started at 0 with these rules and the fridge. */
export function startBench(
  rules: readonly Rule[],
  points: readonly PointEntry[] = [],
  known: readonly Point[] = [fridge],
  ownRules: readonly OwnRuleSettings[] = [],
): Bench {
  const bench = createBench(1, null);
  bench.config(0, rules, points, ownRules);
  for (const point of known) bench.point(0, point);
  bench.started(0);
  return bench;
}

function createBench(
  firstSeq: number,
  snapshot: EngineSnapshot | null,
  first: Extract<EngineInput, { kind: 'config' }> | null = null,
): Bench {
  const events: AlertEvent[] = [];
  let seq = firstSeq;
  let taken = 0;
  const engine = createEngine({
    nextSeq: () => seq as Seq,
    emit: (event) => {
      events.push(event);
      seq += 1;
    },
  });
  if (snapshot !== null) engine.restore(snapshot);
  const accept = (at: number, input: EngineInput): ActVerdict | null => {
    seq += 1;
    return engine.accept((seq - 1) as Seq, at as EngineMs, input);
  };
  // A replaced point is judged by the config that follows.
  let config: Extract<EngineInput, { kind: 'config' }> | null = first;
  let isStarted = false;
  const bench: Bench = {
    engine,
    events,
    take: () => {
      const fresh = events.slice(taken);
      taken = events.length;
      return fresh;
    },
    config: (at, rules, points = [], ownRules = []) =>
      void accept(at, (config = { kind: 'config', rules, points, ownRules })),
    point: (at, point, replaces) => {
      accept(at, { kind: 'point', point, ...(replaces === undefined ? {} : { replaces }) });
      if (replaces !== undefined && isStarted && config !== null) accept(at, config);
    },
    started: (at, started = {}) => {
      isStarted = true;
      accept(at, {
        kind: 'started',
        elapsedMs: null,
        downMs: null,
        wallOffsetMs,
        ...started,
      });
    },
    clock: (at, creditMs, stepMs = 0) =>
      void accept(at, { kind: 'clock', wallOffsetMs: wallOffsetMs + stepMs, creditMs }),
    schedule: (at, key, isOpen) => void accept(at, { kind: 'schedule', key, isOpen }),
    learned: (at, learned) => void accept(at, { kind: 'learned', ...learned }),
    source: (at, source, connected, bridge = false) =>
      void accept(at, { kind: 'source', source, connected, bridge }),
    read: (at, value, quality = 'good', point = fridge) => {
      seq += 1;
      engine.reading(
        (seq - 1) as Seq,
        at as EngineMs,
        (at + wallOffsetMs) as WallMs,
        point.index,
        value,
        qualityCodes[quality],
      );
    },
    give: (at, input) => void accept(at, input),
    act: (at, ask, options = {}) =>
      accept(at, {
        kind: 'act',
        act: {
          ...(typeof ask === 'string' ? askOf(ask) : ask),
          alert: { rule: 'warm', device: 'fridge', metric: 'temperature' },
          id: null,
          by: 'ann',
          comment: null,
          ...options,
        },
      }),
    advance: (at) => engine.advance(at as EngineMs),
    alert: (rule = 'warm', { device, metric } = fridge) => {
      const alert = engine.find({ rule, device, metric });
      if (alert === null) throw new Error(`there is no alert ${rule}/${device}/${metric}`);
      return alert;
    },
    reborn: (at, rules, points = [], known = [fridge], ownRules = [], snapshot) => {
      const left = snapshot ?? engine.snapshot();
      const stored = JSON.parse(JSON.stringify(left)) as EngineSnapshot;
      const given = { kind: 'config', rules, points, ownRules } as const;
      const next = createBench(seq, stored, given);
      // The numbers of these inputs are those of an earlier life: what follows has to get the same ones in both.
      const lastSeq = (seq - 1) as Seq;
      next.engine.accept(lastSeq, at as EngineMs, given);
      for (const point of known)
        next.engine.accept(lastSeq, at as EngineMs, { kind: 'point', point });
      return next;
    },
  };
  return bench;
}

function askOf(act: Ask['act']): Ask {
  if (act === 'shelve') return { act, forMs: null };
  return act === 'service' ? { act, in: false } : { act };
}

/** An event in short: `normal>pending breached`. */
export function edges(events: readonly AlertEvent[]): readonly string[] {
  return events
    .filter((event) => event.kind === 'transition')
    .map((event) => `${event.from}>${event.to} ${event.reason}`);
}
