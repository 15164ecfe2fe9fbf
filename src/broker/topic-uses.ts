import { isUtf8 } from 'node:buffer';
import { limits } from '../domain/limits.ts';
import { hasControlCharacter } from '../domain/name.ts';
import type { Door, ReadingSink } from './door.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Levels of a topic that Limen carries. */
export const topicLevelsMax = 16;

/** Nobody can subscribe to this: what has been dealt with goes there. */
export const consumedTopic = '$limen/consumed';

/** A topic may have 65,535 bytes: only those of a sensible length are remembered. */
const cachedTopicBytesMax = 512;

/** What a topic is for, remembered by its bytes. `relays`: some subscriber wants it, as of that generation. */
export class TopicUse {
  readonly topic: string;
  readonly sink: ReadingSink | 'own' | 'relay' | 'unusable';
  /** Why it is unusable, for the log and the metric. */
  readonly reason: string;
  relays = false;
  generation = -1;

  constructor(topic: string, sink: TopicUse['sink'], reason = '') {
    this.topic = topic;
    this.sink = sink;
    this.reason = reason;
  }
}

const consumed = new TopicUse(consumedTopic, 'relay');

/** What topics are for, looked up once and remembered up to a bound. */
export class TopicUses {
  readonly #door: Door;
  readonly #subscriptions: Subscriptions;
  readonly #known = new Map<string, TopicUse | null>();

  constructor(door: Door, subscriptions: Subscriptions) {
    this.#door = door;
    this.#subscriptions = subscriptions;
  }

  get count(): number {
    return this.#known.size;
  }

  /** What topics are for has changed with the config. */
  forget(): void {
    this.#known.clear();
  }

  /** The use of a topic by its raw bytes; null: not a topic name of MQTT (3.1.1 section 4.7). */
  byBytes(bytes: Buffer, start: number, end: number): TopicUse | null {
    if (end - start > cachedTopicBytesMax) return this.#decode(bytes.subarray(start, end));
    // Latin-1 maps bytes to characters one to one: a cheap key, whatever the encoding.
    const key = bytes.toString('latin1', start, end);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const use = this.#decode(bytes.subarray(start, end));
    if (this.#known.size >= limits.topicCacheMax) this.#known.clear();
    this.#known.set(key, use);
    return use;
  }

  /** The same for a topic that is text already. */
  byText(topic: string): TopicUse | null {
    if (topic === consumedTopic) return consumed;
    if (topic === '' || /[#+]/.test(topic) || topic.includes('\u0000')) return null;
    const reason = whyUnusable(topic);
    return reason === null
      ? new TopicUse(topic, this.#door.sink(topic))
      : new TopicUse(topic, 'unusable', reason);
  }

  /** Whether anybody subscribes to the topic now. */
  relays(use: TopicUse): boolean {
    const { generation } = this.#subscriptions;
    if (use.generation !== generation) {
      use.generation = generation;
      use.relays = this.#subscriptions.wants(use.topic);
    }
    return use.relays;
  }

  #decode(raw: Buffer): TopicUse | null {
    const topic = isUtf8(raw) ? raw.toString('utf8') : '';
    // A client has no business on the topic of what has been dealt with.
    return topic === consumedTopic
      ? new TopicUse(topic, 'unusable', 'topic begins with $')
      : this.byText(topic);
  }
}

/** What MQTT allows in a topic name and Limen does not carry. */
function whyUnusable(topic: string): string | null {
  if (topic.startsWith('$')) return 'topic begins with $';
  if (hasControlCharacter(topic)) return 'control character in the topic';
  return topic.split('/').length > topicLevelsMax ? 'too many topic levels' : null;
}
