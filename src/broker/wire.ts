import { Duplex } from 'node:stream';
import { limits } from '../domain/limits.ts';
import type { Door, GroupHolder, Publisher } from './door.ts';
import { packetType, readFixedHeader, type FixedHeader } from './frame.ts';
import { consumedTopic, type TopicUse } from './topic-uses.ts';

/** A message that Aedes distributes after its commit. */
export interface Relay {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** What all wires of a broker share. */
export interface WireShared {
  readonly door: Door;
  /** Looks a topic up by its raw bytes; null: not a topic name of MQTT. */
  use(bytes: Buffer, start: number, end: number): TopicUse | null;
  /** Whether anybody subscribes to the topic now. */
  relays(use: TopicUse): boolean;
  relay(relay: Relay): void;
  /** A message is acknowledged and goes nowhere. */
  dropped(wire: Wire, reason: string): void;
  /** A PUBREL passed: the packet id of a QoS 2 publish is free again. */
  freed(wire: Wire, packetId: number): void;
  connections(): number;
  /** A client broke the protocol or a limit; the connection is closed after it. */
  refused(wire: Wire, reason: string): void;
}

/** A source of bytes that can be paused: a TCP socket, or a WebSocket stream. */
export type Socket = Duplex & { destroySoon?: () => void };

const callbackMark = -1;
/** A connection that ends has this long to take what was written last. */
const lingerMs = 5_000;
/** How often a connection that is not read for want of room is kept from timing out; a keepalive is 1 s at least. */
const keepAliveEveryMs = 1_000;

/**
 * The wire of one connection: stands between the socket and Aedes. It cuts the bytes into MQTT packets, checks their
 * length, and takes the publishes of readings (QoS 0 and 1) itself: they are numbered and judged at once and their
 * PUBACK is written when their group is on disk. Everything else goes to Aedes as it came, in order.
 *
 * Why not all through Aedes: it reads no further while one publish of a connection waits for its acknowledgement, so a
 * slow disk would also stop the readings that nobody waits for; and it spends most of the time of a reading.
 */
export class Wire extends Duplex implements GroupHolder {
  readonly #socket: Socket;
  readonly #shared: WireShared;
  readonly #header: FixedHeader = { headerBytes: 0, remainingBytes: 0 };
  #publisher: Publisher | null = null;
  #onActivity: () => void = () => {};
  #rest: Buffer | null = null;
  #forAedes: Buffer | null = null;
  #connectSeen = false;
  #paused = false;
  #keepAlive: NodeJS.Timeout | undefined;

  /** Packet ids to acknowledge, in order; `callbackMark` stands for the next of `#callbacks`. */
  #acks: number[] = [];
  #acksHead = 0;
  #callbacks: (() => void)[] = [];
  /** Group → how many acknowledgements and rows of it are ours, oldest first. */
  readonly #groups: { id: number; acks: number; rows: number }[] = [];
  #unstoredRows = 0;
  #heldBytes = 0;

  #out: Buffer = Buffer.allocUnsafe(256);
  #outLength = 0;
  #flushScheduled = false;

  constructor(socket: Socket, shared: WireShared) {
    super({ autoDestroy: true, emitClose: true });
    this.#socket = socket;
    this.#shared = shared;
    // mqtt-packet corks and schedules an uncork for each packet; this stream gathers by itself.
    this.cork = noop;
    this.uncork = noop;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.destroy());
    socket.on('close', () => this.destroy());
    socket.on('error', () => this.destroy());
  }

  /** Aedes has accepted the client. `onActivity` is called for what Aedes does not see, to keep the client alive. */
  open(publisher: Publisher, onActivity: () => void): void {
    this.#publisher = publisher;
    this.#onActivity = onActivity;
    this.#resume();
  }

  get publisher(): Publisher | null {
    return this.#publisher;
  }

  /** Bytes that wait for the client to read them. */
  get outboundBytes(): number {
    return this.#outLength + this.#socket.writableLength;
  }

