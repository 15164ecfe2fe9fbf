import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { ReadingRecord } from '../../src/domain/api.ts';
import type { Act } from '../../src/domain/act.ts';
import type { Config } from '../../src/domain/config.ts';
import { createLog } from '../../src/host/log.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { createVirtualClock, startMonotonicMs } from '../../src/rehearsal/virtual-clock.ts';
import { connectFrame, createFrameReader, packetTypes, publishFrame } from '../bench/frames.ts';

/** How a run begins. Passed as JSON on the command line. */
export interface VirtualStart {
  readonly folder: string;
  readonly yaml: string;
  /** Monotonic time since the machine was switched on. */
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly bootId: string;
  readonly isTrusted: boolean;
}

/** What the test asks of it, in turn; the last one is answered when the one before is done. */
export type VirtualRequest =
  | { readonly kind: 'publish'; readonly topic: string; readonly payload: string }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'clock'; readonly wallMs: number; readonly isTrusted: boolean }
  | { readonly kind: 'apply'; readonly yaml: string }
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'alerts' }
  | { readonly kind: 'status' }
  | { readonly kind: 'readings' };

// The program as it is, with sockets, threads and files; only its clock is moved by hand, and its messages are its own.
const begin = JSON.parse(process.argv[2] ?? '') as VirtualStart;
const clock = createVirtualClock();
let { isTrusted } = begin;
clock.moveTo(startMonotonicMs + begin.monotonicMs);
clock.setWall(begin.wallMs - clock.wallMs());

const app = createApp({
  clock,
  log: createLog(
    { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'error' },
    () => clock.wallMs(),
  ),
  metrics: createMetrics(),
  version: '0.0.0',
  bootId: begin.bootId,
  isClockSynchronised: () => isTrusted,
  faultPoint: () => undefined,
});
await app.apply(read(begin.yaml));
const url = new URL(app.api.status().listeners[0] ?? '');
const socket = connect(Number(url.port), '127.0.0.1');
let unacknowledged = 0;
let connected = false;
let packetId = 0;
socket.on(
  'data',
  createFrameReader(({ firstByte }) => {
    connected = true;
    if (firstByte >> 4 === packetTypes.puback) unacknowledged -= 1;
  }),
);
await once(socket, 'connect');
socket.write(connectFrame('virtual'));
while (!connected) await setImmediate();

process.on('message', (request: VirtualRequest) => {
  void perform(request).then((answer) => process.send?.(answer ?? null));
});
process.send?.('running');

async function perform(request: VirtualRequest): Promise<unknown> {
  switch (request.kind) {
    case 'publish':
      return publish(request.topic, request.payload);
    case 'pass':
      clock.moveTo(clock.monotonicMs() + request.ms);
      return settled();
    case 'clock':
      clock.setWall(request.wallMs - clock.wallMs());
      ({ isTrusted } = request);
      return undefined;
    case 'apply':
      return app.apply(read(request.yaml));
    case 'act':
      return app.act(request.act);
    case 'alerts':
      return app.api.alerts(true);
    case 'status':
      return app.api.status();
    case 'readings':
      return readings();
  }
}

async function readings(): Promise<readonly ReadingRecord[]> {
  const found: ReadingRecord[] = [];
  for await (const batch of app.api.readings({ point: null, fromMs: null, toMs: null }))
    found.push(...batch);
  return found;
}

async function publish(topic: string, payload: string): Promise<void> {
  const { bytes, packetIdAt } = publishFrame(topic, payload);
  packetId = (packetId % 60_000) + 1;
  bytes.writeUInt16BE(packetId, packetIdAt);
  unacknowledged += 1;
  socket.write(bytes);
  await settled();
}

async function settled(): Promise<void> {
  while (unacknowledged > 0) await setImmediate();
  await setImmediate();
}

function read(yaml: string): Config {
  const loaded = parseConfig(yaml, { file: 'limen.yaml', directory: begin.folder });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.config;
}
