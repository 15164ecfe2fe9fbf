// Aim: no output outlives its reason, and none is let go without one: over dead sensors, kills and restarts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { startBroker } from '../broker/remote-fixture.ts';
import { onFileFinished } from './clean-up.ts';
import { install } from './limen-process.ts';
import { connectClient, on, openInbox, untilOnDisk, type Inbox } from './mqtt-inbox.ts';

interface Timed {
  readonly text: string;
  readonly atMs: number;
}

/** What a device was commanded, with the times. */
function commands(inbox: Inbox, topic: string): Timed[] {
  return inbox.messages.filter((seen) => seen.topic === topic);
}

test.concurrent('the siren of a dead sensor sounds again after kill -9, and its alert is active and unknown as before', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const limen = install({
    yaml: `
brokers: { home: { url: '${home.url}' } }
points: { oven/heat: { expect_every: 400ms } }
rules: { hot: { points: oven/heat, above: 100, severity: critical, then: [{ output: siren, while: unacknowledged }, { output: fan, set: on, while: raised }] } }
outputs:
  siren: { mqtt: { broker: home, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h, on_unknown: hold }
  fan: { mqtt: { broker: home, topic: fan/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h, on_unknown: safe }
`,
  });
  const device = await openInbox(home.url, '+/set');
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/#');
  const hot = 'limen/alerts/hot/oven/heat';
  await device.next('fan safe', on('fan/set'));
  await before.client.publishAsync('sensors/oven/heat', '150', { qos: 1 });
  await device.next('fan on', ({ topic, text }) => topic === 'fan/set' && text === 'ON');
  await before.next('unknown', on(hot, { condition: 'unknown', quality: 'stale' }));
  // The heater goes safe while nobody knows; the siren goes on.
  await before.next('fan off', on('limen/outputs/fan', { commanded: 'off' }), 2);
  expect(commands(device, 'siren/set').at(-1)?.text).toBe('ON');
  await untilOnDisk(before.client);
  await first.kill();

  const from = device.messages.length;
  const second = await limen.start();
  const after = await openInbox(second.url, 'limen/#');
  const restored = await after.next('restored', on(hot));
  expect(restored.json).toMatchObject({ state: 'active', condition: 'unknown', value: 150 });
  await after.next('stale', on('limen/alerts/limen.stale/oven/heat', { state: 'active' }));
  await device.next('siren', ({ topic, text }) => topic === 'siren/set' && text === 'ON', from);
  await wait(500);
  const sirens = device.messages.slice(from).filter(({ topic }) => topic === 'siren/set');
  expect(sirens.map(({ text }) => text)).toEqual(['OFF', 'ON']);
  const fans = device.messages.slice(from).filter(({ topic }) => topic === 'fan/set');
  expect(fans.map(({ text }) => text)).not.toContain('ON');
  await after.client.publishAsync('sensors/oven/heat', '151', { qos: 1 });
  await device.next('fan', ({ topic, text }) => topic === 'fan/set' && text === 'ON', from);
}, 30_000);

