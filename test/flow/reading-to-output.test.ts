// Aim: the road of a reading through the built program, from its bytes to the output and the acknowledgement, over
// mqtt.js and over raw sockets. Expected values are the contract's, not what the program was seen to say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockDayFile } from './day-file-lock.ts';

import { buildProgram, install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';
import { connectRaw } from './raw-client.ts';

const yaml = `
points:
  freezer-1/temperature: { unit: °C, valid: [-60, 60] }
rules:
  freezer-warm:
    points: freezer-1/temperature
    above: { warning: -18 °C, critical: -15 °C }
    deadband: 2
    message: '{device} is at {value} {unit}'
    then:
      - { output: siren, while: unacknowledged }
outputs:
  siren:
    mqtt: { broker: embedded, topic: zigbee2mqtt/siren/set, on: '{"state":"ON"}', off: '{"state":"OFF"}' }
    safe: off
    max_on: 10m
`;
const alertTopic = 'limen/alerts/freezer-warm/freezer-1/temperature';
const sirenTopic = 'zigbee2mqtt/siren/set';
const key = { rule: 'freezer-warm', device: 'freezer-1', metric: 'temperature' };
const id = 'freezer-warm/freezer-1/temperature/1';
const isOn = '{"state":"ON"}';
const isOff = '{"state":"OFF"}';

let folder = '';
let main = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'limen-built-'));
  main = await buildProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the built program turns a reading into alert, event and command, and takes the acknowledgement over MQTT', async () => {
  const limen = install({ yaml, main });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'zigbee2mqtt/#');
  const { client } = inbox;
  await inbox.next('status', on('limen/status'));

  const before = Date.now();
  await client.publishAsync('sensors/freezer-1/temperature', '-10.5', { qos: 1 });
  const alert = await inbox.next('active', on(alertTopic, { state: 'active' }));
  const after = Date.now();
  const [reading] = await limen.readings();
  expect(reading).toMatchObject({ device: 'freezer-1', value: -10.5, unit: '°C', quality: 'good' });

  const { raised_at: raisedAt, seq } = alert.json;
  expect(alert.json).toEqual({
    id,
    ...key,
    state: 'active',
    condition: 'breached',
    quality: 'good',
    severity: 'critical',
    severity_max: 'critical',
    value: -10.5,
    unit: '°C',
    limit: -15,
    worst: -10.5,
    message: 'freezer-1 is at -10.5 °C',
    breached_at: reading?.at_ms,
    raised_at: expect.any(Number),
    returned_at: null,
    changed_at: raisedAt,
    due_at: null,
    raises: 1,
    acknowledged_by: null,
    acknowledged_at: null,
    comment: null,
    latched: false,
    shelved_until: null,
    suppressed_by: null,
    out_of_service: false,
    reason: 'breached',
    seq: expect.any(Number),
  });
  expect(reading?.at_ms).toBeGreaterThanOrEqual(before);
  // A new point is declared first: engine time has gone on by as much when its first reading is judged.
  expect(raisedAt).toBeGreaterThanOrEqual(Number(reading?.at_ms));
  expect(raisedAt).toBeLessThanOrEqual(after);
  const event = await inbox.next('event', on('limen/events/alert', { to: 'active' }));
  expect(event.json).toMatchObject({
    seq,
    at: raisedAt,
    id,
    kind: 'transition',
    from: 'normal',
    to: 'active',
    reason: 'breached',
    cause: [reading?.seq],
  });
  await inbox.next('siren on', ({ topic, text }) => topic === sirenTopic && text === isOn);
  const siren = await inbox.next('siren', on('limen/outputs/siren', { commanded: 'on' }));
  expect(siren.json).toEqual({
    state: 'unknown',
    commanded: 'on',
    owner: 'freezer-warm/freezer-1/temperature',
    reason: expect.any(String),
    since: expect.any(Number),
    seq: expect.any(Number),
  });

  const ack = { by: 'ann', comment: 'on my way', id };
  await client.publishAsync(`${alertTopic}/ack`, JSON.stringify(ack), { qos: 1 });
  const answer = await inbox.next('answer', on('limen/events/act'));
  expect(answer.json).toEqual({
    act: 'ack',
    id,
    by: 'ann',
    result: 'done',
    reason: null,
    seq: expect.any(Number),
  });
  const acknowledged = await inbox.next('ack', on(alertTopic, { state: 'acknowledged' }));
  expect(acknowledged.json).toEqual({
    ...alert.json,
    state: 'acknowledged',
    changed_at: acknowledged.json['acknowledged_at'],
    acknowledged_by: 'ann',
    acknowledged_at: expect.any(Number),
    comment: 'on my way',
    reason: 'acknowledged',
    seq: expect.any(Number),
  });
  await inbox.next('siren off', on('limen/outputs/siren', { commanded: 'off', owner: null }));
  expect(inbox.texts(sirenTopic)).toEqual([isOn, isOff]);

  await client.publishAsync('sensors/freezer-1/temperature', '-25', { qos: 1 });
  const normal = await inbox.next('normal', on(alertTopic, { state: 'normal' }));
  expect(normal.json).toEqual({
    ...acknowledged.json,
    state: 'normal',
    condition: 'clear',
    severity: expect.any(String),
    value: -25,
    limit: expect.any(Number),
    message: expect.stringMatching(/^freezer-1 is at -25 °C \(worst -10.5 °C, lasted /),
    returned_at: expect.any(Number),
    changed_at: normal.json['returned_at'],
    reason: 'off_delay_over',
    seq: expect.any(Number),
  });

  // A later subscriber is told the present state by what is retained.
  const late = await openInbox(running.url, 'limen/#');
  await late.next('output', on('limen/outputs/siren'));
  await late.next('alert', on(alertTopic));
  await late.next('status', on('limen/status'));
  expect(late.messages.every(({ retain }) => retain)).toBe(true);
  expect(late.texts('limen/status')).toEqual(['online']);
  expect(late.texts(alertTopic)).toEqual([normal.text]);
  expect(late.texts(sirenTopic)).toEqual([]);
}, 40_000);

