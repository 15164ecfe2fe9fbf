import type { AlertState, Condition, ShownLimit } from './alert.ts';
import type { ComparedLevel, ComparedMember } from './engine.ts';
import type { Quality, Value } from './reading.ts';
import type { LatePolicy } from './rule.ts';
import type { WhyRule } from './why.ts';

// `limen why-not`: which clause held an alert back at a moment. Keys are those of the JSON; times are wall milliseconds.

/** What is asked. */
export interface WhyNotQuery {
  readonly rule: string;
  /** `device/metric`. */
  readonly point: string;
  /** The moment that is asked about. */
  readonly atMs: number;
}

/** A reading as far as it matters here. */
export interface WhyNotReading {
  readonly seq: number;
  /** The source's time if it was believed, else that of arrival. */
  readonly at: number;
  readonly received_at: number;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly quality: Quality;
}

interface Clause {
  /** Whether this alone would have kept the alert from firing, or people from being told of it. */
  readonly held: boolean;
}

/** Whether Limen ran. */
export interface RunningClause extends Clause {
  readonly clause: 'running';
  /** The stop around that moment; null times: it ran, or nobody knows. */
  readonly stopped_at: number | null;
  readonly started_at: number | null;
}

/** Whether there was such a rule, and whether it matched the point. */
export interface RuleClause extends Clause {
  readonly clause: 'rule';
  readonly existed: boolean;
  readonly matched: boolean;
  /** When the rule was next written differently, if it was before now; its text is the last of `rules`. */
  readonly changed_at: number | null;
}

/** Whether the point was heard, and not too long ago. */
export interface HeardClause extends Clause {
  readonly clause: 'heard';
  /** The last usable reading; null: there was none. */
  readonly last: WhyNotReading | null;
  readonly age_ms: number | null;
  /** The value counts as stale after this much silence; null: never. */
  readonly stale_after_ms: number | null;
  readonly stale: boolean;
}

/** Whether the last reading could be used. */
export interface QualityClause extends Clause {
  readonly clause: 'quality';
  /** The last reading, usable or not; null: there was none. */
  readonly last: WhyNotReading | null;
  readonly bad_since: number | null;
}

/** Readings that came too late to be judged: they are history only. */
export interface LateClause extends Clause {
  readonly clause: 'late';
  readonly policy: LatePolicy;
  readonly late_after_ms: number;
  readonly count: number;
  /** The one furthest beyond the limit, or nearest to it. */
  readonly worst: WhyNotReading | null;
}

/** Payloads of the point's topics that could not be read at that time. */
export interface RejectedClause extends Clause {
  readonly clause: 'rejected';
  readonly count: number;
  readonly topic: string | null;
  readonly reason: string | null;
  readonly last_at: number | null;
}

/** A level, and how far it was from being breached. */
export interface WhyNotLevel extends ComparedLevel {
  /** In the unit of the value; null: it was breached, or that is no matter of distance. */
  readonly missing: number | null;
}

/** What was compared with what. */
export interface ConditionClause extends Clause {
  readonly clause: 'condition';
  readonly condition: Condition;
  /** What is compared: `value`, or what the rule makes of the readings (`mean over 5 min`, `stuck`, `silence`), of a compound rule the
   *  number of members that are breached (`compound`). */
  readonly judged: string;
  readonly value: Value | null;
  readonly unit: string | null;
  /** The reading it rests on. */
  readonly reading: WhyNotReading | null;
  readonly age_ms: number | null;
  readonly levels: readonly WhyNotLevel[];
  /** Why no value can be compared with the limit: a unit that does not fit. */
  readonly problem: string | null;
  /** Of a rule with a window: how much of it is covered by readings, from 0 to 1; below a half there is no verdict. */
  readonly window: { readonly span_ms: number; readonly covered: number } | null;
  /** Of a compound rule: each point in it, and in words what the verdict rests on. */
  readonly members: readonly ComparedMember[] | null;
  readonly rests_on: string | null;
  /** The moment within half an hour before or after at which the least was missing to any level. */
  readonly closest: WhyNotClosest | null;
}

