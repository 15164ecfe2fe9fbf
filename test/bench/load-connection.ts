import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectFrame, publishFrame } from './frames.ts';
import { cycleLength, deviceCount, deviceName } from './load-job.ts';

const packetIdMax = 65_535;
const pubackBytes = 4;
/** In each cycle the reading that crosses the limit. */
const crossingAt = cycleLength / 2;
const normalPayloads = ['21.53', '22.07', '20.94', '23.50', '19.88', '24.16'];
const crossingPayload = '45.25';

/** One publisher: a cycle of ready frames, of which slices are copied and numbered. */
export interface LoadConnection {
  readonly sent: number;
  readonly acknowledged: number;
  /** Sends so many readings of the cycle in one write; returns how many of them cross the limit. */
  send(count: number): number;
  /** Sends the next reading with a value of choice; returns its device. */
  sendOne(crosses: boolean): string;
  /** Called with how many readings were acknowledged by what has arrived. */
  onAcknowledged: (count: number) => void;
  close(): void;
}

/** Opens publisher `index` of `connections`; resolves when the broker has accepted it. */
export async function openLoadConnection(
  port: number,
  index: number,
  connections: number,
): Promise<LoadConnection> {
  const socket = await accepted(port, `load-${index}`);
  const own = Math.floor(deviceCount / connections);
  const devices = Array.from({ length: own }, (_, n) => deviceName(index * own + n));
  const frame = (n: number, crosses: boolean): ReturnType<typeof publishFrame> =>
    publishFrame(
      `sensors/${devices[n % own] ?? ''}/temperature`,
      crosses ? crossingPayload : (normalPayloads[n % normalPayloads.length] ?? ''),
    );
  // All frames have one length: the packet id of the nth lies at a known place.
  const cycle = Buffer.concat(
    Array.from({ length: cycleLength }, (_, n) => frame(n, n === crossingAt).bytes),
  );
  const { bytes, packetIdAt } = frame(0, false);
  const stride = bytes.length;

  let sent = 0;
  let acknowledged = 0;
  let packetId = 0;

  const number = (buffer: Buffer): void => {
    for (let at = packetIdAt; at < buffer.length; at += stride) {
      packetId = packetId === packetIdMax ? 1 : packetId + 1;
      buffer[at] = packetId >> 8;
      buffer[at + 1] = packetId & 255;
    }
  };

  // Nothing but PUBACKs may come, one for each reading and in their order: a figure must not rest on miscounted bytes.
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data) => {
    const bytes = rest.length === 0 ? data : Buffer.concat([rest, data]);
    const whole = bytes.length - (bytes.length % pubackBytes);
    for (let at = 0; at < whole; at += pubackBytes) {
      const expected = (acknowledged % packetIdMax) + 1;
      if (bytes.readUInt16BE(at) !== 0x40_02 || bytes.readUInt16BE(at + 2) !== expected) {
        throw new Error(`PUBACK ${expected} expected: ${bytes.toString('hex', at, at + 4)}`);
      }
      acknowledged += 1;
    }
    rest = bytes.subarray(whole);
    if (acknowledged > sent) throw new Error('more was acknowledged than sent');
    connection.onAcknowledged(whole / pubackBytes);
  });

  const connection: LoadConnection = {
    get sent() {
      return sent;
    },
    get acknowledged() {
      return acknowledged;
    },
    send(count) {
      const buffer = Buffer.allocUnsafe(count * stride);
      let crossings = 0;
      for (let done = 0; done < count;) {
        const from = (sent + done) % cycleLength;
        const part = Math.min(count - done, cycleLength - from);
        cycle.copy(buffer, done * stride, from * stride, (from + part) * stride);
        if (from <= crossingAt && crossingAt < from + part) crossings += 1;
        done += part;
      }
      number(buffer);
      sent += count;
      socket.write(buffer);
      return crossings;
    },
    sendOne(crosses) {
      const buffer = frame(sent, crosses).bytes;
      number(buffer);
      const device = devices[sent % own] ?? '';
      sent += 1;
      socket.write(buffer);
      return device;
    },
    onAcknowledged: () => undefined,
    close: () => socket.destroy(),
  };
  return connection;
}

/** A socket whose CONNECT was accepted. */
export async function accepted(port: number, clientId: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  socket.write(connectFrame(clientId));
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack.length !== 4 || connack[3] !== 0) throw new Error('the broker refused the load');
  return socket;
}
