// Aim: a data folder has one master, and an orderly stop under load keeps its word: quickly, outputs safe, everything
// acknowledged on disk, and no hole in the numbers for the next start.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startBroker } from '../broker/remote-fixture.ts';
import { onFileFinished } from '../flow/clean-up.ts';
import { install } from '../flow/limen-process.ts';
import { on, openInbox } from '../flow/mqtt-inbox.ts';
import { startLoad } from './counting-load.ts';
import { countedProblems } from './stored-counts.ts';

test.concurrent('a second instance on one data folder exits with 1 and says who has it, and the first goes on', async () => {
  const limen = install({ yaml: '' });
  const running = await limen.start();
  const second = await limen.cli('run');
  expect(second.status).toBe(1);
  expect(second.err).toContain(`Another Limen (process ${running.pid}) works on ${limen.data}`);
  const inbox = await openInbox(running.url, 'limen/status');
  await inbox.client.publishAsync('sensors/a/b', '1', { qos: 1 });
  expect(await limen.json('status')).toMatchObject({ pid: running.pid });
  expect(await limen.readings()).toHaveLength(1);
  // The lock ends with its holder, however that ends.
  await running.kill();
  await limen.start();
}, 40_000);

test.concurrent('SIGTERM under load exits with 0 within 10 s, outputs safe last, all acknowledged readings stored, no hole in the numbers', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const limen = install({
    yaml: `
brokers: { home: { url: '${home.url}' } }
publish: { to: [embedded, home] }
rules: { high: { points: tank/level, above: 80, severity: critical, then: [{ output: near, while: raised }, { output: far, while: raised }] } }
outputs:
  near: { mqtt: { broker: embedded, topic: near/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h }
  far: { mqtt: { broker: home, topic: far/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h }
`,
  });
  const device = await openInbox(home.url, 'far/set', 'limen/status');
  let lastSeq = 0;
  const counts = new Map<string, number>();
  for (const round of [1, 2, 3]) {
    const from = device.messages.length;
    const running = await limen.start();
    const inbox = await openInbox(running.url, 'near/set', 'limen/status', 'limen/outputs/#');
    await device.next('online', ({ text }) => text === 'online', from);
    const loads = await Promise.all(
      Array.from({ length: 4 }, (_, n) => startLoad(running.port, `load-${round}-${n}`, 500)),
    );
    await inbox.client.publishAsync('sensors/tank/level', '95', { qos: 1 });
    await inbox.next('on', on('limen/outputs/far', { commanded: 'on' }));
    await Promise.all(loads.map((load) => load.until(5_000)));
    await device.next('far on', ({ text }) => text === 'ON', from);
    const { code, tookMs } = await running.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
    await Promise.all(loads.map((load) => load.closed()));
    for (const load of loads) counts.set(load.device, load.acknowledged);
    expect(inbox.texts('near/set').at(-1)).toBe('OFF');
    expect(inbox.texts('limen/status').at(-1)).toBe('offline');
    await device.next('offline', ({ text }) => text === 'offline', from);
    expect(device.texts('far/set').at(-1)).toBe('OFF');
    expect(countedProblems(limen.data, counts)).toEqual([]);

    const seqs = allSeqs(limen.data);
    expect(holes(seqs)).toEqual([]);
    expect(seqs.at(-1)).toBeGreaterThan(lastSeq);
    lastSeq = seqs.at(-1) ?? 0;
  }
}, 60_000);

/** Every number in the files: readings, the clock of each group, entries. */
function allSeqs(data: string): number[] {
  const seqs: number[] = [];
  for (const file of globSync(join(data, 'history/*.db'))) {
    const db = new Database(file, { readonly: true });
    const select = db.prepare<[], number>(
      'SELECT seq FROM reading UNION ALL SELECT seq FROM entry',
    );
    seqs.push(...select.pluck().all());
    db.close();
  }
  return seqs.toSorted((a, b) => a - b);
}

function holes(seqs: readonly number[]): string[] {
  const found: string[] = [];
  seqs.forEach((seq, index) => {
    const before = index === 0 ? 0 : (seqs[index - 1] ?? 0);
    if (seq !== before + 1) found.push(`${seq} after ${before}`);
  });
  return found;
}
