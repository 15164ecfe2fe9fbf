// Aim: what a reload concludes is told and driven by the config it brings: nobody is forgotten, and no output moves for
// a claim that is there neither before nor after.
import { expect, test } from 'vitest';
import { startBroker } from '../broker/remote-fixture.ts';
import { startWebServer, status } from '../consumers/notifiers/web-server.ts';
import { onFileFinished } from './clean-up.ts';
import { install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

const hot = 'limen/alerts/hot/oven/heat';

test.concurrent('an alert raised by a reload is told to a notifier that was there and to one that came with it, also when its rule comes back', async () => {
  await using server = await startWebServer(status(200));
  const yaml = (rules: string, notifiers: readonly string[]): string => `
rules: {${rules}}
notifiers: { ${notifiers.map((name) => `${name}: { webhook: { url: '${server.url}/${name}' } }`).join(', ')} }
`;
  const rule =
    'hot: { points: oven/heat, above: 100, severity: warning, acknowledge: not_required, then: [{ notify: kitchen, on: [active, normal] }, { notify: cellar }] }';
  const told = (): string[] =>
    server.requests.map(
      ({ path, body }) => `${path} ${String(body['event'])} ${String(body['id'])}`,
    );
  const limen = install({ yaml: yaml('', ['kitchen']) });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '150', { qos: 1 });

  limen.configure(yaml(rule, ['kitchen', 'cellar']));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('raised', on(hot, { state: 'active' }));
  await server.received(2);
  expect(new Set(told())).toEqual(
    new Set(['/cellar active hot/oven/heat/1', '/kitchen active hot/oven/heat/1']),
  );

  // The end of a removed rule is told as the rule said.
  limen.configure(yaml('', ['kitchen']));
  process.kill(running.pid, 'SIGHUP');
  const from = inbox.messages.length;
  await inbox.next('removed', on('limen/events/alert', { reason: 'removed' }), from);
  await server.received(3);
  expect(told().at(-1)).toBe('/kitchen normal hot/oven/heat/1');
  expect(String(server.requests.at(-1)?.body['message'])).toContain(
    'removed from the config; it was active: ',
  );

  limen.configure(yaml(rule, ['kitchen', 'cellar']));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('raised again', on(hot, { state: 'active', id: 'hot/oven/heat/2' }));
  await server.received(5);
  expect(new Set(told().slice(3))).toEqual(
    new Set(['/cellar active hot/oven/heat/2', '/kitchen active hot/oven/heat/2']),
  );
}, 30_000);

test.concurrent('a reload that changes a rule and its claims at once moves each output once at most', async () => {
  const home = await startBroker('aedes');
  onFileFinished(() => home.stop());
  const output = (name: string): string =>
    `${name}: { mqtt: { broker: home, topic: ${name}/set, on: 'ON', off: 'OFF' }, safe: off, max_on: 1h }`;
  const yaml = (limit: number, claimed: string, outputs: readonly string[]): string => `
brokers: { home: { url: '${home.url}' } }
rules: { hot: { points: oven/heat, above: ${limit}, severity: warning, acknowledge: not_required, then: [{ output: ${claimed}, set: on, while: raised }] } }
outputs: { ${outputs.map(output).join(', ')} }
`;
  const limen = install({ yaml: yaml(200, 'fan', ['fan', 'lamp']) });
  const device = await openInbox(home.url, '+/set');
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await device.next('fan safe', on('fan/set'));
  await device.next('lamp safe', on('lamp/set'));
  await inbox.client.publishAsync('sensors/oven/heat', '150', { qos: 1 });
  let from = device.messages.length;
  const commands = (): string[] =>
    device.messages.slice(from).map(({ topic, text }) => `${topic} ${text}`);

  // Raised by the reload: by what it claims now, never by what it claimed before.
  limen.configure(yaml(100, 'lamp', ['fan', 'lamp']));
  process.kill(running.pid, 'SIGHUP');
  await device.next('lamp on', on('lamp/set', {}), from);
  const shown = await inbox.next('lamp', on('limen/outputs/lamp', { commanded: 'on' }));
  expect(shown.json['owner']).toBe('hot/oven/heat');
  const raised = await inbox.next('raised', on(hot, { state: 'active' }));
  const stored = await limen.json('alerts');
  expect(stored).toMatchObject([{ seq: raised.json['seq'] }]);
  expect(commands()).toEqual(['lamp/set ON']);

  // Ended by the reload: what it would claim now is not asserted for a moment.
  from = device.messages.length;
  limen.configure(yaml(200, 'fan', ['fan', 'lamp', 'bell']));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('ended', on(hot, { state: 'normal' }), shown.index);
  await device.next('bell safe', on('bell/set'), from);
  await device.next('lamp off', on('lamp/set'), from);
  expect(commands().toSorted()).toEqual(['bell/set OFF', 'lamp/set OFF']);

  // Raised by the reload, for an output that comes with it.
  from = device.messages.length;
  limen.configure(yaml(100, 'bell', ['bell']));
  process.kill(running.pid, 'SIGHUP');
  await device.next('bell on', ({ topic, text }) => topic === 'bell/set' && text === 'ON', from);
  await device.next('fan gone', on('fan/set'), from);
  await device.next('lamp gone', on('lamp/set'), from);
  expect(commands().toSorted()).toEqual(['bell/set ON', 'fan/set OFF', 'lamp/set OFF']);
}, 30_000);