/** When it was nearest to firing. */
export interface WhyNotClosest {
  readonly at: number;
  readonly seq: number;
  readonly value: Value;
  readonly limit: ShownLimit | null;
  readonly severity: string;
  /** 0: the limit was passed. */
  readonly missing: number;
}

/** How an on-delay ended. */
export type OnDelayEnd = 'running' | 'cleared' | 'over';

/** Whether the breach lasted long enough. */
export interface OnDelayClause extends Clause {
  readonly clause: 'on_delay';
  readonly on_delay_ms: number;
  /** null: no delay ran. */
  readonly began_at: number | null;
  readonly due_at: number | null;
  /** How long the breach had lasted at that moment, or when it ended before. */
  readonly lasted_ms: number | null;
  readonly end: OnDelayEnd | null;
  readonly ended_at: number | null;
  /** The reading that began it and the one that ended it. */
  readonly began: WhyNotReading | null;
  readonly ended: WhyNotReading | null;
}

/** Whether the alert was raised before that moment: then it did fire. */
export interface StateClause extends Clause {
  readonly clause: 'state';
  readonly state: AlertState;
  readonly id: string;
  readonly raised_at: number | null;
  readonly returned_at: number | null;
  readonly acknowledged_by: string | null;
  /** Whether it fired later, within half an hour; null: not within that time. */
  readonly fired_at: number | null;
}

/** Flags that keep an alert from people: they change nothing about it. */
export interface FlagsClause extends Clause {
  readonly clause: 'flags';
  readonly shelved_until: number | null;
  readonly out_of_service: boolean;
  readonly suppressed_by: string | null;
  /** Why the raise was not told: `chatter`, or `flood`; null: it was. */
  readonly hushed: string | null;
  /** Since when the flag that held it back was set; null: none did, or no longer stored. */
  readonly since: number | null;
}

/** One notifier and what came of it. */
export interface WhyNotTold {
  readonly notifier: string;
  readonly result: 'delivered' | 'failed' | 'waiting';
  readonly at: number | null;
  readonly attempts: number;
  readonly detail: string | null;
}

/** Whether somebody was told of the raise. */
export interface NotificationClause extends Clause {
  readonly clause: 'notification';
  /** The event that was to be told; null: there was none yet. */
  readonly event_seq: number | null;
  readonly told: readonly WhyNotTold[];
  /** The rule names a notifier at all. */
  readonly configured: boolean;
}

export type WhyNotClause =
  | RunningClause
  | RuleClause
  | HeardClause
  | QualityClause
  | LateClause
  | RejectedClause
  | ConditionClause
  | OnDelayClause
  | StateClause
  | FlagsClause
  | NotificationClause;

export type WhyNotClauseName = WhyNotClause['clause'];

/** What the answer rests on. */
export interface WhyNotReplay {
  /** The stretch that was replayed. */
  readonly from: number;
  readonly to: number;
  /** Readings that were given to the engine. */
  readonly readings: number;
  /** There are more rows than are looked at: what lies further back was left out. */
  readonly cut: boolean;
  /** The state that the journal holds is the one that the replay came to; null: the journal holds none. */
  readonly agrees: boolean | null;
}

/** Why an alert did not fire at a moment, clause by clause. */
export interface WhyNotReport {
  readonly rule: string;
  readonly device: string;
  readonly metric: string;
  readonly at: number;
  /** It was raised at that moment: active or acknowledged. */
  readonly fired: boolean;
  /** The clause that held it back; null: none did. */
  readonly reason: WhyNotClauseName | null;
  /** In the order in which they act. */
  readonly clauses: readonly WhyNotClause[];
  /** The rule as it was then, and as it was next written if it was changed since. */
  readonly rules: readonly WhyRule[];
  readonly replay: WhyNotReplay;
}
