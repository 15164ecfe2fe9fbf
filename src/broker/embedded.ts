import {
  Aedes,
  type AedesPublishPacket,
  type AuthenticateError,
  type Client,
  type PublishPacket,
} from 'aedes';
import { messageOf } from '../domain/error.ts';
import { limits } from '../domain/limits.ts';
import { hasControlCharacter } from '../domain/name.ts';
import { matchesFilter } from '../domain/topic.ts';
import type { Log } from '../host/log.ts';
import type { Counter, Metrics } from '../host/metrics.ts';
import type { Door, Publisher } from './door.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { listenAll, type ListenRequest, type OpenListener } from './listeners.ts';
import { Logins } from './logins.ts';
import { SeldomLog } from './seldom-log.ts';
import { SessionStore } from './session-store.ts';
import { Subscriptions } from './subscriptions.ts';
import { consumedTopic, topicLevelsMax, TopicUses } from './topic-uses.ts';
import { Wire, type Relay, type Socket, type WireShared } from './wire.ts';

/** What the embedded broker needs of its surroundings. */
export interface EmbeddedOptions {
  /** Fixed per installation. */
  readonly id: string;
  readonly door: Door;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether the name and the password belong together; must not throw. */
  verify(name: string, password: string): Promise<boolean>;
  /** For intervals only; the clock of the process unless a test has one of its own. */
  readonly monotonicMs?: () => number;
}

/** What is known of a connection beside its packets. */
interface Arrival {
  readonly loginRequired: boolean;
  readonly address: string;
}

/** The part of an Aedes 1.2.0 client that has no public name. Pinned; a test fails if it goes away. */
interface AedesClientInside {
  _keepaliveTimer?: { refresh(): void } | null;
  /** Broker id → number of the last message delivered; one with a lower number is taken for a repetition. */
  duplicates: Record<string, number>;
}

/**
 * Aedes numbers a message when it is published and drops one whose number is lower than that of the last delivered. But
 * messages overtake each other inside it: one that is retained takes a turn longer than one that is not, QoS 1 longer
 * than QoS 0. So an alert could get lost behind the reading that caused it. Its memory is replaced by this.
 */
const neverDelivered: Record<string, number> = new Proxy<Record<string, number>>(
  {},
  { get: () => 0, set: () => true },
);

/** Aedes behind one door: listeners, sessions, subscriptions, retained messages. Readings pass it by on the wire. */
export class EmbeddedBroker {
  readonly #options: EmbeddedOptions;
  readonly #aedes: Aedes;
  readonly #shared: WireShared;
  readonly #sessions: SessionStore;
  readonly #sessionsDropped: Counter;
  readonly #subscriptions = new Subscriptions();
  readonly #topics: TopicUses;
  readonly #exactlyOnce = new ExactlyOnce();
  readonly #arrivals = new WeakMap<Duplexish, Arrival>();
  readonly #usernames = new WeakMap<Duplexish, string>();
  /** Clients by their id, as long as they are connected. */
  readonly #present = new Map<string, Client>();
  /** Clients whose session waits for them; who left first is the first. */
  readonly #away = new Set<string>();
  /** The number of the message that a client was given last. */
  readonly #lastForwarded = new WeakMap<Client, number>();
  /** Payloads of commands on their way: a slow reader must not miss the last one. */
  readonly #commands = new WeakSet<Buffer>();
  readonly #wires = new Set<Wire>();
  readonly #refusals: (reason: string) => Counter;
  readonly #drops: (reason: string) => Counter;
  readonly #listeners: OpenListener[] = [];
  /** For what clients can cause as often as they like. */
  readonly #warnings: SeldomLog;
  readonly #logins: Logins;

