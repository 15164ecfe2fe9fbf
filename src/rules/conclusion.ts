import type { AlertEventKind, AlertState, Reason } from '../domain/alert.ts';

/** One conclusion about an alert, to be told. */
export interface Conclusion {
  readonly kind: AlertEventKind;
  readonly from: AlertState;
  readonly reason: Reason;
  readonly at: number;
  readonly cause: readonly number[];
  /** With kind `notice`. */
  readonly notice?: {
    readonly notifiers: readonly string[] | null;
    /** What is said, made from the message of this moment. */
    text(message: string): string;
  };
}
