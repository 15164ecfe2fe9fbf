import { setImmediate as turn } from 'node:timers/promises';
import type { AedesPacket } from 'aedes-packet';
import { limits } from '../domain/limits.ts';
import { FilterTree } from './filter-tree.ts';

type PublishPacket = Extract<AedesPacket, { cmd: 'publish' }>;

/** Roughly what a message takes beside its topic and payload. */
const messageBytes = 200;
/** Messages looked at in one go: the loop must not stand still for a subscription. */
const scanSlice = 1_000;

/**
 * The last retained message of each topic. Those of clients are bounded, in number and bytes; `isOwn` topics, where only
 * Limen writes, are bounded by its rules and always kept.
 */
export class RetainedMessages {
  readonly #messages = new Map<string, PublishPacket>();
  readonly #isOwn: (topic: string) => boolean;
  /** Of clients: topic → bytes. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(isOwn: (topic: string) => boolean) {
    this.#isOwn = isOwn;
  }

  get count(): number {
    return this.#messages.size;
  }

  /** Of the messages of clients. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a message in place of the one before it; one of no bytes only deletes. False: there is no room for it. */
  store(packet: PublishPacket): boolean {
    const { topic, payload } = packet;
    // An older one would be shown to late subscribers as if it were the newest.
    this.#messages.delete(topic);
    this.#bytes -= this.#sizes.get(topic) ?? 0;
    this.#sizes.delete(topic);
    if (payload.length === 0) return true;
    if (!this.#isOwn(topic)) {
      const bytes = messageBytes + topic.length + payload.length;
      if (
        this.#sizes.size >= limits.retainedTopicsMax ||
        this.#bytes + bytes > limits.retainedBytesMax
      )
        return false;
      this.#sizes.set(topic, bytes);
      this.#bytes += bytes;
    }
    this.#messages.set(topic, { ...packet });
    return true;
  }

  /** The messages that one of the filters matches, each once. */
  async *matching(filters: Iterable<string>): AsyncGenerator<PublishPacket> {
    const tree = new FilterTree(filters);
    let looked = 0;
    for (const [topic, packet] of this.#messages) {
      if (++looked % scanSlice === 0) await turn();
      if (tree.matches(topic)) yield packet;
    }
  }
}
