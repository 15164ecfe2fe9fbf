import type { Act } from './act.ts';
import type { Alert, AlertEvent, AlertKey, Condition, ShownLimit } from './alert.ts';
import type { PointEntry } from './config.ts';
import type { Point, PointIndex } from './point.ts';
import type { Seq, Value } from './reading.ts';
import type {
  ComparatorKind,
  FaultRule,
  OwnRuleSettings,
  Rule,
  Severity,
  WatchedClause,
} from './rule.ts';
import type { DurationMs, EngineMs, LocalOffsets, UnsureStamps, WallMs } from './time.ts';

/**
 * Everything but a reading that can change a verdict. Each has a sequence number and a place in the open group of the
 * journal before the engine sees it. No other input exists.
 */
export type EngineInput =
  /** Rules and points as configured; the first one is the start. */
  | {
      readonly kind: 'config';
      readonly rules: readonly Rule[];
      readonly points: readonly PointEntry[];
      /** What is set of Limen's own rules; left out: nothing. */
      readonly ownRules?: readonly OwnRuleSettings[];
      /** Conditions that somebody else asks for, by name; left out: none. */
      readonly watched?: readonly WatchedClause[];
    }
  /** A point was heard for the first time, was declared by the config, or learned its unit or a text state. */
  | {
      readonly kind: 'point';
      readonly point: Point;
      /**
       * The same point as it was, if its unit changed and it goes on under another index: judged by the config or the
       * start that follows, for a limit may be another one with it.
       */
      readonly replaces?: Point;
    }
  /**
   * Limen started. `elapsedMs`: engine time that passed since the last commit, already contained in the input's own
   * engine time; null: unknown (the engine time then goes on from the last commit). `downMs`: how long it was down by
   * the best clock there is; null: unknown.
   */
  | {
      readonly kind: 'started';
      readonly elapsedMs: DurationMs | null;
      readonly downMs: DurationMs | null;
      /** Add to engine time to get wall time. */
      readonly wallOffsetMs: number;
      /** How far the clock on the wall was ahead of UTC at the stop and is at the start; left out: texts are in UTC. */
      readonly localOffsetsMs?: LocalOffsets | null;
      /** As with `clock`: time of an earlier stop that is known only by this start. */
      readonly creditMs?: DurationMs;
      /** What was stamped since an engine time by the mapping of then is stamped anew; null: nothing. */
      readonly unsure?: UnsureStamps | null;
    }
  | { readonly kind: 'stopped' }
  /**
   * The wall clock was mapped anew: a step, or it became trusted. `creditMs`: time that passed while Limen was down and
   * is only known now (0 if none): delays that kept their remainder are credited with it. `unsureSinceMs`: the clock was not
   * trusted since then, and what was stamped meanwhile is stamped anew; null: it was trusted.
   */
  | {
      readonly kind: 'clock';
      readonly wallOffsetMs: number;
      readonly creditMs: DurationMs;
      readonly unsureSinceMs?: EngineMs | null;
    }
  /** A source was connected or lost: a client of the embedded broker, or (`bridge`) another broker. */
  | {
      readonly kind: 'source';
      readonly source: string;
      readonly connected: boolean;
      readonly bridge: boolean;
    }
  /** How a point reports has shown, or has changed. `staleAfterMs`: a longer silence makes it stale; null: not known. */
  | ({ readonly kind: 'learned' } & LearnedInterval)
  /**
   * A schedule of `active_when` opened or closed; null: nobody knows, the wall clock is not trusted. The present state of
   * each comes before `started` and before a config that brings new ones.
   */
  | { readonly kind: 'schedule'; readonly key: string; readonly isOpen: boolean | null }
  /**
   * Something about Limen itself has failed, or works again: raises or ends one of its own alerts. Told again it changes
   * nothing; `note`: in words.
   */
  | {
      readonly kind: 'fault';
      readonly rule: FaultRule;
      readonly device: string;
      readonly isThere: boolean;
      readonly note: string;
    }
  | { readonly kind: 'act'; readonly act: Act };

