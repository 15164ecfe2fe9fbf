import { Readable } from 'node:stream';
import type { Client } from 'aedes';
import type { AedesPacket } from 'aedes-packet';
import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';
import { limits } from '../domain/limits.ts';

/** The messages that a session waits for, or has not acknowledged, oldest first. */
interface Queue {
  readonly waiting: AedesPacket[];
  bytes: number;
}

export interface SessionStoreOptions {
  /** Only Limen writes there: what it retains is bounded by its rules, and always kept. */
  isOwnTopic(topic: string): boolean;
  /** Told of messages that a session will never get. */
  dropped(count: number): void;
  /** Told of a retained message that is delivered and not kept. */
  notRetained(): void;
}

/** Roughly what a message takes beside its payload. */
const messageBytes = 200;

/**
 * What Aedes remembers, in memory. Differs from the library's own in three ways: a retained message is stored within
 * the call, so that it does not fall behind one that is not; overlapping filters of a session make one message, not
 * several of which all but one would wait for ever; and what is kept is bounded: of what waits for a session the oldest
 * gives way, and a retained message on one topic too many is delivered and not kept.
 */
export class SessionStore extends MemoryPersistence {
  readonly #queues = new Map<string, Queue>();
  readonly #options: SessionStoreOptions;
  #bytes = 0;
  /** Retained messages of clients: topic → bytes. */
  readonly #retained = new Map<string, number>();
  #retainedBytes = 0;

  constructor(options: SessionStoreOptions) {
    super();
    this.#options = options;
  }

  // Aedes looks at the constructor of this very function.
  override async setup(broker: unknown): Promise<void> {
    await super.setup(broker);
  }

  override storeRetained(packet: AedesPacket): Promise<void> {
    if (packet.cmd !== 'publish' || this.#keepsRetained(packet.topic, packet.payload.length)) {
      void super.storeRetained(packet);
    } else {
      // The older one would be shown to late subscribers as if it were the newest.
      void super.storeRetained({ ...packet, payload: Buffer.alloc(0) });
      this.#options.notRetained();
    }
    return atOnce as Promise<void>;
  }

  #keepsRetained(topic: string, payloadBytes: number): boolean {
    if (this.#options.isOwnTopic(topic)) return true;
    this.#retainedBytes -= this.#retained.get(topic) ?? 0;
    this.#retained.delete(topic);
    if (payloadBytes === 0) return true;
    const bytes = messageBytes + topic.length + payloadBytes;
    if (
      this.#retained.size >= limits.retainedTopicsMax ||
      this.#retainedBytes + bytes > limits.retainedBytesMax
    )
      return false;
    this.#retained.set(topic, bytes);
    this.#retainedBytes += bytes;
    return true;
  }

  override async outgoingEnqueue(
    { clientId }: { clientId: string },
    packet: AedesPacket,
  ): Promise<void> {
    this.#enqueue(clientId, packet);
  }

  override async outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: AedesPacket,
  ): Promise<void> {
    if (subscriptions.length === 0) return;
    for (const clientId of new Set(subscriptions.map((each) => each.clientId))) {
      this.#enqueue(clientId, packet);
    }
  }

  override async outgoingUpdate({ id }: Pick<Client, 'id'>, packet: AedesPacket): Promise<void> {
    const queue = this.#queues.get(id);
    if (packet.cmd === 'publish') {
      const { brokerCounter } = packet;
      const found = queue?.waiting.find((each) => each.brokerCounter === brokerCounter);
      // One that had to give way is delivered all the same, this once.
      if (found !== undefined && packet.messageId !== undefined) found.messageId = packet.messageId;
      return;
    }
    // The second half of QoS 2 takes the place of the message.
    const at = indexOf(queue, packet);
    const before = queue?.waiting[at];
    if (queue === undefined || before === undefined) throw new Error('no such packet');
    queue.waiting[at] = packet;
    this.#count(queue, sizeOf(packet) - sizeOf(before));
  }

  override async outgoingClearMessageId(
    { id }: Pick<Client, 'id'>,
    packet: AedesPacket,
  ): Promise<AedesPacket> {
    const queue = this.#queues.get(id);
    const at = indexOf(queue, packet);
    if (queue === undefined || at < 0) return packet;
    const [cleared = packet] = queue.waiting.splice(at, 1);
    this.#count(queue, -sizeOf(cleared));
    if (queue.waiting.length === 0) this.#queues.delete(id);
    return cleared;
  }

  override outgoingStream({ id }: Pick<Client, 'id'>): Readable {
    return Readable.from([...(this.#queues.get(id)?.waiting ?? [])]);
  }

  #enqueue(clientId: string, packet: AedesPacket): void {
    const queue = this.#queues.get(clientId) ?? { waiting: [], bytes: 0 };
    this.#queues.set(clientId, queue);
    // A copy: its packet id is that of this session.
    const copy: AedesPacket = { ...packet };
    if (copy.cmd === 'publish') delete copy.messageId;
    queue.waiting.push(copy);
    this.#count(queue, sizeOf(copy));
    let tooMany = 0;
    while (
      queue.waiting.length - tooMany > 1 &&
      (queue.waiting.length - tooMany > limits.sessionMessagesMax ||
        queue.bytes > limits.sessionBytesMax ||
        this.#bytes > limits.sessionsBytesMax)
    ) {
      const oldest = queue.waiting[tooMany];
      if (oldest !== undefined) this.#count(queue, -sizeOf(oldest));
      tooMany += 1;
    }
    if (tooMany === 0) return;
    queue.waiting.splice(0, tooMany);
    this.#options.dropped(tooMany);
  }

  #count(queue: Queue, bytes: number): void {
    queue.bytes += bytes;
    this.#bytes += bytes;
  }
}

// A promise would take a turn: Aedes goes on in the same one.
const atOnce: PromiseLike<void> = {
  then<T, U>(go?: ((value: void) => T | PromiseLike<T>) | null): PromiseLike<T | U> {
    go?.();
    return atOnce as PromiseLike<T | U>;
  },
};

function indexOf(queue: Queue | undefined, { messageId }: AedesPacket): number {
  return queue?.waiting.findIndex((each) => each.messageId === messageId) ?? -1;
}

function sizeOf(packet: AedesPacket): number {
  return (
    messageBytes + (packet.cmd === 'publish' ? packet.topic.length + packet.payload.length : 0)
  );
}
