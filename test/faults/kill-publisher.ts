import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectFrame, createFrameReader, packetTypes, publishFrame } from '../bench/frames.ts';

const windowMax = 200;
const burst = 20;
const everyMs = 5;
const packetIdMax = 65_535;

interface Outstanding {
  readonly packetId: number;
  readonly number: number;
}

/**
 * A device that counts: it publishes 1, 2, 3... at QoS 1 as fast as a fixed pace allows, and after each loss of its
 * connection sends everything again that was not acknowledged.
 */
export class Publisher {
  readonly device: string;
  /** Every number up to this one was acknowledged. */
  acknowledged = 0;
  /** The highest number that was ever sent. */
  sent = 0;
  /** Where each connection began: the numbers at which the stored series may go back. */
  readonly starts: number[] = [];
  /** What the program did that it must not do. */
  readonly problems: string[] = [];

  #socket: Socket | null = null;
  #closed: Promise<void> = Promise.resolve();
  #next = 1;
  #packetId = 0;
  #outstanding: Outstanding[] = [];
  #isDraining = false;
  #onProgress = (): void => undefined;

  constructor(device: string) {
    this.device = device;
  }

  /** Connects and begins to publish. Fails if the connection is refused or lost before the CONNACK. */
  async start(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    // A killed program resets its connections: that is no news here.
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.write(connectFrame(this.device));
    const isAccepted = await Promise.race([
      once(socket, 'data').then(() => true),
      closed.then(() => false),
    ]);
    if (!isAccepted) throw new Error(`${this.device}: connection lost before the CONNACK`);
    this.#socket = socket;
    this.#closed = closed;
    this.#next = this.acknowledged + 1;
    this.#outstanding = [];
    this.starts.push(this.#next);
    socket.on(
      'data',
      createFrameReader(({ firstByte, body }) => {
        if (firstByte >> 4 === packetTypes.puback) this.#acknowledge(body.readUInt16BE(0));
      }),
    );
    const timer = setInterval(() => this.#sendBurst(socket), everyMs);
    socket.on('close', () => {
      clearInterval(timer);
      this.#socket = null;
      this.#onProgress();
    });
  }

  /** Resolves when the connection is gone and what had arrived before was read. */
  async closed(): Promise<void> {
    await this.#closed;
  }

  /** Sends nothing new; resolves when all that was sent is acknowledged, fails if the connection is lost before. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await new Promise<void>((resolve, reject) => {
      this.#onProgress = () => {
        if (this.acknowledged === this.sent) resolve();
        else if (this.#socket === null) reject(new Error(`${this.device}: lost while draining`));
      };
      this.#onProgress();
    });
    this.#socket?.destroy();
    await this.#closed;
  }

  #sendBurst(socket: Socket): void {
    const frames: Buffer[] = [];
    const last = this.#isDraining ? this.sent : Number.MAX_SAFE_INTEGER;
    while (frames.length < burst && this.#outstanding.length < windowMax && this.#next <= last) {
      const { bytes, packetIdAt } = publishFrame(
        `sensors/${this.device}/count`,
        String(this.#next),
      );
      this.#packetId = this.#packetId === packetIdMax ? 1 : this.#packetId + 1;
      bytes.writeUInt16BE(this.#packetId, packetIdAt);
      this.#outstanding.push({ packetId: this.#packetId, number: this.#next });
      this.sent = Math.max(this.sent, this.#next);
      this.#next += 1;
      frames.push(bytes);
    }
    if (frames.length > 0) socket.write(Buffer.concat(frames));
  }

  #acknowledge(packetId: number): void {
    const oldest = this.#outstanding.shift();
    if (oldest?.packetId !== packetId) {
      this.problems.push(
        `${this.device}: PUBACK ${packetId} came, ${oldest?.packetId ?? 'none'} was next`,
      );
      return;
    }
    this.acknowledged = oldest.number;
    this.#onProgress();
  }
}