test('the built program takes readings and acts of raw sockets, and the CLI acknowledges', async () => {
  const limen = install({ yaml, main });
  const running = await limen.start();
  // Filters that overlap: one copy of a message all the same.
  const inbox = await openInbox(running.url, 'limen/#', 'limen/events/+', 'zigbee2mqtt/#');
  const seen: string[] = [];
  const watcher = await connectRaw(running.port, 'raw-watcher');
  await watcher.subscribe('#', (topic) => seen.push(topic));
  const sensor = await connectRaw(running.port, 'raw-sensor');

  sensor.publishUnacknowledged('sensors/freezer-1/temperature', '{"value": -12, "unit": "°C"}');
  await inbox.next('active', on(alertTopic, { state: 'active', value: -12 }));
  await inbox.next('siren on', ({ topic, text }) => topic === sirenTopic && text === isOn);
  const listed = await limen.json('alerts');
  expect(listed).toMatchObject([{ id, state: 'active', value: -12 }]);

  const acked = await limen.cli('ack', 'freezer-warm', '--by', 'bob', '-m', 'seen');
  expect(acked).toEqual({ status: 0, out: `acknowledged ${id}\n`, err: '' });
  const answer = await inbox.next('answer', on('limen/events/act', { result: 'done' }));
  expect(answer.json).toMatchObject({ act: 'ack', id, by: 'bob' });
  await inbox.next('siren off', ({ topic, text }) => topic === sirenTopic && text === isOff);

  sensor.publish('sensors/freezer-1/temperature', '-30');
  await sensor.acknowledgements(1);
  await inbox.next('normal', on(alertTopic, { state: 'normal', acknowledged_by: 'bob' }));
  const second = sensor.publish('sensors/freezer-1/temperature', '-1');
  await inbox.next('again', on(alertTopic, { state: 'active', raises: 1, acknowledged_by: null }));
  const third = sensor.publish(`${alertTopic}/ack`, '');
  const unnamed = await inbox.next('answer', on('limen/events/act', { by: 'raw-sensor' }));
  expect(unnamed.json).toMatchObject({ act: 'ack', id: id.replace(/1$/, '2'), result: 'done' });
  await sensor.acknowledgements(3);
  expect(sensor.acknowledged).toEqual([1, second, third]);
  for (const topic of ['sensors/freezer-1/temperature', alertTopic, sirenTopic]) {
    expect(seen).toContain(topic);
  }
  expect(inbox.texts('limen/events/act')).toHaveLength(2);
  // An act is consumed: nobody but Limen gets it.
  expect(seen).not.toContain(`${alertTopic}/ack`);
}, 40_000);

test('outputs, retained alerts and events come before the commit; PUBACKs and answers to acts after it', async () => {
  const limen = install({ yaml, main });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'zigbee2mqtt/#');
  const sensor = await connectRaw(running.port, 'raw-sensor');
  sensor.publish('sensors/freezer-1/temperature', '-20');
  await sensor.acknowledgements(1);

  const lock = lockDayFile(limen.data);
  sensor.publish('sensors/freezer-1/temperature', '-10');
  await inbox.next('active', on(alertTopic, { state: 'active' }));
  await inbox.next('event', on('limen/events/alert', { to: 'active' }));
  await inbox.next('siren on', ({ topic, text }) => topic === sirenTopic && text === isOn);
  sensor.publish(`${alertTopic}/ack`, '{"by":"ann"}');
  await inbox.next('acknowledged', on(alertTopic, { state: 'acknowledged' }));
  // Long enough for a premature answer: without the lock it takes a few milliseconds.
  await wait(600);
  expect(sensor.acknowledged).toHaveLength(1);
  expect(inbox.texts('limen/events/act')).toEqual([]);

  lock.release();
  await sensor.acknowledgements(3);
  await inbox.next('answer', on('limen/events/act', { by: 'ann', result: 'done' }));
}, 40_000);
