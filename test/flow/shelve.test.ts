// Aim: what is shelved or out of service is kept from people and from nothing else, whichever way it was asked for, and
// a kill -9 changes nothing about it. Times are real.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, install, type Installation } from './limen-process.ts';
import { on, openInbox, type Inbox } from './mqtt-inbox.ts';

const second = 1_000;
const alert = 'limen/alerts/full/tank-1/level';
const key = 'full/tank-1/level';

function installed(): Installation {
  const limen = install({ yaml: '' });
  const told = join(limen.folder, 'told');
  const command = JSON.stringify(['sh', '-c', `cat >> '${told}'; echo >> '${told}'`]);
  limen.configure(`
rules:
  full:
    points: tank-1/level
    above: 80
    acknowledge: not_required
    shelve_max: 1h
    then: [{ output: lamp, while: unacknowledged }, { output: pump }, { notify: kitchen, on: [active, normal] }]
outputs:
  lamp: { mqtt: { topic: lamp/set } }
  pump: { mqtt: { topic: pump/set } }
notifiers: { kitchen: { command: ${command} } }
`);
  return limen;
}

/** Why each notification was sent, in order. */
function toldOf({ folder }: Installation): string[] {
  const file = join(folder, 'told');
  if (!existsSync(file)) return [];
  return Array.from(
    readFileSync(file, 'utf8').matchAll(/"reason":"(\w+)"/g),
    ([, why]) => why ?? '',
  );
}

async function read(inbox: Inbox, level: number): Promise<void> {
  await inbox.client.publishAsync('sensors/tank-1/level', String(level), { qos: 1 });
}

test.concurrent('an alert shelved over MQTT stays so over a kill, and is announced when the shelf ends', async () => {
  const limen = installed();
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/#', 'lamp/set', 'pump/set');
  await read(before, 95);
  await before.next('active', on(alert, { state: 'active' }));
  await eventually('told of the raise', () => toldOf(limen).length === 1);
  const shelve = (body: object): Promise<unknown> =>
    before.client.publishAsync(`${alert}/shelve`, JSON.stringify(body), { qos: 1 });
  await shelve({ for: '2h', by: 'greedy' });
  const refused = await before.next('refused', on('limen/events/act', { by: 'greedy' }));
  expect(refused.json).toMatchObject({ act: 'shelve', result: 'refused' });
  expect(refused.json['reason']).toContain('shelve_max, which is 1h');
  const lastSeen = before.messages.length;
  await shelve({ for: '6s', by: 'anna', comment: 'cleaning' });
  const shelvedMs = Date.now();
  await before.next('done', on('limen/events/act', { act: 'shelve', result: 'done', by: 'anna' }));
  await before.next('event', on('limen/events/alert', { kind: 'flag', reason: 'shelved' }));
  const shelved = await before.next('shelved', on(alert, { reason: 'shelved' }));
  const until = Number(shelved.json['shelved_until']);
  expect(Math.abs(until - shelvedMs - 6 * second)).toBeLessThan(second);
  await before.next(
    'lamp off',
    ({ topic, text }) => topic === 'lamp/set' && text === 'off',
    lastSeen,
  );
  expect(before.messages.slice(lastSeen).map(({ topic }) => topic)).not.toContain('pump/set');
  await first.kill();

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/#', 'lamp/set');
  const restored = await after.next('restored', on(alert));
  expect(restored.json).toMatchObject({ state: 'active' });
  // By engine time it is the same end; the wall clock runs a little beside it.
  expect(Math.abs(Number(restored.json['shelved_until']) - until)).toBeLessThan(100);
  const ended = await after.next('end', on('limen/events/alert', { reason: 'unshelved' }));
  expect(Math.abs(Date.now() - shelvedMs - 6 * second)).toBeLessThan(second);
  expect(ended.json).toMatchObject({ kind: 'flag', to: 'active', shelved_until: null });
  await after.next('lamp on', ({ topic, text }) => topic === 'lamp/set' && text === 'on');
  await eventually('told of the end', () => toldOf(limen).length === 2);
  expect(toldOf(limen)).toEqual(['breached', 'unshelved']);
}, 40_000);

test.concurrent('a one-shot from the command line ends at normal, and nobody is told before', async () => {
  const limen = installed();
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await read(inbox, 20);
  await eventually('heard', async () => (await limen.readings()).length === 1);
  const shelved = await limen.cli('shelve', 'full', '--one-shot', '--by', 'anna');
  expect(shelved).toMatchObject({ status: 0, out: `shelved ${key}/0\n` });
  expect(await limen.json('alerts')).toMatchObject([{ state: 'normal', reason: 'shelved' }]);
  await read(inbox, 95);
  await inbox.next('active', on(alert, { state: 'active' }));
  expect((await limen.cli('alerts')).out).toContain('active (shelved until ');
  await read(inbox, 20);
  await inbox.next('end', on('limen/events/alert', { reason: 'unshelved', to: 'normal' }));
  await read(inbox, 96);
  await eventually('told', () => toldOf(limen).length > 0);
  expect(toldOf(limen)).toEqual(['breached']);
  expect((await limen.cli('unshelve', 'full')).status).toBe(1);
}, 30_000);

test.concurrent('an alert out of service holds nothing and tells nobody, over a kill, until it is put back', async () => {
  const limen = installed();
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/#');
  await read(before, 20);
  await eventually('heard', async () => (await limen.readings()).length === 1);
  const out = await limen.cli('service', key, 'out', '--comment', 'valve away');
  expect(out).toMatchObject({ status: 0, out: `out of service: ${key}/0\n` });
  await first.logged('full/tank-1/level is out of service');
  await first.kill();
  expect((await limen.cli('alerts')).out).toContain('normal (out of service)');

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/#', 'pump/set');
  const kept = await after.next('restored', on(alert));
  expect(kept.json).toMatchObject({ state: 'normal', out_of_service: true });
  await read(after, 95);
  await after.next('active', on(alert, { state: 'active', out_of_service: true }));
  expect(after.texts('pump/set')).not.toContain('on');
  await after.client.publishAsync(`${alert}/service`, '{"in":true,"by":"anna"}', { qos: 1 });
  await after.next('back', on('limen/events/alert', { kind: 'flag', reason: 'in_service' }));
  await after.next('pump on', ({ topic, text }) => topic === 'pump/set' && text === 'on');
  await eventually('told', () => toldOf(limen).length > 0);
  expect(toldOf(limen)).toEqual(['in_service']);
}, 40_000);
