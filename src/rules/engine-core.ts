import type { Alert } from '../domain/alert.ts';
import type { EngineSurroundings, LearnedInterval } from '../domain/engine.ts';
import { compareCells, type AlertCell } from './alert-cell.ts';
import type { ActiveClause, BoundClause, WatchedCondition } from './clauses/clause-tree.ts';
import type { LifeCycleFacts } from './life-cycle.ts';
import type { DerivedLink, PointTable, SourceState } from './point-table.ts';
import type { ExpectedCount, RuleBook } from './rule-book.ts';
import type { TimerHeap } from './timer-heap.ts';

/** An alert that has no cell at present: not declared yet after a restore, or removed. Keeps its number going. */
export interface DormantAlert {
  readonly alert: Alert;
  readonly memory: unknown;
}

/** A pattern that must find a number of points, with how many have been heard. */
export interface CountedPattern {
  readonly cell: AlertCell;
  readonly expected: ExpectedCount;
  heard: number;
}

/** How many alerts people are called to, and whether they are too many. Engine times. */
export interface Flood {
  /** The last ones, in order: as many as show a flood. */
  timesMs: readonly number[];
  /** Since when there is a flood; NaN: there is none. */
  sinceMs: number;
  /** The event that showed it. */
  seq: number;
  /** It has begun, and its alert is not raised yet. */
  isToBeTold: boolean;
  /** It does not end before: the start. */
  floorMs: number;
  /** Its alert; null: there never was one. */
  cell: AlertCell | null;
}

/** The state the parts of the engine share. */
export interface EngineCore {
  readonly surroundings: EngineSurroundings;
  readonly points: PointTable;
  readonly timers: TimerHeap<AlertCell>;
  /** Every alert there is, by its key. */
  readonly cells: Map<string, AlertCell>;
  /** Alerts that are not normal, by the group of their rule. */
  readonly groups: Map<string, Set<AlertCell>>;
  readonly dormant: Map<string, DormantAlert>;
  /** What has shown of the points, by index. */
  readonly learned: Map<number, LearnedInterval>;
  /** Every clause over several points, in the order in which they are heeded. */
  readonly clauses: BoundClause[];
  /** Points of which one is calculated from another, by name. */
  readonly links: Map<string, DerivedLink>;
  /** What points come through, by name. */
  readonly sources: Map<string, SourceState>;
  /** Patterns with `at_least`. */
  counted: CountedPattern[];
  /** Points whose last value is to be judged again without a reading: they go on in another unit, or are not stale any more. */
  readonly unjudged: number[];
  /** The alert that waits for the first values after a stop; null: none does. */
  awaitsFirsts: AlertCell | null;
  readonly flood: Flood;
  /** Scratch for the life cycle: one object for all calls. */
  readonly facts: { -readonly [Key in keyof LifeCycleFacts]: LifeCycleFacts[Key] };
  /** Add to engine time to get wall time. */
  wallOffsetMs: number;
  /** Whether each schedule is open, by `scheduleKey`; null: nobody knows. */
  readonly schedules: Map<string, boolean | null>;
  /** The conditions of `active_when`, by the names of their rules. */
  readonly activeClauses: Map<string, ActiveClause>;
  /** Conditions that are judged for somebody else, by name. */
  readonly watched: Map<string, WatchedCondition>;
  /** Restored and not started yet: what came due while Limen was down waits for the restart table. */
  isAsleep: boolean;
  /** null until the first config. */
  book: RuleBook | null;
}

/** Every alert in the one order in which things happen at the same time: rule, then point. */
export function orderedCells(core: EngineCore): AlertCell[] {
  return [...core.cells.values()].sort(compareCells);
}
