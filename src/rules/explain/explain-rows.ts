import type { AlertState, Condition, FirstOut, ShownLimit } from '../../domain/alert.ts';
import type { AppliedCalibration } from '../../domain/calibration.ts';
import type { Compared } from '../../domain/engine.ts';
import type { JournalRow } from '../../domain/journal.ts';
import type { Value } from '../../domain/reading.ts';
import type { Severity } from '../../domain/rule.ts';

// The bodies of journal rows as the explanation reads them. Limen wrote them, perhaps an older one: what was added to a
// row later may be missing.

/** The body of a row of kind `alert`, and of the alert in it. */
export interface AlertBody {
  readonly kind: string;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly reason: string;
  readonly cause: readonly number[];
  readonly drill: boolean;
  readonly notify: readonly string[];
  readonly notice?: { readonly text: string };
  readonly hushed?: string;
  readonly compared?: Compared | null;
  readonly config?: number;
  /** What the engine needs to go on with the alert: its own. */
  readonly memory?: unknown;
  readonly evidence: {
    readonly topic: string;
    readonly text: string | null;
    readonly base64: string | null;
    readonly calibration?: AppliedCalibration | null;
  } | null;
  readonly shown: {
    readonly id: string;
    readonly rule: string;
    readonly device: string;
    readonly metric: string;
    readonly state: AlertState;
    readonly condition: Condition;
    readonly severity: Severity;
    readonly severity_max: Severity;
    readonly value: Value | null;
    readonly unit: string | null;
    readonly limit: ShownLimit | null;
    readonly worst: Value | null;
    readonly message: string;
    readonly breached_at: number | null;
    readonly raised_at: number | null;
    readonly due_at: number | null;
    /** Not there in rows of earlier versions. */
    readonly first_out?: FirstOut | null;
    readonly raises: number;
    readonly returned_at?: number | null;
    readonly acknowledged_by?: string | null;
    readonly shelved_until?: number | null;
    readonly suppressed_by?: string | null;
    readonly out_of_service?: boolean;
  };
}

/** The body of a row of kind `act`. */
export interface ActBody {
  readonly act: string;
  readonly id: string | null;
  readonly by: string;
  readonly comment: string | null;
}

/** The body of a row of kind `answer`. */
export interface AnswerBody {
  readonly id: string | null;
  readonly result: 'done' | 'refused';
  readonly reason: string | null;
  readonly seq: number;
}

/** The body of a row of kind `output`. */
export interface OutputBody {
  readonly commanded: 'on' | 'off';
  readonly owner: string | null;
  readonly reason: string;
  readonly cause: readonly number[];
  /** What was sent, or run; null: nothing was. */
  readonly sent?: string | null;
  readonly place?: { readonly broker?: string; readonly topic?: string };
}

/** The body of a row of kind `notification`. */
export interface NotificationBody {
  readonly event_seq: number;
  readonly edge: string;
  readonly result: 'delivered' | 'failed';
  readonly attempts: number;
  readonly status: number | null;
  readonly detail: string | null;
}

/** The body of a row of kind `started`. */
export interface StartedBody {
  readonly down_ms?: number | null;
}

/** The body of a row of kind `schedule`; its key is the schedule. */
export interface ScheduleBody {
  readonly open: boolean | null;
}

/** The body of a row of kind `point`; its key is the point. */
export interface PointBody {
  readonly unit: string | null;
  /** The same point before its unit changed. */
  readonly replaces?: unknown;
}

/** The body of a row of kind `source`; its key is the source. */
export interface SourceBody {
  readonly connected: boolean;
}

/** The body of a row of kind `learned`; its key is the point. */
export interface LearnedBody {
  readonly stale_after_ms: number | null;
}

/** The body of a row of kind `fault`. */
export interface FaultBody {
  readonly note: string;
}

/** A journal row whose body is known. */
export type RowWith<Body> = Omit<JournalRow, 'body'> & { readonly body: Body };

/** Takes a row for what its kind says that it is. */
export function rowWith<Body>(row: JournalRow): RowWith<Body> {
  // a row that Limen wrote
  return { ...row, body: row.body as Body };
}
