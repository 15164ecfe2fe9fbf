import { setTimeout as wait } from 'node:timers/promises';
import { createFrameReader, packetTypes, readPublish, subscribeFrame } from './frames.ts';
import { accepted, openLoadConnection, type LoadConnection } from './load-connection.ts';
import {
  deviceCount,
  type FullJob,
  type LoadJob,
  type LoadResult,
  type PacedJob,
} from './load-job.ts';

// A process of its own: it gets one job as its argument, answers with the result and ends.

/** A broker that acknowledges nothing for so long has lost something. */
const stallMs = 30_000;
const settleMs = 2_000;

type Counts = Pick<LoadResult, 'crossings' | 'alertMs' | 'ackMs'>;

async function runFull(job: FullJob, connections: readonly LoadConnection[]): Promise<Counts> {
  let crossings = 0;
  let finished = 0;
  let lastProgress = performance.now();
  await new Promise<void>((resolve, reject) => {
    const watch = setInterval(() => {
      if (performance.now() - lastProgress < stallMs) return;
      clearInterval(watch);
      reject(new Error(`nothing was acknowledged for ${stallMs} ms`));
    }, 1_000);
    const pump = (connection: LoadConnection): void => {
      const free = job.window - (connection.sent - connection.acknowledged);
      const left = job.countEach - connection.sent;
      // Small refills would cost more system calls than they are worth, on both sides.
      if (left === 0 || (free < job.window / 4 && free < left)) return;
      crossings += connection.send(Math.min(free, left));
    };
    for (const connection of connections) {
      connection.onAcknowledged = () => {
        lastProgress = performance.now();
        if (connection.acknowledged < job.countEach) {
          pump(connection);
          return;
        }
        finished += 1;
        if (finished < connections.length) return;
        clearInterval(watch);
        resolve();
      };
    }
    for (const connection of connections) pump(connection);
  });
  return { crossings, alertMs: [], ackMs: [] };
}

async function runPaced(job: PacedJob, connections: readonly LoadConnection[]): Promise<Counts> {
  const alertMs: number[] = [];
  const ackMs: number[] = [];
  const crossedAt = new Map<string, number>();
  const stopWatching = await watchAlerts(job, (device) => {
    const since = crossedAt.get(device);
    if (since === undefined) return;
    crossedAt.delete(device);
    alertMs.push(performance.now() - since);
  });
  const publishers = connections.map((connection) => {
    const sentAt: number[] = [];
    connection.onAcknowledged = (count) => {
      const now = performance.now();
      for (const at of sentAt.splice(0, count)) ackMs.push(now - at);
    };
    return { connection, sentAt };
  });

  let sent = 0;
  let crossings = 0;
  const sendOne = (crosses: boolean): void => {
    const publisher = publishers[sent % publishers.length];
    if (publisher === undefined) return;
    const now = performance.now();
    publisher.sentAt.push(now);
    const device = publisher.connection.sendOne(crosses);
    sent += 1;
    if (!crosses) return;
    crossings += 1;
    crossedAt.set(device, now);
  };

  const start = performance.now();
  for (let elapsed = 0; elapsed < job.forMs; elapsed = performance.now() - start) {
    const due = Math.floor((elapsed * job.ratePerSecond) / 1_000);
    while (sent < due) sendOne(job.crossingEvery !== null && (sent + 1) % job.crossingEvery === 0);
    await wait(1);
  }
  // A round of ordinary values brings every point back.
  for (let n = 0; n < deviceCount; n += 1) sendOne(false);
  await settled(connections);
  await wait(settleMs);
  stopWatching();
  return { crossings, alertMs, ackMs };
}

async function watchAlerts(job: PacedJob, onActive: (device: string) => void): Promise<() => void> {
  const socket = await accepted(job.port, 'watcher');
  const subscribed = Promise.withResolvers<void>();
  socket.on(
    'data',
    createFrameReader((frame) => {
      if (frame.firstByte >> 4 === packetTypes.suback) subscribed.resolve();
      if (frame.firstByte >> 4 !== packetTypes.publish) return;
      const { topic, payload } = readPublish(frame);
      const device = topic.split('/')[3];
      const { state } = JSON.parse(payload.toString() || '{}') as { state?: unknown };
      if (device !== undefined && state === 'active') onActive(device);
    }),
  );
  socket.write(subscribeFrame('limen/alerts/#'));
  await subscribed.promise;
  return () => socket.destroy();
}

async function settled(connections: readonly LoadConnection[]): Promise<void> {
  const end = performance.now() + stallMs;
  while (connections.some((each) => each.acknowledged < each.sent)) {
    if (performance.now() > end) throw new Error('some readings were never acknowledged');
    await wait(5);
  }
}

async function run(job: LoadJob): Promise<LoadResult> {
  const connections: LoadConnection[] = [];
  for (let index = 0; index < job.connections; index += 1) {
    connections.push(await openLoadConnection(job.port, index, job.connections));
  }
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const counts =
    job.kind === 'full' ? await runFull(job, connections) : await runPaced(job, connections);
  const elapsedMs = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  const total = (key: 'sent' | 'acknowledged'): number =>
    connections.reduce((sum, connection) => sum + connection[key], 0);
  for (const connection of connections) connection.close();
  return {
    sent: total('sent'),
    acknowledged: total('acknowledged'),
    elapsedMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    ...counts,
  };
}

const result = await run(JSON.parse(process.argv[2] ?? 'null') as LoadJob);
process.send?.(result, () => process.disconnect());