/** What is known of a point from the way it reports. */
export interface LearnedInterval {
  readonly point: PointIndex;
  readonly staleAfterMs: DurationMs | null;
  /** The client or the broker that brings its readings; null: not known. */
  readonly via: string | null;
}

/** What the engine answers to an act. */
export type ActVerdict =
  | { readonly result: 'done'; readonly alert: Alert }
  | { readonly result: 'refused'; readonly reason: string };

/** One level of an alert with the numbers its value is compared with, in the alert's unit. Keys are those of the JSON. */
export interface ComparedLevel {
  readonly severity: Severity;
  readonly comparator: ComparatorKind;
  readonly limit: ShownLimit | null;
  /** Once the level is held it is left only beyond this: the limit moved by the deadband; null: as the limit. */
  readonly clear_limit: ShownLimit | null;
  readonly on_delay_ms: DurationMs;
  readonly breached: boolean;
  /** Its on-delay has been over, and it is not left yet. */
  readonly held: boolean;
}

/**
 * One member of a compound rule with what it is compared with, in the unit of its point; or several members in one, with
 * how many of them are breached and how many it takes. Keys are those of the JSON.
 */
export interface ComparedMember {
  /** 0: a member of the rule itself. */
  readonly depth: number;
  /** `device/metric`, or the pattern of points that were never heard; null: several members in one. */
  readonly point: string | null;
  /** Name of the point in an expression; null: it is in none. */
  readonly input: string | null;
  readonly comparator: ComparatorKind;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly limit: ShownLimit | null;
  /** As that of a level. */
  readonly clear_limit: ShownLimit | null;
  /** null: a known number in an expression. */
  readonly verdict: Condition | null;
}

/** What a verdict rests on: kept with each alert event, so that it explains itself when the rule is another one. */
export interface Compared {
  readonly off_delay_ms: DurationMs;
  readonly latch: boolean;
  readonly acknowledge_required: boolean;
  /** From least to most severe. */
  readonly levels: readonly ComparedLevel[];
  /** Members of a compound rule, of very many some; null: it judges one point. */
  readonly members: readonly ComparedMember[] | null;
}

/** What a verdict rests on beside the numbers compared: for whoever asks why there is none. */
export interface Grounds {
  /** What is compared: `value`, `silence`, `stuck`, or an aggregate such as `mean over 5m`. */
  readonly judged: string;
  /** Why no value can be compared with the limit; null: it can. */
  readonly problem: string | null;
  /** The point is silent for too long: its last value is not judged any more. */
  readonly isStale: boolean;
  /** The silence after which it is; null: never. */
  readonly staleAfterMs: DurationMs | null;
  /** How much of the window is covered by readings, from 0 to 1; null: the rule has no window. */
  readonly window: { readonly spanMs: DurationMs; readonly covered: number } | null;
  /** What the verdict of a compound rule rests on, in words. */
  readonly sentence: string | null;
}

/** What is kept of a point between two readings; a projection in `state.db`. Plain JSON (null for NaN). */
export interface PointMemory {
  readonly index: PointIndex;
  /** Last value of quality good or suspect. */
  readonly value: number | null;
  readonly quality: number;
  readonly seq: Seq | null;
  /** Engine time of the last reading that counts as heard (quality good or suspect); null: never. */
  readonly heardAt: EngineMs | null;
  readonly atMs: WallMs | null;
  /** Engine time since when the point has been bad without a break; null: it is not. */
  readonly badSince: EngineMs | null;
}

/** What is known of a stored reading that was late or out of order. */
export interface GatheredLate {
  readonly atMs: WallMs;
  /** No newer one was judged before. */
  readonly isNews: boolean;
}

