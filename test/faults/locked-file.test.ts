// Aim: another program holds the day's file for seconds under full load. Rules, alerts and outputs go on at their usual
// pace, memory stays bounded, nothing acknowledged is lost, and intake goes on by itself.
// Method: raw publishers with a window, as fast as they are acknowledged; beside them a quiet QoS 0 publisher and a
// QoS 1 one that does not wait for its acknowledgements. Latency is from the publish to the retained alert and to the
// output's command at a subscriber in this process, so the same delays of this machine are in both halves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install } from '../flow/limen-process.ts';
import { openInbox } from '../flow/mqtt-inbox.ts';
import { connectRaw } from '../flow/raw-client.ts';
import { startLoad } from './counting-load.ts';
import { percentile, probeConfig, startProbes } from './probes.ts';
import { countedProblems } from './stored-counts.ts';

const loadCount = 8;
const windowMax = 1_000;
const lockMs = 5_000;

test.each(['EXCLUSIVE', 'IMMEDIATE'])(
  'BEGIN %s of another program on the day file for 5 s under full load delays no alert and no command, and loses nothing',
  async (mode) => {
    const limen = install({ yaml: probeConfig(['calm', 'patient']) });
    const running = await limen.start();
    const inbox = await openInbox(running.url, 'limen/alerts/#', 'lamp/#');
    const calm = await connectRaw(running.port, 'calm');
    const patient = await connectRaw(running.port, 'patient');
    const probes = startProbes(inbox, [
      { device: 'calm', everyMs: 20, send: (...args) => calm.publishUnacknowledged(...args) },
      { device: 'patient', everyMs: 50, send: (...args) => void patient.publish(...args) },
    ]);
    const loads = await Promise.all(
      Array.from({ length: loadCount }, (_, n) => startLoad(running.port, `load-${n}`, windowMax)),
    );
    await wait(3_000);
    const usual = probes.take();
    const rssBefore = residentBytes(running.pid);

    const [file = ''] = globSync(join(limen.data, 'history/*.db'));
    const holder = spawn(
      process.execPath,
      [join(import.meta.dirname, 'lock-holder.ts'), file, mode, String(lockMs)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const released = once(holder, 'exit');
    await once(holder.stdout, 'data');
    await wait(500);
    const acknowledged = loads.map((load) => load.acknowledged);
    probes.take();
    await wait(lockMs - 1_500);
    // Nothing is acknowledged while nothing can be committed.
    expect(loads.map((load) => load.acknowledged)).toEqual(acknowledged);
    const locked = probes.take();
    const rssLocked = residentBytes(running.pid);
    await released;
    await Promise.all(loads.map((load) => load.until(load.acknowledged + 2 * windowMax)));
    const rssAfter = residentBytes(running.pid);

    probes.stop();
    await Promise.all(loads.map((load) => load.drain()));
    await patient.acknowledgements(probes.sent('patient'));
    const show = (share: number): string =>
      `${percentile(usual, share).toFixed(1)} -> ${percentile(locked, share).toFixed(1)}`;
    const figures = `${mode}: p50 ${show(0.5)}, p99 ${show(0.99)}, max ${show(1)} ms of ${usual.length} and ${locked.length}; RSS ${megabytes(rssBefore)}, ${megabytes(rssLocked)}, ${megabytes(rssAfter)} MB; ${loads.reduce((sum, load) => sum + load.sent, 0)} readings`;
    // What was measured is worth a line in the log of a run that fails, and in that of one that does not.
    process.stderr.write(`${figures}\n`);
    expect(locked.length).toBeGreaterThan(lockMs / 100);
    expect(percentile(locked, 1)).toBeLessThan(Math.max(200, 10 * percentile(usual, 0.99)));
    expect((rssLocked - rssBefore) / 1e6).toBeLessThan(50);
    expect((rssAfter - rssBefore) / 1e6).toBeLessThan(50);

    expect((await running.stop()).code).toBe(0);
    const counts = new Map(loads.map(({ device, sent }) => [device, sent]));
    expect(countedProblems(limen.data, counts)).toEqual([]);
  },
  40_000,
);

function residentBytes(pid: number): number {
  const [, kilobytes = ''] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
