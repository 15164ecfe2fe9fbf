// Aim: delays and open alerts survive kill -9 as the restart table of the contract says. Times are real: what is
// compared is the wall time in the alert with the wall time of the breach, within the second the contract allows.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { connectClient, on, openInbox } from './mqtt-inbox.ts';

const second = 1_000;
const topicOf = (rule: string, device: string): string => `limen/alerts/${rule}/${device}/level`;

test.concurrent('an alert pending with on_delay 20s, killed after 5 s and started 5 s later, is active 20 s after the breach', async () => {
  const limen = install({
    yaml: 'rules: { full: { points: tank-1/level, above: 80, severity: warning, on_delay: 20s } }',
  });
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/alerts/#');
  await before.client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  const breached = await before.next('pending', on(topicOf('full', 'tank-1')));
  const breachMs = Date.now();
  expect(breached.json).toMatchObject({ state: 'pending', raised_at: null, raises: 0 });
  const { due_at: dueAt, breached_at: begunAt } = breached.json;
  expect(Math.abs(Number(dueAt) - Number(begunAt) - 20 * second)).toBeLessThan(100);
  await wait(5 * second);
  await first.kill();
  await wait(5 * second);

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/alerts/#');
  const restored = await after.next('restored', on(topicOf('full', 'tank-1')));
  expect(restored.json).toMatchObject({ state: 'pending', id: breached.json['id'] });
  const active = await after.next('active', on(topicOf('full', 'tank-1'), { state: 'active' }));
  expect(Math.abs(Date.now() - breachMs - 20 * second)).toBeLessThan(second);
  const { raised_at: raisedAt, breached_at: breachedAt } = active.json;
  expect(Math.abs(Number(raisedAt) - Number(breachedAt) - 20 * second)).toBeLessThan(100);
  expect(active.json).toMatchObject({ id: breached.json['id'], raises: 1, value: 95 });
  // The stop was shorter than a minute: nothing of Limen's own is raised by it.
  expect(after.messages.map(({ topic }) => topic)).not.toContain('limen/alerts/limen.was_down');
}, 40_000);

test.concurrent('an on-delay that ends while Limen is down makes the alert active at once at the start', async () => {
  const limen = install({
    yaml: 'rules: { full: { points: tank-1/level, above: 80, severity: warning, on_delay: 2s } }',
  });
  const first = await limen.start();
  const client = await connectClient(first.url);
  await client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  await first.kill();
  await wait(2_500);
  const again = await limen.start();
  const startedMs = Date.now();
  const inbox = await openInbox(again.url, 'limen/alerts/#');
  const active = await inbox.next('active', on(topicOf('full', 'tank-1'), { state: 'active' }));
  expect(Date.now() - startedMs).toBeLessThan(second);
  expect(active.json).toMatchObject({ raises: 1, value: 95 });
}, 30_000);

test.concurrent('an off-delay does not count while Limen is down: only good clear readings that hold for all of it end the alert', async () => {
  const limen = install({
    yaml: 'rules: { full: { points: tank-1/level, above: 80, severity: warning, off_delay: 3s, acknowledge: not_required } }',
  });
  const topic = topicOf('full', 'tank-1');
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/alerts/#');
  await before.client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  await before.next('active', on(topic, { state: 'active' }));
  await before.client.publishAsync('sensors/tank-1/level', '20', { qos: 1 });
  const clear = await before.next('clear', on(topic, { condition: 'clear' }));
  expect(clear.json).toMatchObject({ state: 'active' });
  expect(Number(clear.json['due_at'])).toBeGreaterThan(Number(clear.json['raised_at']));
  await wait(second);
  await first.kill();
  await wait(3_500);

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/alerts/#');
  const restored = await after.next('restored', on(topic));
  expect(restored.json).toMatchObject({ state: 'active', id: clear.json['id'], due_at: null });
  // Longer than the off-delay without a reading: nothing may end it.
  await wait(3_500);
  expect(after.messages.filter(({ json }) => json['state'] !== 'active')).toEqual([]);

  await after.client.publishAsync('sensors/tank-1/level', '21', { qos: 1 });
  await wait(second);
  await after.client.publishAsync('sensors/tank-1/level', 'unavailable', { qos: 1 });
  const unknown = await after.next('unknown', on(topic, { condition: 'unknown' }));
  expect(unknown.json).toMatchObject({ state: 'active', due_at: null });
  await after.client.publishAsync('sensors/tank-1/level', '22', { qos: 1 });
  const clearMs = Date.now();
  const normal = await after.next('normal', on(topic, { state: 'normal' }));
  expect(Math.abs(Date.now() - clearMs - 3 * second)).toBeLessThan(second);
  expect(normal.json).toMatchObject({ reason: 'off_delay_over', id: clear.json['id'] });
}, 40_000);

test.concurrent('active, acknowledged and returned alerts come back from kill -9 as they were, with their ids, and are retained again', async () => {
  const limen = install({
    yaml: `
rules:
  full: { points: 'tank-*/level', above: { warning: 80, critical: 90 }, deadband: 1, then: [{ output: pump, set: on }] }
outputs: { pump: { mqtt: { broker: embedded, topic: pump/set, on: 'on', off: 'off' }, safe: off, max_on: 1h } }
`,
  });
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/alerts/#', 'limen/events/act');
  const tell = (device: string, payload: string) =>
    before.client.publishAsync(`sensors/${device}/level`, payload, { qos: 1 });
  for (const device of ['tank-active', 'tank-acked', 'tank-returned', 'tank-normal']) {
    await tell(device, '85.5');
    await tell(device, '97.25');
  }
  const ack = JSON.stringify({ by: 'ann', comment: 'leak' });
  for (const device of ['tank-acked', 'tank-normal']) {
    await before.client.publishAsync(`${topicOf('full', device)}/ack`, ack, { qos: 1 });
  }
  await tell('tank-returned', '12');
  await tell('tank-normal', '13');
  await tell('tank-active', '92');
  const last = new Map<string, Readonly<Record<string, unknown>>>();
  const states = {
    'tank-active': 'active',
    'tank-acked': 'acknowledged',
    'tank-returned': 'returned',
    'tank-normal': 'normal',
  };
  for (const [device, state] of Object.entries(states)) {
    const topic = topicOf('full', device);
    await before.next(`${device} ${state}`, on(topic, { state }));
  }
  const listed = await limen.json('alerts', '--all');
  await first.kill();

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/#', 'pump/set');
  for (const { topic, json } of before.messages)
    if (json['state'] !== undefined) last.set(topic, json);
  for (const [device, state] of Object.entries(states)) {
    if (state === 'normal') continue;
    const topic = topicOf('full', device);
    const { json, retain } = await after.next(`${device} again`, on(topic, { state }));
    expect(retain).toBe(true);
    // The value is that of the moment, the rest that of the last event; only the reason says that it is a repetition.
    const value = device === 'tank-active' ? 92 : json['value'];
    expect(json).toEqual({ ...last.get(topic), value, reason: 'restored' });
  }
  expect(await limen.json('alerts', '--all')).toEqual(listed);
  await after.next('pump', on('limen/outputs/pump', { commanded: 'on' }));
  // The number of the next occurrence goes on.
  await after.client.publishAsync('sensors/tank-normal/level', '99', { qos: 1 });
  const next = await after.next('second', on(topicOf('full', 'tank-normal'), { state: 'active' }));
  expect(next.json['id']).toBe('full/tank-normal/level/2');
}, 30_000);
