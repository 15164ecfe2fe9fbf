import type { IPublishPacket, MqttClient } from 'mqtt';
import type { NamedBroker } from '../domain/config.ts';
import { messageOf } from '../domain/error.ts';
import { createInbound } from './remote-inbound.ts';
import type { Send } from './remote-outbox.ts';

/** A message as another broker delivered it. */
export interface RemoteMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** Kept by that broker: the past, of unknown age. */
  readonly retain: boolean;
  readonly qos: 0 | 1 | 2;
  /** Delivered before and not acknowledged then. */
  readonly dup: boolean;
}

/** What the broker is to publish when the connection is lost without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface ConnectionOptions {
  readonly broker: NamedBroker;
  readonly clientId: string;
  readonly will: Will | null;
  readonly session: 'kept' | 'clean';
}

/** What a connection tells; after `down` it tells nothing more. */
export interface ConnectionEvents {
  message(message: RemoteMessage, done: () => void): void;
  up(): void;
  down(problem: string): void;
  refused(filter: string): void;
}

/** One attempt to connect and, if it succeeds, the connection. It does not come back: a new one is opened then. */
export interface Connection {
  readonly send: Send;
  /** Messages taken and not yet done. */
  readonly unacknowledged: number;
  subscribe(filters: readonly string[]): void;
  /** `farewell`: with a DISCONNECT, so that the will is not published. Ends in `down`. */
  end(farewell: boolean): void;
}

const connectTimeoutMs = 10_000;
const keepaliveSeconds = 30;

/**
 * Opens one connection. Each attempt has an MqttClient of its own, without the library's reconnecting: that would send
 * stored commands again when the broker is back, minutes too late, and knows no growing pause.
 */
export function openConnection(options: ConnectionOptions, events: ConnectionEvents): Connection {
  let client: MqttClient | null = null;
  let over = false;
  let problem = 'connection closed';

  const inbound = createInbound((pubacks) => {
    if (client !== null && !over) client.stream.write(pubacks);
  });

  const down = (): void => {
    if (over) return;
    over = true;
    events.down(problem);
  };

  // The library sends a PUBACK when `handleMessage` calls back, and takes the next message only then. Waiting for the
  // disk there would allow one message a commit. Called back with an error it goes on without a PUBACK (5.16.0,
  // lib/handlers/publish.js), so that many can be open; the PUBACK is written by `inbound`. The library writes whole
  // packets, so the bytes always fall between two of them. Not calling back pauses the socket: the bound on messages
  // in flight. (A pause longer than the keepalive also ends the connection; the broker then delivers anew.)
  const withoutPuback = new Error('acknowledged after the commit');
  const handle = (packet: IPublishPacket, callback: (error?: Error) => void): void => {
    const { topic, payload, retain, qos, dup, messageId } = packet;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    // QoS 2 never comes, for all subscriptions are at QoS 1; the library would finish its handshake itself.
    const packetId = qos === 1 && messageId !== undefined ? messageId : null;
    const done = inbound.take(packetId, bytes.length);
    events.message({ topic, payload: bytes, retain, qos, dup }, done);
    // Last: at the end of a chunk the library takes the next message within this very call.
    inbound.whenRoom(() => callback(withoutPuback));
  };

  const start = async (): Promise<void> => {
    // On first need: most installations have no other broker, and the library costs 8 MB.
    const { connect } = await import('mqtt');
    if (over) return;
    const { broker, will } = options;
    client = connect(broker.url, {
      clientId: options.clientId,
      clean: options.session === 'clean',
      keepalive: keepaliveSeconds,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(broker.username === null ? {} : { username: broker.username }),
      ...(broker.password === null ? {} : { password: broker.password }),
      ...(will === null ? {} : { will: { ...will, payload: Buffer.from(will.payload), qos: 1 } }),
    });
    client.handleMessage = handle;
    client.on('error', (error) => {
      // A host name with several addresses fails with one error for all of them, which has no text.
      problem = messageOf(error) || 'no address of the broker answers';
    });
    client.on('connect', () => {
      if (!over) events.up();
    });
    client.on('close', down);
  };
  start().catch((error: unknown) => {
    problem = messageOf(error);
    down();
  });

  return {
    send({ topic, payload, retain }, acknowledged) {
      client?.publish(topic, payload, { qos: 1, retain }, (error) => {
        if (!error) acknowledged();
      });
    },
    get unacknowledged() {
      return inbound.length;
    },
    subscribe(filters) {
      if (filters.length === 0) return;
      client?.subscribe([...filters], { qos: 1 }, (_error, granted) => {
        if (over) return;
        for (const { topic, qos } of granted ?? []) if (qos === 128) events.refused(topic);
      });
    },
    end(farewell) {
      if (client === null) {
        down();
        return;
      }
      client.end(!farewell, down);
      // A farewell that nobody answers would wait for ever; a second `end` alone would not stop it.
      if (!farewell) client.stream.destroy();
    },
  };
}
