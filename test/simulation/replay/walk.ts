import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createApp, type App } from '../../../src/app.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { Act, Ask } from '../../../src/domain/act.ts';
import type { AlertKey } from '../../../src/domain/alert.ts';
import type { Config } from '../../../src/domain/config.ts';
import type { WallMs } from '../../../src/domain/time.ts';
import { createLog } from '../../../src/host/log.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { createVirtualClock } from '../../../src/rehearsal/virtual-clock.ts';
import { connectFrame, createFrameReader, packetTypes, publishFrame } from '../../bench/frames.ts';
import { configText } from './configs.ts';

/** One run of the program between two kills. Passed as JSON on the command line. */
export interface Walk {
  readonly folder: string;
  readonly seed: number;
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly bootId: string;
  /** Whether a time service has set the clock at the start. */
  readonly isClockTrusted: boolean;
  readonly readings: number;
  /** The config it starts with. */
  readonly config: number;
}

/** What the next run has to know of the one that was killed. */
export interface WalkEnd {
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly config: number;
}

// The program as it is, with sockets, threads and files; only its clock is moved by hand. It walks at random, and ends
// by its own kill -9 in the middle of its work.
const walk = JSON.parse(process.argv[2] ?? '') as Walk;
const random = createRandom(walk.seed);
const clock = createVirtualClock();
let wallStepMs = 0;
let isTrusted = walk.isClockTrusted;
let config = walk.config;
clock.moveTo(walk.monotonicMs);
clock.setWall(walk.wallMs - clock.wallMs());

const app: App = createApp({
  clock,
  log: createLog(
    { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'error' },
    () => clock.wallMs(),
  ),
  metrics: createMetrics(),
  version: '0.0.0',
  bootId: walk.bootId,
  isClockSynchronised: () => isTrusted,
  faultPoint: () => undefined,
});
await app.apply(read(config));
const url = new URL(app.api.status().listeners[0] ?? '');
const socket = connect(Number(url.port), '127.0.0.1');
let unacknowledged = 0;
let connected = false;
socket.on(
  'data',
  createFrameReader(({ firstByte }) => {
    connected = true;
    if (firstByte >> 4 === packetTypes.puback) unacknowledged -= 1;
  }),
);
await once(socket, 'connect');
socket.write(connectFrame('walker'));
while (!connected) await setImmediate();

const values = new Map<string, number>();
let sent = 0;
while (sent < walk.readings) {
  const dice = random();
  if (dice < 0.03) act();
  else if (dice < 0.06) move(60_000 + random() * 900_000);
  else if (dice < 0.064) await reload();
  else if (dice < 0.066) step();
  else {
    move(5 + random() * 4_000);
    publish(20 + Math.floor(random() * 60));
  }
  await settled();
  note();
}
publish(200);
await setImmediate();
note();
process.kill(process.pid, 'SIGKILL');

function read(index: number): Config {
  const loaded = parseConfig(configText(index), { file: 'limen.yaml', directory: walk.folder });
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  return loaded.config;
}

function move(byMs: number): void {
  clock.moveTo(clock.monotonicMs() + Math.round(byMs));
}

// A small commit may have to wait for its time: then the clock goes on.
async function settled(): Promise<void> {
  for (let turn = 1; unacknowledged > 0; turn += 1) {
    await setImmediate();
    if (turn % 500 === 0) move(10);
  }
}

function publish(count: number): void {
  const frames: Buffer[] = [];
  for (let index = 0; index < count; index += 1) {
    const [topic, payload] = message();
    const { bytes, packetIdAt } = publishFrame(topic, payload);
    bytes.writeUInt16BE(1 + (sent % 60_000), packetIdAt);
    frames.push(bytes);
    sent += 1;
    unacknowledged += 1;
  }
  socket.write(Buffer.concat(frames));
}

function message(): [topic: string, payload: string] {
  const dice = random();
  if (dice < 0.02) return [`sensors/room/leak`, pick(['true', 'false', 'false', 'unavailable'])];
  if (dice < 0.05) return [`sensors/room/door`, pick(['open', 'closed', 'ajar'])];
  if (dice < 0.2) return ['sensors/room/humidity', wander('humidity', 60, 1.5).toFixed(1)];
  const device = `fridge-${1 + Math.floor(random() * 3)}`;
  const value = wander(device, 5, 0.6).toFixed(2);
  if (dice < 0.21) return [`sensors/${device}/temperature`, pick(['null', '999', 'nan', 'what'])];
  if (dice < 0.23) {
    const at = clock.wallMs() - Math.floor(random() * 400_000);
    return [`sensors/${device}/temperature`, JSON.stringify({ value: Number(value), at })];
  }
  if (dice < 0.25) {
    const warm = { temperature: Number(value), humidity: 50 };
    return [`boxes/box-${Math.floor(random() * 2)}`, JSON.stringify(warm)];
  }
  return [`sensors/${device}/temperature`, value];
}

// Drawn back to the middle, so that limits are passed in both directions again and again.
function wander(name: string, middle: number, width: number): number {
  const last = values.get(name) ?? middle;
  const next = last + (random() - 0.5) * 2 * width + (middle - last) * 0.02;
  values.set(name, next);
  return next;
}

function act(): void {
  const alerts = app.api.alerts(true).filter(() => random() < 0.4);
  for (const alert of alerts) {
    // an alert as alertFacts has it
    const { rule, device, metric } = alert as unknown as AlertKey;
    const asks: readonly Ask[] = [
      { act: 'acknowledge' },
      { act: 'acknowledge' },
      { act: 'reset' },
      { act: 'reset' },
      { act: 'shelve', forMs: 300_000 },
      { act: 'shelve', forMs: null },
      { act: 'unshelve' },
      { act: 'service', in: random() < 0.7 },
    ];
    const asked: Act = {
      ...pick(asks),
      alert: { rule, device, metric },
      id: null,
      by: 'walker',
      comment: null,
    };
    void app.act(asked);
  }
}

async function reload(): Promise<void> {
  config = (config + 1) % 3;
  await app.apply(read(config));
}

// The wall clock is set, by hand or because the network came back.
function step(): void {
  wallStepMs = Math.round((random() - 0.3) * 3_600_000);
  clock.setWall(wallStepMs);
  isTrusted = true;
}

function note(): void {
  const end: WalkEnd = {
    monotonicMs: clock.monotonicMs(),
    wallMs: clock.wallMs() as WallMs,
    config,
  };
  writeFileSync(join(walk.folder, 'walk.json'), JSON.stringify(end));
}

function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
