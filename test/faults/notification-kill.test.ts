// Aim: the whole program killed at every step of a notification, and between an output's command and its commit, by the
// fault points of the host. The receiver is a real server that remembers every attempt.
import { expect, test } from 'vitest';
import { startBroker } from '../broker/remote-fixture.ts';
import { startWebServer, status } from '../consumers/notifiers/web-server.ts';
import { connectRaw } from '../flow/raw-client.ts';
import { onFileFinished } from '../flow/clean-up.ts';
import { install } from '../flow/limen-process.ts';
import { on, openInbox } from '../flow/mqtt-inbox.ts';

const warm = 'limen/alerts/warm/oven-1/heat';

test.concurrent.each([
  ['notification_attempt', 1],
  ['notification_attempted', 2],
  ['notification_recorded', 2],
] as const)(
  'no notification is lost and at most one is repeated, with its key, when Limen is killed at %s',
  async (place, attemptsMax) => {
    await using server = await startWebServer(status(200));
    const limen = install({
      yaml: `
rules: { warm: { points: 'oven-*/heat', above: 100, severity: critical, then: [{ notify: kitchen, on: [active, acknowledged] }] } }
notifiers: { kitchen: { webhook: { url: '${server.url}/alert' } } }
`,
    });
    const doomed = await limen.start({ LIMEN_FAULT_POINT: place });
    const sensor = await connectRaw(doomed.port, 'sensor');
    sensor.publish('sensors/oven-1/heat', '150');
    sensor.publish('sensors/oven-2/heat', '160');
    expect(await doomed.ended()).toBe('SIGKILL');
    expect(server.requests.length).toBeLessThanOrEqual(1);

    const again = await limen.start();
    const inbox = await openInbox(again.url, 'limen/alerts/#');
    const alert = await inbox.next('restored', on(warm, { state: 'active' }));
    // The second reading may have died with the connection before it was taken: then it is sent again.
    await inbox.client.publishAsync('sensors/oven-2/heat', '161', { qos: 1 });
    await inbox.client.publishAsync(`${warm}/ack`, '{"by":"ann"}', { qos: 1 });
    const keysOf = (id: unknown, event: string): unknown[] =>
      server.requests
        .filter(({ body }) => body['id'] === id && body['event'] === event)
        .map(({ headers }) => headers['idempotency-key']);
    while (keysOf(alert.json['id'], 'acknowledged').length === 0) {
      await server.received(server.requests.length + 1);
    }
    const keys = keysOf(alert.json['id'], 'active');
    expect(keys.length).toBeGreaterThanOrEqual(1);
    expect(keys.length).toBeLessThanOrEqual(attemptsMax);
    expect(new Set(keys).size).toBe(1);
    expect(keysOf('warm/oven-2/heat/1', 'active')).toHaveLength(1);
    expect(server.requests.every(({ body }) => body['recorded'] === true)).toBe(true);

    // What has its result on disk is not told again.
    const attempts = server.requests.length;
    await again.stop();
    const third = await limen.start();
    const client = await openInbox(third.url, 'limen/alerts/#');
    await client.client.publishAsync('sensors/oven-3/heat', '170', { qos: 1 });
    await server.received(attempts + 1);
    expect(server.requests.slice(attempts).map(({ body }) => body['device'])).toEqual(['oven-3']);
  },
  40_000,
);

test.concurrent('an output is commanded safe first after a kill between its command and the commit, and on only for a stored reason', async () => {
  // The device hangs on a broker of its own: what was sent to it has left Limen for good.
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const limen = install({
    yaml: `
brokers: { home: { url: '${home.url}' } }
rules: { warm: { points: oven-1/heat, above: 100, severity: critical, then: [{ output: siren, while: raised }] } }
outputs: { siren: { mqtt: { broker: home, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 10m } }
`,
  });
  const device = await openInbox(home.url, 'siren/set');
  const command = (text: string, from: number) =>
    device.next(text, (seen) => seen.text === text, from);
  // Safe at the start, safe as the link comes up, and then the one that matters.
  const doomed = await limen.start({ LIMEN_FAULT_POINT: 'command_sent:3' });
  await command('OFF', 0);
  const sensor = await connectRaw(doomed.port, 'sensor');
  sensor.publish('sensors/oven-1/heat', '150');
  expect(await doomed.ended()).toBe('SIGKILL');
  expect(sensor.acknowledged).toEqual([]);

  const seen = device.messages.length;
  const again = await limen.start();
  expect((await command('OFF', seen)).index).toBe(seen);
  const inbox = await openInbox(again.url, 'limen/outputs/siren');
  const shown = await inbox.next('safe', on('limen/outputs/siren'));
  expect(shown.json).toMatchObject({ commanded: 'off', owner: null });
  expect(await limen.json('alerts')).toEqual([]);
  expect(device.messages.slice(seen).map(({ text }) => text)).not.toContain('ON');

  // The sensor sends again what was never acknowledged: this time the reason is stored, and survives a kill.
  await inbox.client.publishAsync('sensors/oven-1/heat', '150', { qos: 1 });
  await command('ON', seen);
  await again.kill();
  const killed = device.messages.length;
  await limen.start();
  await command('ON', killed);
  const after = device.messages.slice(killed).map(({ text }) => text);
  expect(after[0]).toBe('OFF');
  expect(after.at(-1)).toBe('ON');
}, 40_000);
