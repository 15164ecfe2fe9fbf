// Aim: when no commit succeeds, people are told all the same, from memory and marked so; and a stop that cannot write
// any more still leaves the outputs safe, within its time.
import { expect, test } from 'vitest';
import { startWebServer, status } from '../consumers/notifiers/web-server.ts';
import { lockDayFile } from '../flow/day-file-lock.ts';
import { install } from '../flow/limen-process.ts';
import { on, openInbox } from '../flow/mqtt-inbox.ts';

const yamlFor = (url: string): string => `
rules: { hot: { points: 'oven-*/heat', above: 100, severity: critical, then: [{ notify: kitchen }, { output: siren, while: raised }] } }
outputs: { siren: { mqtt: { broker: embedded, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 10m } }
notifiers: { kitchen: { webhook: { url: '${url}' } } }
`;

test.concurrent('without a commit for 2 s notifiers go on from memory, marked as not recorded, and are not told twice', async () => {
  await using kitchen = await startWebServer(status(200));
  const limen = install({ yaml: yamlFor(kitchen.url) });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  const tell = (device: string): void =>
    void inbox.client.publishAsync(`sensors/${device}/heat`, '150', { qos: 1 });
  tell('oven-1');
  await kitchen.received(1);
  const lock = lockDayFile(limen.data);
  const start = performance.now();
  tell('oven-2');
  const second = await inbox.next(
    'active',
    on('limen/alerts/hot/oven-2/heat', { state: 'active' }),
  );
  await kitchen.received(2);
  const tookMs = performance.now() - start;
  expect(tookMs).toBeGreaterThan(1_900);
  expect(tookMs).toBeLessThan(6_000);
  tell('oven-3');
  await kitchen.received(3);
  const ready = await fetch(`${running.httpUrl}/readyz`);
  expect(ready.status).toBe(503);
  expect((await fetch(`${running.httpUrl}/healthz`)).status).toBe(200);
  lock.release();

  await running.logged('commits go on');
  tell('oven-4');
  await kitchen.received(4);
  expect(kitchen.requests.map(({ body }) => [body['device'], body['recorded']])).toEqual([
    ['oven-1', true],
    ['oven-2', false],
    ['oven-3', false],
    ['oven-4', true],
  ]);
  expect(kitchen.requests[1]?.headers['idempotency-key']).toBe(
    `${String(second.json['id'])}:${String(second.json['seq'])}`,
  );
  // Their results are on disk: a restart tells nobody again.
  await running.stop();
  const again = await limen.start();
  const later = await openInbox(again.url, 'limen/#');
  await later.client.publishAsync('sensors/oven-5/heat', '150', { qos: 1 });
  await kitchen.received(5);
  expect(kitchen.requests[4]?.body).toMatchObject({ device: 'oven-5', recorded: true });
}, 40_000);

test.concurrent('SIGTERM while the disk takes nothing sends the outputs safe and ends with 1 within its 10 s', async () => {
  const limen = install({ yaml: yamlFor('http://127.0.0.1:9/') });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  await inbox.client.publishAsync('sensors/oven-1/heat', '150', { qos: 1 });
  await inbox.next('ON', ({ text }) => text === 'ON');
  lockDayFile(limen.data);
  inbox.client.publish('sensors/oven-1/heat', '151', { qos: 1 });
  const { code, tookMs } = await running.stop();
  expect(code).toBe(1);
  expect(tookMs).toBeLessThan(12_000);
  expect(inbox.texts('siren/set').at(-1)).toBe('OFF');
  expect(running.log().map(({ message }) => message)).toContain('could not stop in time');
}, 40_000);