test.concurrent('max_on counts anew after a kill, and a spent claim is not asserted again by the restart', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const limen = install({
    yaml: `
brokers: { home: { url: '${home.url}' } }
rules: { dry: { points: bed/moisture, below: 20, severity: warning, then: [{ output: pump, set: on, while: raised }] } }
outputs: { pump: { mqtt: { broker: home, topic: pump/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 3s } }
`,
  });
  const device = await openInbox(home.url, 'pump/set');
  const first = await limen.start();
  const sensor = await connectClient(first.url);
  await device.next('safe', on('pump/set'));
  await sensor.publishAsync('sensors/bed/moisture', '10', { qos: 1 });
  await device.next('on', ({ text }) => text === 'ON');
  await first.kill();
  // Longer than max_on: the alert is still active, so the pump runs again.
  await wait(3_500);
  let from = device.messages.length;
  const second = await limen.start();
  const again = await device.next('on again', ({ text }) => text === 'ON', from);
  const tripped = await device.next('trip', ({ text }) => text === 'OFF', again.index);
  expect(Math.abs(tripped.atMs - again.atMs - 3_000)).toBeLessThan(1_000);
  const inbox = await openInbox(second.url, 'limen/outputs/pump');
  const shown = await inbox.next('shown', on('limen/outputs/pump'));
  expect(shown.json).toMatchObject({ commanded: 'off' });
  expect(String(shown.json['reason'])).toMatch(/max_on/);

  await untilOnDisk(inbox.client);
  from = device.messages.length;
  await second.kill();
  const third = await limen.start();
  await device.next('safe', on('pump/set'), from);
  const later = await connectClient(third.url);
  await later.publishAsync('sensors/bed/moisture', '9', { qos: 1 });
  await wait(500);
  expect(device.messages.slice(from).map(({ text }) => text)).not.toContain('ON');
  // Only a new raise makes it count again.
  await later.publishAsync('sensors/bed/moisture', '50', { qos: 1 });
  await later.publishAsync('sensors/bed/moisture', '10', { qos: 1 });
  await device.next('new raise', ({ text }) => text === 'ON', from);
}, 40_000);

test.concurrent('a lease is written into the command and renewed at half time, and no longer once the reason is gone', async () => {
  const limen = install({
    yaml: `
rules: { dry: { points: bed/moisture, below: 20, severity: warning, acknowledge: not_required, then: [{ output: pump, set: on, while: raised }] } }
outputs: { pump: { mqtt: { broker: embedded, topic: pump/set, on: '{"on_for":{lease_s}}', off: 'OFF' }, safe: off, max_on: 1h, lease: 2s } }
`,
  });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'pump/set');
  await inbox.client.publishAsync('sensors/bed/moisture', '10', { qos: 1 });
  const isOn = on('pump/set', { on_for: 2 });
  const first = await inbox.next('on', isOn);
  const second = await inbox.next('renewed', isOn, first.index + 1);
  const third = await inbox.next('renewed again', isOn, second.index + 1);
  expect(Math.abs(third.atMs - first.atMs - 2_000)).toBeLessThan(1_000);
  await inbox.client.publishAsync('sensors/bed/moisture', '30', { qos: 1 });
  await inbox.next('off', ({ text }) => text === 'OFF');
  const count = inbox.messages.length;
  await wait(1_500);
  expect(inbox.messages.length).toBe(count);
}, 30_000);

test.concurrent('a rule that goes away lets go of its output and leaves no retained alert, by a reload or over a restart', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const yaml = (rules: string): string => `
brokers: { home: { url: '${home.url}' } }
publish: { to: [embedded, home] }
rules: {${rules}}
outputs: { lamp: { mqtt: { broker: home, topic: lamp/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h } }
`;
  const rule = (name: string): string =>
    ` ${name}: { points: tank/level, above: 5, severity: warning, then: [{ output: lamp, while: raised }] }`;
  const limen = install({ yaml: yaml(`${rule('first')},${rule('second')}`) });
  const inbox = await openInbox(home.url, 'limen/alerts/#', 'limen/outputs/#', 'lamp/set');
  const first = await limen.start();
  const topicOf = (name: string): string => `limen/alerts/${name}/tank/level`;
  await inbox.next('safe', on('lamp/set'));
  const sensor = await connectClient(first.url);
  await sensor.publishAsync('sensors/tank/level', '9', { qos: 1 });
  await inbox.next('first', on(topicOf('first'), { state: 'active' }));
  await inbox.next('second', on(topicOf('second'), { state: 'active' }));
  await inbox.next('lamp', ({ text }) => text === 'ON');

  limen.configure(yaml(rule('second')));
  process.kill(first.pid, 'SIGHUP');
  await inbox.next('removed', on(topicOf('first'), { state: 'normal', reason: 'removed' }));
  await inbox.next('cleared', ({ topic, text }) => topic === topicOf('first') && text === '');
  expect(inbox.texts('lamp/set').at(-1)).toBe('ON');
  await first.kill();

  limen.configure(yaml(''));
  const from = inbox.messages.length;
  await limen.start();
  await inbox.next(
    'cleared',
    ({ topic, text }) => topic === topicOf('second') && text === '',
    from,
  );
  await inbox.next('lamp', on('limen/outputs/lamp', { commanded: 'off', owner: null }), from);
  expect(inbox.texts('lamp/set').at(-1)).toBe('OFF');
  expect(await limen.json('alerts')).toEqual([]);
  const later = await openInbox(home.url, 'limen/#');
  await later.next('output', on('limen/outputs/lamp'));
  expect(later.messages.map(({ topic }) => topic)).not.toContain(topicOf('second'));
}, 30_000);

