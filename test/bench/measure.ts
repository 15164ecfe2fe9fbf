import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { quantile, spread, type Spread } from './figures.ts';
import { cycleLength, runLoad, type LoadResult } from './load-job.ts';
import { publishOnce } from './publish-once.ts';
import {
  furtherReadings,
  loadRules,
  startLimen,
  startMosquitto,
  type Build,
  type FurtherRules,
  type Server,
} from './server.ts';
import { countStored } from './stored.ts';
import { cpuMs, peakMb, residentMb, writtenBytes } from './usage.ts';

/** How a bench runs. */
export interface BenchOptions {
  readonly from: Build;
  /** Where data folders are made: the disk that is measured. */
  readonly directory: string;
  readonly isQuick: boolean;
}

/** What one run at full speed gave. */
export interface FullFigures {
  readonly readingsPerSecond: number;
  readonly cpuUsPerReading: number;
  readonly peakMb: number;
  readonly writtenBytesPerReading: number;
}

/** Connections and unacknowledged readings of each. */
export interface Shape {
  readonly connections: number;
  readonly window: number;
}

/** Longer than Limen keeps anything from the disk. */
const settleMs = 2_500;
const pacedConnections = 8;
// Shares no factor with the number of points: every point gets its turn, and is back to normal before the next.
const crossingEvery = 51;

