import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/host/clock.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { startBroker } from './remote-fixture.ts';
import { device, inbox, link, open, pubacks } from './remote-link.ts';

it('connectRemote() keeps the latest state and every event while the broker is away, and drops commands', async () => {
  const first = await startBroker('aedes');
  const port = Number(new URL(first.url).port);
  await first.stop();
  const metrics = createMetrics();
  const remote = open({ url: first.url, metrics });
  remote.publish('limen/alerts/x', 'pending', { retain: true });
  remote.publish('limen/events/alert', 'e1', { retain: false });
  remote.publish('siren/set', 'ON', { retain: false, queue: false });
  remote.publish('limen/alerts/x', 'active', { retain: true });
  remote.publish('limen/events/alert', 'e2', { retain: false });
  const broker = await startBroker('aedes', port);
  onTestFinished(() => broker.stop());
  remote.onLink((up) => {
    if (up) remote.publish('siren/set', 'OFF', { retain: false, queue: false });
  });
  await broker.packet((p) => p.cmd === 'publish' && p.topic === 'siren/set');
  const published = broker.sent.flatMap((p) =>
    p.cmd === 'publish' ? [`${p.topic} ${p.payload.toString()}`] : [],
  );
  expect(published).toEqual([
    'limen/events/alert e1',
    'limen/alerts/x active',
    'limen/events/alert e2',
    'siren/set OFF',
  ]);
  expect(metrics.text()).toContain(
    'limen_remote_dropped_total{broker="home",reason="disconnected"} 1',
  );
});

it('connectRemote() pauses 1 s, then twice as long each time, up to 30 s', async () => {
  const gone = await startBroker('aedes');
  await gone.stop();
  const pauses: number[] = [];
  const enough = Promise.withResolvers<void>();
  open({
    url: gone.url,
    clock: {
      ...systemClock,
      after(delayMs, callback) {
        pauses.push(delayMs);
        if (pauses.length === 8) enough.resolve();
        return systemClock.after(0, callback);
      },
    },
  });
  await enough.promise;
  expect(pauses.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

it('connectRemote() gives a message that two filters match to one handler once, and to two handlers each', async () => {
  const broker = await startBroker('aedes');
  onTestFinished(() => broker.stop());
  const remote = open({ url: broker.url });
  const one = inbox();
  const two = inbox();
  remote.subscribe('plant/#', one.take);
  remote.subscribe('plant/+', one.take);
  remote.subscribe('plant/+', two.take);
  await link(remote, true);
  remote.publish('plant/x', '1', { retain: false });
  await Promise.all([one.until(1), two.until(1)]);
  one.taken[0]?.done();
  expect(pubacks(broker)).toBe(0);
  two.taken[0]?.done();
  await broker.packet(({ cmd }) => cmd === 'puback');
  expect([one.taken.length, two.taken.length]).toEqual([1, 1]);
});

it('connectRemote() acknowledges what an earlier config had subscribed to', async () => {
  const broker = await startBroker('aedes');
  onTestFinished(() => broker.stop());
  const before = open({ url: broker.url });
  before.subscribe('old/#', (_message, done) => done());
  await link(before, true);
  before.publish('old/first', '1', { retain: false });
  await broker.packet(({ cmd }) => cmd === 'puback');
  await before.close();
  const sensor = await device(broker.url);
  await sensor.publishAsync('old/x', '2', { qos: 1 });
  const metrics = createMetrics();
  const acknowledged = broker.sent.length;
  const after = open({ url: broker.url, metrics });
  await link(after, true);
  await broker.packet((p) => p.cmd === 'puback' && broker.sent.indexOf(p) >= acknowledged);
  expect(metrics.text()).toContain('limen_remote_unasked_total{broker="home"} 1');
});