test.concurrent('an output that the config no longer has is sent safe at the start, and what was retained of it is cleared', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const yaml = (topic: string | null): string => `
brokers: { home: { url: '${home.url}' } }
publish: { to: [embedded, home] }
rules: { full: { points: tank/level, above: 5, severity: warning${topic === null ? '' : ', then: [{ output: lamp, while: raised }]'} } }
${topic === null ? '' : `outputs: { lamp: { mqtt: { broker: home, topic: ${topic}, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h } }`}
`;
  const limen = install({ yaml: yaml('lamp/set') });
  const inbox = await openInbox(home.url, 'limen/outputs/#', '+/set');
  const ghost = 'limen/outputs/ghost';
  await inbox.client.publishAsync(ghost, '{"commanded":"on"}', { qos: 1, retain: true });
  const first = await limen.start();
  await inbox.next('ghost', ({ topic, text }) => topic === ghost && text === '');
  const sensor = await connectClient(first.url);
  await sensor.publishAsync('sensors/tank/level', '9', { qos: 1 });
  await inbox.next('lamp', ({ text }) => text === 'ON');
  await first.kill();

  // On another topic: both are safe before the new one is energised.
  limen.configure(yaml('light/set'));
  let from = inbox.messages.length;
  const second = await limen.start();
  await inbox.next('light', ({ topic, text }) => topic === 'light/set' && text === 'ON', from);
  const commanded = inbox.messages.slice(from).filter(({ topic }) => topic.endsWith('/set'));
  expect(commanded.map(({ topic, text }) => `${topic} ${text}`)).toEqual([
    'lamp/set OFF',
    'light/set OFF',
    'light/set ON',
  ]);
  await untilOnDisk(await connectClient(second.url));
  await second.kill();

  limen.configure(yaml(null));
  from = inbox.messages.length;
  const third = await limen.start();
  await inbox.next('light', ({ topic, text }) => topic === 'light/set' && text === 'OFF', from);
  const lamp = 'limen/outputs/lamp';
  await inbox.next('cleared', ({ topic, text }) => topic === lamp && text === '', from);
  expect((await third.stop()).code).toBe(0);
  from = inbox.messages.length;
  await limen.start();
  const later = await openInbox(home.url, 'limen/#');
  await later.next('status', ({ topic, text }) => topic === 'limen/status' && text === 'online');
  expect(later.messages.map(({ topic }) => topic)).not.toContain(lamp);
  expect(inbox.messages.slice(from).filter(({ topic }) => topic.endsWith('/set'))).toEqual([]);
}, 40_000);

