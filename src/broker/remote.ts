import type { NamedBroker } from '../domain/config.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log } from '../host/log.ts';
import type { Counter, Metrics } from '../host/metrics.ts';
import {
  openConnection,
  type Connection,
  type RemoteMessage,
  type Will,
} from './remote-connection.ts';
import { compileFilter } from './remote-filter.ts';
import { createOutbox, type PublishOptions } from './remote-outbox.ts';

export type { RemoteMessage } from './remote-connection.ts';

/**
 * Takes a message; `done` is to be called once it is on disk, or known to be of no use: only then the broker gets its
 * acknowledgement. Order and time do not matter, acknowledgements leave in the order of arrival.
 */
export type RemoteHandler = (message: RemoteMessage, done: () => void) => void;

export interface RemoteOptions {
  readonly broker: NamedBroker;
  /** Fixed for the life of an installation: the broker keeps the session under this name. */
  readonly clientId: string;
  readonly will: Will | null;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly clock: Clock;
  /** `kept` (the default): QoS 1 messages sent while Limen is away are delivered later. `clean`: they are not. */
  readonly session?: 'kept' | 'clean';
}

/** The one connection to a broker that already runs; it comes back by itself until it is closed. */
export interface RemoteBroker {
  readonly name: string;
  readonly connected: boolean;
  /** Sends at QoS 1, or keeps the message until the broker is there (see `PublishOptions`). Never throws or waits. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): void;
  /** Subscribes at QoS 1, anew after each reconnect. A handler gets a message once, however many filters match it. */
  subscribe(filter: string, handler: RemoteHandler): void;
  /** Calls back at each change of the link, and at once if it is up. */
  onLink(listener: (up: boolean) => void): void;
  /** Waits up to 2 s until what was published is acknowledged, then says goodbye: the will is not published. */
  close(): Promise<void>;
}

const backoffMinMs = 1_000;
const backoffMaxMs = 30_000;
// A shorter link does not count as a success: two clients that fight for one id connect all the time.
const steadyAfterMs = 10_000;
const closeWithinMs = 2_000;

interface Subscription {
  readonly filter: string;
  readonly matches: (topic: string) => boolean;
  readonly handler: RemoteHandler;
}

/** Connects to a broker that already runs, and again whenever the link is lost. Returns at once. */
export function connectRemote(options: RemoteOptions): RemoteBroker {
  const { broker, clock, log } = options;
  const labels = { broker: broker.name };
  const count = (name: string, help: string, more: Record<string, string> = {}): Counter =>
    options.metrics?.counter(name, help, { ...labels, ...more }) ?? { value: 0 };
  const received = count('limen_remote_received_total', 'Messages of another broker.');
  const unasked = count('limen_remote_unasked_total', 'Messages that no subscription asked for.');
  const dropHelp = 'Messages to another broker that were dropped.';

  const subscriptions: Subscription[] = [];
  const listeners: ((up: boolean) => void)[] = [];
  const outbox = createOutbox((reason) => {
    count('limen_remote_dropped_total', dropHelp, { reason }).value += 1;
  });
  let connection: Connection | null = null;
  let isUp = false;
  let isClosing = false;
  let retry: Timer | null = null;
  let backoffMs = backoffMinMs;
  let upSinceMs = 0;
  let shownProblem: string | null = null;
  const closed = Promise.withResolvers<void>();

  options.metrics?.gauge(
    'limen_remote_connections_count',
    'Link to another broker.',
    () => Number(isUp),
    labels,
  );
  options.metrics?.gauge(
    'limen_remote_messages_waiting_count',
    'Messages to another broker, waiting or not acknowledged.',
    () => outbox.length,
    labels,
  );
  options.metrics?.gauge(
    'limen_remote_messages_unacknowledged_count',
    'Messages of another broker, not yet on disk.',
    () => connection?.unacknowledged ?? 0,
    labels,
  );

  const deliver = (message: RemoteMessage, done: () => void): void => {
    received.value += 1;
    const handlers = new Set<RemoteHandler>();
    for (const { matches, handler } of subscriptions) {
      if (matches(message.topic)) handlers.add(handler);
    }
    if (handlers.size === 0) {
      // The session remembers what an earlier config subscribed to; not acknowledged it would come back for ever.
      unasked.value += 1;
      done();
      return;
    }
    let open = handlers.size;
    for (const handler of handlers) {
      handler(message, () => {
        open -= 1;
        if (open === 0) done();
      });
    }
  };

  const setLink = (up: boolean): void => {
    if (isUp === up) return;
    isUp = up;
    for (const listener of listeners) listener(up);
  };

  const open = (): void => {
    retry = null;
    const opened = openConnection(
      { ...options, session: options.session ?? 'kept' },
      {
        message: deliver,
        refused: (filter) => log.error('subscription refused', { ...labels, filter }),
        up() {
          log.info('broker connected', labels);
          shownProblem = null;
          upSinceMs = clock.monotonicMs();
          opened.subscribe([...new Set(subscriptions.map(({ filter }) => filter))]);
          outbox.linkUp(opened.send);
          setLink(true);
        },
        down: lost,
      },
    );
    connection = opened;
  };

  const lost = (problem: string): void => {
    if (isUp && clock.monotonicMs() - upSinceMs >= steadyAfterMs) backoffMs = backoffMinMs;
    connection = null;
    outbox.linkDown();
    setLink(false);
    if (isClosing) {
      closed.resolve();
      return;
    }
    // One line a problem, not one an attempt: a broker may be away for weeks.
    if (problem !== shownProblem) {
      log.warn('broker not connected', { ...labels, reason: problem });
      shownProblem = problem;
    }
    retry = clock.after(backoffMs, open);
    backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
  };
  open();

  const endSoon = (last: Connection): void => {
    const deadline = clock.after(closeWithinMs, () => last.end(false));
    void closed.promise.then(() => deadline.cancel());
    outbox.onEmpty = () => last.end(true);
    if (!isUp) last.end(false);
    else if (outbox.length === 0) last.end(true);
  };

  return {
    name: broker.name,
    get connected() {
      return isUp;
    },
    publish: (topic, payload, how) => outbox.publish({ topic, payload, ...how }),
    subscribe(filter, handler) {
      const isNew = subscriptions.every((subscription) => subscription.filter !== filter);
      subscriptions.push({ filter, matches: compileFilter(filter), handler });
      if (isNew && isUp) connection?.subscribe([filter]);
    },
    onLink(listener) {
      listeners.push(listener);
      if (isUp) listener(true);
    },
    close() {
      if (isClosing) return closed.promise;
      isClosing = true;
      retry?.cancel();
      if (connection === null) closed.resolve();
      else endSoon(connection);
      return closed.promise;
    },
  };
}
