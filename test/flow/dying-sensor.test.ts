// Aim: bad or missing evidence never clears anything. A sensor that dies must not silence the siren, an act that was
// meant for something else is refused, and a rule that watches nothing says so.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';
import { connectRaw } from './raw-client.ts';

const yaml = `
points:
  oven-1/heat: { unit: °C, valid: [-50, 500], expect_every: 500ms }
rules:
  hot:
    points: oven-1/heat
    above: 100 °C
    severity: critical
    then: [{ output: siren, while: unacknowledged }]
outputs:
  siren: { mqtt: { broker: embedded, topic: siren/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h }
`;
const hot = 'limen/alerts/hot/oven-1/heat';
const stale = 'limen/alerts/limen.stale/oven-1/heat';
const bad = 'limen/alerts/limen.bad/oven-1/heat';

test.concurrent('a sensor that goes silent while its critical alert sounds the siren does not silence it', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  await inbox.client.publishAsync('sensors/oven-1/heat', '150', { qos: 1 });
  await inbox.next('ON', ({ text }) => text === 'ON');
  const heardMs = Date.now();
  const raised = await inbox.next('stale', on(stale, { state: 'active' }));
  // Three expected intervals, no more and no less.
  expect(Math.abs(Date.now() - heardMs - 1_500)).toBeLessThan(1_000);
  expect(raised.json).toMatchObject({ condition: 'breached', limit: 1.5, unit: 's' });
  const unknown = await inbox.next('unknown', on(hot, { condition: 'unknown' }));
  expect(unknown.json).toMatchObject({ state: 'active', quality: 'stale', value: 150 });
  await wait(1_000);
  expect(inbox.texts('siren/set')).toEqual(['ON']);
  const { outputs } = { outputs: null, ...Object(await limen.json('status')) };
  expect(outputs).toMatchObject([{ commanded: 'on', owner: 'hot/oven-1/heat' }]);

  // It is heard again, and still too hot: the staleness ends, the alert is the same one.
  await inbox.client.publishAsync('sensors/oven-1/heat', '160', { qos: 1 });
  await inbox.next('heard', on(stale, { state: 'normal' }));
  const again = await inbox.next('breached', on(hot, { quality: 'good', value: 160 }));
  expect(again.json).toMatchObject({ state: 'active', condition: 'breached', raises: 1 });
  expect(inbox.texts('siren/set')).toEqual(['ON']);
}, 30_000);

test.concurrent('a sensor that sends bad values while its critical alert sounds the siren does not silence it', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  await inbox.client.publishAsync('sensors/oven-1/heat', '150', { qos: 1 });
  await inbox.next('ON', ({ text }) => text === 'ON');
  // Out of range, a word that says so, an incompatible unit: each is stored as bad, and none is a clear verdict.
  const sick = ['-127', 'nan', '{"value": 20, "unit": "%"}', 'unavailable', '{"value": null}'];
  const until = inbox.next('bad', on(bad, { state: 'active' }));
  let done = false;
  void until.then(() => {
    done = true;
  });
  for (let n = 0; !done; n += 1) {
    await inbox.client.publishAsync('sensors/oven-1/heat', sick[n % sick.length] ?? '', { qos: 1 });
    await wait(100);
  }
  await until;
  // What is bad is not heard: the point is stale too.
  await inbox.next('stale', on(stale, { state: 'active' }));
  const last = inbox.messages.filter(({ topic }) => topic === hot).at(-1);
  expect(last?.json).toMatchObject({ state: 'active', condition: 'unknown', value: 150 });
  expect(['bad', 'stale']).toContain(last?.json['quality']);
  expect(inbox.texts('siren/set')).toEqual(['ON']);
  const stored = await limen.readings('oven-1/heat');
  expect(stored[0]).toMatchObject({ value: 150, quality: 'good' });
  expect(stored.slice(1).every(({ quality }) => quality === 'bad')).toBe(true);
}, 30_000);