test.concurrent('a point whose unit changes, by a reload or while Limen is down, raises nothing, clears nothing and keeps its history', async () => {
  const yaml = (unit: string): string => `
points: { '*/heat': { unit: ${unit} } }
rules: { hot: { points: '*/heat', above: 30 °C, severity: warning, acknowledge: not_required } }
`;
  const topicOf = (device: string): string => `limen/alerts/hot/${device}/heat`;
  const limen = install({ yaml: yaml('°C') });
  const first = await limen.start();
  const inbox = await openInbox(first.url, 'limen/#');
  await inbox.client.publishAsync('sensors/cold/heat', '20', { qos: 1 });
  await inbox.client.publishAsync('sensors/oven/heat', '40', { qos: 1 });
  await inbox.next('hot', on(topicOf('oven'), { state: 'active', unit: '°C', limit: 30 }));

  limen.configure(yaml('°F'));
  process.kill(first.pid, 'SIGHUP');
  const moved = await inbox.next('in °F', on(topicOf('oven'), { unit: '°F' }));
  expect(moved.json).toMatchObject({ state: 'active', value: 104, worst: 104, limit: 86 });
  await inbox.client.publishAsync('sensors/oven/heat', '100', { qos: 1 });
  await inbox.client.publishAsync('sensors/cold/heat', '70', { qos: 1 });
  await first.kill();

  limen.configure(yaml('K'));
  const second = await limen.start();
  const again = await openInbox(second.url, 'limen/#');
  const restored = await again.next('in K', on(topicOf('oven'), { unit: 'K' }));
  expect(restored.json).toMatchObject({
    state: 'active',
    value: expect.closeTo(310.928, 3),
    worst: expect.closeTo(313.15, 9),
  });
  await again.client.publishAsync('sensors/cold/heat', '295', { qos: 1 });
  await again.client.publishAsync('sensors/oven/heat', '312', { qos: 1 });
  expect(await limen.json('alerts', '--all')).toMatchObject([
    { device: 'cold', state: 'normal', id: 'hot/cold/heat/0', value: 295, unit: 'K' },
    { device: 'oven', state: 'active', id: 'hot/oven/heat/1', value: 312, unit: 'K' },
  ]);
  const history = async (point: string): Promise<unknown[]> =>
    (await limen.readings(point)).map(({ value, unit }) => `${String(value)} ${String(unit)}`);
  expect(await history('cold/heat')).toEqual(['20 °C', '70 °F', '295 K']);
  expect(await history('oven/heat')).toEqual(['40 °C', '100 °F', '312 K']);
  expect(await limen.json('status')).toMatchObject({ points: 2 });

  // A voltage says nothing about a temperature: nobody knows until the next reading.
  limen.configure(yaml('V').replace('30 °C', '5'));
  process.kill(second.pid, 'SIGHUP');
  const lost = await again.next('unknown', on(topicOf('oven'), { condition: 'unknown' }));
  expect(lost.json).toMatchObject({ state: 'active', value: null, worst: null, unit: 'V' });
  await again.client.publishAsync('sensors/oven/heat', '4', { qos: 1 });
  await again.next('known', on(topicOf('oven'), { state: 'normal', value: 4 }));
}, 30_000);
