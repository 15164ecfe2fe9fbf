import type { NotifierStatus } from '../../domain/api.ts';
import { messageOf } from '../../domain/error.ts';
import type { RowWriter } from '../../domain/journal.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock, Timer } from '../../host/clock.ts';
import type { Log } from '../../host/log.ts';
import type { Counter, Metrics } from '../../host/metrics.ts';
import type { FaultPoint } from '../fault-point.ts';
import { createBacklog, type Backlog, type BacklogEntry, type BacklogProgress } from './backlog.ts';
import {
  idempotencyKey,
  shortDetail,
  type Deliver,
  type Outcome,
  type PendingNotification,
} from './delivery.ts';

/** What all notifiers share. */
export interface QueueSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly journal: RowWriter;
  readonly faultPoint: FaultPoint;
  readonly site: string;
  readonly queueMax: number;
  /** Every row up to this number is on disk. */
  committedSeq(): number;
  /** No commit succeeds: go on from memory. */
  isStalled(): boolean;
  readPending(
    notifier: string,
    afterSeq: number,
    limit: number,
  ): Promise<readonly PendingNotification[]>;
}

/** Whether a notifier reaches anybody; `unknown`: it has not been tried for long enough. */
export interface NotifierHealth {
  readonly name: string;
  readonly state: 'sound' | 'failed' | 'unknown';
  /** What it said last about a failure. */
  readonly detail: string | null;
}

const firstBackoffMs = 1_000;
const readAgainMs = 5_000;

/**
 * One notifier: one attempt at a time, in order, so that a notifier that hangs holds up nobody else. A notification is
 * finished once its result has a journal row; until then it is tried again with the same key.
 */
export class NotifierQueue {
  readonly #name: string;
  readonly #around: QueueSurroundings;
  readonly #backlog: Backlog;
  readonly #delivered: Counter;
  readonly #failed: Counter;
  readonly #attempts: Counter;
  readonly #abort = new AbortController();
  #deliver: Deliver;
  #lastError: string | null = null;
  /** Since when no attempt has succeeded, and whether a notification was given up since the last success. */
  #failingSinceMs: number | null = null;
  #hasGivenUp = false;
  #hasDelivered = false;
  #attempting: Promise<void> | null = null;
  #retryTimer: Timer | null = null;
  /** When the last attempt began. */
  #attemptedMs = -Infinity;
  #isReading = false;
  #isStarted = false;
  #isStopped = false;

