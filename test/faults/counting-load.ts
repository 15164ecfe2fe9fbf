import { createFrameReader, packetTypes, publishFrame } from '../bench/frames.ts';
import { accepted } from '../bench/load-connection.ts';
import { onFileFinished } from '../flow/clean-up.ts';

const packetIdMax = 65_535;

/** A device that counts 1, 2, 3... at QoS 1 as fast as it is acknowledged. */
export interface CountingLoad {
  readonly device: string;
  readonly acknowledged: number;
  readonly sent: number;
  /** Resolves when so many are acknowledged; fails if the connection ends before. */
  until(count: number): Promise<void>;
  /** Sends nothing new; resolves when all that was sent is acknowledged. */
  drain(): Promise<void>;
  /** Resolves when the connection is gone. */
  closed(): Promise<void>;
}

/** Connects a load that has so many messages open at any time. */
export async function startLoad(
  port: number,
  device: string,
  windowMax: number,
): Promise<CountingLoad> {
  const socket = await accepted(port, device);
  onFileFinished(() => void socket.destroy());
  // A killed program resets its connections: that is no news here.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const topic = `sensors/${device}/count`;
  let sent = 0;
  let acknowledged = 0;
  let isDraining = false;
  let onProgress = (): void => undefined;
  const fill = (): void => {
    if (isDraining) return;
    const frames: Buffer[] = [];
    while (sent - acknowledged < windowMax) {
      sent += 1;
      const { bytes, packetIdAt } = publishFrame(topic, String(sent));
      bytes.writeUInt16BE(((sent - 1) % packetIdMax) + 1, packetIdAt);
      frames.push(bytes);
    }
    if (frames.length > 0) socket.write(Buffer.concat(frames));
  };
  const reader = createFrameReader(({ firstByte }) => {
    if (firstByte >> 4 === packetTypes.puback) acknowledged += 1;
  });
  socket.on('data', (bytes) => {
    reader(bytes);
    fill();
    onProgress();
  });
  socket.on('close', () => onProgress());
  fill();
  const until = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      onProgress = () => {
        if (acknowledged >= count) resolve();
        else if (socket.destroyed) reject(new Error(`${device}: closed at ${acknowledged}`));
      };
      onProgress();
    });
  return {
    device,
    get acknowledged() {
      return acknowledged;
    },
    get sent() {
      return sent;
    },
    until,
    async drain() {
      isDraining = true;
      await until(sent);
    },
    closed: () => closed,
  };
}
