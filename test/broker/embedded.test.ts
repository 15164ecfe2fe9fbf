import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { generate } from 'mqtt-packet';
import { Aedes } from 'aedes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { eventually, settle, startEmbedded, type TestEmbedded } from './embedded-fixture.ts';
import {
  connectPacket,
  connectRaw,
  connectSocket,
  idsOf,
  messagesOf,
  publishPacket,
  subscribePacket,
  type RawConnection,
} from './raw-connection.ts';

async function subscriber(
  { port }: TestEmbedded,
  filter: string,
  qos: 0 | 1 | 2 = 1,
  clientId = 'subscriber',
): Promise<RawConnection> {
  const client = await connectRaw(port, clientId);
  client.send(subscribePacket(1, filter, qos));
  await client.until((received) => received.some(({ cmd }) => cmd === 'suback'));
  return client;
}

const hasMessages = (client: RawConnection, count: number): Promise<void> =>
  client.until((received) => messagesOf(received).length >= count);

describe('EmbeddedBroker distributes readings', () => {
  test('EmbeddedBroker gives a QoS 1 reading to subscribers after its commit, QoS 0 at once', async () => {
    const embedded = await startEmbedded();
    const { door, port } = embedded;
    const listener = await subscriber(embedded, 'sensors/+/t');
    const sensor = await connectRaw(port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', 'first', 1, 1));
    await eventually(() => door.readings.length === 1);
    await settle();
    expect(messagesOf(listener.received)).toEqual([]);
    sensor.send(publishPacket('sensors/a/t', 'second', 0));
    await hasMessages(listener, 1);
    expect(messagesOf(listener.received)).toEqual(['sensors/a/t second']);
    door.commit();
    await hasMessages(listener, 2);
    expect(messagesOf(listener.received)).toContain('sensors/a/t first');
    expect(listener.received.find(({ cmd }) => cmd === 'publish')).toMatchObject({ qos: 0 });
  });

  test.each(['#', 'sensors/#', 'sensors/+/t', '+/a/+', 'sensors/a/t'])(
    'EmbeddedBroker gives a reading to a subscriber of %s, once',
    async (filter) => {
      const embedded = await startEmbedded();
      embedded.door.commitAlways();
      const listener = await subscriber(embedded, filter);
      listener.send(subscribePacket(2, 'sensors/a/#', 1));
      await listener.until((r) => r.filter(({ cmd }) => cmd === 'suback').length === 2);
      const sensor = await connectRaw(embedded.port, 'sensor');
      sensor.send(publishPacket('sensors/a/t', '1', 1, 1));
      await hasMessages(listener, 1);
      await settle();
      expect(messagesOf(listener.received)).toEqual(['sensors/a/t 1']);
    },
  );

  test('EmbeddedBroker stops to distribute after an unsubscribe or the end of the last listener', async () => {
    const embedded = await startEmbedded();
    embedded.door.commitAlways();
    const listener = await subscriber(embedded, 'sensors/#');
    const sensor = await connectRaw(embedded.port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', '1'));
    await hasMessages(listener, 1);
    listener.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['sensors/#'] });
    await listener.until((received) => received.some(({ cmd }) => cmd === 'unsuback'));
    sensor.send(publishPacket('sensors/a/t', '2'), publishPacket('other', 'x', 1, 1));
    await sensor.until((received) => idsOf(received, 'puback').length === 1);
    expect(messagesOf(listener.received)).toEqual(['sensors/a/t 1']);
    listener.send(subscribePacket(3, 'sensors/#'));
    await listener.until((r) => r.filter(({ cmd }) => cmd === 'suback').length === 2);
    sensor.send(publishPacket('sensors/a/t', '3'));
    await hasMessages(listener, 2);
  });

  test('EmbeddedBroker stores a retained reading and gives it to who comes later', async () => {
    const embedded = await startEmbedded();
    const { door, port } = embedded;
    door.commitAlways();
    const sensor = await connectRaw(port, 'sensor');
    for (const [qos, topic] of [
      [0, 'sensors/a/t'],
      [1, 'sensors/b/t'],
      [2, 'sensors/c/t'],
    ] as const) {
      const id = qos === 0 ? undefined : qos;
      sensor.send(publishPacket(topic, String(qos), qos, id, { retain: true }));
    }
    await sensor.until((r) => idsOf(r, 'puback').length + idsOf(r, 'pubrec').length === 2);
    await settle();
    expect(door.readings).toHaveLength(3);
    const listener = await subscriber(embedded, 'sensors/#');
    await hasMessages(listener, 3);
    expect(messagesOf(listener.received).toSorted()).toEqual([
      'sensors/a/t 0',
      'sensors/b/t 1',
      'sensors/c/t 2',
    ]);
    expect(listener.received.filter((each) => each.cmd === 'publish' && each.retain)).toHaveLength(
      3,
    );
  });

  test.each([0, 1, 2] as const)(
    'EmbeddedBroker deletes a retained reading by an empty one at QoS %i, which is no reading',
    async (qos) => {
      const embedded = await startEmbedded();
      const { door, port } = embedded;
      door.commitAlways();
      const sensor = await connectRaw(port, 'sensor');
      sensor.send(publishPacket('sensors/a/t', '1', 1, 1, { retain: true }));
      await sensor.until((received) => idsOf(received, 'puback').length === 1);
      const listener = await subscriber(embedded, 'sensors/#');
      await hasMessages(listener, 1);
      const id = qos === 0 ? undefined : 2;
      sensor.send(publishPacket('sensors/a/t', '', qos, id, { retain: true }));
      await hasMessages(listener, 2);
      if (qos > 0) await sensor.until((r) => idsOf(r, qos === 1 ? 'puback' : 'pubrec').includes(2));
      expect(messagesOf(listener.received)).toEqual(['sensors/a/t 1', 'sensors/a/t ']);
      const later = await subscriber(embedded, 'sensors/#', 1, 'later');
      await settle(40);
      expect(messagesOf(later.received)).toEqual([]);
      expect(door.readings).toEqual([{ topic: 'sensors/a/t', payload: '1' }]);
    },
  );

  test('EmbeddedBroker deletes a retained reading in the order of the publishes', async () => {
    const embedded = await startEmbedded();
    const { door, port } = embedded;
    const sensor = await connectRaw(port, 'sensor');
    sensor.send(
      publishPacket('sensors/a/t', '1', 1, 1, { retain: true }),
      publishPacket('sensors/a/t', '', 1, 2, { retain: true }),
      publishPacket('sensors/b/t', '', 1, 3),
    );
    await eventually(() => door.readings.length === 2);
    await settle();
    expect(idsOf(sensor.received, 'puback')).toEqual([]);
    door.commitAlways();
    await sensor.until((received) => idsOf(received, 'puback').length === 3);
    expect(idsOf(sensor.received, 'puback')).toEqual([1, 2, 3]);
    // Without the flag it is a payload like any other, for the intake to judge.
    expect(door.readings.map(({ topic }) => topic)).toEqual(['sensors/a/t', 'sensors/b/t']);
    const later = await subscriber(embedded, 'sensors/#', 1, 'later');
    await settle(40);
    expect(messagesOf(later.received)).toEqual([]);
  });

  test('EmbeddedBroker keeps readings for a session that is away', async () => {
    const embedded = await startEmbedded();
    embedded.door.commitAlways();
    const away = await connectRaw(embedded.port, 'away', { clean: false });
    away.send(subscribePacket(1, 'sensors/#', 1));
    await away.until((received) => received.some(({ cmd }) => cmd === 'suback'));
    away.send({ cmd: 'disconnect' });
    await away.closed();
    const sensor = await connectRaw(embedded.port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', '1', 1, 1), publishPacket('sensors/a/t', '2', 1, 2));
    await sensor.until((received) => idsOf(received, 'puback').length === 2);
    const back = await connectRaw(embedded.port, 'away', { clean: false });
    await hasMessages(back, 2);
    expect(back.received[0]).toMatchObject({ sessionPresent: true });
    expect(messagesOf(back.received)).toEqual(['sensors/a/t 1', 'sensors/a/t 2']);
    sensor.send(publishPacket('sensors/a/t', '3', 1, 3));
    await hasMessages(back, 3);
  });

  test('EmbeddedBroker goes on for a client that takes over its own id', async () => {
    const embedded = await startEmbedded();
    embedded.door.commitAlways();
    const first = await subscriber(embedded, 'sensors/#', 1, 'twin');
    const second = await subscriber(embedded, 'sensors/#', 1, 'twin');
    await first.closed();
    const sensor = await connectRaw(embedded.port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', '1', 1, 1));
    await hasMessages(second, 1);
  });
});

describe('EmbeddedBroker brings commands to devices', () => {
  test('EmbeddedBroker tells who listens anew what it is to do now, and it alone', async () => {
    const embedded = await startEmbedded();
    embedded.door.standing = [
      { topic: 'siren/set', payload: 'on' },
      { topic: 'pump/set', payload: 'off' },
    ];
    const siren = await subscriber(embedded, 'siren/set');
    await hasMessages(siren, 1);
    const all = await subscriber(embedded, '+/set', 0, 'all');
    await hasMessages(all, 2);
    await settle(40);
    expect(messagesOf(siren.received)).toEqual(['siren/set on']);
    expect(messagesOf(all.received)).toEqual(['siren/set on', 'pump/set off']);
    expect(all.received.at(-1)).toMatchObject({ retain: false, qos: 0 });
    all.send(subscribePacket(2, '$siren/set', 1));
    await all.until((received) => received.some(({ messageId }) => messageId === 2));
    await settle(40);
    expect(messagesOf(all.received)).toHaveLength(2);
  });

  test('EmbeddedBroker keeps no command for a session that is away: back again it gets the present one', async () => {
    const embedded = await startEmbedded();
    const before = await connectRaw(embedded.port, 'siren', { clean: false });
    before.send(subscribePacket(1, 'siren/set', 1));
    await before.until((received) => received.some(({ cmd }) => cmd === 'suback'));
    embedded.broker.command('siren/set', 'off');
    await hasMessages(before, 1);
    before.send({ cmd: 'disconnect' });
    await before.closed();
    for (const payload of ['on', 'off', 'on', 'off']) embedded.broker.command('siren/set', payload);
    embedded.door.standing = [{ topic: 'siren/set', payload: 'off' }];
    const back = await connectRaw(embedded.port, 'siren', { clean: false });
    await hasMessages(back, 1);
    await settle(40);
    expect(back.received[0]).toMatchObject({ sessionPresent: true });
    expect(messagesOf(back.received)).toEqual(['siren/set off']);
    embedded.broker.command('siren/set', 'on');
    await hasMessages(back, 2);
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])(
    'EmbeddedBroker keeps the order of commands when a device takes over its id (clean: %s, then %s)',
    async (wasClean, isClean) => {
      const embedded = await startEmbedded();
      const before = await connectRaw(embedded.port, 'siren', { clean: wasClean });
      before.send(subscribePacket(1, 'siren/set', 1));
      await before.until((received) => received.some(({ cmd }) => cmd === 'suback'));
      let count = 0;
      const commanding = setInterval(() => {
        const payload = String((count += 1));
        embedded.door.standing = [{ topic: 'siren/set', payload }];
        embedded.broker.command('siren/set', payload);
      }, 1);
      onTestFinished(() => clearInterval(commanding));
      const now = await connectRaw(embedded.port, 'siren', { clean: isClean });
      now.send(subscribePacket(1, 'siren/set', 1));
      await hasMessages(now, 10);
      clearInterval(commanding);
      const last = `siren/set ${count}`;
      await now.until((received) => messagesOf(received).at(-1) === last);
      const numbers = messagesOf(now.received).map((text) => Number(text.split(' ')[1]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    },
  );

  test('EmbeddedBroker drops no command for a client that is slow to read', async () => {
    const embedded = await startEmbedded();
    const slow = await subscriber(embedded, '#', 0, 'slow');
    slow.socket.pause();
    const payload = 'x'.repeat(60_000);
    const dropped = /messages_dropped_total\{reason="QoS 0 to a slow reader"\} [1-9]/;
    const noise = await connectRaw(embedded.port, 'noise');
    await eventually(() => {
      noise.send(publishPacket('noise', payload, 0));
      return dropped.test(embedded.metrics.text());
    });
    embedded.broker.command('siren/set', 'off');
    await settle();
    slow.socket.resume();
    await slow.until((received) => messagesOf(received).at(-1) === 'siren/set off');
  });
});

describe('EmbeddedBroker takes a QoS 2 reading exactly once', () => {
  test('EmbeddedBroker sends PUBREC only when the reading is on disk, and PUBCOMP after PUBREL', async () => {
    const { door, port } = await startEmbedded();
    const sensor = await connectRaw(port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', '1', 2, 7));
    await eventually(() => door.readings.length === 1);
    await settle();
    expect(idsOf(sensor.received, 'pubrec')).toEqual([]);
    door.commit();
    await sensor.until((received) => idsOf(received, 'pubrec').length === 1);
    sensor.send({ cmd: 'pubrel', messageId: 7 });
    await sensor.until((received) => idsOf(received, 'pubcomp').length === 1);
  });

  test('EmbeddedBroker stores a repeated publish once, and the next one with the same id again', async () => {
    const { door, port } = await startEmbedded();
    door.commitAlways();
    const sensor = await connectRaw(port, 'sensor');
    sensor.send(publishPacket('sensors/a/t', '1', 2, 7));
    await sensor.until((received) => idsOf(received, 'pubrec').length === 1);
    sensor.send(publishPacket('sensors/a/t', '1', 2, 7, { dup: true }));
    await sensor.until((received) => idsOf(received, 'pubrec').length === 2);
    sensor.send({ cmd: 'pubrel', messageId: 7 });
    await sensor.until((received) => idsOf(received, 'pubcomp').length === 1);
    expect(door.readings).toHaveLength(1);
    sensor.send(publishPacket('sensors/a/t', '2', 2, 7));
    await sensor.until((received) => idsOf(received, 'pubrec').length === 3);
    expect(door.readings.map(({ payload }) => payload)).toEqual(['1', '2']);
  });

  test('EmbeddedBroker acknowledges a repetition after a reconnect only with the reading on disk', async () => {
    const embedded = await startEmbedded();
    const { broker, door, port } = embedded;
    const listener = await subscriber(embedded, 'sensors/#', 2);
    const sensor = await connectRaw(port, 'sensor', { clean: false });
    sensor.send(publishPacket('sensors/a/t', '1', 2, 7));
    await eventually(() => door.readings.length === 1);
    sensor.socket.destroy();
    await eventually(() => broker.connections === 1);
    const again = await connectRaw(port, 'sensor', { clean: false });
    again.send(publishPacket('sensors/a/t', '1', 2, 7, { dup: true }));
    await settle(40);
    expect(idsOf(again.received, 'pubrec')).toEqual([]);
    door.commitAlways();
    await again.until((received) => idsOf(received, 'pubrec').length === 1);
    again.send({ cmd: 'pubrel', messageId: 7 });
    await again.until((received) => idsOf(received, 'pubcomp').length === 1);
    await hasMessages(listener, 1);
    await settle();
    expect(door.readings).toHaveLength(1);
    expect(messagesOf(listener.received)).toEqual(['sensors/a/t 1']);
  });

  test('EmbeddedBroker performs a repeated QoS 2 act once', async () => {
    const { door, port } = await startEmbedded();
    door.commitAlways();
    const person = await connectRaw(port, 'person');
    person.send(publishPacket('limen/alerts/r/d/m/ack', '{}', 2, 1));
    await person.until((received) => idsOf(received, 'pubrec').length === 1);
    person.send(publishPacket('limen/alerts/r/d/m/ack', '{}', 2, 1, { dup: true }));
    await person.until((received) => idsOf(received, 'pubrec').length === 2);
    expect(door.commands).toHaveLength(1);
  });
});

describe('EmbeddedBroker keeps its own topics', () => {
  test('EmbeddedBroker brings a command to the door with who sent it', async () => {
    const { door, port } = await startEmbedded({ verify: async () => true });
    door.commitAlways();
    const person = await connectRaw(port, 'phone', { username: 'anna', password: 'x' });
    person.send(publishPacket('limen/alerts/r/d/m/ack', '{"by":"x"}', 1, 1));
    await person.until((received) => idsOf(received, 'puback').length === 1);
    expect(door.commands).toEqual([
      {
        topic: 'limen/alerts/r/d/m/ack',
        payload: '{"by":"x"}',
        retain: false,
        publisher: { clientId: 'phone', username: 'anna' },
      },
    ]);
  });

  test.each([0, 1, 2] as const)(
    'EmbeddedBroker neither relays nor retains a forged state at QoS %i',
    async (qos) => {
      const embedded = await startEmbedded();
      const { door, port } = embedded;
      door.commitAlways();
      const listener = await subscriber(embedded, '#', 2);
      const forger = await connectRaw(port, 'forger');
      const id = qos === 0 ? undefined : 1;
      forger.send(
        publishPacket('limen/alerts/r/d/m', '{"state":"normal"}', qos, id, { retain: true }),
      );
      forger.send(publishPacket('other', 'end', 1, 2));
      await hasMessages(listener, 1);
      await settle();
      expect(messagesOf(listener.received)).toEqual(['other end']);
      const later = await subscriber(embedded, '#', 2, 'later');
      await settle(40);
      expect(messagesOf(later.received)).toEqual([]);
      expect(door.commands).toHaveLength(1);
    },
  );

  test('EmbeddedBroker publishes in its own name, retained or not', async () => {
    const embedded = await startEmbedded();
    const listener = await subscriber(embedded, 'limen/#');
    embedded.broker.publish('limen/status', 'online', { retain: true });
    embedded.broker.publish('limen/events/alert', '{}', { retain: false });
    await hasMessages(listener, 2);
    const later = await subscriber(embedded, 'limen/#', 1, 'later');
    await hasMessages(later, 1);
    expect(messagesOf(later.received)).toEqual(['limen/status online']);
    expect(embedded.door.commands).toEqual([]);
  });

  test('EmbeddedBroker refuses a subscription to topics that begin with $', async () => {
    const { port, broker } = await startEmbedded();
    const spy = await connectRaw(port, 'spy');
    spy.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['$SYS/#', '$limen/#', '$share/g/a', '#'].map((topic) => ({ topic, qos: 1 })),
    });
    await spy.until((received) => received.some(({ cmd }) => cmd === 'suback'));
    expect(spy.received.at(-1)).toMatchObject({ granted: [128, 128, 128, 1] });
    await connectRaw(port, 'newcomer');
    expect(await broker.probe(1_000)).toBe(true);
    expect(messagesOf(spy.received)).toEqual([]);
  });

  test('EmbeddedBroker says no to a probe that nobody answers in time', async () => {
    const { broker } = await startEmbedded();
    expect(await broker.awaitTopic('never', 10)).toBe(false);
    expect(await broker.probe(2_000)).toBe(true);
  });
});

describe('EmbeddedBroker publishes wills', () => {
  const die = async ({ broker }: TestEmbedded, client: RawConnection): Promise<void> => {
    const before = broker.connections;
    client.socket.destroy();
    await eventually(() => broker.connections < before);
  };

  test.each([0, 1, 2] as const)(
    'EmbeddedBroker takes a will of QoS %i as a reading',
    async (qos) => {
      const embedded = await startEmbedded();
      embedded.door.commitAlways();
      const listener = await subscriber(embedded, '#');
      const will = { topic: 'sensors/a/t', payload: 'unavailable', qos };
      await die(embedded, await connectRaw(embedded.port, 'mortal', { will }));
      await hasMessages(listener, 1);
      expect(embedded.door.readings).toEqual([{ topic: 'sensors/a/t', payload: 'unavailable' }]);
    },
  );

  test('EmbeddedBroker does not publish a will on its own topics, nor one of a client that said goodbye', async () => {
    const embedded = await startEmbedded();
    const listener = await subscriber(embedded, '#');
    const forged = { topic: 'limen/status', payload: 'offline', retain: true };
    await die(embedded, await connectRaw(embedded.port, 'forger', { will: forged }));
    const polite = await connectRaw(embedded.port, 'polite', {
      will: { topic: 'other', payload: 'gone' },
    });
    polite.send({ cmd: 'disconnect' });
    await polite.closed();
    const mortal = { topic: 'other', payload: 'dead' };
    await die(embedded, await connectRaw(embedded.port, 'mortal', { will: mortal }));
    await hasMessages(listener, 1);
    expect(messagesOf(listener.received)).toEqual(['other dead']);
  });
});

describe('EmbeddedBroker watches its clients', () => {
  test('Aedes still has the keepalive timer and the memory of duplicates that Limen reaches into', async () => {
    const aedes = await Aedes.createBroker();
    const embedded = await startEmbedded();
    onTestFinished(() => new Promise<void>((resolve) => aedes.close(resolve)));
    const client = await connectRaw(embedded.port, 'patient', { keepalive: 10 });
    expect(client.received[0]).toMatchObject({ cmd: 'connack', returnCode: 0 });
    const { createServer } = await import('node:net');
    const server = createServer(aedes.handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const ready = once(aedes, 'clientReady');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const other = await connectRaw(port, 'inside', { keepalive: 10 });
    const [inside] = await ready;
    expect(typeof inside._keepaliveTimer?.refresh).toBe('function');
    expect(inside.duplicates).toBeTypeOf('object');
    other.socket.destroy();
  });

  test('EmbeddedBroker keeps a client that sends only readings, and drops one that is silent', async () => {
    const { port, door } = await startEmbedded();
    door.commitAlways();
    const talking = await connectRaw(port, 'talking', { keepalive: 1 });
    const silent = await connectRaw(port, 'silent', { keepalive: 1 });
    const startedMs = performance.now();
    const silentEnds = silent.closed().then(() => performance.now() - startedMs);
    for (let i = 0; i < 6; i++) {
      talking.send(publishPacket('sensors/a/t', '1'));
      await wait(450);
    }
    expect(talking.isClosed).toBe(false);
    expect(silent.isClosed).toBe(true);
    expect(await silentEnds).toBeGreaterThan(1_300);
  });

  test('EmbeddedBroker refuses a connection too many', async () => {
    const { port, broker } = await startEmbedded();
    const sockets = await Promise.all(
      Array.from({ length: limits.connectionsMax }, () => connectSocket(port)),
    );
    await eventually(() => broker.connections === limits.connectionsMax);
    const tooMany = await connectSocket(port);
    await tooMany.closed();
    sockets[0]?.socket.destroy();
    await eventually(() => broker.connections === limits.connectionsMax - 1);
    await connectRaw(port, 'next');
  });

  test('EmbeddedBroker ends although clients are connected', async () => {
    const { port, broker } = await startEmbedded();
    const client = await connectRaw(port, 'left');
    await broker.close();
    await client.closed();
    expect(broker.connections).toBe(0);
  });
});

describe('EmbeddedBroker asks who is there', () => {
  const verify = async (name: string, password: string): Promise<boolean> =>
    name === 'anna' && password === 'right';

  test('EmbeddedBroker lets in who logs in rightly, and nobody else where a login is required', async () => {
    const { port, log, metrics } = await startEmbedded({ listen: { loginRequired: true }, verify });
    const code = async (options: { username?: string; password?: string }): Promise<unknown> => {
      const client = await connectSocket(port);
      client.send(connectPacket('someone', options));
      await client.until((received) => received[0]?.cmd === 'connack');
      const [connack] = client.received;
      return connack?.cmd === 'connack' ? connack.returnCode : null;
    };
    expect(await code({ username: 'anna', password: 'right' })).toBe(0);
    expect(await code({ username: 'anna', password: 'wrong' })).toBe(5);
    expect(await code({ username: 'bert', password: 'right' })).toBe(5);
    expect(await code({ username: 'anna' })).toBe(5);
    expect(await code({})).toBe(5);
    expect(log.lines).toEqual(['login refused']);
    expect(metrics.text()).toContain('limen_logins_refused_total 2');
  });

  test('EmbeddedBroker lets the anonymous in where it may, but not with a wrong password', async () => {
    const { url } = await startEmbedded({ verify });
    const anonymous = await connectAsync(url);
    await anonymous.endAsync();
    await expect(
      connectAsync(url, { username: 'anna', password: 'wrong', reconnectPeriod: 0 }),
    ).rejects.toThrow('Not authorized');
  });

  test('EmbeddedBroker takes nothing from a client before it is let in', async () => {
    const { port, door } = await startEmbedded({ listen: { loginRequired: true }, verify });
    const stranger = await connectSocket(port);
    stranger.send(connectPacket('stranger'), publishPacket('sensors/a/t', '1'));
    await stranger.closed();
    expect(door.readings).toEqual([]);
  });

  test('EmbeddedBroker makes who guesses passwords wait, and writes one line', async () => {
    const checkedAtMs: number[] = [];
    const { port, log, metrics } = await startEmbedded({
      listen: { loginRequired: true },
      verify: (name, password) => {
        checkedAtMs.push(performance.now());
        return verify(name, password);
      },
    });
    const guess = async (): Promise<RawConnection> => {
      const client = await connectSocket(port);
      client.send(connectPacket('guesser', { username: 'anna', password: 'guess' }));
      return client;
    };
    const first = await Promise.all(Array.from({ length: 5 }, guess));
    await Promise.all(first.map((client) => client.closed()));
    // As many as may wait, and one whose connection ends meanwhile: nobody checks its password.
    const waiting = await Promise.all(Array.from({ length: 15 }, guess));
    const right = await connectSocket(port);
    right.send(connectPacket('anna', { username: 'anna', password: 'right' }));
    await eventually(() => metrics.text().includes('limen_logins_waiting_count 16'));
    const tooMany = await guess();
    await tooMany.closed();
    expect(tooMany.received).toMatchObject([{ cmd: 'connack', returnCode: 3 }]);
    for (const client of waiting) client.socket.destroy();
    await eventually(() => metrics.text().includes('limen_logins_waiting_count 1'));
    expect(checkedAtMs).toHaveLength(5);
    await right.until((received) => received[0]?.cmd === 'connack');
    expect(right.received).toMatchObject([{ cmd: 'connack', returnCode: 0 }]);
    expect(checkedAtMs).toHaveLength(6);
    expect((checkedAtMs[5] ?? 0) - (checkedAtMs[4] ?? 0)).toBeGreaterThan(900);
    expect(log.lines).toEqual(['login refused', 'login refused']);
    expect(metrics.text()).toContain('limen_log_lines_suppressed_total 4');
  });

  test('EmbeddedBroker refuses names with control characters', async () => {
    const { port } = await startEmbedded({ verify: async () => true });
    for (const packet of [
      connectPacket('a\u001B[2J'),
      connectPacket('b', { username: 'x\ny', password: 'z' }),
    ]) {
      const client = await connectSocket(port);
      client.send(packet);
      await client.closed();
      expect(client.received).toMatchObject([{ cmd: 'connack', returnCode: 5 }]);
    }
  });

  test('EmbeddedBroker survives a CONNECT whose will asks for QoS 3', async () => {
    const { broker, port } = await startEmbedded();
    const will = { topic: 'other', payload: 'x', qos: 2 } as const;
    const bytes = generate(connectPacket('odd', { will }));
    // The connect flags follow the fixed header, the protocol name and the level.
    bytes.writeUInt8(bytes.readUInt8(9) | 0x18, 9);
    const client = await connectSocket(port);
    client.send(bytes);
    await eventually(() => client.received.length > 0 || client.isClosed);
    client.socket.destroy();
    await eventually(() => broker.connections === 0);
    expect(await broker.probe(1_000)).toBe(true);
  });

  test('EmbeddedBroker lets everybody wait who logs in at the same moment', async () => {
    let atOnce = 0;
    let most = 0;
    const { port } = await startEmbedded({
      listen: { loginRequired: true },
      verify: async () => {
        most = Math.max(most, ++atOnce);
        await wait(5);
        atOnce--;
        return true;
      },
    });
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const client = await connectRaw(port, `device-${index}`, { username: 'a', password: 'b' });
        expect(client.received[0]).toMatchObject({ returnCode: 0 });
      }),
    );
    expect(most).toBe(4);
  });
});

describe('EmbeddedBroker bounds what it keeps', () => {
  test('EmbeddedBroker gives up the session that has waited longest for its client', async () => {
    const embedded = await startEmbedded();
    const { port, metrics, broker } = embedded;
    const leave = async (clientId: string): Promise<void> => {
      const client = await connectRaw(port, clientId, { clean: false });
      client.send(subscribePacket(1, `news/${clientId}`, 1), { cmd: 'disconnect' });
      await client.closed();
    };
    const first = await connectRaw(port, 'present', { clean: false });
    first.send(subscribePacket(1, 'sensors/#', 1));
    for (const clientId of ['oldest', 'second']) await leave(clientId);
    for (let n = 2; n < limits.sessionsAwayMax; n++) await leave(`client-${n}`);
    await eventually(() => broker.connections === 1);
    expect(metrics.text()).toContain(`limen_sessions_away_count ${limits.sessionsAwayMax}`);
    expect(metrics.text()).toContain('limen_sessions_dropped_total 0');
    await leave('one-more');
    await eventually(() => metrics.text().includes('limen_sessions_dropped_total 1'));
    expect(metrics.text()).toContain(`limen_sessions_away_count ${limits.sessionsAwayMax}`);
    const session = async (clientId: string): Promise<unknown> =>
      (await connectRaw(port, clientId, { clean: false })).received[0];
    expect(await session('oldest')).toMatchObject({ sessionPresent: false });
    expect(await session('second')).toMatchObject({ sessionPresent: true });
    expect(first.isClosed).toBe(false);
  });

  test('EmbeddedBroker refuses filters beyond the bound, now and when the session comes back', async () => {
    const embedded = await startEmbedded();
    embedded.door.commitAlways();
    const { port, metrics } = embedded;
    const greedy = await connectRaw(port, 'greedy', { clean: false });
    const filters = Array.from(
      { length: limits.subscriptionsPerClientMax + 10 },
      (_, n) => `a/${n}`,
    );
    const subscriptions = ['$SYS/#', ...filters].map((topic) => ({ topic, qos: 1 as const }));
    greedy.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    await greedy.until((received) => received.some(({ cmd }) => cmd === 'suback'));
    const suback = greedy.received.find(({ cmd }) => cmd === 'suback');
    const granted = suback?.cmd === 'suback' ? suback.granted : [];
    expect(granted.filter((qos) => qos === 1)).toHaveLength(limits.subscriptionsPerClientMax);
    expect(metrics.text()).toContain('limen_subscriptions_refused_total 11');
    greedy.send({ cmd: 'disconnect' });
    await greedy.closed();
    const publisher = await connectRaw(port, 'publisher');
    publisher.send(
      publishPacket(filters.at(-1) ?? '', 'refused', 1, 1),
      publishPacket('a/0', 'granted', 1, 2),
    );
    await publisher.until((received) => idsOf(received, 'puback').length === 2);
    const back = await connectRaw(port, 'greedy', { clean: false });
    await hasMessages(back, 1);
    await settle();
    expect(messagesOf(back.received)).toEqual(['a/0 granted']);
  });
});
