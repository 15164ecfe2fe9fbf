import type { Expression } from './expression.ts';
import { limits } from './limits.ts';
import type { PointPattern } from './point.ts';
import type { Schedule } from './schedule.ts';
import type { DurationMs } from './time.ts';

/** Severities from least to most severe. The index is the rank. */
export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** Rank of a severity: a larger number is more severe. */
export function severityRank(severity: Severity): number {
  return severities.indexOf(severity);
}

/** A number with the unit it was written in; null: the unit of the point. */
export interface Quantity {
  readonly value: number;
  readonly unit: string | null;
}

/** A speed of change: so much of `unit` in `perMs`. */
export interface Rate extends Quantity {
  readonly perMs: DurationMs;
}

/** The comparators that need nothing but the value itself: what a member of a compound rule can be compared by. */
export type ClauseComparator =
  | { readonly kind: 'above'; readonly limit: Quantity }
  | { readonly kind: 'below'; readonly limit: Quantity }
  | { readonly kind: 'outside'; readonly low: Quantity; readonly high: Quantity }
  | { readonly kind: 'inside'; readonly low: Quantity; readonly high: Quantity }
  | { readonly kind: 'equals'; readonly value: number | boolean | string };

/** What is compared with a limit (contract, "Limits"), or what is asked of several points at once. */
export type Comparator =
  | ClauseComparator
  | CompoundClause
  | { readonly kind: 'changes_to'; readonly value: number | boolean | string }
  | { readonly kind: 'silent_for'; readonly forMs: DurationMs }
  | { readonly kind: 'stuck_for'; readonly forMs: DurationMs; readonly tolerance: Quantity }
  | { readonly kind: 'rate_above'; readonly limit: Rate }
  | { readonly kind: 'rate_below'; readonly limit: Rate };

export type ComparatorKind = Comparator['kind'];

/** One severity of a rule: each level has its own comparator, deadband and on-delay. */
export interface Level {
  readonly severity: Severity;
  readonly comparator: Comparator;
  /** A difference, not a place on the scale: 2 °C is 3.6 °F. Of a rate: in the time of its limit. */
  readonly deadband: Quantity;
  readonly onDelayMs: DurationMs;
}

/**
 * What the readings of a window are made into. `mean` is weighted by time, `rate` is the slope of the least-squares line,
 * `time_above` is in seconds.
 */
export type Aggregate =
  | { readonly kind: 'mean' | 'min' | 'max' | 'count' | 'rate' }
  | { readonly kind: 'percentile'; readonly percent: number }
  | { readonly kind: 'time_above'; readonly limit: Quantity };

/** The last stretch of time of a point, judged instead of its value. */
export interface RuleWindow {
  readonly spanMs: DurationMs;
  readonly of: Aggregate;
}

/** Edges of an alert's life that can notify. */
export const notifyEdges = ['active', 'escalated', 'acknowledged', 'returned', 'normal'] as const;
export type NotifyEdge = (typeof notifyEdges)[number];

/** The states in which a claim holds its output (contract 4). */
export const claimSpans = ['raised', 'unacknowledged', 'open'] as const;
export type ClaimSpan = (typeof claimSpans)[number];

/** What a rule does: hold an output while the alert lives, or tell somebody at an edge. */
export type Action =
  | {
      readonly kind: 'claim';
      readonly output: string;
      readonly level: 'on' | 'off';
      readonly span: ClaimSpan;
    }
  | { readonly kind: 'notify'; readonly notifier: string; readonly on: readonly NotifyEdge[] };

/**
 * A condition over any number of points, judged in Kleene's three-valued logic (contract, "Limits"). A pattern in it
 * counts once for each point it matches.
 */
export type Clause =
  | {
      readonly kind: 'compare';
      readonly points: readonly PointPattern[];
      readonly comparator: ClauseComparator;
      /** Acts while the clause holds its alert, as that of a level does. */
      readonly deadband: Quantity;
    }
  | CompoundClause;

/** A clause that joins others, or computes its verdict: what a compound rule can be. */
export type CompoundClause =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Clause[] }
  | { readonly kind: 'at_least'; readonly n: number; readonly of: readonly Clause[] }
  /** Breached while it is true. */
  | { readonly kind: 'expression'; readonly expression: Expression };

/** When people are to be told of an alert at all: while every schedule is open and the clause is breached. */
export interface ActiveWhen {
  readonly schedules: readonly Schedule[];
  readonly clause: Clause | null;
}

/** A further notifier that is told if nobody has acknowledged so long after the raise. */
export interface ChainStep {
  readonly afterMs: DurationMs;
  readonly notifier: string;
}

/** What becomes of a reading that is older than `lateAfterMs` when it arrives. */
export const latePolicies = ['history_only', 'evaluate', 'drop'] as const;
export type LatePolicy = (typeof latePolicies)[number];

/** A point whose change to true, or to the state of `equals`, acknowledges the alerts of a rule: a button. */
export interface AcknowledgeWith {
  readonly device: string;
  readonly metric: string;
  /** null: true, or any number but 0. */
  readonly equals: number | boolean | string | null;
}