test.concurrent('an act for an earlier occurrence, or one that is retained, is refused with a reason and not kept', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', 'siren/set');
  const tell = (payload: string) =>
    inbox.client.publishAsync('sensors/oven-1/heat', payload, { qos: 1 });
  const ack = (body: object, retain = false) =>
    inbox.client.publishAsync(`${hot}/ack`, JSON.stringify(body), { qos: 1, retain });
  await tell('150');
  await ack({ by: 'ann' });
  await tell('20');
  await inbox.next('over', on(hot, { state: 'normal' }));
  await tell('151');
  await inbox.next('second', on(hot, { state: 'active', id: 'hot/oven-1/heat/2' }));

  await ack({ by: 'late', id: 'hot/oven-1/heat/1' });
  const late = await inbox.next('refused', on('limen/events/act', { by: 'late' }));
  expect(late.json).toMatchObject({ act: 'ack', result: 'refused', id: 'hot/oven-1/heat/1' });
  expect(late.json['reason']).toMatch(/\S/);
  await ack({ by: 'kept', id: 'hot/oven-1/heat/2' }, true);
  const kept = await inbox.next('refused', on('limen/events/act', { by: 'kept' }));
  expect(kept.json).toMatchObject({ act: 'ack', result: 'refused' });
  expect(kept.json['reason']).toMatch(/retain/);
  await inbox.client.publishAsync(`${hot}/reset`, '{"by":"nameless"}', { qos: 1 });
  const nameless = await inbox.next('refused', on('limen/events/act', { by: 'nameless' }));
  expect(nameless.json).toMatchObject({ result: 'refused', id: 'hot/oven-1/heat/2' });
  await inbox.client.publishAsync(`${hot}/shelve`, '{"by":"wordy","for":"for ever"}', { qos: 1 });
  const wordy = await inbox.next('refused', on('limen/events/act', { by: 'wordy' }));
  expect(wordy.json).toMatchObject({ result: 'refused', id: 'hot/oven-1/heat/2' });
  const cli = await limen.cli('ack', 'hot/oven-1/heat/1');
  expect(cli.status).toBe(1);
  expect(cli.err).toMatch(/refused/);
  expect(inbox.messages.filter(on(hot)).at(-1)?.json).toMatchObject({ state: 'active' });

  const later = await openInbox(running.url, '#');
  await later.next('alert', on(hot));
  expect(later.messages.map(({ topic }) => topic)).not.toContain(`${hot}/ack`);
  await ack({ by: 'right', id: 'hot/oven-1/heat/2' });
  await inbox.next('done', on('limen/events/act', { by: 'right', result: 'done' }));
}, 30_000);

test.concurrent('acts that are no JSON, unknown or not understood are refused, and forged alerts change nothing', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  const sensor = await connectRaw(running.port, 'joker');
  sensor.publish('sensors/oven-1/heat', '150');
  await inbox.next('active', on(hot, { state: 'active' }));
  const count = 6;
  sensor.publish(`${hot}/ack`, '{"by":');
  sensor.publish(`${hot}/ack`, '[1]');
  sensor.publish(`${hot}/shelve`, '{"for":"for ever"}');
  sensor.publish(`${hot}/reset`, '{}');
  sensor.publish('limen/alerts/nothing/at/all/ack', '{}');
  sensor.publish('limen/outputs/siren/set', 'loud');
  await inbox.next('last answer', ({ topic }) => {
    return topic === 'limen/events/act' && inbox.texts(topic).length === count;
  });
  for (const { json } of inbox.messages.filter(on('limen/events/act'))) {
    expect(json).toMatchObject({ result: 'refused', by: 'joker' });
    expect(json['reason']).toMatch(/\S/);
  }
  sensor.publish(hot, '{"state":"normal"}', { retain: true });
  sensor.publish('limen/status', 'offline', { retain: true });
  await sensor.acknowledgements(1 + count + 2);
  const later = await openInbox(running.url, 'limen/#');
  expect((await later.next('alert', on(hot))).json).toMatchObject({ state: 'active' });
  await later.next('status', on('limen/status'));
  expect(later.texts('limen/status')).toEqual(['online']);
}, 30_000);

test.concurrent('a rule with a mistyped device is named by check and in the log, and raises limen.never_heard', async () => {
  const limen = install({
    yaml: `
points: { freezer-l/temperature: { expect_every: 1s } }
rules:
  freezer-warm: { points: freezer-l/temperature, above: -15, severity: critical }
`,
  });
  const checked = await limen.cli('check');
  expect(checked.status).toBe(0);
  expect(checked.out).toContain('rule freezer-warm matches no point yet');
  const running = await limen.start();
  const line = await running.logged('the rule matches no point');
  expect(line).toMatchObject({ rule: 'freezer-warm' });
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  await inbox.client.publishAsync('sensors/freezer-1/temperature', '-10', { qos: 1 });
  const never = await inbox.next(
    'never heard',
    on('limen/alerts/limen.never_heard/freezer-l/temperature', { state: 'active' }),
  );
  expect(never.json).toMatchObject({ severity: 'warning', device: 'freezer-l', raises: 1 });
  expect(await limen.json('check')).toMatchObject({ unmatched_rules: ['freezer-warm'] });
  expect(await limen.json('status')).toMatchObject({ unmatched_rules: ['freezer-warm'] });
}, 30_000);
