import type { AlertState, Condition, FirstOut, ShownLimit } from './alert.ts';
import type { AppliedCalibration } from './calibration.ts';
import type { ComparedLevel, ComparedMember } from './engine.ts';
import type { RowKind } from './journal.ts';
import type { OutputLevel } from './output.ts';
import type { Quality, Value } from './reading.ts';
import type { Severity } from './rule.ts';

// `limen why`: the stored causal chain of one occurrence. Keys are those of the JSON; times are wall milliseconds.

/** A reading of the chain, with the bytes it came in if they were kept. */
export interface WhyReading {
  readonly seq: number;
  /** The source's time if it was believed, else that of arrival. */
  readonly at: number;
  readonly received_at: number;
  readonly device: string;
  readonly metric: string;
  readonly value: Value | null;
  /** Before the conversion to the point's unit and the calibration; null: the same as `value`. */
  readonly raw: number | null;
  readonly unit: string | null;
  readonly quality: Quality;
  /** Evidence: null where it was not kept. */
  readonly topic: string | null;
  readonly payload: string | null;
  readonly payload_base64: string | null;
  /** As it was when the reading came. */
  readonly calibration: AppliedCalibration | null;
}

/** A row of the chain that is no reading and caused something: a config, a start, an act, a lost source... */
export interface WhyCause {
  readonly seq: number;
  readonly at: number;
  readonly kind: RowKind;
  /** What it is about within its kind. */
  readonly key: string;
  /** What it was, in words. */
  readonly text: string;
}

/** The numbers a verdict rests on. `levels` is null in rows of a version that did not keep them. */
export interface WhyVerdict {
  readonly condition: Condition;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly limit: ShownLimit | null;
  readonly severity: Severity;
  readonly levels: readonly ComparedLevel[] | null;
  /** Of a compound rule; null: it judges one point, or they were not kept. */
  readonly members: readonly ComparedMember[] | null;
  readonly off_delay_ms: number | null;
  readonly latch: boolean | null;
  readonly acknowledge_required: boolean | null;
}

interface Step {
  readonly seq: number;
  readonly at: number;
}

/** An event of the alert itself. */
export interface WhyAlertStep extends Step {
  readonly kind: 'alert';
  readonly event: string;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly reason: string;
  /** What a notice said, or else the message of the alert. */
  readonly message: string;
  /** Why people were not told of it: chatter or flood; null: they were told as ever. */
  readonly hushed: string | null;
  /** What keeps it from people by design since this event; null: nothing, or an event of an older Limen. */
  readonly suppressed_by: string | null;
  /** The end of its shelf, and whether it is out of service, since this event. Nobody is told while either is so. */
  readonly shelved_until: number | null;
  readonly out_of_service: boolean;
  readonly due_at: number | null;
  /** Who was first in its group; null: nobody, or it is in none. */
  readonly first_out: FirstOut | null;
  readonly verdict: WhyVerdict;
  /** Numbers of the rows that caused it. */
  readonly cause: readonly number[];
  /** Those of them that are readings and are still stored. */
  readonly readings: readonly WhyReading[];
  /** Those of them that are no readings and are still stored. */
  readonly causes: readonly WhyCause[];
  /** Number of the row of the config in force; null where it was not kept. */
  readonly config_seq: number | null;
}

/** What somebody asked, and the answer. */
export interface WhyActStep extends Step {
  readonly kind: 'act';
  readonly act: string;
  readonly by: string;
  readonly comment: string | null;
  /** null: no answer is stored, Limen was killed in between. */
  readonly result: 'done' | 'refused' | null;
  readonly reason: string | null;
}

/** What an output was commanded on account of it. */
export interface WhyOutputStep extends Step {
  readonly kind: 'output';
  readonly output: string;
  readonly commanded: OutputLevel;
  readonly owner: string | null;
  readonly reason: string;
  readonly cause: readonly number[];
  /** null where it was not kept. */
  readonly sent: boolean | null;
  /** null where it goes through no broker. */
  readonly broker: string | null;
  readonly topic: string | null;
  /** The payload, or the program with its arguments. */
  readonly payload: string | null;
  /** Since the event that caused it, which has the time of its reading or of its delay's end; null: another cause. */
  readonly latency_ms: number | null;
}

/** What somebody was told, or is still to be told. */
export interface WhyNotificationStep extends Step {
  readonly kind: 'notification';
  readonly notifier: string;
  readonly edge: string | null;
  readonly event_seq: number;
  readonly result: 'delivered' | 'failed' | 'waiting';
  readonly attempts: number;
  readonly status: number | null;
  readonly detail: string | null;
  /** Since the event; null while it waits. */
  readonly latency_ms: number | null;
}

/** What happened to Limen itself meanwhile. */
export interface WhyLimenStep extends Step {
  readonly kind: 'limen';
  readonly what: 'started' | 'stopped' | 'config' | 'clock';
  /** `started`: how long it was down; null: unknown. */
  readonly down_ms: number | null;
  /** `config`: whether the text of the rule differs from the one before. */
  readonly changes_rule: boolean | null;
}

export type WhyStep =
  | WhyAlertStep
  | WhyActStep
  | WhyOutputStep
  | WhyNotificationStep
  | WhyLimenStep;

/** The rule as it was written, from the config that was in force. */
export interface WhyRule {
  /** Number of the row of the config. */
  readonly seq: number;
  /** When that config was taken. */
  readonly at: number;
  readonly hash: string;
  /** The place in the file; null: that config has no such rule (one of Limen's own, or removed). */
  readonly line: number | null;
  readonly text: string | null;
}

/** The delay before the first raise; null times: it never came so far. */
export interface WhyDelay {
  readonly pending_at: number;
  readonly due_at: number | null;
  readonly active_at: number | null;
}

/** The stored causal chain of one occurrence. */
export interface WhyReport {
  readonly id: string;
  readonly rule: string;
  readonly device: string;
  readonly metric: string;
  readonly drill: boolean;
  /** As of the last event of the occurrence. */
  readonly state: AlertState;
  readonly message: string;
  readonly severity_max: Severity;
  readonly raises: number;
  readonly worst: Value | null;
  readonly unit: string | null;
  readonly breached_at: number | null;
  readonly raised_at: number | null;
  readonly ended_at: number | null;
  /** From the reading that began it to normal; null: it is not over. */
  readonly duration_ms: number | null;
  readonly began: WhyReading | null;
  /** The row that began it where that is no reading; null: it is one, or it is no longer stored. */
  readonly began_by: WhyCause | null;
  /** Of the first raise; of the beginning, if it was never raised. */
  readonly verdict: WhyVerdict;
  readonly delay: WhyDelay | null;
  /** In order of seq. */
  readonly steps: readonly WhyStep[];
  /** Events in the middle of a very long occurrence that are not shown. */
  readonly events_left_off: number;
  /** Each different text of the rule during the occurrence, the first one first. */
  readonly rules: readonly WhyRule[];
}

/** A reading as it is stored, before it becomes part of a chain. */
export interface StoredReading {
  readonly seq: number;
  readonly atMs: number;
  /** When it arrived, by engine time. */
  readonly engineMs: number;
  readonly device: string;
  readonly metric: string;
  readonly value: Value | null;
  readonly raw: number | null;
  readonly unit: string | null;
  readonly quality: Quality;
}