  /** Bytes of messages that are passed on after their commit. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether acknowledgements wait for a commit: a later one must not overtake them (MQTT-4.6.0-2). */
  get holds(): boolean {
    return this.#acks.length > this.#acksHead;
  }

  /** Calls back in the order of the acknowledgements, when everything taken so far is on disk. */
  holdCallback(callback: () => void): void {
    this.#joinGroup().acks++;
    this.#acks.push(callbackMark);
    this.#callbacks.push(callback);
    this.#shared.door.wait();
  }

  /** Bytes for Aedes, all of them at once; null: none now. */
  override read(size?: number): Buffer | null {
    // A read of nothing is how a stream asks to be filled; bytes come by themselves.
    if (size === 0) return null;
    const bytes = this.#forAedes;
    this.#forAedes = null;
    if (bytes !== null && (this.#rest !== null || this.#paused))
      queueMicrotask(() => this.#resume());
    return bytes;
  }

  override _read(): void {}

  /** Gathers what is written and sends it once per turn. Never asks to wait: a frozen reader is cut off by its size. */
  override write(chunk: string | Uint8Array): boolean {
    if (this.destroyed) return true;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#outLength);
    this.#outLength += bytes.length;
    this.#scheduleFlush();
    if (this.outboundBytes > limits.clientOutboundBytesMax) {
      this.#refuse('does not read what it subscribed to');
    }
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const isFrozen = this.outboundBytes > limits.clientOutboundBytesMax;
    this.#flush();
    this.#rest = null;
    this.#forAedes = null;
    clearInterval(this.#keepAlive);
    const socket = this.#socket;
    // What was written last (a CONNACK that says no) still has to reach the client; but one that reads nothing would
    // hold its bytes for ever.
    const linger = setTimeout(() => socket.destroy(), isFrozen ? 0 : lingerMs);
    linger.unref();
    socket.once('close', () => clearTimeout(linger));
    if (socket.destroySoon === undefined) socket.end();
    else socket.destroySoon();
    callback(error);
  }

  /** The group is on disk: its acknowledgements go out, in the order of the publishes. */
  release(group: number): void {
    const first = this.#groups[0];
    if (first === undefined || first.id !== group) return;
    this.#groups.shift();
    this.#unstoredRows -= first.rows;
    for (let i = 0; i < first.acks; i++) {
      const id = this.#acks[this.#acksHead++] ?? 0;
      if (id === callbackMark) this.#callbacks.shift()?.();
      else this.#writeAck(id);
    }
    if (this.#acksHead === this.#acks.length) {
      this.#acks = [];
      this.#acksHead = 0;
    }
    this.#flush();
    if (this.#paused) this.#resume();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    this.#parse(bytes);
  }

  #resume(): void {
    if (this.destroyed) return;
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null) this.#parse(rest);
    if (this.#paused && this.#canGoOn() && !this.#isBlocked()) {
      this.#paused = false;
      clearInterval(this.#keepAlive);
      this.#socket.resume();
    }
  }

  /** Cuts the bytes into packets until they end or the connection has to wait. */
  #parse(bytes: Buffer): void {
    const { door } = this.#shared;
    const end = bytes.length;
    const header = this.#header;
    let at = 0;
    /** Start of a run of packets for Aedes. */
    let run = -1;
    let taken = false;
    door.begin(this.#publisher);
    while (at < end) {
      if (this.destroyed) return;
      if (this.#forAedes !== null || !this.#canGoOn()) break;
      if (!readFixedHeader(bytes, at, end, header)) break;
      const type = (bytes[at] ?? 0) >> 4;
      const bytesMax = this.#connectSeen ? limits.packetBytesMax : limits.connectBytesMax;
      if (header.remainingBytes > bytesMax) {
        this.#refuse(this.#connectSeen ? 'packet too large' : 'CONNECT too large');
        return;
      }
      if (!this.#connectSeen && type !== packetType.connect) {
        this.#refuse('the first packet is not CONNECT');
        return;
      }
      const next = at + header.headerBytes + header.remainingBytes;
      if (next > end) break;
      if (type === packetType.publish && this.#publisher !== null) {
        // What Aedes was given must be in its hands before a publish may pass it by.
        if (run >= 0) {
          this.#handOver(bytes.subarray(run, at));
          run = -1;
          if (this.destroyed) return;
          if (this.#forAedes !== null) break;
        }
        if (this.#takePublish(bytes, at, at + header.headerBytes, next)) {
          taken = true;
          at = next;
          continue;
        }
        if (this.destroyed) return;
      }
      if (type === packetType.pubrel && header.remainingBytes === 2) {
        this.#shared.freed(this, bytes.readUInt16BE(next - 2));
      }
      if (run < 0) run = at;
      at = next;
      if (!this.#connectSeen) {
        // Nothing further is looked at before Aedes has accepted the client.
        this.#connectSeen = true;
        break;
      }
    }
    if (run >= 0) this.#handOver(bytes.subarray(run, at));
    if (at < end) this.#keep(bytes.subarray(at));
    if (taken) this.#onActivity();
  }

  /** Keeps bytes for later; stops reading the socket if it is not only the rest of a packet. */
  #keep(rest: Buffer): void {
    this.#rest = this.#rest === null ? rest : Buffer.concat([rest, this.#rest]);
    if (this.#paused || (this.#canGoOn() && !this.#isBlocked())) return;
    this.#paused = true;
    this.#socket.pause();
    // Its pings are not read meanwhile: that is not the client's fault.
    this.#keepAlive = setInterval(() => this.#onActivity(), keepAliveEveryMs);
    this.#keepAlive.unref();
  }

  #isBlocked(): boolean {
    return this.#forAedes !== null;
  }

  /** False while the connection has more unstored rows than its share, or is not yet accepted. */
  #canGoOn(): boolean {
    if (this.#connectSeen && this.#publisher === null) return false;
    // What is rejected makes no row, and still waits for those before it.
    if (this.#acks.length - this.#acksHead >= limits.heldAcknowledgementsMax) return false;
    if (this.#heldBytes >= limits.heldBytesMax) return false;
    const { door } = this.#shared;
    if (this.#unstoredRows < limits.unstoredRowsPerConnectionMax) {
      if (door.unstoredRows < limits.unstoredRowsMax / 2) return true;
      // The channel is half full: what is left is shared evenly, so that a quiet connection never waits for a loud one.
      const share = limits.unstoredRowsMax / 2 / Math.max(1, this.#shared.connections());
      return this.#unstoredRows < share;
    }
    return false;
  }

  #handOver(bytes: Buffer): void {
    this.#forAedes = this.#forAedes === null ? bytes : Buffer.concat([this.#forAedes, bytes]);
    this.emit('readable');
  }

  /** Takes a PUBLISH of a reading or of an own topic, or one that goes nowhere; false: Aedes should have it. */
  #takePublish(bytes: Buffer, at: number, body: number, next: number): boolean {
    const flags = (bytes[at] ?? 0) & 0x0f;
    const qos = (flags >> 1) & 3;
    if (qos === 3 || this.#publisher === null) return false;
    const topicStart = body + 2;
    const topicEnd = topicStart + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
    const payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
    if (payloadStart > next) {
      this.#refuse('PUBLISH too short');
      return true;
    }
    const use = this.#shared.use(bytes, topicStart, topicEnd);
    if (use === null) {
      this.#refuse('malformed topic');
      return true;
    }
    let id = 0;
    if (qos > 0) {
      id = ((bytes[topicEnd] ?? 0) << 8) | (bytes[topicEnd + 1] ?? 0);
      if (id === 0) {
        this.#refuse('packet id 0');
        return true;
      }
    }
    if (use.sink === 'unusable') {
      this.#drop(use.reason, flags, qos, id);
      return true;
    }
    if (use.sink === 'relay' || qos === 2) return false;
    const retain = (flags & 1) !== 0;
    // A retained message of no bytes deletes the one before it (section 3.3.1.3): no reading, Aedes clears it.
    if (retain && payloadStart === next && use.sink !== 'own') return false;
    if (use.sink === 'own') {
      const payload = Buffer.from(bytes.subarray(payloadStart, next));
      const waits = this.#shared.door.command(use.topic, payload, retain, this.#publisher);
      // An act is a row like a reading: it counts against the share of its connection.
      if (waits) {
        this.#joinGroup().rows++;
        this.#unstoredRows++;
      }
      if (qos === 1) this.#acknowledge(id, waits);
      return true;
    }
    const rows = use.sink.take(bytes, payloadStart, next);
    // Joined after the rows have their place: a full group may have been closed in between.
    if (rows > 0) this.#joinGroup().rows += rows;
    this.#unstoredRows += rows;
    const relays = retain || this.#shared.relays(use);
    if (qos === 0) {
      if (relays) this.#relay(use.topic, bytes.subarray(payloadStart, next), 0, retain);
    } else if (relays) {
      const payload = Buffer.from(bytes.subarray(payloadStart, next));
      this.#heldBytes += payload.length;
      this.holdCallback(() => {
        this.#heldBytes -= payload.length;
        this.#writeAck(id);
        this.#relay(use.topic, payload, 1, retain);
      });
    } else {
      this.#acknowledge(id, rows > 0);
    }
    return true;
  }

  /**
   * A message on a topic that MQTT allows and Limen does not carry goes nowhere, but is acknowledged: it would come back
   * for ever. At QoS 2 Aedes keeps the handshake, of a message of no bytes that nobody can subscribe to.
   */
  #drop(reason: string, flags: number, qos: number, id: number): void {
    this.#shared.dropped(this, reason);
    if (qos === 1) this.#acknowledge(id, false);
    if (qos < 2) return;
    const topicBytes = consumedTopic.length;
    const packet = Buffer.alloc(2 + 2 + topicBytes + 2);
    // Without the flag that would retain it.
    packet[0] = (packetType.publish << 4) | (flags & 0x0e);
    packet[1] = packet.length - 2;
    packet.writeUInt16BE(topicBytes, 2);
    packet.write(consumedTopic, 4, 'latin1');
    packet.writeUInt16BE(id, 4 + topicBytes);
    this.#handOver(packet);
  }

  /** Acknowledges in order: at once if nothing waits before it. */
  #acknowledge(id: number, waits: boolean): void {
    if (!waits && !this.holds) {
      this.#writeAck(id);
      this.#scheduleFlush();
      return;
    }
    this.#joinGroup().acks++;
    this.#acks.push(id);
    this.#shared.door.wait();
  }

  #joinGroup(): { id: number; acks: number; rows: number } {
    const { door } = this.#shared;
    const last = this.#groups.at(-1);
    if (last !== undefined && last.id === door.openGroup) return last;
    const joined = { id: door.openGroup, acks: 0, rows: 0 };
    this.#groups.push(joined);
    door.hold(this);
    return joined;
  }

  #relay(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean): void {
    this.#shared.relay({ topic, payload, qos, retain });
  }

  #writeAck(id: number): void {
    this.#reserve(4);
    const out = this.#out;
    const at = this.#outLength;
    out[at] = 0x40;
    out[at + 1] = 2;
    out[at + 2] = id >> 8;
    out[at + 3] = id & 0xff;
    this.#outLength = at + 4;
  }

  #reserve(bytes: number): void {
    const needed = this.#outLength + bytes;
    if (needed <= this.#out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#out.length * 2));
    this.#out.copy(larger, 0, 0, this.#outLength);
    this.#out = larger;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#outLength === 0) return;
    const bytes = this.#out.subarray(0, this.#outLength);
    // The socket keeps the bytes until they are sent: the next packets need a buffer of their own.
    this.#out = Buffer.allocUnsafe(Math.min(Math.max(256, this.#outLength), 16_384));
    this.#outLength = 0;
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(bytes);
  }

  #refuse(reason: string): void {
    if (this.destroyed) return;
    this.#shared.refused(this, reason);
    this.destroy();
  }
}

function noop(): void {}
