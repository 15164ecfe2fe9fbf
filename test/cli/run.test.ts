import { on, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectLimen } from '../../src/http/client.ts';
import { createSite, type Site } from './limen.ts';

const config = `
broker: { listen: [mqtt://127.0.0.1:0] }
http: { listen: http://127.0.0.1:0 }
rules: { never: { points: nothing-*/temperature, above: 0 } }
`;

interface Running extends AsyncDisposable {
  readonly pid: number | undefined;
  /** What it logged so far. */
  log(): string;
  /** Sends the signal; resolves with the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `limen run` and waits until its socket answers. */
async function start(site: Site): Promise<Running> {
  const socket = join(site.directory, 'data/limen.sock');
  const child = site.spawn(['run']);
  const closed = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new AbortController();
  void closed.then(() => ended.abort(new Error(`it ended early: ${log}`)));
  // Lines are logged before and after the socket is open: one of them finds it so.
  for await (const _ of on(child.stderr, 'data', { signal: ended.signal })) {
    if ((await connectLimen(socket)) !== null) break;
  }
  return {
    pid: child.pid,
    log: () => log,
    async stop(signal) {
      child.kill(signal);
      const [status] = await closed;
      return status;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

test('limen run stores what a simulated device sends, and all of it can be read afterwards', async () => {
  await using site = createSite(config);
  await using running = await start(site);
  const status = JSON.parse((await site.limen(['status', '--json'])).out) as { pid: number };
  expect(status).toMatchObject({ running: true, pid: running.pid, unmatched_rules: ['never'] });

  const simulated = await site.limen(['simulate', 'cold-room', '--count', '5', '--speed', '100']);
  expect(simulated).toMatchObject({ status: 0 });
  expect(simulated.out.trim().split('\n')).toHaveLength(5);
  const live = await site.limen(['readings', '--json']);
  expect(live.out.trim().split('\n')).toHaveLength(5);

  expect(await running.stop('SIGTERM')).toBe(0);
  expect(await site.limen(['readings', '--json'])).toEqual(live);
  expect(await site.limen(['readings', '--count'])).toMatchObject({ out: '5\n' });
  expect(await site.limen(['status'])).toMatchObject({
    out: expect.stringContaining('Limen is not running'),
  });
});

test('limen run logs one JSON object a line off a terminal', async () => {
  await using site = createSite(config);
  await using running = await start(site);
  expect(await running.stop('SIGINT')).toBe(0);
  const lines = running.log().trim().split('\n');
  const stopping = lines.map((line) => JSON.parse(line) as { message: string });
  expect(stopping.map(({ message }) => message)).toContain('stopping');
});

test('limen run reads the config again at a SIGHUP that comes while it starts', async () => {
  await using site = createSite(config);
  await using running = await start(site);
  const path = join(site.directory, 'config/limen.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('never:', 'seldom:'));
  process.kill(running.pid ?? 0, 'SIGHUP');
  await expect.poll(running.log, { timeout: 20_000 }).toContain('config applied');
  const status = JSON.parse((await site.limen(['status', '--json'])).out) as object;
  expect(status).toMatchObject({ unmatched_rules: ['seldom'] });
});

test('limen run keeps the config in force when a save that failed has left an empty file', async () => {
  await using site = createSite(config);
  await using running = await start(site);
  writeFileSync(join(site.directory, 'config/limen.yaml'), '\n');
  process.kill(running.pid ?? 0, 'SIGHUP');
  await expect
    .poll(running.log, { timeout: 20_000 })
    .toContain('the file is empty; for no rules at all say so: rules: {}');
  const status = JSON.parse((await site.limen(['status', '--json'])).out) as object;
  expect(status).toMatchObject({ unmatched_rules: ['never'] });
});

test('limen run refuses a second one on the same data', async () => {
  await using site = createSite(config);
  await using running = await start(site);
  const { status, err } = await site.limen(['run']);
  expect(status).toBe(1);
  expect(err).toContain('limen: ');
  expect(await running.stop('SIGTERM')).toBe(0);
});