  private constructor(options: EmbeddedOptions) {
    this.#options = options;
    const { door, log, metrics, monotonicMs = () => performance.now() } = options;
    const suppressed = metrics.counter(
      'limen_log_lines_suppressed_total',
      'Warnings about clients that were left out of the log',
    );
    this.#warnings = new SeldomLog(log, suppressed, monotonicMs);
    this.#logins = new Logins({
      metrics,
      warnings: this.#warnings,
      monotonicMs,
      verify: (name, password) => options.verify(name, password),
    });
    this.#topics = new TopicUses(door, this.#subscriptions);
    this.#shared = {
      door,
      use: (bytes, start, end) => this.#topics.byBytes(bytes, start, end),
      relays: (use) => this.#topics.relays(use),
      relay: (relay) => this.#relay(relay),
      connections: () => this.#wires.size,
      dropped: (wire, reason) => this.#drop(wire.publisher?.clientId ?? '?', reason),
      freed: (wire, id) => {
        const clientId = wire.publisher?.clientId;
        if (clientId !== undefined) this.#exactlyOnce.free(clientId, id);
      },
      refused: (wire, reason) => {
        const { address } = this.#arrivalOf(wire);
        this.#refuse(reason, address, wire.publisher?.clientId ?? '?');
      },
    };
    this.#refusals = (reason) =>
      metrics.counter('limen_clients_refused_total', 'Connections closed for a broken rule', {
        reason,
      });
    this.#drops = (reason) =>
      metrics.counter('limen_messages_dropped_total', 'Messages that were not distributed', {
        reason,
      });
    const lostToSessions = metrics.counter(
      'limen_session_messages_dropped_total',
      'Messages that a session which was away too long will not get',
    );
    const notRetained = metrics.counter(
      'limen_retained_messages_refused_total',
      'Retained messages of clients that were delivered and not kept',
    );
    const subscriptionsRefused = metrics.counter(
      'limen_subscriptions_refused_total',
      'Filters that a client may not subscribe to, or of which it has too many',
    );
    this.#sessionsDropped = metrics.counter(
      'limen_sessions_dropped_total',
      'Sessions given up because too many clients were away',
    );
    this.#sessions = new SessionStore({
      isOwnTopic: (topic) => door.sink(topic) === 'own',
      dropped: (count) => {
        lostToSessions.value += count;
      },
      notRetained: () => {
        notRetained.value++;
      },
      isGranted: (clientId, filter) => this.#maySubscribe(clientId, filter),
    });
    this.#measure();
    this.#aedes = new Aedes({
      id: options.id,
      concurrency: 1_000,
      drainTimeout: 5_000,
      connectTimeout: 5_000,
      maxInflightInbound: 64,
      queueLimit: 42,
      maxTopicLevels: topicLevelsMax,
      keepaliveLimit: 0,
      heartbeatInterval: 60_000,
      preConnect: (client, _packet, callback) => this.#preConnect(client, callback),
      authenticate: (client, name, password, done) =>
        void this.#authenticate(client, name, password, done),
      authorizePublish: (client, packet, callback) =>
        this.#authorizePublish(client, packet, callback),
      authorizeSubscribe: (client, subscription, callback) => {
        // Aedes checks its filters one by one; a client has it from here on, whatever else is in its packet.
        const granted = this.#maySubscribe(client.id, subscription.topic);
        if (!granted) subscriptionsRefused.value++;
        callback(null, granted ? subscription : null);
      },
      authorizeForward: (client, packet) => this.#authorizeForward(client, packet),
      published: (_packet, _client, callback) => callback(null),
      persistence: this.#sessions,
    });
    this.#listen();
  }

  /** Starts Aedes; listeners are opened by `listen`. */
  static async start(options: EmbeddedOptions): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(options);
    await broker.#aedes.listen();
    return broker;
  }

  /** Opens listeners; returns where they wait, as URLs. */
  async listen(requests: readonly ListenRequest[]): Promise<string[]> {
    const opened = await listenAll(
      requests,
      (socket, { loginRequired }, address) => this.#accept(socket, { loginRequired, address }),
      (reason, address) => this.#refuse(reason, address, '?'),
    );
    this.#listeners.push(...opened);
    return opened.map(({ url }) => url);
  }

  /** What topics are for has changed with the config. */
  forgetTopics(): void {
    this.#topics.forget();
  }

  /** Publishes at QoS 1 in Limen's own name. */
  publish(topic: string, payload: string | Buffer, options: { retain: boolean }): void {
    this.#aedes.publish(
      {
        cmd: 'publish',
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        retain: options.retain,
        dup: false,
      },
      (error) => {
        if (error) this.#options.log.error('publish failed', { topic, error: messageOf(error) });
      },
    );
  }

  /**
   * Publishes a command in Limen's own name: to who listens now, and kept for nobody. Who is away, or listens later, gets
   * what the door says is present then.
   */
  command(topic: string, payload: string): void {
    this.#aedes.publish(this.#commandPacket(topic, payload), (error) => {
      if (error) this.#options.log.error('command failed', { topic, error: messageOf(error) });
    });
  }

  /** Whether a message goes round the broker within the time. */
  probe(timeoutMs: number): Promise<boolean> {
    const topic = '$limen/probe';
    return this.awaitTopic(topic, timeoutMs, () => this.publish(topic, '', { retain: false }));
  }

  /** Whether a message comes by on a topic within the time. `subscribed` is called when it is waited for. */
  awaitTopic(topic: string, timeoutMs: number, subscribed: () => void = noop): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (ok: boolean): void => {
        clearTimeout(timer);
        this.#aedes.unsubscribe(topic, deliver, noop);
        resolve(ok);
      };
      const deliver = (_packet: AedesPublishPacket, done: () => void): void => {
        done();
        finish(true);
      };
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#aedes.subscribe(topic, deliver, subscribed);
    });
  }

  get connections(): number {
    return this.#wires.size;
  }

  /** Closes the connections of a user who is one no longer; returns how many there were. */
  disconnectUser(name: string): number {
    let count = 0;
    for (const wire of this.#wires) {
      // By the connection, not by the client: one that has just logged in is not announced yet.
      if (this.#usernames.get(wire) !== name) continue;
      wire.destroy();
      count++;
    }
    return count;
  }

  /** Takes no further connections; the ones that are open stay. */
  closeListeners(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
  }

  async close(): Promise<void> {
    this.closeListeners();
    for (const wire of this.#wires) wire.destroy();
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
  }

  #listen(): void {
    const { log } = this.#options;
    this.#aedes.on('clientReady', (client) => {
      const wire = this.#wireOf(client);
      if (wire === null) return;
      this.#present.set(client.id, client);
      this.#away.delete(client.id);
      if (client.clean) this.#forget(client.id);
      const inside = insideOf(client);
      wire.open({ clientId: client.id, username: this.#usernames.get(wire) ?? null }, () =>
        inside._keepaliveTimer?.refresh(),
      );
      this.#options.door.client(client.id, true);
      log.debug('client connected', { client: client.id });
      if (!client.clean) this.#tellPresent(client, this.#subscriptions.of(client.id));
    });
    this.#aedes.on('clientDisconnect', (client) => {
      log.debug('client disconnected', { client: client.id });
      // The session may be another connection's by now (MQTT-3.1.4-2).
      if (this.#present.get(client.id) !== client) return;
      this.#present.delete(client.id);
      this.#options.door.client(client.id, false);
      if (client.clean) this.#forget(client.id);
      else this.#keepAway(client.id);
    });
    this.#aedes.on('subscribe', (subscriptions, client) => {
      const granted = subscriptions.filter(({ qos }) => qos <= 2);
      this.#tellPresent(
        client,
        granted.map(({ topic }) => topic),
      );
    });
    this.#aedes.on('unsubscribe', (filters, client) => {
      // Aedes also says it for a session whose connection ended; that one still waits for its messages.
      if (client !== null && !client.closed) this.#subscriptions.remove(client.id, filters);
    });
    const trouble = (client: Client, error: Error): void => {
      log.debug('client error', { client: client.id, error: error.message });
    };
    this.#aedes.on('clientError', trouble);
    this.#aedes.on('connectionError', trouble);
    // Without a listener an error of the persistence would end the process.
    this.#aedes.addListener('error', (error: unknown) =>
      log.error('broker error', { error: messageOf(error) }),
    );
  }

  /** A device that was away, or has begun anew, is told what it is to do now, and it alone. */
  #tellPresent(client: Client, filters: readonly string[]): void {
    if (filters.length === 0) return;
    const isHeard = (topic: string): boolean =>
      filters.some((filter) => matchesFilter(filter, topic));
    for (const { topic, payload } of this.#options.door.present(isHeard))
      client.publish(this.#commandPacket(topic, payload), noop);
  }

  #commandPacket(topic: string, text: string): PublishPacket {
    const payload = Buffer.from(text);
    this.#commands.add(payload);
    return { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false };
  }

  #maySubscribe(clientId: string, filter: string): boolean {
    return !filter.startsWith('$') && this.#subscriptions.add(clientId, filter);
  }

  /** A session waits for its client; the one that has waited longest makes room. */
  #keepAway(clientId: string): void {
    this.#away.add(clientId);
    const [longest] = this.#away;
    if (this.#away.size <= limits.sessionsAwayMax || longest === undefined) return;
    this.#away.delete(longest);
    this.#forget(longest);
    void this.#sessions.drop(longest);
    this.#sessionsDropped.value++;
  }

  #measure(): void {
    const { metrics } = this.#options;
    const sum = (of: (wire: Wire) => number): number =>
      [...this.#wires].reduce((total, wire) => total + of(wire), 0);
    const { retained } = this.#sessions;
    const gauge = (name: string, help: string, read: () => number): void =>
      metrics.gauge(name, help, read);
    gauge('limen_connections_count', 'Open client connections', () => this.#wires.size);
    gauge('limen_topics_count', 'Topics remembered with their use', () => this.#topics.count);
    gauge('limen_subscriptions_count', 'Filters of clients', () => this.#subscriptions.count);
    gauge('limen_sessions_away_count', 'Sessions whose client is away', () => this.#away.size);
    gauge('limen_sessions_waiting_bytes', 'Messages that wait for sessions', () => {
      return this.#sessions.waitingBytes;
    });
    gauge('limen_retained_messages_count', 'Retained messages', () => retained.count);
    gauge('limen_retained_messages_bytes', 'Retained messages of clients', () => retained.bytes);
    gauge('limen_exactly_once_ids_count', 'QoS 2 messages taken and not released', () => {
      return this.#exactlyOnce.count;
    });
    gauge('limen_outbound_bytes', 'Bytes that clients have to read', () => {
      return sum((wire) => wire.outboundBytes);
    });
    gauge('limen_held_messages_bytes', 'Messages passed on after their commit', () => {
      return sum((wire) => wire.heldBytes);
    });
  }

  /** A session is over. */
  #forget(clientId: string): void {
    this.#subscriptions.drop(clientId);
    this.#exactlyOnce.drop(clientId);
  }

  #accept(socket: Socket, arrival: Arrival): void {
    if (this.#wires.size >= limits.connectionsMax) {
      this.#refusals('too many connections').value++;
      socket.destroy();
      return;
    }
    const wire = new Wire(socket, this.#shared);
    this.#wires.add(wire);
    wire.once('close', () => this.#wires.delete(wire));
    this.#arrivals.set(wire, arrival);
    this.#aedes.handle(wire);
  }

  #preConnect(client: Client, callback: (error: Error | null, success: boolean) => void): void {
    const known = client.conn instanceof Wire;
    insideOf(client).duplicates = neverDelivered;
    callback(known ? null : new Error('unknown connection'), known);
  }

  async #authenticate(
    client: Client,
    name: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean) => void,
  ): Promise<void> {
    // Both sign acts, and are shown on terminals.
    if (hasControlCharacter(client.id) || hasControlCharacter(name ?? '')) {
      done(null, false);
      return;
    }
    if (name === undefined) {
      done(null, !this.#arrivalOf(client.conn).loginRequired);
      return;
    }
    if (password === undefined) {
      done(null, false);
      return;
    }
    const result = await this.#logins.check({
      clientId: client.id,
      address: this.#arrivalOf(client.conn).address,
      name,
      password: password.toString('utf8'),
      connection: client.conn,
    });
    if (result === 'right') this.#usernames.set(client.conn, name);
    done(result === 'busy' ? serverUnavailable() : null, result === 'right');
  }

  /**
   * The only hook that runs before the acknowledgement: takes what the wire leaves to Aedes (QoS 2, wills), and keeps a
   * client's acknowledgements in the order of its publishes. It joins the queue of the wire synchronously.
   */
  #authorizePublish(
    client: Client | null,
    packet: PublishPacket,
    callback: (error?: Error | null) => void,
  ): void {
    const wire = client === null ? null : this.#wireOf(client);
    const use = this.#topics.byText(packet.topic);
    if (use === null || use.sink === 'unusable') {
      // Only a will gets here: what is published so the wire has dropped or refused.
      if (use !== null) this.#drop(client?.id ?? '?', use.reason);
      callback(new Error('topic not allowed'));
      return;
    }
    const { sink } = use;
    const payload = Buffer.from(packet.payload);
    let waits = false;
    // One that is still on its way to the disk is not acknowledged by its repetition either.
    const isRepeat =
      sink !== 'relay' &&
      packet.qos === 2 &&
      client !== null &&
      this.#exactlyOnce.isRepeat(client.id, packet.messageId ?? 0);
    if (isRepeat) waits = true;
    if (sink === 'own') {
      const publisher: Publisher = wire?.publisher ?? {
        clientId: client?.id ?? '',
        username: null,
      };
      if (!isRepeat)
        waits = this.#options.door.command(packet.topic, payload, packet.retain, publisher);
      packet.topic = consumedTopic;
      packet.retain = false;
    } else if (sink !== 'relay' && !isRepeat && !(packet.retain && payload.length === 0)) {
      this.#options.door.begin(wire?.publisher ?? null);
      waits = sink.take(payload, 0, payload.length) > 0;
    }
    if (wire === null || wire.destroyed || packet.qos === 0 || !(waits || wire.holds))
      callback(null);
    else if (packet.qos < 2) wire.holdCallback(() => callback(null));
    // One after the other: a repetition must find what Aedes keeps of the original, or it is distributed twice.
    else wire.holdCallback(() => setImmediate(() => callback(null)));
  }

  /**
   * One copy of a message for a client, however many of its filters match: all copies are offered in one go. QoS 0 is
   * dropped for a client that is slow to read, unless it is a command; it must not use up what QoS 1 may still need.
   */
  #authorizeForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (this.#lastForwarded.get(client) === packet.brokerCounter) return null;
    this.#lastForwarded.set(client, packet.brokerCounter);
    const wire = this.#wireOf(client);
    if (
      wire !== null &&
      packet.qos === 0 &&
      !(Buffer.isBuffer(packet.payload) && this.#commands.has(packet.payload)) &&
      wire.outboundBytes > limits.clientOutboundBytesMax / 2
    ) {
      this.#drops('QoS 0 to a slow reader').value++;
      return null;
    }
    return packet;
  }

  #refuse(reason: string, address: string, client: string): void {
    this.#refusals(reason).value++;
    this.#warnings.warn('client refused', `${address} ${reason}`, { client, address, reason });
  }

  #drop(clientId: string, reason: string): void {
    this.#drops(reason).value++;
    this.#warnings.warn('message dropped', `${clientId} ${reason}`, { client: clientId, reason });
  }

  #relay({ topic, payload, qos, retain }: Relay): void {
    this.#aedes.publish(
      {
        cmd: 'publish',
        topic,
        payload: qos === 0 ? Buffer.from(payload) : payload,
        qos,
        retain,
        dup: false,
      },
      (error) => {
        if (error) this.#options.log.error('relay failed', { topic, error: messageOf(error) });
      },
    );
  }

  #arrivalOf(connection: Duplexish): Arrival {
    return this.#arrivals.get(connection) ?? unknownArrival;
  }

  #wireOf(client: Client): Wire | null {
    return client.conn instanceof Wire ? client.conn : null;
  }
}

type Duplexish = Client['conn'];

const unknownArrival: Arrival = { loginRequired: true, address: 'unknown' };

/** CONNACK code 3 (section 3.2.2.3): a device tries again, which it may not after a refusal of its password. */
function serverUnavailable(): AuthenticateError {
  return Object.assign(new Error('too many logins wait'), { returnCode: 3 });
}

// The one place that looks inside Aedes.
function insideOf(client: Client): AedesClientInside {
  return client as unknown as AedesClientInside;
}

function noop(): void {}