/** The whole state of an engine, as plain JSON: opens each day file, restores the engine at start. */
export interface EngineSnapshot {
  readonly wallOffsetMs: number;
  readonly points: readonly PointMemory[];
  readonly learned: readonly LearnedInterval[];
  readonly sources: readonly {
    readonly name: string;
    readonly isBridge: boolean;
    readonly lostAt: EngineMs | null;
    readonly awaitsLink: boolean;
  }[];
  /** `AlertEvent.memory` of the last event of each alert, with the alert as it was published. */
  readonly alerts: readonly { readonly alert: Alert; readonly memory: unknown }[];
}

/**
 * The deterministic state machine that judges readings. No I/O, no clock, no random number. Before an input of time t
 * all timers due at or before t fire, in the order (due, rule, point).
 */
export interface Engine {
  /** Everything but readings. Returns the verdict for an act, null otherwise. */
  accept(seq: Seq, at: EngineMs, input: EngineInput): ActVerdict | null;
  /**
   * The hot path: judges one reading by every rule of its point. `value` is the stored number (1/0 for booleans, index
   * for text states, NaN where there is none); `quality` its code. Allocates nothing unless something changes.
   */
  reading(
    seq: Seq,
    at: EngineMs,
    atMs: WallMs,
    point: PointIndex,
    value: number,
    quality: number,
  ): void;
  /**
   * A reading that is late for a rule of its point at least (`late_after`), or older by `atMs` than the last one. Each rule
   * judges it or not, by its own policy.
   */
  late(
    seq: Seq,
    at: EngineMs,
    atMs: WallMs,
    point: PointIndex,
    value: number,
    quality: number,
  ): void;
  /** Source time of the newest reading of a point that was judged; an older one is no news. null: there is none. */
  newestAt(point: PointIndex): WallMs | null;
  /** Fires all timers due at or before `at`. */
  advance(at: EngineMs): void;
  /** When the next timer is due; null: none. */
  readonly nextDueAt: EngineMs | null;
  /** Present alert for a key; null if there is no such rule and point. */
  find(key: AlertKey): Alert | null;
  /** The numbers an alert is judged by at present; null if there is no such rule and point. */
  compared(key: AlertKey): Compared | null;
  /** What the present verdict of an alert rests on; null if there is no such rule and point. */
  grounds(key: AlertKey): Grounds | null;
  /** Every alert that is not normal. */
  open(): readonly Alert[];
  /** Every alert there is, the normal ones too. */
  all(): readonly Alert[];
  /** Memory of one point; null if it was never declared. */
  pointMemory(point: PointIndex): PointMemory | null;
  /** Whether the last value of a point may be used: good or suspect, and fresh. */
  isUsable(point: PointIndex): boolean;
  /**
   * What cannot be judged, of all points or of one, in words: a limit whose unit does not fit its point. Its verdict is
   * `unknown`.
   */
  problems(point?: PointIndex): readonly string[];
  snapshot(): EngineSnapshot;
  /**
   * A usable reading from before the start, for windows to begin with; nothing is judged. To be called in the order of
   * the readings, after the points and before `started`.
   */
  gather(at: EngineMs, point: PointIndex, value: number, late?: GatheredLate): void;
  /** To be called once, before the first input. Points must have been given by `point` inputs before or after. */
  restore(snapshot: EngineSnapshot): void;
}

/** What the engine needs of its surroundings. */
export interface EngineSurroundings {
  /** The sequence number the next emitted event will get. */
  nextSeq(): Seq;
  /** Takes an event; called synchronously, in order; must not call the engine back. */
  emit(event: AlertEvent): void;
  /**
   * Told of the verdict of a watched condition when it is bound and whenever it is another one, synchronously; `cause`: the
   * row that brought it. What a reading loses is told before the alerts that it raises, what it gains after them. Must
   * not call the engine back.
   */
  watched?(name: string, verdict: Condition, cause: Seq): void;
}
