// Aim: the drill and the heartbeat go through the running program to a real server.
import { expect, test } from 'vitest';
import { startWebServer, status } from '../consumers/notifiers/web-server.ts';
import { install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

test('drill sends a marked test alert through every step to a webhook and leaves nothing; heartbeats arrive', async () => {
  await using kitchen = await startWebServer(status(200));
  await using watcher = await startWebServer(status(204));
  const limen = install({
    yaml: `
rules: { warm: { points: 'oven-*/heat', above: 100, severity: critical, then: [{ notify: kitchen }, { output: siren, while: raised }] } }
outputs: { siren: { mqtt: { broker: embedded, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 10m } }
notifiers: { kitchen: { webhook: { url: '${kitchen.url}/alert' } } }
heartbeat: { url: '${watcher.url}/limen', every: 1s }
`,
  });
  expect((await limen.cli('drill', 'warm')).status).toBe(1);
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  await watcher.received(2);

  const drilled = await limen.cli('drill', 'warm', '--json');
  expect(drilled).toMatchObject({ status: 0, err: '' });
  const steps = drilled.out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(steps).toMatchObject([
    { step: 'raised', result: 'ok' },
    { step: 'published', result: 'ok' },
    { step: 'recorded', result: 'ok' },
    { step: 'output siren', result: 'ok' },
    { step: 'notifier kitchen', result: 'ok' },
    { step: 'ended', result: 'ok' },
  ]);
  expect(kitchen.requests).toHaveLength(1);
  const [told] = kitchen.requests;
  expect(told?.body).toMatchObject({ rule: 'warm', event: 'active', drill: true, site: 'flow' });
  expect(told?.headers['idempotency-key']).toBe(
    `${String(told?.body['id'])}:${String(told?.body['seq'])}`,
  );
  await inbox.next('over', on('limen/events/alert', { to: 'normal', drill: true }));
  await inbox.next('OFF', ({ text }) => text === 'OFF');
  expect(inbox.texts('siren/set')).toEqual(['ON', 'OFF']);
  expect(await limen.json('alerts')).toEqual([]);

  const unknown = await limen.cli('drill', 'wram');
  expect(unknown.status).toBe(1);
  expect(unknown.err).toContain('warm');
  await watcher.received(4);
}, 30_000);

test('drill lets go of its outputs in time although a notifier has no result yet, and still reports the result', async () => {
  const released = Promise.withResolvers<void>();
  await using kitchen = await startWebServer((response) => {
    void released.promise.then(() => response.writeHead(200).end());
  });
  const limen = install({
    yaml: `
rules: { warm: { points: 'oven-*/heat', above: 100, severity: critical, then: [{ notify: kitchen }, { output: siren, while: raised }] } }
outputs: { siren: { mqtt: { broker: embedded, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 10m } }
notifiers: { kitchen: { webhook: { url: '${kitchen.url}/alert' } } }
`,
  });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'siren/set');
  const drilled = limen.cli('drill', 'warm', '--json');
  const began = await inbox.next('ON', ({ text }) => text === 'ON');
  const ended = await inbox.next('OFF', ({ text }) => text === 'OFF');
  expect(Math.abs(ended.atMs - began.atMs - 3_000)).toBeLessThan(1_000);
  released.resolve();
  const { status: code, out } = await drilled;
  const steps = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(steps.slice(-3)).toMatchObject([
    { step: 'output siren', result: 'ok' },
    { step: 'notifier kitchen', result: 'ok', detail: 'delivered' },
    { step: 'ended', result: 'ok' },
  ]);
  expect(code).toBe(0);
}, 30_000);
