import { once } from 'node:events';
import type { Socket } from 'node:net';
import { onFileFinished } from './clean-up.ts';
import {
  createFrameReader,
  packetTypes,
  publishFrame,
  readPublish,
  subscribeFrame,
} from '../bench/frames.ts';
import { accepted } from '../bench/load-connection.ts';

const retainBit = 1;
const qos1Bits = 0x06;

/** A client that writes its own packets: nothing of a library is in between. */
export interface RawClient {
  readonly socket: Socket;
  /** Packet ids in the order of their PUBACKs. */
  readonly acknowledged: readonly number[];
  /** Sends one PUBLISH at QoS 1; returns its packet id. */
  publish(topic: string, payload: string | Buffer, options?: { retain?: boolean }): number;
  /** Sends one PUBLISH at QoS 0. */
  publishUnacknowledged(topic: string, payload: string | Buffer): void;
  /** Resolves when so many PUBACKs have come in all; fails if the connection ends before. */
  acknowledgements(count: number): Promise<void>;
  /** Subscribes at QoS 0; messages of all subscriptions go to the one callback. */
  subscribe(filter: string, onMessage: (topic: string, payload: string) => void): Promise<void>;
  /** Resolves when the broker has closed the connection. */
  closed(): Promise<void>;
}

/** Connects with a clean session; ends with the test. */
export async function connectRaw(port: number, clientId: string): Promise<RawClient> {
  const socket = await accepted(port, clientId);
  socket.on('error', () => undefined);
  const isClosed = once(socket, 'close');
  onFileFinished(() => void socket.destroy());
  const acknowledged: number[] = [];
  let onProgress = (): void => undefined;
  let onSuback = (): void => undefined;
  let onMessage = (_topic: string, _payload: string): void => undefined;
  socket.on(
    'data',
    createFrameReader((frame) => {
      const type = frame.firstByte >> 4;
      if (type === packetTypes.puback) {
        acknowledged.push(frame.body.readUInt16BE(0));
        onProgress();
      } else if (type === packetTypes.suback) onSuback();
      else if (type === packetTypes.publish) {
        const { topic, payload } = readPublish(frame);
        onMessage(topic, payload.toString('utf8'));
      }
    }),
  );
  socket.on('close', () => onProgress());

  let packetId = 0;
  return {
    socket,
    acknowledged,
    publish(topic, payload, { retain = false } = {}) {
      const bytes = frameOf(topic, payload);
      packetId = packetId === 65_535 ? 1 : packetId + 1;
      bytes.frame.writeUInt16BE(packetId, bytes.packetIdAt);
      if (retain) bytes.frame.writeUInt8(bytes.frame.readUInt8(0) | retainBit, 0);
      socket.write(bytes.frame);
      return packetId;
    },
    publishUnacknowledged(topic, payload) {
      socket.write(qos0Frame(topic, payload));
    },
    acknowledgements(count) {
      return new Promise((resolve, reject) => {
        onProgress = () => {
          if (acknowledged.length >= count) resolve();
          else if (socket.destroyed) {
            reject(new Error(`closed after ${acknowledged.length} of ${count} PUBACKs`));
          }
        };
        onProgress();
      });
    },
    async subscribe(filter, callback) {
      onMessage = callback;
      const granted = new Promise<void>((resolve) => {
        onSuback = resolve;
      });
      socket.write(subscribeFrame(filter));
      await granted;
    },
    closed: async () => void (await isClosed),
  };
}

// The frames of the bench hold text: bytes of any kind take the place of a text of their length.
function frameOf(topic: string, payload: string | Buffer): { frame: Buffer; packetIdAt: number } {
  const bytes = Buffer.from(payload);
  const { bytes: frame, packetIdAt } = publishFrame(topic, ' '.repeat(bytes.length));
  bytes.copy(frame, frame.length - bytes.length);
  return { frame, packetIdAt };
}

// The same without the packet id, and so with a length that is two less.
function qos0Frame(topic: string, payload: string | Buffer): Buffer {
  const { frame, packetIdAt } = frameOf(topic, payload);
  const topicAt = packetIdAt - Buffer.byteLength(topic) - 2;
  const body = [frame.subarray(topicAt, packetIdAt), frame.subarray(packetIdAt + 2)];
  const length: number[] = [];
  for (let rest = frame.length - topicAt - 2, isMore = true; isMore; rest >>= 7) {
    isMore = rest > 127;
    length.push((rest & 127) | (isMore ? 128 : 0));
  }
  const firstByte = frame.readUInt8(0) & ~qos1Bits;
  return Buffer.concat([Buffer.from([firstByte, ...length]), ...body]);
}
