import type { AlertKey } from './alert.ts';
import type { Seq } from './reading.ts';

/** What a person asks for. Topic, CLI and HTTP all end in `app.act`. */
export interface Act {
  readonly act: 'acknowledge' | 'reset';
  readonly alert: AlertKey;
  /** The occurrence that is meant; null: whichever is present (only MQTT may leave it out). */
  readonly id: string | null;
  readonly by: string;
  readonly comment: string | null;
}

/** The answer to an act; published on `limen/events/act` after its commit. */
export interface ActAnswer {
  readonly act: string;
  readonly id: string | null;
  readonly by: string;
  readonly result: 'done' | 'refused';
  /** Why it was refused, in words; null when done. */
  readonly reason: string | null;
  readonly seq: Seq;
}
