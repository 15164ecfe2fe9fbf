import {
  alertKey,
  compareText,
  type AlertState,
  type Condition,
  type Reason,
} from '../domain/alert.ts';
import type { Point } from '../domain/point.ts';
import type { Quality } from '../domain/reading.ts';
import { severityRank, type Level, type Rule } from '../domain/rule.ts';
import type { WallMs } from '../domain/time.ts';
import type { BoundClause, ClauseMemory } from './clauses/clause-tree.ts';
import { compileRegion, type Region } from './conditions.ts';
import { comparedAs, compileGauge, shownRate, type Gauge } from './gauges/gauge.ts';
import type { Telling } from './telling/telling-state.ts';
import type { Timed } from './timer-heap.ts';

/**
 * What decides the verdict of an alert. `value`: readings of its point. `compound`: those of all its points. The others
 * are decided by time: `silence` since the point was heard, `bad` since it has been bad, `never_heard` and `too_few` since
 * it was first expected, `source` since it was lost. `event`: nothing, the engine raises and ends it itself;
 * so `fault`, which has no number either: the program tells of it, or it is a flood.
 */
export type CellKind =
  | 'value'
  | 'compound'
  | 'silence'
  | 'bad'
  | 'never_heard'
  | 'too_few'
  | 'source'
  | 'event'
  | 'fault';

/** One level of one alert. Times are engine milliseconds, NaN while nothing runs. */
export interface LevelCell {
  level: Level;
  rank: number;
  region: Region;
  /** The verdict of the last judgement that had one. */
  breached: boolean;
  /** The on-delay has been over and the level is not left yet. */
  held: boolean;
  /** The off-delay is over, but nothing less severe is held that the alert could fall to. */
  over: boolean;
  onDue: number;
  /** The input that started the on-delay. */
  onSeq: number;
  /** The on-delay kept its remainder over a stop of unknown length and may still be credited. */
  creditable: boolean;
  offDue: number;
}

/** The first values after a stop, while they come in. */
export interface FirstValues {
  /** The message without values. */
  readonly head: string;
  readonly points: readonly FirstValue[];
  /** How many more points had a value before. */
  readonly others: number;
  /** Engine time at which it is told what there is by then. */
  readonly dueMs: number;
}

/** Both values as people see them. */
export interface FirstValue {
  index: number;
  readonly name: string;
  readonly last: string;
  /** null: not heard since. */
  first: string | null;
}

/** A shelf: nobody is told until it ends. */
export interface Shelf {
  /** Engine time of its end. */
  dueMs: number;
  /** Ends at `normal`, if that comes first. */
  readonly oneShot: boolean;
  /** It kept its remainder over a stop of unknown length and may still be credited. */
  creditable: boolean;
  /** The act that put it there. */
  readonly seq: number;
}

/** Nobody is told, and no output held, until a person puts it back in service. */
export interface OutOfService {
  /** Engine time at which it is brought to mind again. */
  remindMs: number;
  /** The act that took it out. */
  readonly seq: number;
}

/** One of the things that keep an alert from people by design. */
export interface Suppression {
  /** The key of another alert, or a word of `byDesign`. */
  readonly by: string;
  /** Engine time at which it ends by itself; Infinity: never. */
  dueMs: number;
  /** It kept its remainder over a stop of unknown length and may still be credited. */
  creditable: boolean;
  /** The input or event that began it. */
  readonly seq: number;
}

/** One alert: the mutable state behind `Alert`. Only `src/rules` sees it. Wall times are null where nothing applies. */
export interface AlertCell extends Timed {
  kind: CellKind;
  readonly key: string;
  readonly device: string;
  readonly metric: string;
  rule: Rule;
  levels: LevelCell[];
  /** Index in the registry; 0: not about a known point. */
  pointIndex: number;
  /** What is judged instead of the value; null: the value is. */
  gauge: Gauge | null;
  /** What a compound rule judges; null: it is none, or is not bound yet. */
  clause: BoundClause | null;
  /** Restored, and its rule judged otherwise then. */
  judgedOtherwise: boolean;
  /** What it was in an earlier life; null: there is nothing to know. */
  recalled: ClauseMemory | null;
  /** What the gauge showed at the last judgement; NaN: nothing. */
  gauged: number;
  /** When the gauge is judged again without a reading; Infinity: never. */
  gaugeDue: number;
  state: AlertState;
  condition: Condition;
  quality: Quality;
  /** Why this alert can never be judged; null: it can. */
  problem: string | null;
  /** Occurrences so far. */
  n: number;
  /** Index of the present level. */
  present: number;
  /** Rank of `severity_max`. */
  rankMax: number;
  /** Furthest value of the occurrence; NaN: none. */
  worst: number;
  raises: number;
  latched: boolean;
  breachedAt: WallMs | null;
  raisedAt: WallMs | null;
  returnedAt: WallMs | null;
  /** null: never changed. */
  changedAt: WallMs | null;
  acknowledgedBy: string | null;
  acknowledgedAt: WallMs | null;
  comment: string | null;
  /** null: not shelved. */
  shelf: Shelf | null;
  /** null: in service. */
  outOfService: OutOfService | null;
  /** In the order they began; empty: not suppressed. */
  suppressions: readonly Suppression[];
  /** `rule/device/metric` of the first active alert of its group; null: none was, or this one is normal. */
  firstOut: string | null;
  /** null: nobody was told anything that has to be remembered. */
  telling: Telling | null;
  reason: Reason;
  /** The last event's number and message. */
  seq: number;
  message: string;
  /** Engine time at which the occurrence began. */
  begunAt: number;
  /** Engine time at which it last stopped being raised. */
  endedAt: number;
  /** End of the off-delay of the whole alert. */
  offDue: number;
  /** The input that started it. */
  offSeq: number;
  /** The off-delay is over and a latch holds the alert. */
  offOver: boolean;
  /** Engine time since when the point has been expected, for what is decided by time. */
  since: number;
  /** The input from which that counts. */
  sinceSeq: number;
  /** What is decided by time is not decided before this (restart table of contract 3). */
  floor: number;
  /** For `too_few`: as many points have been heard as the pattern asks for. */
  enough: boolean;
  /** Text that only this alert knows, for its message. */
  note: string | null;
  /** For `limen.was_down`: what it is still to tell; null: nothing. */
  firsts: FirstValues | null;
  /** Nothing but a reading has touched it since it was settled: the same verdict again changes nothing. */
  steady: boolean;
  /** Something that must survive a kill has changed since the last event. */
  dirty: boolean;
}