/** Runs something on a folder that is removed afterwards. */
export async function withFolder<T>(
  options: BenchOptions,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(options.directory, 'limen-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A fresh start: from spawn until the port accepts, and the memory of the program a second later. */
export interface StartFigures {
  readonly listeningMs: Spread;
  readonly idleMb: Spread;
}

/** Starts on an empty folder, with no rules or with those of the load. */
export async function measureStart(
  options: BenchOptions,
  hasRules: boolean,
): Promise<StartFigures> {
  const listening: number[] = [];
  const idle: number[] = [];
  for (let n = 0; n < (options.isQuick ? 3 : 7); n += 1) {
    await withFolder(options, async (folder) => {
      const rules = hasRules ? loadRules() : '';
      const server = await startLimen({ folder, from: options.from, rules });
      listening.push(server.listeningMs);
      await wait(1_000);
      idle.push(residentMb(server.pid));
      await server.stop();
    });
  }
  return { listeningMs: spread(listening), idleMb: spread(idle) };
}

/** One run of Limen at full speed; fails unless every reading and every alert event is on disk. */
export async function measureLimen(
  options: BenchOptions,
  shape: Shape,
  further: FurtherRules = noFurtherRules,
  runsTimers = false,
): Promise<FullFigures> {
  return await withFolder(options, async (folder) => {
    const server = await startLimen({ folder, from: options.from, rules: loadRules(further) });
    const raising = runsTimers ? furtherReadings(further) : [];
    await publishOnce(server.port, raising);
    const { figures, results } = await runFull(server, shape, options);
    await server.stop();
    verifyStored(folder, results, raising.length);
    return figures;
  });
}

const noFurtherRules: FurtherRules = { count: 0, areDelayed: false };

/** The same load on mosquitto, which stores nothing and judges nothing. */
export async function measureMosquitto(options: BenchOptions, shape: Shape): Promise<FullFigures> {
  return await withFolder(options, async (folder) => {
    const server = await startMosquitto(folder);
    const { figures } = await runFull(server, shape, options);
    await server.stop();
    return figures;
  });
}

async function runFull(
  server: Server,
  { connections, window }: Shape,
  { isQuick }: BenchOptions,
): Promise<{ figures: FullFigures; results: readonly LoadResult[] }> {
  const job = (count: number) => ({
    kind: 'full' as const,
    port: server.port,
    connections,
    window,
    countEach: Math.ceil(count / connections / cycleLength) * cycleLength,
  });
  // The first readings run on cold code and make the day file.
  const warm = await runLoad(job(100_000));
  const cpuBefore = cpuMs(server.pid);
  const writtenBefore = writtenBytes(server.pid);
  const running = runLoad(job(isQuick ? 500_000 : 1_500_000));
  const peak = await peakMb(server.pid, running);
  const result = await running;
  const cpu = cpuMs(server.pid) - cpuBefore;
  await wait(settleMs);
  const written = writtenBytes(server.pid) - writtenBefore;
  return {
    figures: {
      readingsPerSecond: (result.acknowledged / result.elapsedMs) * 1_000,
      cpuUsPerReading: (cpu * 1_000) / result.sent,
      peakMb: peak,
      writtenBytesPerReading: written / result.sent,
    },
    results: [warm, result],
  };
}

/** What runs at fixed rates gave. */
export interface PacedFigures {
  readonly writtenBytesPerReading: Readonly<Record<'100/s' | '1000/s', number>>;
  readonly cpuUsPerReading: Readonly<Record<'100/s' | '1000/s', number>>;
  readonly ackMs: Readonly<Record<'100/s' | '1000/s', { p50: number; p99: number; max: number }>>;
  readonly alertMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly alerts: number;
  readonly missingAlerts: number;
}

/** Bytes and CPU a reading at 100/s and 1,000/s, and how soon an alert reaches a subscriber at 1,000/s. */
export async function measurePaced(options: BenchOptions): Promise<PacedFigures> {
  return await withFolder(options, async (folder) => {
    const server = await startLimen({ folder, from: options.from });
    const forMs = options.isQuick ? 8_000 : 25_000;
    const warm = await runPaced(server, { ratePerSecond: 1_000, forMs: 2_000 });
    const slow = await runPaced(server, { ratePerSecond: 100, forMs });
    const fast = await runPaced(server, { ratePerSecond: 1_000, forMs });
    const alerts = await runPaced(server, { ratePerSecond: 1_000, forMs, crossingEvery });
    await server.stop();
    verifyStored(folder, [warm.result, slow.result, fast.result, alerts.result]);
    return {
      writtenBytesPerReading: { '100/s': slow.written, '1000/s': fast.written },
      cpuUsPerReading: { '100/s': slow.cpuUs, '1000/s': fast.cpuUs },
      ackMs: { '100/s': quantiles(slow.result.ackMs), '1000/s': quantiles(fast.result.ackMs) },
      alertMs: quantiles(alerts.result.alertMs),
      alerts: alerts.result.alertMs.length,
      missingAlerts: alerts.result.crossings - alerts.result.alertMs.length,
    };
  });
}

async function runPaced(
  server: Server,
  job: { ratePerSecond: number; forMs: number; crossingEvery?: number },
): Promise<{ result: LoadResult; written: number; cpuUs: number }> {
  const cpuBefore = cpuMs(server.pid);
  const writtenBefore = writtenBytes(server.pid);
  const result = await runLoad({
    kind: 'paced',
    port: server.port,
    connections: pacedConnections,
    crossingEvery: null,
    ...job,
  });
  const cpuUs = ((cpuMs(server.pid) - cpuBefore) * 1_000) / result.sent;
  await wait(settleMs);
  return { result, cpuUs, written: (writtenBytes(server.pid) - writtenBefore) / result.sent };
}

function quantiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) };
}

// A figure of a program that lost something would be worth nothing.
function verifyStored(folder: string, results: readonly LoadResult[], before = 0): void {
  const sum = (of: (result: LoadResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const stored = countStored(folder);
  const sent = before + sum((result) => result.sent);
  // Each crossing raises an alert, and the next reading of its point ends it.
  const events = 2 * sum((result) => result.crossings);
  if (stored.readings !== sent) throw new Error(`${sent} readings sent, ${stored.readings} stored`);
  if (stored.alertEvents !== events) {
    throw new Error(`${events} alert events expected, ${stored.alertEvents} stored`);
  }
}
