import { once } from 'node:events';
import { connect } from 'node:net';
import { connectFrame, createFrameReader, packetTypes, publishFrame } from './frames.ts';

/** Publishes each of these at QoS 1; resolves when all are acknowledged. */
export async function publishOnce(
  port: number,
  messages: readonly (readonly [topic: string, payload: string])[],
): Promise<void> {
  if (messages.length === 0) return;
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('error', reject);
  await once(socket, 'connect');
  let waiting = messages.length;
  socket.on(
    'data',
    createFrameReader(({ firstByte }) => {
      if (firstByte >> 4 !== packetTypes.puback) return;
      waiting -= 1;
      if (waiting === 0) resolve();
    }),
  );
  socket.write(connectFrame('bench-once'));
  for (const [index, [topic, payload]] of messages.entries()) {
    const { bytes, packetIdAt } = publishFrame(topic, payload);
    bytes.writeUInt16BE((index % 65_535) + 1, packetIdAt);
    socket.write(bytes);
  }
  await promise;
  socket.destroy();
}
