// Aim: a window goes on over kill -9 with what is stored, and the message tells what was judged.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { openInbox, on } from './mqtt-inbox.ts';

test.concurrent('a window of 6s is judged at the first reading after kill -9, with the readings of before', async () => {
  const limen = install({
    yaml: `
points: { tank-1/level: { unit: "%", expect_every: 10s } }
rules:
  full: { points: tank-1/level, above: 80, window: 6s, of: mean, severity: warning }
  busy: { points: tank-1/level, above: 100, window: 6s, of: count }
`,
  });
  const topic = 'limen/alerts/full/tank-1/level';
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/alerts/#');
  await before.client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  await wait(2_000);
  expect(before.messages.filter(({ json }) => json['state'] === 'active')).toEqual([]);
  await first.kill();

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/alerts/#');
  await wait(1_500);
  await after.client.publishAsync('sensors/tank-1/level', '5', { qos: 1 });
  const active = await after.next('active', on(topic, { state: 'active' }));
  expect(active.json).toMatchObject({
    value: 95,
    limit: 80,
    unit: '%',
    message: 'mean over 6 s of tank-1/level is 95 %, above 80 %',
  });
}, 30_000);

test.concurrent('changes_to takes a text for a value, and stuck_for is told in seconds', async () => {
  const limen = install({
    yaml: `
rules:
  opened: { points: valve/state, changes_to: open, severity: info }
  frozen: { points: valve/flow, stuck_for: 1s, severity: info }
`,
  });
  const { url } = await limen.start();
  const { client, next } = await openInbox(url, 'limen/alerts/#');
  await client.publishAsync('sensors/valve/state', 'shut', { qos: 1 });
  await client.publishAsync('sensors/valve/flow', '3', { qos: 1 });
  await wait(1_100);
  await client.publishAsync('sensors/valve/state', 'open', { qos: 1 });
  await client.publishAsync('sensors/valve/flow', '3', { qos: 1 });
  const opened = await next('opened', on('limen/alerts/opened/valve/state', { state: 'active' }));
  expect(opened.json).toMatchObject({ value: 'open', limit: 'open' });
  const frozen = await next('frozen', on('limen/alerts/frozen/valve/flow', { state: 'active' }));
  expect(frozen.json).toMatchObject({ limit: 1, unit: 's' });
  expect(Number(frozen.json['value'])).toBeGreaterThanOrEqual(1);
}, 30_000);
