import { messageOf } from '../domain/error.ts';
import { limits } from '../domain/limits.ts';
import type { DurationMs } from '../domain/time.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log } from '../host/log.ts';
import type { Metrics } from '../host/metrics.ts';
import { splitCredentials } from './web-address.ts';

export interface HeartbeatOptions {
  readonly url: string;
  readonly everyMs: DurationMs;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Sends a real message through broker, engine and journal; true once it went through. */
  probe(): Promise<boolean>;
  readonly timeoutMs?: number;
}

/** Tells a watcher elsewhere that Limen works: silence is the alarm. */
export interface Heartbeat {
  /** Beats at once, then every period. */
  start(): void;
  stop(): void;
}

/** Creates a heartbeat that is sent only if a probe went all the way through. */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { everyMs, clock, log, metrics } = options;
  const sent = metrics.counter('limen_heartbeats_sent_total', 'Heartbeats the watcher took.');
  const missed = metrics.counter(
    'limen_heartbeats_missed_total',
    'Heartbeats not sent, because the probe or the watcher failed.',
  );
  let timer: Timer | null = null;
  let stopping = new AbortController();
  let lastFailure: string | null = null;

  const beat = async (): Promise<void> => {
    const { signal } = stopping;
    const failure = await beatOnce(options, signal);
    if (signal.aborted) return;
    (failure === null ? sent : missed).value += 1;
    // Once per change: a watcher that is away for a week shall not fill the log.
    if (failure !== null && failure !== lastFailure) log.warn('no heartbeat', { reason: failure });
    if (failure === null && lastFailure !== null) log.info('heartbeat again');
    lastFailure = failure;
  };

  const schedule = (): void => {
    timer = clock.after(everyMs, () => {
      schedule();
      void beat();
    });
  };

  return {
    start() {
      stopping = new AbortController();
      schedule();
      void beat();
    },
    stop() {
      timer?.cancel();
      stopping.abort();
    },
  };
}

/** One probe and one request, each within the timeout; the reason if it failed, null if not. */
async function beatOnce(options: HeartbeatOptions, stopped: AbortSignal): Promise<string | null> {
  const { url, everyMs, clock, probe } = options;
  // Never longer than a period: beats must not overlap.
  const timeoutMs = Math.min(options.timeoutMs ?? limits.webhookTimeoutMs, everyMs / 2);
  const within = async <T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const timeout = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = clock.after(timeoutMs, () => {
      timeout.abort();
      late.reject(new Error(`no answer within ${timeoutMs / 1000} s`));
    });
    try {
      return await Promise.race([step(AbortSignal.any([stopped, timeout.signal])), late.promise]);
    } finally {
      timer.cancel();
    }
  };
  try {
    if (!(await within(probe))) return 'the probe did not go through';
  } catch (error) {
    return `probe: ${messageOf(error)}`;
  }
  try {
    const status = await within(async (signal) => {
      const { target, headers } = splitCredentials(new URL(url));
      const response = await fetch(target, { headers, signal, redirect: 'error' });
      await response.body?.cancel();
      return response.status;
    });
    return status >= 200 && status < 300 ? null : `watcher: HTTP ${status}`;
  } catch (error) {
    return `watcher: ${messageOf(error)}`;
  }
}
