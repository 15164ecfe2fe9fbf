import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { expect, onTestFinished, test } from 'vitest';
import { listenAll, type ListenRequest } from '../../src/broker/listeners.ts';
import { startEmbedded } from './embedded-fixture.ts';

const local: ListenRequest = { scheme: 'mqtt', host: '127.0.0.1', port: 0, loginRequired: false };

test.each(['mqtt', 'ws'] as const)(
  'listenAll() says clearly that a port is in use by another program (%s)',
  async (scheme) => {
    const { port } = await startEmbedded();
    const request = { ...local, scheme, port };
    await expect(listenAll([request], () => undefined)).rejects.toMatchObject({
      code: 'conflict',
      message:
        `Cannot listen on ${scheme}://127.0.0.1:${port}: another program uses the port. ` +
        'Stop it, or change broker.listen in the config',
    });
  },
);

test('listenAll() says that this machine has no such address', async () => {
  await expect(listenAll([{ ...local, host: '192.0.2.1' }], () => undefined)).rejects.toMatchObject(
    {
      code: 'conflict',
      message: 'Cannot listen on mqtt://192.0.2.1:0: this machine has no such address',
    },
  );
});

test('listenAll() opens all listeners or none', async () => {
  const { port } = await startEmbedded();
  const free = await freePort();
  const requests = [
    { ...local, port: free },
    { ...local, port },
  ];
  await expect(listenAll(requests, () => undefined)).rejects.toThrow('another program');
  const [again] = await listenAll([{ ...local, port: free }], () => undefined);
  expect(again?.url).toBe(`mqtt://127.0.0.1:${free}`);
  again?.close();
});

test('listenAll() carries MQTT over a WebSocket', async () => {
  const { url, door } = await startEmbedded({ listen: { scheme: 'ws' } });
  door.commitAlways();
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync(true));
  const message = new Promise<string>((resolve) =>
    client.on('message', (topic, payload) => resolve(`${topic} ${payload.toString()}`)),
  );
  await client.subscribeAsync('sensors/#', { qos: 1 });
  await client.publishAsync('sensors/a/t', '21.5', { qos: 1 });
  expect(await message).toBe('sensors/a/t 21.5');
  await client.publishAsync('sensors/a/t', 'x'.repeat(200_000), { qos: 1 });
  expect(door.readings).toHaveLength(2);
});

test('listenAll() tells plain HTTP on a WebSocket listener what it is', async () => {
  const { port } = await startEmbedded({ listen: { scheme: 'ws' } });
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect(answer.status).toBe(426);
  expect(await answer.text()).toContain('connect by WebSocket');
});

/** The status of an attempt to open a WebSocket with these headers. */
function upgrade(port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'mqtt', { headers: { ...headers } });
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
    onTestFinished(() => socket.terminate());
  });
}

test('listenAll() lets no page from elsewhere use the anonymous WebSocket', async () => {
  const { port } = await startEmbedded({ listen: { scheme: 'ws' } });
  expect(await upgrade(port, {})).toBe(101);
  for (const origin of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:3000'])
    expect(await upgrade(port, { origin })).toBe(101);
  for (const origin of ['http://evil.example', 'https://127.0.0.1.evil.example', 'null', 'file://'])
    expect(await upgrade(port, { origin })).toBe(403);
});

test('listenAll() lets no page in that found the anonymous WebSocket under a name of its own', async () => {
  const { port, log, metrics } = await startEmbedded({ listen: { scheme: 'ws' } });
  for (const host of [`localhost:${port}`, '127.0.0.1', `[::1]:${port}`])
    expect(await upgrade(port, { host })).toBe(101);
  for (const host of ['evil.example', `evil.example:${port}`, '192.168.1.2'])
    expect(await upgrade(port, { host })).toBe(403);
  const both = { host: 'evil.example', origin: 'http://evil.example' };
  expect(await upgrade(port, both)).toBe(403);
  expect(metrics.text()).toContain(
    'limen_clients_refused_total{reason="web page from elsewhere"} 4',
  );
  expect(log.lines).toEqual(['client refused']);
});

test('listenAll() leaves the names alone where everybody logs in', async () => {
  const { port } = await startEmbedded({ listen: { scheme: 'ws', loginRequired: true } });
  expect(await upgrade(port, { host: 'limen.lan', origin: 'https://page.lan' })).toBe(101);
});

async function freePort(): Promise<number> {
  const [listener] = await listenAll([local], () => undefined);
  listener?.close();
  return Number(new URL(listener?.url ?? '').port);
}