export interface CellOptions {
  readonly kind: CellKind;
  readonly rule: Rule;
  readonly device: string;
  readonly metric: string;
  /** null: not about a known point. */
  readonly point: Point | null;
  readonly since: number;
  readonly sinceSeq: number;
}

/** A new alert, normal and never judged. */
export function createCell(options: CellOptions): AlertCell {
  const { kind, rule, device, metric, point } = options;
  const needsReading = kind === 'value' || kind === 'compound';
  const cell: AlertCell = {
    dueMs: Infinity,
    placedMs: Infinity,
    heapIndex: -1,
    kind,
    key: alertKey({ rule: rule.name, device, metric }),
    device,
    metric,
    rule,
    levels: [],
    pointIndex: point?.index ?? 0,
    gauge: null,
    clause: null,
    judgedOtherwise: false,
    recalled: null,
    gauged: NaN,
    gaugeDue: Infinity,
    state: 'normal',
    // What waits for a time is clear until then; what needs a reading is unknown until there is one.
    condition: needsReading ? 'unknown' : 'clear',
    quality: needsReading || kind === 'silence' ? 'stale' : 'good',
    problem: null,
    n: 0,
    present: 0,
    rankMax: -1,
    worst: NaN,
    raises: 0,
    latched: false,
    breachedAt: null,
    raisedAt: null,
    returnedAt: null,
    changedAt: null,
    acknowledgedBy: null,
    acknowledgedAt: null,
    comment: null,
    shelf: null,
    outOfService: null,
    suppressions: noSuppressions,
    firstOut: null,
    telling: null,
    reason: 'condition',
    seq: 0,
    message: '',
    begunAt: NaN,
    endedAt: NaN,
    offDue: NaN,
    offSeq: NaN,
    offOver: false,
    since: options.since,
    sinceSeq: options.sinceSeq,
    floor: -Infinity,
    enough: false,
    note: null,
    firsts: null,
    steady: false,
    dirty: false,
  };
  compileCell(cell, point);
  return cell;
}

/**
 * (Re)compiles the levels of an alert, after its rule or its point changed. What runs on a level goes on at the level
 * of the same severity.
 */
export function compileCell(cell: AlertCell, point: Point | null): void {
  const old = cell.levels;
  cell.steady = false;
  const present = old[cell.present]?.level.severity;
  const about = point ?? nowhere;
  cell.gauge = compileGauge(cell.rule, about, cell.gauge);
  // What does not move by itself has no timer; a stale one would be due for ever.
  if (cell.gauge?.kind !== 'window') cell.gaugeDue = Infinity;
  const compared = comparedAs(about, cell.rule);
  const rate = shownRate(cell.rule, about.unit);
  cell.levels = cell.rule.levels.map((level) => {
    const kept = old.find((one) => one.level.severity === level.severity);
    return {
      level,
      rank: severityRank(level.severity),
      region: compileRegion(level, compared, rate),
      // A breach of another kind of limit says nothing on this one.
      breached: kept?.level.comparator.kind === level.comparator.kind && kept.breached,
      held: kept?.held ?? false,
      over: kept?.over ?? false,
      onDue: kept?.onDue ?? NaN,
      onSeq: kept?.onSeq ?? NaN,
      creditable: kept?.creditable ?? false,
      offDue: kept?.offDue ?? NaN,
    };
  });
  cell.problem =
    cell.gauge?.problem ??
    cell.levels.find((one) => one.region.problem !== null)?.region.problem ??
    null;
  cell.present = Math.max(
    0,
    cell.levels.findIndex((one) => one.level.severity === present),
  );
}

/** One list for the many alerts that nothing suppresses. */
export const noSuppressions: readonly Suppression[] = [];

const nowhere = { kind: 'number', unit: null, states: [] } as const;

/** Whether somebody has to see this occurrence: by default once `severity_max` is critical. */
export function isAcknowledgeRequired(cell: AlertCell): boolean {
  const { acknowledge } = cell.rule;
  return acknowledge === null ? cell.rankMax >= criticalRank : acknowledge === 'required';
}

const criticalRank = severityRank('critical');

/** Whether the deadband of a compound alert's members acts: it is active or acknowledged. */
export function isHeld(cell: AlertCell): boolean {
  return cell.levels[0]?.held === true;
}

/** The order of everything that happens at the same time: rule, then point. */
export function compareCells(a: AlertCell, b: AlertCell): number {
  return (
    compareText(a.rule.name, b.rule.name) ||
    compareText(a.device, b.device) ||
    compareText(a.metric, b.metric)
  );
}

/** When the earliest running delay of this alert is over; NaN: none runs. */
export function nextDelayEnd(cell: AlertCell): number {
  let end = cell.offDue;
  for (const one of cell.levels) {
    end = earlier(end, one.onDue);
    end = earlier(end, one.offDue);
  }
  return end;
}

function earlier(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}
