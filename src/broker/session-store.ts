import { Readable } from 'node:stream';
import type { Client, Subscription } from 'aedes';
import type { AedesPacket } from 'aedes-packet';
import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';
import { limits } from '../domain/limits.ts';
import { RetainedMessages } from './retained.ts';

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
  /** Whether the client may have a subscription of that filter. */
  isGranted(clientId: string, filter: string): boolean;
}

/** Roughly what a message takes beside its payload. */
const messageBytes = 200;
const nothing = Buffer.alloc(0);

/**
 * What Aedes remembers, in memory. Differs from the library's own in this: a retained message is stored within the call,
 * so that it does not fall behind one that is not, and looking for some does not stop the loop; overlapping filters of a
 * session make one message, not several of which all but one would wait for ever; and what is kept is bounded: of what
 * waits for a session the oldest gives way, and a retained message on one topic too many is delivered and not kept.
 */
export class SessionStore extends MemoryPersistence {
  readonly #queues = new Map<string, Queue>();
  readonly #options: SessionStoreOptions;
  #bytes = 0;
  /** Client id → ids of QoS 2 messages that are taken and not released. */
  readonly #incoming = new Map<string, Map<number, AedesPacket>>();
  /** Subscriptions of packets that are stored. */
  readonly #added = new WeakSet<Subscription[]>();
  readonly retained: RetainedMessages;

  constructor(options: SessionStoreOptions) {
    super();
    this.#options = options;
    this.retained = new RetainedMessages((topic) => options.isOwnTopic(topic));
  }

  // Aedes looks at the constructor of this very function.
  override async setup(broker: unknown): Promise<void> {
    await super.setup(broker);
  }

  override storeRetained(packet: AedesPacket): Promise<void> {
    if (packet.cmd === 'publish' && !this.retained.store(packet)) this.#options.notRetained();
    return atOnce as Promise<void>;
  }

  override createRetainedStream(pattern: string): Readable {
    return Readable.from(this.retained.matching([pattern]));
  }

  override createRetainedStreamCombi(patterns: string[]): Readable {
    return Readable.from(this.retained.matching(patterns));
  }

  /** Of a QoS 2 message that was taken only its id is needed: whether it comes again, and is released. */
  override async incomingStorePacket(
    { id }: Pick<Client, 'id'>,
    packet: AedesPacket,
  ): Promise<void> {
    const packets = this.#incoming.get(id) ?? new Map<number, AedesPacket>();
    this.#incoming.set(id, packets);
    const { messageId = 0 } = packet;
    packets.set(messageId, packet.cmd === 'publish' ? { ...packet, payload: nothing } : packet);
    const [oldest] = packets.keys();
    if (packets.size > limits.exactlyOnceIdsMax && oldest !== undefined) packets.delete(oldest);
  }

  override async incomingGetPacket(
    { id }: Pick<Client, 'id'>,
    { messageId = 0 }: Pick<AedesPacket, 'messageId'>,
  ): Promise<AedesPacket> {
    const packet = this.#incoming.get(id)?.get(messageId);
    if (packet === undefined) throw new Error('no such packet');
    return packet;
  }

  override async incomingDelPacket(
    { id }: Pick<Client, 'id'>,
    { messageId = 0 }: Pick<AedesPacket, 'messageId'>,
  ): Promise<void> {
    const packets = this.#incoming.get(id);
    if (packets?.delete(messageId) !== true) throw new Error('no such packet');
    if (packets.size === 0) this.#incoming.delete(id);
  }

  override async cleanIncoming({ id }: Pick<Client, 'id'>): Promise<void> {
    this.#incoming.delete(id);
  }

  /** A filter that was refused must not come back with the session. Aedes gives all of a packet for each of them. */
  override async addSubscriptions(client: Client, subscriptions: Subscription[]): Promise<void> {
    if (this.#added.has(subscriptions)) return;
    this.#added.add(subscriptions);
    const granted = subscriptions.filter(({ topic }) => this.#options.isGranted(client.id, topic));
    await super.addSubscriptions(client, granted);
  }

  /** A session that nobody came back to gives way. */
  async drop(clientId: string): Promise<void> {
    const queue = this.#queues.get(clientId);
    this.#queues.delete(clientId);
    if (queue !== undefined) {
      this.#bytes -= queue.bytes;
      this.#options.dropped(queue.waiting.length);
    }
    this.#incoming.delete(clientId);
    // Nothing but the id is looked at.
    await super.cleanSubscriptions({ id: clientId } as Client);
  }

  /** Bytes that wait for sessions. */
  get waitingBytes(): number {
    return this.#bytes;
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
