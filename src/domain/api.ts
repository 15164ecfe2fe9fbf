import type { Act, ActAnswer } from './act.ts';
import type { HygieneReport, ReportQuery } from './hygiene.ts';
import type { OutputCommand, OutputStatus } from './output.ts';
import type { Quality, Value } from './reading.ts';
import type { WhyReport } from './why.ts';
import type { WhyNotQuery, WhyNotReport } from './why-not.ts';

/** A stored reading as people and programs see it (contract 7). Keys are those of the JSON. */
export interface ReadingRecord {
  readonly seq: number;
  readonly at_ms: number;
  readonly device: string;
  readonly metric: string;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly quality: Quality;
}

export interface ReadingsQuery {
  /** `device/metric`, exact; null: every point. */
  readonly point: string | null;
  /** Bounds on `at_ms`: from inclusive, to exclusive. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** One kind of payload that could not be read, or not in full, with a sample. Keys are those of the JSON. */
export interface QuarantineRecord {
  readonly source: string;
  readonly topic: string;
  readonly reason: string;
  /** Up to 1 KiB of the last such payload, base64. */
  readonly sample_base64: string;
  readonly first_at: number;
  readonly last_at: number;
  readonly count: number;
}

/** What one notifier has done. */
export interface NotifierStatus {
  readonly name: string;
  readonly queued: number;
  readonly delivered: number;
  readonly failed: number;
  readonly last_error: string | null;
}

/** How a board is. Keys are those of the JSON. */
export interface BoardStatus {
  readonly board: string;
  /** It answers, and is commanded. */
  readonly up: boolean;
  /** Why it is not up, in words; null: it is, or was not tried yet. */
  readonly problem: string | null;
  /** As the board said last; null: it has not said. */
  readonly id: string | null;
  readonly firmware: string | null;
  readonly kind: string | null;
  readonly lease_ms: number | null;
  /** Why it started last. */
  readonly started_by: string | null;
}

/** `limen status`. Keys are those of the JSON. */
export interface StatusReport {
  readonly site: string;
  readonly version: string;
  readonly pid: number;
  readonly started_at: number;
  readonly listeners: readonly string[];
  readonly http: string | null;
  readonly directory: string;
  readonly clock_trusted: boolean;
  readonly seq: number;
  readonly committed_seq: number;
  readonly storage: 'ok' | 'stalled';
  readonly readings: {
    readonly accepted: number;
    readonly stored: number;
    readonly rejected: number;
  };
  readonly points: number;
  readonly rules: number;
  readonly alerts: Readonly<Record<'pending' | 'active' | 'acknowledged' | 'returned', number>>;
  readonly connections: number;
  readonly sources: readonly SourceStatus[];
  readonly brokers: readonly {
    readonly name: string;
    readonly url: string;
    readonly connected: boolean;
  }[];
  readonly ports: readonly SerialPortStatus[];
  readonly boards: readonly BoardStatus[];
  readonly outputs: readonly OutputStatus[];
  readonly notifiers: readonly NotifierStatus[];
  /** Rules that match no point yet. */
  readonly unmatched_rules: readonly string[];
  /** What of the config does not fit the points as they turned out to be, in words: such a rule never raises anything. */
  readonly problems: readonly string[];
}

/** A serial port that is read. */
export interface SerialPortStatus {
  /** Its path, as the config says it. */
  readonly port: string;
  readonly open: boolean;
  /** Why it is not open, and what helps; null: it is, or it was not tried yet. */
  readonly problem: string | null;
  readonly bytes: number;
  /** Lines or frames so far, bad ones included. */
  readonly frames: number;
  /** Reason → count. */
  readonly bad_frames: Readonly<Record<string, number>>;
  readonly openings: number;
}

export interface SourceStatus {
  readonly source: string;
  readonly accepted: number;
  readonly rejected: number;
  /** Reason → count. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Payloads whose source time was not used; their readings carry the time of arrival. */
  readonly source_times_refused: number;
  /** Readings that came later than `late_after` of a rule. */
  readonly late: number;
  /** Readings that came in time, but after a newer one of their point. */
  readonly out_of_order: number;
}

/** One step of a drill: what was done, with its result. */
export interface DrillStep {
  readonly step: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly elapsed_ms: number;
}

/** One line of the live stream (`limen watch`). */
export type StreamLine =
  | { readonly kind: 'reading'; readonly reading: ReadingRecord }
  | {
      readonly kind: 'alert';
      readonly alert: Record<string, unknown>;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'output'; readonly output: OutputStatus }
  | { readonly kind: 'answer'; readonly answer: ActAnswer };

/** How well Limen is: `/healthz` is alive, `/readyz` is fit to be trusted with readings. */
export interface Health {
  readonly ok: boolean;
  /** Each check in words, e.g. `storage: no commit for 12 s`. */
  readonly failing: readonly string[];
}

/**
 * What the running program offers to CLI, HTTP and page. `app.ts` implements it; `src/http` serves it on
 * `limen.sock` and the HTTP listener; `src/cli` is its client.
 */
export interface LimenApi {
  status(): StatusReport;
  health(): Health;
  readiness(): Health;
  /** Prometheus text exposition format 0.0.4. */
  metrics(): string;
  /** Alerts as contract 6 JSON: those that are not normal or carry a flag, or all. */
  alerts(all: boolean): readonly Record<string, unknown>[];
  /** Resolves after the act's commit; a refusal is an answer, not an error. */
  act(act: Act): Promise<ActAnswer>;
  /** Sets an output by hand or resets it, likewise. */
  command(command: OutputCommand): Promise<ActAnswer>;
  /** Stored readings in order of seq, in batches. */
  readings(query: ReadingsQuery): AsyncIterable<readonly ReadingRecord[]>;
  countReadings(query: ReadingsQuery): Promise<number>;
  quarantined(): readonly QuarantineRecord[];
  /**
   * The causal chain of an occurrence. `wanted`: `rule/device/metric`, an id, or the number of an event, a command or a
   * notification; throws LimenError not_found, or invalid where it fits several.
   */
  why(wanted: string): Promise<WhyReport>;
  /** Which clause kept an alert from firing at a moment; throws LimenError invalid or not_found. */
  whyNot(query: WhyNotQuery): Promise<WhyNotReport>;
  /** Alarm hygiene by ISA-18.2 and EEMUA 191. */
  report(query: ReportQuery): Promise<HygieneReport>;
  /** Runs a marked test alert through the true path; throws LimenError not_found for an unknown rule. */
  drill(rule: string): AsyncIterable<DrillStep>;
  /**
   * Live lines until `stop` is called. A listener that returns `false` cannot keep up and is cut, as is one too many:
   * `onCut` is called, possibly before this returns.
   */
  watch(listener: (line: StreamLine) => boolean | void, onCut?: () => void): { stop(): void };
  /** Adds a user or replaces its password; the change holds for the next login. */
  setUser(name: string, password: string): Promise<void>;
  /** Ends its connections, too. */
  removeUser(name: string): Promise<void>;
  users(): readonly string[];
}
