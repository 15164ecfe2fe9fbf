import { connect, type IClientOptions, type MqttClient, type OnMessageCallback } from 'mqtt';
import { onFileFinished } from './clean-up.ts';

/** A message as a subscriber saw it. */
export interface Seen {
  readonly topic: string;
  readonly text: string;
  /** The payload as a JSON object; empty if it is none. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly retain: boolean;
  /** Monotonic ms of its arrival. */
  readonly atMs: number;
  /** Its place among all that this subscriber saw. */
  readonly index: number;
}

export type Accept = (seen: Seen) => boolean;

/** A client that keeps what it receives, and lets a test wait for it. */
export interface Inbox {
  readonly client: MqttClient;
  readonly messages: readonly Seen[];
  /** Resolves with the first message from `from` on, received already or later, that the test accepts. */
  next(what: string, accept: Accept, from?: number): Promise<Seen>;
  /** What came on a topic so far, as text. */
  texts(topic: string): string[];
}

const withinMs = 15_000;

/**
 * Connects a client that ends with the test. It does not come back by itself. `heard`: what comes with the session, at
 * once, is heard too.
 */
export async function connectClient(
  url: string,
  options: IClientOptions = {},
  heard: OnMessageCallback = () => undefined,
): Promise<MqttClient> {
  const client = connect(url, { reconnectPeriod: 0, ...options });
  client.on('message', heard);
  // Tests kill the broker: that is no news later.
  await new Promise<void>((connected, failed) => {
    client.once('connect', () => connected());
    client.on('error', failed);
  });
  onFileFinished(() => client.endAsync(true));
  return client;
}

/** Connects a client that subscribes at QoS 1. */
export async function openInbox(url: string, ...filters: readonly string[]): Promise<Inbox> {
  const client = await connectClient(url);
  const messages: Seen[] = [];
  const waiting = new Set<(seen: Seen) => void>();
  client.on('message', (topic, payload, { retain }) => {
    const text = payload.toString('utf8');
    const seen: Seen = {
      topic,
      text,
      json: parseObject(text),
      retain,
      atMs: performance.now(),
      index: messages.length,
    };
    messages.push(seen);
    for (const look of waiting) look(seen);
  });
  await client.subscribeAsync([...filters], { qos: 1 });
  return {
    client,
    messages,
    texts: (topic) => messages.filter((seen) => seen.topic === topic).map(({ text }) => text),
    next(what, accept, from = 0) {
      const found = messages.slice(from).find(accept);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const last = messages.slice(-8).map(({ topic, text }) => `${topic} ${text}`);
          reject(new Error(`never came: ${what}; the last were\n${last.join('\n')}`));
        }, withinMs);
        const look = (seen: Seen): void => {
          if (seen.index < from || !accept(seen)) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve(seen);
        };
        waiting.add(look);
      });
    },
  };
}

/** Accepts a message on a topic whose JSON has these values. */
export function on(topic: string, values: Readonly<Record<string, unknown>> = {}): Accept {
  return (seen) =>
    seen.topic === topic &&
    Object.entries(values).every(([key, value]) => seen.json[key] === value);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : {};
  } catch {
    return {};
  }
}

/** What Limen has told comes before its commit; this returns when all of it is on disk: a later reading is acknowledged. */
export async function untilOnDisk(client: MqttClient): Promise<void> {
  await client.publishAsync('sensors/commit/count', '1', { qos: 1 });
}
