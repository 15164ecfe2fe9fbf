import type { AlertState, Condition } from './alert.ts';
import type { Severity } from './rule.ts';

// `limen report`: alarm hygiene. Keys are those of the JSON; times are wall milliseconds.

/** Bounds on the time of events: from inclusive, to exclusive; null: 30 days back, and now. */
export interface ReportQuery {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** The same, settled. */
export interface ReportRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the statistics read of one stored alert event. */
export interface AlertMark {
  readonly atMs: number;
  /** `rule/device/metric`. */
  readonly key: string;
  readonly id: string;
  readonly kind: string;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly reason: string;
  readonly condition: Condition;
  readonly severity: Severity;
  readonly breachedAt: number | null;
  readonly raisedAt: number | null;
  readonly acknowledgedAt: number | null;
  /** Shelved, suppressed or out of service: nobody was told. */
  readonly isQuiet: boolean;
  readonly isShelved: boolean;
  readonly drill: boolean;
}

/** How one severity stands against the distribution that EEMUA 191 and ISA-18.2 ask for. */
export interface PriorityShare {
  readonly severity: Severity;
  readonly count: number;
  readonly share: number;
  readonly target_share: number;
}

/** What one alert contributed. */
export interface AlertStatistics {
  /** `rule/device/metric`. */
  readonly alert: string;
  readonly severity: Severity;
  /** Announcements, and their share of all. */
  readonly count: number;
  readonly share: number;
  /** Raises that were the third or a later one within a minute. */
  readonly chattering: number;
  /** Raises that lasted less than 10 s. */
  readonly fleeting: number;
  /** Raises that lasted longer than a day. */
  readonly stale: number;
  /** Occurrences that ended and that nobody had acknowledged. */
  readonly never_acknowledged: number;
  /** Occurrences that ended. */
  readonly ended: number;
  readonly mean_acknowledge_ms: number | null;
  /** How often somebody shelved it, for how long in all, and which part that is of the time since it was first so. */
  readonly shelvings: number;
  readonly shelved_ms: number;
  readonly shelved_share: number;
  /** The smallest on-delay that would have spared most raises; null: none would. */
  readonly on_delay: SparingDelay | null;
  /** The smallest off-delay that would have joined most raises with the one before; null: none would. */
  readonly off_delay: SparingDelay | null;
}

/** What a delay of some length would have changed. */
export interface SparingDelay {
  readonly delay_ms: number;
  readonly spared: number;
  readonly of: number;
}

/** An alert that is open at the end of the time. */
export interface StandingAlert {
  readonly alert: string;
  readonly severity: Severity;
  readonly state: AlertState;
  readonly raised_at: number;
  readonly for_ms: number;
}

export type FindingKind =
  | 'rate'
  | 'flood'
  | 'priorities'
  | 'offender'
  | 'chattering'
  | 'fleeting'
  | 'stale'
  | 'never_acknowledged'
  | 'always_shelved'
  | 'standing';

/** Something to do. */
export interface Finding {
  readonly finding: FindingKind;
  /** null: it is about all of them. */
  readonly alert: string | null;
  readonly what: string;
  readonly suggestion: string;
}

/** Alarm hygiene by ISA-18.2 (clause 16) and EEMUA 191. */
export interface HygieneReport {
  readonly from: number;
  readonly to: number;
  /** From when on there is anything stored; what is measured per time is measured from here. */
  readonly since: number;
  /** Raises, escalations and ends of the last flag: all that somebody could see. Pendings that went back and drills are no alerts. */
  readonly announced: number;
  readonly went_back: number;
  readonly drills: number;
  readonly per_10_minutes: {
    readonly mean: number;
    readonly peak: number;
    readonly peak_at: number | null;
    /** Manageable at most. */
    readonly target: number;
  };
  readonly flood: {
    /** More announcements in 10 minutes begin one. */
    readonly limit: number;
    readonly count: number;
    readonly time_ms: number;
    readonly share: number;
  };
  readonly priorities: readonly PriorityShare[];
  readonly acknowledgement: {
    readonly acknowledged: number;
    readonly mean_ms: number | null;
    readonly ended: number;
    readonly never_acknowledged: number;
  };
  readonly chattering: number;
  readonly fleeting: number;
  readonly stale: number;
  /** Alerts that were shelved again and again, for half of the time or more. */
  readonly always_shelved: number;
  /** The ten that rang most. */
  readonly offenders: readonly AlertStatistics[];
  /** Open at the end, the oldest first, ten at most. */
  readonly standing: readonly StandingAlert[];
  readonly standing_count: number;
  readonly findings: readonly Finding[];
}
