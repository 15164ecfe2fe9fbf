import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { expect, onTestFinished, test } from 'vitest';
import { isLoopback, listenAll, type ListenRequest } from '../../src/broker/listeners.ts';
import { startEmbedded } from './embedded-fixture.ts';

const local: ListenRequest = { scheme: 'mqtt', host: '127.0.0.1', port: 0, loginRequired: false };

test('isLoopback() knows the addresses of this machine alone', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.8.7', '::1', '[::1]'])
    expect(isLoopback(host)).toBe(true);
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '127.0.0.1.example.org', ''])
    expect(isLoopback(host)).toBe(false);
});

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

test('listenAll() lets no page from elsewhere use the anonymous WebSocket', async () => {
  const { port } = await startEmbedded({ listen: { scheme: 'ws' } });
  const open = (origin: string | undefined): Promise<boolean> =>
    new Promise((resolve) => {
      const options = origin === undefined ? {} : { origin };
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'mqtt', options);
      socket.on('open', () => resolve(true));
      socket.on('error', () => resolve(false));
      onTestFinished(() => socket.terminate());
    });
  expect(await open(undefined)).toBe(true);
  expect(await open('http://127.0.0.1:8080')).toBe(true);
  expect(await open('http://evil.example')).toBe(false);
  expect(await open('null')).toBe(false);
});

async function freePort(): Promise<number> {
  const [listener] = await listenAll([local], () => undefined);
  listener?.close();
  return Number(new URL(listener?.url ?? '').port);
}
