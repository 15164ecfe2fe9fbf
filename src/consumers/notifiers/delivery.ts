import { firstOutOf, firstOutText, type Notice } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import type { Seq } from '../../domain/reading.ts';
import type { ToldEdge } from './edges.ts';

/** One edge of one alert that somebody is to be told, as it was when it happened. */
export interface PendingNotification {
  /** Sequence number of the alert event. */
  readonly seq: Seq;
  readonly edge: ToldEdge;
  /** The occurrence. */
  readonly id: string;
  /** The alert as `alertFacts` shows it; with a notice its message is what the notice says. */
  readonly alert: Readonly<Record<string, unknown>>;
  /** Marked test alert. */
  readonly drill: boolean;
}

/** One attempt to tell it. */
export interface Delivery {
  readonly notification: PendingNotification;
  readonly site: string;
  /** False: storage is stalled, the event is not on disk yet. */
  readonly recorded: boolean;
}

/** How an attempt ended: told, to be tried again, or not worth trying again. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number | null; readonly detail: null }
  | { readonly kind: 'retry' | 'failed'; readonly status: number | null; readonly detail: string };

/** Makes one attempt within a bounded time; never rejects. */
export type Deliver = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;

/** The alert as it is told: with a notice, in the words of that. */
export function toldAlert(
  alert: Readonly<Record<string, unknown>>,
  notice: Notice | undefined,
): Readonly<Record<string, unknown>> {
  return notice === undefined ? alert : { ...alert, message: notice.text };
}

/** `<id>:<seq>`: the same for every attempt, so that a receiver can drop a repetition. */
export function idempotencyKey({ id, seq }: Pick<PendingNotification, 'id' | 'seq'>): string {
  return `${id}:${seq}`;
}

/** What a notifier hands over, as JSON text: the alert, and which edge of its life this is. */
export function deliveryText({ notification, site, recorded }: Delivery): string {
  const { alert, edge, drill } = notification;
  const message = messageWithFirst(alert);
  return JSON.stringify({ ...alert, message, event: edge, recorded, site, drill });
}

// Who is told of ten alerts at once looks for the one that began it.
function messageWithFirst(alert: PendingNotification['alert']): unknown {
  const first = firstOutOf(alert);
  const { message, rule, device, metric } = alert;
  if (first === null || typeof message !== 'string') return message;
  return `${message} (${firstOutText(`${String(rule)}/${String(device)}/${String(metric)}`, first)})`;
}

/** A detail from outside, cut to what is worth keeping. */
export function shortDetail(text: string): string {
  return text.trim().slice(0, limits.notifyDetailCharsMax);
}