/** A threshold rule, as the engine runs it. One alert per rule and matching point; of a compound rule one in all. */
export interface Rule {
  readonly name: string;
  /** The points it judges; of a compound rule every point that its clause names. */
  readonly points: readonly PointPattern[];
  /** From least to most severe; never empty; all of one comparator kind. A compound rule has one. */
  readonly levels: readonly Level[];
  /** The device of a compound rule's one alert; null: the rule's name. */
  readonly about: string | null;
  /** null: the value itself is judged. */
  readonly window: RuleWindow | null;
  readonly offDelayMs: DurationMs;
  /** null: required once severity_max is critical. */
  readonly acknowledge: 'required' | 'not_required' | null;
  readonly latch: boolean;
  /** What an `unknown` verdict does to an alert that is normal: nothing, or the same as a breach. */
  readonly unknown: 'hold' | 'raise';
  /** A shelf lasts no longer than this; 0: it cannot be shelved. */
  readonly shelveMaxMs: DurationMs;
  /** Message template; null: the built-in sentence. */
  readonly message: string | null;
  readonly then: readonly Action[];
  /** Alerts of one group tell which of them was first (ISA-18.2 first-out); null: in no group. */
  readonly group: string | null;
  readonly chain: readonly ChainStep[];
  /** Times after the raise at which everybody is told again; the last one is repeated. Empty: never. */
  readonly repeatMs: readonly DurationMs[];
  /** An acknowledged alert is active again after this; null: never. */
  readonly reAlarmMs: DurationMs | null;
  readonly acknowledgeWith: AcknowledgeWith | null;
  /** null: always. */
  readonly activeWhen: ActiveWhen | null;
  /** How long nobody is told after `activeWhen` became true; null: for the longest on-delay. */
  readonly settleMs: DurationMs | null;
  readonly late: LatePolicy;
  readonly lateAfterMs: DurationMs;
  /** What is different about some of its points: the first that matches a point holds for it. */
  readonly variants: readonly RuleVariant[];
}

/** What of a rule may differ from point to point. */
export type RuleChanges = Pick<Rule, 'levels' | 'offDelayMs' | 'unknown' | 'message'>;

/** A rule as its overrides make it for the points that all of these patterns match. */
export interface RuleVariant {
  readonly patterns: readonly PointPattern[];
  readonly changes: RuleChanges;
}

/** The rule as it holds for one point. */
export function ruleAt(rule: Rule, device: string, metric: string): Rule {
  const variant = rule.variants.find(({ patterns }) =>
    patterns.every((pattern) => pattern.matches(device, metric)),
  );
  return variant === undefined ? rule : applyVariant(rule, variant);
}

/** A rule as it holds anywhere: as written, and with each of its overrides. */
export function everyVariant(rule: Rule): readonly Rule[] {
  return [rule, ...rule.variants.map((variant) => applyVariant(rule, variant))];
}

function applyVariant(rule: Rule, { changes }: RuleVariant): Rule {
  return { ...rule, ...changes, variants: [] };
}

/** What holds where a config says nothing. */
export const ruleDefaults = {
  about: null,
  window: null,
  offDelayMs: 0,
  acknowledge: null,
  latch: false,
  unknown: 'hold',
  shelveMaxMs: limits.shelveMaxDefaultMs,
  message: null,
  then: [],
  group: null,
  chain: [],
  repeatMs: [],
  reAlarmMs: null,
  acknowledgeWith: null,
  activeWhen: null,
  settleMs: null,
  late: 'history_only',
  lateAfterMs: limits.lateAfterMs,
  variants: [],
} as const satisfies Omit<Rule, 'name' | 'points' | 'levels'>;

/** A condition that is judged beside the rules, and told of: the interlock or the read-back of an output. */
export interface WatchedClause {
  readonly name: string;
  readonly clause: Clause;
}

/** Names of the rules that are Limen's own. The prefix is reserved. */
export const ownRules = [
  'limen.stale',
  'limen.never_heard',
  'limen.bad',
  'limen.was_down',
  'limen.source_lost',
  'limen.flood',
  'limen.output_failed',
  'limen.notifier_failed',
  'limen.storage',
  'limen.clock',
] as const;
export type OwnRule = (typeof ownRules)[number];

/** Those of them that the program tells the engine of. */
export const faultRules = [
  'limen.output_failed',
  'limen.notifier_failed',
  'limen.storage',
  'limen.clock',
] as const;
export type FaultRule = (typeof faultRules)[number];

/** What a config says about one of Limen's own rules; what it judges is Limen's. */
export interface OwnRuleSettings extends Pick<
  Rule,
  'acknowledge' | 'shelveMaxMs' | 'message' | 'then' | 'group' | 'chain' | 'repeatMs' | 'reAlarmMs'
> {
  readonly name: OwnRule;
  /** null: a warning. */
  readonly severity: Severity | null;
}