  constructor(name: string, deliver: Deliver, around: QueueSurroundings) {
    this.#name = name;
    this.#deliver = deliver;
    this.#around = around;
    this.#backlog = createBacklog(around.queueMax);
    const { metrics } = around;
    const labels = { notifier: name };
    this.#delivered = metrics.counter(
      'limen_notifications_delivered_total',
      'Notifications delivered.',
      labels,
    );
    this.#failed = metrics.counter(
      'limen_notifications_failed_total',
      'Notifications given up or refused for good.',
      labels,
    );
    this.#attempts = metrics.counter(
      'limen_notification_attempts_total',
      'Attempts to deliver a notification.',
      labels,
    );
    metrics.gauge(
      'limen_notifications_queued_count',
      'Notifications that wait for a notifier.',
      () => this.#backlog.length,
      labels,
    );
    metrics.gauge(
      'limen_notification_oldest_seconds',
      'How long the oldest waiting notification has been waiting.',
      () => this.#oldestSeconds(),
      labels,
    );
  }

  get status(): NotifierStatus {
    return {
      name: this.#name,
      queued: this.#backlog.length,
      delivered: this.#delivered.value,
      failed: this.#failed.value,
      last_error: this.#lastError,
    };
  }

  get health(): NotifierHealth {
    const forMs =
      this.#failingSinceMs === null ? 0 : this.#around.clock.monotonicMs() - this.#failingSinceMs;
    const isFailing = this.#hasGivenUp || forMs >= limits.notifierFailedAfterMs;
    const state = isFailing ? 'failed' : this.#isSound ? 'sound' : 'unknown';
    return { name: this.#name, state, detail: this.#lastError };
  }

  get #isSound(): boolean {
    return this.#hasDelivered && this.#failingSinceMs === null;
  }

  get progress(): BacklogProgress {
    return this.#backlog.progress;
  }

  /** Goes on where the last process ended. What was offered before has waited for this. */
  start(progress: BacklogProgress): void {
    this.#isStarted = true;
    this.#backlog.restore(progress);
    this.pump();
  }

  /** A notification was emitted; it is attempted once it is on disk. */
  offer(notification: PendingNotification): void {
    const nowMs = this.#around.clock.monotonicMs();
    this.#backlog.add(notification, nowMs);
    if (nowMs - this.#attemptedMs >= limits.notifyAgainForNewMs) this.#tryAgain();
    else this.pump();
  }

  /** Goes on as far as it can now: to be called when something was committed, or storage stalls. */
  pump(): void {
    if (!this.#isStarted || this.#isStopped) return;
    if (this.#attempting !== null || this.#retryTimer !== null) return;
    const { committedSeq, isStalled } = this.#around;
    const entry = this.#backlog.head(isStalled());
    if (entry === null) return this.#readOn();
    if (entry.notification.seq > committedSeq() && !isStalled()) return;
    this.#attempting = this.#attempt(entry).finally(() => {
      this.#attempting = null;
      this.pump();
    });
  }

  /** From the next attempt on, delivers another way. */
  redirect(deliver: Deliver): void {
    this.#deliver = deliver;
  }

  // Who did not answer for an hour may do so now, and somebody is to be told something new.
  #tryAgain(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = null;
    this.pump();
  }

  /** Lets the attempt under way end, for at most so long; an attempt that is cut off is repeated at the next start. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#retryTimer?.cancel();
    const timer = this.#around.clock.after(graceMs, () => this.#abort.abort());
    await this.#attempting;
    timer.cancel();
  }

  /** The config no longer has it: what waits in memory ends as visibly failed. */
  abandon(): void {
    this.#isStopped = true;
    this.#retryTimer?.cancel();
    this.#abort.abort();
    const detail = 'notifier removed from the config';
    for (const entry of this.#backlog.all()) {
      this.#finish(entry, { kind: 'failed', status: null, detail });
    }
  }

  async #attempt(entry: BacklogEntry): Promise<void> {
    const { clock, site, faultPoint, committedSeq } = this.#around;
    const { notification } = entry;
    entry.attempts += 1;
    this.#attemptedMs = clock.monotonicMs();
    entry.firstAttemptMs ??= this.#attemptedMs;
    this.#attempts.value += 1;
    faultPoint('notification_attempt');
    const recorded = notification.seq <= committedSeq();
    const outcome = await this.#try({ notification, site, recorded });
    faultPoint('notification_attempted');
    // What was told is worth its row even now; the rest is repeated at the next start.
    if (this.#isStopped && outcome.kind !== 'delivered') return;
    this.#settle(entry, outcome);
  }

  async #try(delivery: Parameters<Deliver>[0]): Promise<Outcome> {
    try {
      return await this.#deliver(delivery, this.#abort.signal);
    } catch (error) {
      return { kind: 'retry', status: null, detail: shortDetail(messageOf(error)) };
    }
  }

  #settle(entry: BacklogEntry, outcome: Outcome): void {
    if (outcome.kind !== 'retry') return this.#finish(entry, outcome);
    const { clock, log } = this.#around;
    const { attempts, firstAttemptMs } = entry;
    const backoffMs = Math.min(firstBackoffMs * 2 ** (attempts - 1), limits.notifyBackoffMaxMs);
    const triedMs = clock.monotonicMs() - (firstAttemptMs ?? 0);
    if (triedMs + backoffMs > limits.notifyGiveUpMs) {
      return this.#finish(entry, {
        kind: 'failed',
        status: outcome.status,
        detail: shortDetail(`given up after ${attempts} attempts: ${outcome.detail}`),
      });
    }
    this.#lastError = outcome.detail;
    this.#failingSinceMs ??= clock.monotonicMs();
    if (attempts === 1) {
      const { id } = entry.notification;
      log.warn('notification not delivered, trying again', {
        notifier: this.#name,
        id,
        detail: outcome.detail,
      });
    }
    this.#retryTimer = clock.after(backoffMs, () => this.#tryAgain());
  }

  #finish(entry: BacklogEntry, outcome: Outcome): void {
    const { clock, log, journal, faultPoint } = this.#around;
    const { notification, attempts, sinceMs } = entry;
    const isDelivered = outcome.kind === 'delivered';
    (isDelivered ? this.#delivered : this.#failed).value += 1;
    this.#hasDelivered ||= isDelivered;
    this.#hasGivenUp = !isDelivered;
    this.#failingSinceMs = isDelivered ? null : (this.#failingSinceMs ?? clock.monotonicMs());
    this.#lastError = outcome.detail;
    this.#backlog.finish(entry);
    journal.append('notification', this.#name, {
      event_seq: notification.seq,
      id: notification.id,
      edge: notification.edge,
      idempotency_key: idempotencyKey(notification),
      result: isDelivered ? 'delivered' : 'failed',
      attempts,
      status: outcome.status,
      detail: outcome.detail,
      latency_ms: Math.round(clock.monotonicMs() - sinceMs),
      ...this.#backlog.progress,
    });
    faultPoint('notification_recorded');
    if (isDelivered) return;
    const { id } = notification;
    log.error('notification failed', { notifier: this.#name, id, detail: outcome.detail });
  }

  #readOn(): void {
    const { clock, log, readPending, committedSeq, queueMax } = this.#around;
    const committed = committedSeq();
    const afterSeq = this.#backlog.readAfter(committed);
    if (this.#isReading || afterSeq === null) return;
    this.#isReading = true;
    readPending(this.#name, afterSeq, queueMax).then(
      (notifications) => {
        this.#isReading = false;
        const read = { notifications, limit: queueMax, committedSeq: committed };
        this.#backlog.take(read, clock.monotonicMs());
        this.pump();
      },
      (error: unknown) => {
        log.error('waiting notifications not read', {
          notifier: this.#name,
          error: messageOf(error),
        });
        clock.after(readAgainMs, () => {
          this.#isReading = false;
          this.pump();
        });
      },
    );
  }

  #oldestSeconds(): number {
    const sinceMs = this.#backlog.oldestSinceMs;
    return sinceMs === null ? 0 : (this.#around.clock.monotonicMs() - sinceMs) / 1000;
  }
}
