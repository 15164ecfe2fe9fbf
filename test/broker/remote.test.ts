import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import type { RemoteBroker } from '../../src/broker/remote.ts';
import { limits } from '../../src/domain/limits.ts';
import { hasMosquitto, startBroker, type TestBroker } from './remote-fixture.ts';
import { device, inbox, link, open, pubacks, texts } from './remote-link.ts';

describe.each(['aedes', 'mosquitto'] as const)('connectRemote() on %s', (kind) => {
  async function start(context: TestContext): Promise<TestBroker> {
    context.skip(kind === 'mosquitto' && !hasMosquitto, 'no mosquitto on this machine');
    const broker = await startBroker(kind);
    onTestFinished(() => broker.stop());
    return broker;
  }

  /** What the remote has written before this is at the broker when it resolves. */
  async function roundTrip(remote: RemoteBroker, broker: TestBroker, word: string): Promise<void> {
    remote.publish('probe', word, { retain: false });
    await broker.packet((p) => p.cmd === 'publish' && p.payload.toString() === word);
  }

  it('sends no PUBACK before done, and one after it', async (context) => {
    const broker = await start(context);
    const remote = open({ url: broker.url });
    const { taken, take, until } = inbox();
    remote.subscribe('plant/+/temperature', take);
    await link(remote, true);
    await roundTrip(remote, broker, 'subscribed');
    const sensor = await device(broker.url);
    await sensor.publishAsync('plant/boiler/temperature', '71', { qos: 1 });
    await until(1);
    expect(taken[0]?.message).toMatchObject({
      topic: 'plant/boiler/temperature',
      payload: Buffer.from('71'),
      retain: false,
      qos: 1,
      dup: false,
    });
    await roundTrip(remote, broker, 'probe');
    expect(pubacks(broker)).toBe(0);
    taken[0]?.done();
    await broker.packet(({ cmd }) => cmd === 'puback');
  });

  it('acknowledges in the order of arrival, whatever the order of done', async (context) => {
    const broker = await start(context);
    const remote = open({ url: broker.url });
    const { taken, take, until } = inbox();
    remote.subscribe('plant/#', take);
    await link(remote, true);
    await roundTrip(remote, broker, 'subscribed');
    const sensor = await device(broker.url);
    for (const word of ['a', 'b', 'c', 'd']) sensor.publish('plant/x', word, { qos: 1 });
    await until(4);
    expect(texts(taken)).toEqual(['a', 'b', 'c', 'd']);
    taken[2]?.done();
    taken[1]?.done();
    await roundTrip(remote, broker, 'probe');
    expect(pubacks(broker)).toBe(0);
    taken[0]?.done();
    await roundTrip(remote, broker, 'again');
    expect(pubacks(broker)).toBe(3);
    taken[3]?.done();
    await roundTrip(remote, broker, 'last');
    const ids = broker.sent.flatMap((p) => (p.cmd === 'puback' ? [p.messageId ?? 0] : []));
    expect(ids).toHaveLength(4);
    expect(ids).toEqual([0, 1, 2, 3].map((n) => (ids[0] ?? 0) + n));
  });

  it('gets an unacknowledged message again, marked DUP, after the link was lost', async (context) => {
    const broker = await start(context);
    const remote = open({ url: broker.url });
    const { taken, take, until } = inbox();
    remote.subscribe('plant/#', take);
    await link(remote, true);
    await roundTrip(remote, broker, 'subscribed');
    const sensor = await device(broker.url);
    await sensor.publishAsync('plant/x', '1', { qos: 1 });
    await sensor.publishAsync('plant/x', '2', { qos: 1 });
    await until(2);
    taken[0]?.done();
    await broker.packet(({ cmd }) => cmd === 'puback');
    broker.cut();
    await until(3);
    // The answer of a connection that is gone must not acknowledge anything on the new one.
    taken[1]?.done();
    // Aedes 1.2 leaves DUP out when it delivers from the session; Limen must not rely on it.
    expect(taken[2]?.message).toMatchObject({ qos: 1, dup: kind === 'mosquitto' });
    expect(texts(taken)).toEqual(['1', '2', '2']);
    taken[2]?.done();
    await roundTrip(remote, broker, 'probe');
    expect(pubacks(broker)).toBe(2);
  });

  it('gets what was sent at QoS 1 while it was away', async (context) => {
    const broker = await start(context);
    const before = open({ url: broker.url });
    before.subscribe('plant/#', (_message, done) => done());
    await link(before, true);
    await roundTrip(before, broker, 'subscribed');
    await before.close();
    const sensor = await device(broker.url);
    await sensor.publishAsync('plant/x', 'missed', { qos: 1 });
    const after = open({ url: broker.url });
    const { taken, take, until } = inbox();
    after.subscribe('plant/#', take);
    await until(1);
    expect(texts(taken)).toEqual(['missed']);
    expect(taken[0]?.message.retain).toBe(false);
  });

  it('marks what the broker had kept, and only that', async (context) => {
    const broker = await start(context);
    const sensor = await device(broker.url);
    await sensor.publishAsync('plant/x', 'past', { qos: 1, retain: true });
    const remote = open({ url: broker.url });
    const { taken, take, until } = inbox();
    remote.subscribe('plant/#', take);
    await until(1);
    await sensor.publishAsync('plant/x', 'live', { qos: 1, retain: true });
    await until(2);
    expect(taken.map(({ message }) => [message.payload.toString(), message.retain])).toEqual([
      ['past', true],
      ['live', false],
    ]);
  });

  it('leaves a will when the link is cut and none when it is closed', async (context) => {
    const broker = await start(context);
    const will = { topic: 'limen/status', payload: 'offline', retain: true };
    const remote = open({ url: broker.url, will });
    const watcher = open({ url: broker.url, clientId: 'watcher' });
    const { taken, take, until } = inbox();
    watcher.subscribe('limen/status', take);
    await Promise.all([link(remote, true), link(watcher, true)]);
    remote.publish('limen/status', 'online', { retain: true });
    await until(1);
    broker.cut();
    while (!texts(taken).includes('offline')) await until(taken.length + 1);
    await link(remote, true);
    const seen = taken.length;
    remote.publish('limen/status', 'goodbye', { retain: true });
    await remote.close();
    await until(seen + 1);
    await roundTrip(watcher, broker, 'probe');
    expect(texts(taken).at(-1)).toBe('goodbye');
  });

  it('takes no more than the bound, goes on sending meanwhile, and takes the rest in order', async (context) => {
    const broker = await start(context);
    const remote = open({ url: broker.url });
    const { taken, take, until } = inbox();
    remote.subscribe('plant/#', take);
    await link(remote, true);
    await roundTrip(remote, broker, 'subscribed');
    const sensor = await device(broker.url);
    const bound = limits.remoteUnacknowledgedMax;
    const burst = bound + 20;
    const total = burst + 20;
    for (let n = 0; n < burst; n += 1) sensor.publish('plant/x', String(n), { qos: 1 });
    await until(bound);
    // The socket is paused within the burst; what follows comes in pieces of its own and waits as such.
    for (let n = burst; n < total; n += 1) {
      await sensor.publishAsync('plant/x', String(n), { qos: 1 });
    }
    await roundTrip(remote, broker, 'probe 1');
    await roundTrip(remote, broker, 'probe 2');
    expect(taken).toHaveLength(bound);
    // All at once, as a commit does: then the waiting pieces are taken in one go.
    for (const { done } of taken.slice()) done();
    await until(total);
    expect(texts(taken).map(Number)).toEqual(Array.from({ length: total }, (_, n) => n));
  });
});