test.concurrent('an output is held by hand by a topic and by the command line, answered after the commit, over a kill', async () => {
  const limen = install({
    yaml: `
rules: { dry: { points: bed/moisture, below: 20, then: [{ output: pump }] } }
outputs: { pump: { mqtt: { topic: pump/set }, max_on: 1h, only_while: { points: tank/level, above: 30 } } }
`,
  });
  const first = await limen.start();
  const inbox = await openInbox(first.url, 'limen/#', 'pump/set');
  const answered = (from = 0) => inbox.next('answer', on('limen/events/act'), from);
  await inbox.client.publishAsync('limen/outputs/pump/set', 'on', { qos: 1 });
  expect((await answered()).json).toMatchObject({
    act: 'set',
    id: 'pump',
    result: 'refused',
    reason: expect.stringContaining('only_while'),
  });
  await inbox.client.publishAsync('sensors/tank/level', '80', { qos: 1 });
  const held = await limen.cli('set', 'pump', 'on', '--for', '30m', '--by', 'anna');
  expect(held).toMatchObject({ status: 0, out: 'pump held on\n' });
  await inbox.next('on', ({ topic, text }) => topic === 'pump/set' && text === 'on');
  await first.kill();

  const second = await limen.start();
  const later = await openInbox(second.url, 'limen/#', 'pump/set');
  await later.next('held', on('limen/outputs/pump', { owner: 'anna', commanded: 'on' }));
  expect((await limen.cli('status')).out).toContain('pump is told on, state not known, held on by');
  await later.client.publishAsync('sensors/tank/level', '20', { qos: 1 });
  await later.next('tripped', on('limen/outputs/pump', { commanded: 'off', reason: 'trip' }));
  const failed = 'limen/alerts/limen.output_failed/pump/-';
  await later.next('told', on(failed, { state: 'active' }));
  expect((await limen.cli('reset', 'pump')).status).toBe(1);
  await later.client.publishAsync('sensors/tank/level', '80', { qos: 1 });
  expect((await limen.cli('reset', 'pump')).status).toBe(0);
  await later.next('over', on(failed, { state: 'normal' }));
}, 40_000);

test.concurrent('a program that switches an output is run for the last time at a stop, which waits for it', async () => {
  const limen = install({
    yaml: `
rules: { dry: { points: bed/moisture, below: 20, then: [{ output: pump }] } }
outputs:
  pump:
    command: { on: [/bin/sh, -c, 'echo on >> "$PUMP"'], off: [/bin/sh, -c, 'sleep 0.5; echo off >> "$PUMP"'] }
    max_on: 1h
`,
  });
  const file = join(limen.folder, 'pump.txt');
  const first = await limen.start({ PUMP: file });
  const inbox = await openInbox(first.url, 'limen/#');
  await inbox.client.publishAsync('sensors/bed/moisture', '10', { qos: 1 });
  const lines = (): readonly string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  while (lines().at(-1) !== 'on') await wait(20);
  await first.stop();
  expect(lines()).toEqual(['off', 'on', 'off']);
}, 40_000);

test.concurrent('a device of the embedded broker that was away is told the present level, and nothing of before', async () => {
  const limen = install({
    yaml: `
rules: { dry: { points: bed/moisture, below: 20, then: [{ output: pump }] } }
outputs: { pump: { mqtt: { topic: pump/set }, max_on: 1h } }
`,
  });
  const first = await limen.start();
  const listen = (url: string): Promise<MqttClient> =>
    connectClient(url, { clientId: 'pump', clean: false }, (_topic, payload) => {
      heard.push(payload.toString());
    });
  const heard: string[] = [];
  const device = await listen(first.url);
  await device.subscribeAsync('pump/set', { qos: 1 });
  await device.endAsync();
  const house = await openInbox(first.url, 'limen/events/act');
  for (const value of ['off', 'on']) {
    const body = JSON.stringify({ value, hold_for: '5s' });
    await house.client.publishAsync('limen/outputs/pump/set', body, { qos: 1 });
  }
  heard.length = 0;
  const again = await listen(first.url);
  while (heard.length === 0) await wait(20);
  await wait(200);
  expect(heard).toEqual(['on']);

  // The hold ends while Limen is down: at its start, when it says so, no device listens yet.
  await first.kill();
  await again.endAsync(true);
  await wait(5_000);
  heard.length = 0;
  const second = await limen.start();
  await (await listen(second.url)).subscribeAsync('pump/set', { qos: 1 });
  while (heard.length === 0) await wait(20);
  expect(heard).toEqual(['off']);
}, 40_000);
