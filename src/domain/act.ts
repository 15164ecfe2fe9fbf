import type { AlertKey } from './alert.ts';
import { parseDuration } from './duration.ts';
import type { Seq } from './reading.ts';
import type { DurationMs } from './time.ts';

/** What is to be done. */
export type Ask =
  | { readonly act: 'acknowledge' | 'reset' }
  /** Tell nobody for so long; `forMs: null` (one-shot): until the alert is normal. */
  | { readonly act: 'shelve'; readonly forMs: DurationMs | null }
  | { readonly act: 'unshelve' }
  /** Back in service, or out of it until somebody puts it back. */
  | { readonly act: 'service'; readonly in: boolean };

/** With which alert, and who asks. */
export interface ActTarget {
  readonly alert: AlertKey;
  /** The occurrence that is meant; null: whichever is present. */
  readonly id: string | null;
  readonly by: string;
  readonly comment: string | null;
}

/** What a person asks for. Topic, CLI and HTTP all end in `app.act`. */
export type Act = Ask & ActTarget;

/** The answer to an act; published on `limen/events/act` after its commit. */
export interface ActAnswer {
  readonly act: string;
  /** The occurrence, or the name of the output. */
  readonly id: string | null;
  readonly by: string;
  readonly result: 'done' | 'refused';
  /** Why it was refused, in words; null when done. */
  readonly reason: string | null;
  readonly seq: Seq;
}

/** A shelving as it is written: `for` or `one_shot`, or by other names. Returns what is wrong as a text. */
export function readShelving(
  written: { readonly for: string | null; readonly oneShot: boolean },
  names: { readonly for: string; readonly oneShot: string } = shelfKeys,
): Extract<Ask, { act: 'shelve' }> | string {
  const { for: text, oneShot } = written;
  if (text !== null && oneShot)
    return `a shelf is either ${names.for} a time or ${names.oneShot}, not both`;
  if (oneShot) return { act: 'shelve', forMs: null };
  if (text === null)
    return `a shelf has an end: ${names.for} a time such as 2h, or ${names.oneShot}`;
  const forMs = parseDuration(text);
  if (forMs !== null && forMs > 0) return { act: 'shelve', forMs };
  return `${names.for} must be a duration such as 30s, 5m or 2h, and longer than 0`;
}

const shelfKeys = { for: '"for"', oneShot: '"one_shot"' };
