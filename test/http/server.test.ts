import { statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createHttpServer, type HttpListener, type ListenAt } from '../../src/http/server.ts';
import { createFakeApi, createTestLog, temporaryDirectory } from './fake-api.ts';

const { log } = createTestLog();

async function listen(
  at: ListenAt,
  api = createFakeApi(),
): Promise<HttpListener & AsyncDisposable> {
  const listener = await createHttpServer({ api, log }).listen(at);
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() };
}

test('listen() makes the socket with mode 0600 and removes it when closed', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'limen.sock');
  const listener = await listen({ socketPath: path });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await listener.close();
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test('listen() takes the place of a socket that nobody answers', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'limen.sock');
  // A killed process leaves its socket file behind.
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  expect(statSync(path).isSocket()).toBe(true);
  await using _listener = await listen({ socketPath: path });
});

test('listen() refuses a socket that somebody answers', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'limen.sock');
  const other = createServer().listen(path);
  await once(other, 'listening');
  await expect(listen({ socketPath: path })).rejects.toMatchObject({ code: 'conflict' });
  other.close();
});

test('listen() leaves a file that is not a socket alone', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'limen.sock');
  writeFileSync(path, 'mine');
  await expect(listen({ socketPath: path })).rejects.toMatchObject({ code: 'conflict' });
});

test('listen() says that the path of a socket is too long', async () => {
  const path = join('/tmp', 'x'.repeat(110), 'limen.sock');
  await expect(listen({ socketPath: path })).rejects.toThrow(/shorter storage.directory/);
});

test('listen() refuses a TCP address that is not loopback', async () => {
  await expect(listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'invalid' });
});

test('listen() says that a port is taken', async () => {
  await using first = await listen({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(first.url ?? '').port);
  await expect(listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'conflict' });
});

test('the TCP listener serves health, readiness and metrics', async () => {
  const api = createFakeApi();
  await using listener = await listen({ host: '127.0.0.1', port: 0 }, api);
  const health = await fetch(`${listener.url}/healthz`);
  expect(health.status).toBe(200);
  expect(await health.json()).toEqual({ ok: true, failing: [] });
  const metrics = await fetch(`${listener.url}/metrics`);
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await metrics.text()).toContain('limen_up 1\n');

  api.healthAnswer = { ok: false, failing: ['storage: no commit for 12 s'] };
  const ready = await fetch(`${listener.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ ok: false, failing: ['storage: no commit for 12 s'] });
});

test('the TCP listener serves nothing that reads data or acts', async () => {
  await using listener = await listen({ host: '127.0.0.1', port: 0 });
  for (const path of ['/api/v1/status', '/api/v1/readings', '/api/v1/users', '/']) {
    const response = await fetch(`${listener.url}${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  }
  const act = await fetch(`${listener.url}/api/v1/alerts/ack`, { method: 'POST', body: '{}' });
  expect(act.status).toBe(404);
});

test.each([
  ['evil.example', 400],
  ['127.0.0.1.evil.example:8080', 400],
  ['localhost:8080', 200],
  ['[::1]:8080', 200],
  ['127.0.0.2', 200],
])('the TCP listener answers Host %s with %i', async (host, status) => {
  await using listener = await listen({ host: '127.0.0.1', port: 0 });
  const outgoing = request(`${listener.url}/healthz`, { headers: { host } }).end();
  const [response] = await once(outgoing, 'response');
  expect(response.statusCode).toBe(status);
  await text(response);
});
