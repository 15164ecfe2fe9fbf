import type { RemoteBroker } from '../broker/remote.ts';
import { limits } from '../domain/limits.ts';

/** Takes the messages of one topic of another broker. Both return the readings they made. */
export interface RemoteRoute {
  take(bytes: Buffer, start: number, end: number): number;
  takeRetained(bytes: Buffer): number;
}

/** What the door of another broker leads to. */
export interface OtherBrokerOptions {
  readonly remote: RemoteBroker;
  /** Filters of the config's sources on that broker. */
  readonly filters: readonly string[];
  /** Stamps the time of the messages that follow. */
  begin(): void;
  route(topic: string): RemoteRoute | null;
  afterCommit(callback: () => void): void;
  /** What Limen publishes there is commanded there: its prefix; null: it does not publish there. */
  readonly prefix: string | null;
  /** Takes a message on an own topic; true: the sender waits for a commit. */
  command(message: { topic: string; payload: Buffer; retain: boolean }): boolean;
  /** An alert or an output that the broker has retained, perhaps from before a crash. */
  retained(topic: string): void;
}

/**
 * Readings from a broker that already runs. A message is acknowledged when its readings are on disk; one that was
 * retained there is the past.
 */
export function listenToBroker(options: OtherBrokerOptions): void {
  const { remote, prefix } = options;
  const routes = new Map<string, RemoteRoute | null>();
  const routeOf = (topic: string): RemoteRoute | null => {
    const known = routes.get(topic);
    if (known !== undefined) return known;
    if (routes.size >= limits.topicCacheMax) routes.clear();
    const route = options.route(topic);
    routes.set(topic, route);
    return route;
  };
  for (const filter of options.filters) {
    remote.subscribe(filter, ({ topic, payload, retain }, done) => {
      const route = routeOf(topic);
      options.begin();
      let rows = 0;
      if (route !== null)
        rows = retain ? route.takeRetained(payload) : route.take(payload, 0, payload.length);
      if (rows > 0) options.afterCommit(done);
      else done();
    });
  }
  if (prefix === null) return;
  for (const filter of [`${prefix}/alerts/+/+/+/+`, `${prefix}/outputs/+/+`]) {
    remote.subscribe(filter, (message, done) => {
      if (options.command(message)) options.afterCommit(done);
      else done();
    });
  }
  for (const filter of [`${prefix}/alerts/+/+/+`, `${prefix}/outputs/+`]) {
    remote.subscribe(filter, ({ topic, retain }, done) => {
      if (retain) options.retained(topic);
      done();
    });
  }
}
