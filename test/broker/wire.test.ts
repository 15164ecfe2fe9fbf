import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { duplexPair } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TopicUse } from '../../src/broker/topic-uses.ts';
import { Wire } from '../../src/broker/wire.ts';
import { limits } from '../../src/domain/limits.ts';
import { eventually, settle, startEmbedded } from './embedded-fixture.ts';
import { createTestDoor } from './test-door.ts';
import {
  connectPacket,
  connectRaw,
  connectSocket,
  idsOf,
  messagesOf,
  publishPacket,
  subscribePacket,
} from './raw-connection.ts';

const ping: Packet = { cmd: 'pingreq' };

describe('Wire cuts bytes into packets', () => {
  test('Wire gives the same result however a valid stream is split', async () => {
    const { door, port } = await startEmbedded();
    door.commitAlways();
    const stream = Buffer.concat(
      [
        connectPacket('splitter'),
        subscribePacket(1, 'relayed/#', 1),
        publishPacket('sensors/a/t', '1'),
        publishPacket('sensors/a/t', '2', 1, 10),
        publishPacket('relayed/x', 'hello', 1, 11),
        publishPacket('limen/alerts/a/b/c/ack', '{}', 1, 12),
        publishPacket('sensors/a/t', 'x'.repeat(200), 1, 13),
        publishPacket('sensors/a/t', '4', 2, 14),
        ping,
      ].map((packet) => generate(packet)),
    );
    const run = async (cuts: readonly number[]): Promise<void> => {
      door.readings.length = 0;
      door.commands.length = 0;
      const client = await connectSocket(port);
      let from = 0;
      for (const cut of [...new Set(cuts)].toSorted((a, b) => a - b).concat(stream.length)) {
        client.socket.write(stream.subarray(from, cut));
        from = cut;
        await settle(2);
      }
      await client.until(
        (received) =>
          received.some(({ cmd }) => cmd === 'pingresp') &&
          received.some(({ cmd }) => cmd === 'pubrec') &&
          idsOf(received, 'puback').length === 4 &&
          messagesOf(received).length === 1,
      );
      expect(idsOf(client.received, 'puback')).toEqual([10, 11, 12, 13]);
      expect(messagesOf(client.received)).toEqual(['relayed/x hello']);
      expect(door.readings.map(({ payload }) => payload)).toEqual(['1', '2', 'x'.repeat(200), '4']);
      expect(door.commands).toHaveLength(1);
      client.socket.destroy();
    };
    await run(Array.from({ length: stream.length }, (_, index) => index));
    for (let cut = 1; cut < stream.length; cut += 7) await run([cut]);
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(stream.length - 1), { maxLength: 6 }), run), {
      numRuns: 20,
    });
  });

  test('Wire answers everything that is pipelined behind CONNECT', async () => {
    const { door, port } = await startEmbedded();
    door.commitAlways();
    const client = await connectSocket(port);
    const readings = Array.from({ length: 300 }, (_, index) =>
      publishPacket('sensors/a/t', String(index), 1, index + 1),
    );
    client.send(connectPacket('eager'), ...readings, ping);
    await client.until((received) => received.some(({ cmd }) => cmd === 'pingresp'));
    await client.until((received) => idsOf(received, 'puback').length === 300);
    expect(door.readings).toHaveLength(300);
    expect(client.received[0]?.cmd).toBe('connack');
  });

  test('Wire reads on after many chunks of messages that only Aedes handles', async () => {
    const { port } = await startEmbedded();
    const client = await connectRaw(port, 'busy');
    // Three chunks at once: one that Aedes works on, one that it was given, one that waits.
    const count = 3_000;
    for (let id = 1; id <= count; id += 50) {
      const chunk = Array.from({ length: 50 }, (_, index) =>
        publishPacket('relayed/x', 'x', 1, id + index),
      );
      client.send(...chunk);
      await new Promise((resolve) => client.socket.write('', resolve));
    }
    client.send(ping);
    await client.until((received) => received.some(({ cmd }) => cmd === 'pingresp'));
    await client.until((received) => idsOf(received, 'puback').length === count);
    expect(idsOf(client.received, 'puback')).toEqual(
      Array.from({ length: count }, (_, index) => index + 1),
    );
  });

  test('Wire reads on after Aedes took its time twice and nothing is left over', async () => {
    const [near, far] = duplexPair();
    const wire = new Wire(near, {
      door: createTestDoor(),
      use: (bytes, start, end) => new TopicUse(bytes.toString('utf8', start, end), 'relay'),
      relays: () => false,
      relay: () => undefined,
      dropped: () => undefined,
      freed: () => undefined,
      connections: () => 1,
      refused: () => undefined,
    });
    onTestFinished(() => void wire.destroy());
    const send = async (...packets: Packet[]): Promise<void> => {
      far.write(Buffer.concat(packets.map((packet) => generate(packet))));
      await settle(3);
    };
    await send(connectPacket('slow'));
    expect(wire.read()?.[0]).toBe(0x10);
    wire.open({ clientId: 'slow', username: null }, () => undefined);
    for (let id = 1; id <= 3; id++) await send(publishPacket('other', String(id), 1, id));
    const taken: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      taken.push(wire.read()?.toString('latin1').slice(-1) ?? '');
      await settle(3);
    }
    expect(taken).toEqual(['1', '2', '3']);
    await send(publishPacket('other', '4', 1, 4));
    expect(wire.read()?.toString('latin1').slice(-1)).toBe('4');
  });

  test('Wire reads nothing behind a DISCONNECT', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'leaver');
    client.send({ cmd: 'disconnect' }, publishPacket('sensors/a/t', '1'));
    await client.closed();
    await settle();
    expect(door.readings).toEqual([]);
  });
});

describe('Wire refuses what breaks the protocol or a limit', () => {
  const header = (type: number, remaining: readonly number[]): Buffer =>
    Buffer.from([type, ...remaining]);

  test('Wire closes a connection whose first packet is not CONNECT', async () => {
    const { port, log } = await startEmbedded();
    const client = await connectSocket(port);
    client.socket.write(header(0x30, [0x80]));
    client.socket.write(header(0x01, []));
    await client.closed();
    expect(log.lines).toEqual(['client refused']);
  });

  test('Wire closes a CONNECT above 4 KiB, and one that claims 256 MB, at its header', async () => {
    const { port, metrics } = await startEmbedded();
    for (const remaining of [
      [0x81, 0x20],
      [0xff, 0xff, 0xff, 0x7f],
      [0xff, 0xff, 0xff, 0xff],
    ]) {
      const client = await connectSocket(port);
      client.socket.write(header(0x10, remaining));
      await client.closed();
    }
    expect(metrics.text()).toContain('limen_clients_refused_total{reason="CONNECT too large"} 3');
  });

  test('Wire takes a CONNECT of 4 KiB', async () => {
    const { port } = await startEmbedded();
    const client = await connectSocket(port);
    const connect = connectPacket('x'.repeat(4_096 - 12));
    expect(generate(connect).length).toBe(3 + 4_096);
    client.send(connect);
    await client.until((received) => received[0]?.cmd === 'connack');
  });

  test('Wire takes a packet of 256 KiB and refuses a larger one', async () => {
    const { port, door } = await startEmbedded();
    door.commitAlways();
    const client = await connectRaw(port, 'large');
    const room = limits.packetBytesMax - 2 - 'sensors/a/t'.length - 2;
    client.send(publishPacket('sensors/a/t', 'x'.repeat(room), 1, 1));
    await client.until((received) => idsOf(received, 'puback').length === 1);
    client.send(generate(publishPacket('sensors/a/t', 'x'.repeat(room + 1), 1, 2)).subarray(0, 4));
    await client.closed();
    expect(door.readings).toHaveLength(1);
  });

  const raw = (qos: number, topic: Buffer, id: number | null, payload = '1'): Buffer => {
    const body = Buffer.concat([
      Buffer.from([topic.length >> 8, topic.length & 0xff]),
      topic,
      id === null ? Buffer.alloc(0) : Buffer.from([id >> 8, id & 0xff]),
      Buffer.from(payload),
    ]);
    return Buffer.concat([Buffer.from([0x30 | (qos << 1), body.length]), body]);
  };
  const broken: readonly (readonly [name: string, bytes: Buffer])[] = [
    ['a packet id of 0 on a reading', raw(1, Buffer.from('sensors/a/t'), 0)],
    ['a packet id of 0 on another message', raw(1, Buffer.from('other'), 0)],
    ['a packet id of 0 at QoS 2', raw(2, Buffer.from('sensors/a/t'), 0)],
    ['a topic with +', raw(0, Buffer.from('sensors/+/t'), null)],
    ['a topic with #', raw(1, Buffer.from('sensors/#'), 1)],
    ['an empty topic', raw(0, Buffer.from(''), null)],
    ['a topic with NUL', raw(0, Buffer.from('sensors/a\u0000/t'), null)],
    ['a topic that is not UTF-8', raw(0, Buffer.from([0x73, 0xc3, 0x28]), null)],
    ['a QoS 2 topic that is not UTF-8', raw(2, Buffer.from([0x73, 0xc3, 0x28]), 1)],
    ['a topic longer than its packet', Buffer.from([0x30, 4, 0x00, 0x09, 0x61, 0x62])],
    ['a PUBLISH without a topic', Buffer.from([0x30, 1, 0x00])],
    ['a QoS 1 PUBLISH without an id', Buffer.from([0x32, 3, 0x00, 0x01, 0x61])],
    ['QoS 3', raw(3, Buffer.from('sensors/a/t'), 1)],
    ['a second CONNECT', generate(connectPacket('again'))],
  ];
  test.each(broken)('Wire closes after %s', async (_name, bytes) => {
    const { port, door } = await startEmbedded();
    door.commitAlways();
    const client = await connectRaw(port, 'broken');
    client.send(bytes);
    await client.closed();
    expect(door.readings).toEqual([]);
    expect(idsOf(client.received, 'puback')).toEqual([]);
  });

  const unusable: readonly (readonly [reason: string, topic: string])[] = [
    ['control character in the topic', 'sensors/a\n/t'],
    ['control character in the topic', 'sensors/a\u009B/t'],
    ['too many topic levels', `sensors/${Array(16).fill('a').join('/')}`],
    ['too many topic levels', `sensors/${Array(200).fill('a').join('/')}`],
    ['topic begins with $', '$SYS/x'],
    ['topic begins with $', '$limen/consumed'],
  ];
  test.each(unusable)(
    'Wire acknowledges and drops a message it does not carry (%s)',
    async (reason, topic) => {
      const { port, door, broker, metrics } = await startEmbedded();
      const listener = await connectRaw(port, 'listener');
      listener.send(subscribePacket(1, '#', 2));
      await listener.until((received) => received.some(({ cmd }) => cmd === 'suback'));
      const client = await connectRaw(port, 'poisoned', { clean: false });
      const message = (qos: 0 | 1 | 2, id?: number): Packet =>
        publishPacket(topic, '1', qos, id, { retain: true });
      client.send(message(0), message(1, 1), message(2, 2), message(2, 2), ping);
      await client.until((received) => idsOf(received, 'pubrec').length === 2);
      client.send({ cmd: 'pubrel', messageId: 2 }, publishPacket('sensors/a/t', 'good'));
      await client.until((received) => idsOf(received, 'pubcomp').length === 1);
      await client.until((received) => received.some(({ cmd }) => cmd === 'pingresp'));
      expect(idsOf(client.received, 'puback')).toEqual([1]);
      expect(door.readings.map(({ payload }) => payload)).toEqual(['good']);
      await listener.until((received) => messagesOf(received).length === 1);
      expect(messagesOf(listener.received)).toEqual(['sensors/a/t good']);
      expect(metrics.text()).toContain(`limen_messages_dropped_total{reason="${reason}"} 4`);
      expect(broker.connections).toBe(2);
    },
  );

  test('Wire acknowledges what it drops in the order of the publishes', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'ordered');
    client.send(
      publishPacket('sensors/a/t', '1', 1, 1),
      publishPacket('sensors/a\n/t', '2', 1, 2),
      publishPacket('sensors/a/t', '3', 2, 3),
      publishPacket('sensors/a\n/t', '4', 2, 4),
      publishPacket('sensors/a/t', '5', 2, 5),
    );
    await eventually(() => door.readings.length === 3);
    await settle();
    expect(idsOf(client.received, 'puback')).toEqual([]);
    door.commitAlways();
    await client.until((received) => idsOf(received, 'pubrec').length === 3);
    expect(idsOf(client.received, 'puback')).toEqual([1, 2]);
    expect(idsOf(client.received, 'pubrec')).toEqual([3, 4, 5]);
  });

  test('Wire lets no will out on a topic that Limen does not carry', async () => {
    const { port, broker, metrics } = await startEmbedded();
    const will = { topic: Array(17).fill('a').join('/'), payload: 'x', qos: 1 } as const;
    const mortal = await connectRaw(port, 'mortal', { will });
    mortal.socket.destroy();
    await eventually(() => broker.connections === 0);
    await eventually(() => metrics.text().includes('{reason="too many topic levels"} 1'));
    expect(await broker.probe(1_000)).toBe(true);
  });

  test('Wire takes a topic of 16 levels and one of 600 bytes', async () => {
    const { port, door } = await startEmbedded();
    door.commitAlways();
    const client = await connectRaw(port, 'deep');
    client.send(publishPacket(['sensors', ...Array(15).fill('a')].join('/'), '1', 1, 1));
    client.send(publishPacket(`sensors/${'b'.repeat(600)}`, '1', 1, 2));
    await client.until((received) => idsOf(received, 'puback').length === 2);
    expect(door.readings).toHaveLength(2);
  });
});

describe('Wire acknowledges', () => {
  test('Wire sends a PUBACK only when the group is on disk', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'patient');
    client.send(publishPacket('sensors/a/t', '1', 1, 1), ping);
    await client.until((received) => received.at(-1)?.cmd === 'pingresp');
    await settle();
    expect(idsOf(client.received, 'puback')).toEqual([]);
    expect(door.isWaitedFor).toBe(true);
    door.commit();
    await client.until((received) => idsOf(received, 'puback').length === 1);
  });

  test('Wire acknowledges in the order of the publishes, readings or not (MQTT-4.6.0-2)', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'ordered');
    client.send(
      publishPacket('other', '0', 1, 1),
      publishPacket('sensors/a/t', '1', 1, 2),
      publishPacket('other', '2', 1, 3),
      publishPacket('sensors/a/t', '3', 1, 4),
    );
    await client.until((received) => idsOf(received, 'puback').length === 1);
    await settle();
    expect(idsOf(client.received, 'puback')).toEqual([1]);
    door.commit();
    await client.until((received) => idsOf(received, 'puback').length === 4);
    expect(idsOf(client.received, 'puback')).toEqual([1, 2, 3, 4]);
  });

  test('Wire keeps the order over any mix of messages and commits', async () => {
    const { door, port } = await startEmbedded();
    const kinds = ['sensors/a/t', 'other', 'limen/alerts/r/d/m/ack', 'limen/status'] as const;
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...kinds) },
      { weight: 1, arbitrary: fc.constant('commit' as const) },
    );
    let clientNumber = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const client = await connectRaw(port, `mix-${clientNumber++}`);
        let id = 0;
        for (const each of steps) {
          if (each === 'commit') {
            await settle(3);
            door.commit();
          } else {
            client.send(publishPacket(each, '1', 1, ++id));
          }
        }
        await settle();
        door.commit();
        await eventually(() => {
          if (idsOf(client.received, 'puback').length < id) door.commit();
          return idsOf(client.received, 'puback').length === id;
        });
        expect(idsOf(client.received, 'puback')).toEqual(
          Array.from({ length: id }, (_, index) => index + 1),
        );
        client.socket.destroy();
      }),
      { numRuns: 25 },
    );
  });

  test('Wire does not let another message wait for a QoS 0 reading', async () => {
    const { port } = await startEmbedded();
    const client = await connectRaw(port, 'relaxed');
    client.send(publishPacket('sensors/a/t', '1'), publishPacket('other', '2', 1, 1));
    await client.until((received) => idsOf(received, 'puback').length === 1);
  });

  test('Wire acknowledges a rejected reading at once, and behind an earlier one that waits', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'noisy');
    door.rowsEach = 0;
    client.send(publishPacket('sensors/a/t', 'noise', 1, 1));
    await client.until((received) => idsOf(received, 'puback').length === 1);
    door.rowsEach = 1;
    client.send(publishPacket('sensors/a/t', '1', 1, 2));
    await eventually(() => door.readings.length === 2);
    door.rowsEach = 0;
    client.send(publishPacket('sensors/a/t', 'noise', 1, 3));
    await eventually(() => door.readings.length === 3);
    expect(idsOf(client.received, 'puback')).toEqual([1]);
    door.commit();
    await client.until((received) => idsOf(received, 'puback').length === 3);
    expect(idsOf(client.received, 'puback')).toEqual([1, 2, 3]);
  });

  test('Wire says nothing to a connection that ended while its reading was on the way', async () => {
    const { broker, door, port } = await startEmbedded();
    const client = await connectRaw(port, 'gone');
    client.send(publishPacket('sensors/a/t', '1', 1, 1));
    await eventually(() => door.readings.length === 1);
    client.socket.destroy();
    await eventually(() => broker.connections === 0);
    door.commit();
    await settle();
  });
});

describe('Wire bounds what one connection may hold', () => {
  test('Wire pauses a connection at its share and goes on after commits; another is read', async () => {
    const { door, port } = await startEmbedded();
    const loud = await connectRaw(port, 'loud');
    const quiet = await connectRaw(port, 'quiet');
    const count = limits.unstoredRowsPerConnectionMax + 1_000;
    const frame = generate(publishPacket('sensors/a/t', '1'));
    loud.send(Buffer.concat(Array<Buffer>(count).fill(frame)), ping);
    await eventually(() => door.readings.length === limits.unstoredRowsPerConnectionMax);
    await settle();
    expect(door.readings).toHaveLength(limits.unstoredRowsPerConnectionMax);
    quiet.send(publishPacket('sensors/b/t', '1', 1, 1));
    await eventually(() => door.readings.at(-1)?.topic === 'sensors/b/t');
    door.commit();
    await loud.until((received) => received.some(({ cmd }) => cmd === 'pingresp'));
    expect(door.readings).toHaveLength(count + 1);
    await quiet.until((received) => idsOf(received, 'puback').length === 1);
  });

  test('Wire shares evenly what is left when the channel is half full', async () => {
    const { door, port } = await startEmbedded();
    door.unstoredRows = limits.unstoredRowsMax / 2;
    const clients = [await connectRaw(port, 'one'), await connectRaw(port, 'two')];
    const share = limits.unstoredRowsMax / 2 / 2;
    door.rowsEach = share / 4;
    for (const [index, client] of clients.entries())
      for (let id = 1; id <= 8; id++) client.send(publishPacket(`sensors/${index}/t`, '1', 1, id));
    await settle(60);
    // The bound of one connection is the smaller one here.
    const most = Math.ceil(limits.unstoredRowsPerConnectionMax / door.rowsEach);
    expect(door.readings).toHaveLength(2 * most);
    for (let commits = 0; commits < 20; commits++) {
      door.commit();
      await settle(5);
    }
    expect(door.readings).toHaveLength(16);
  });

  test('Wire counts acts as rows, so that nobody floods the journal with them', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'clerk');
    const frame = generate(publishPacket('limen/alerts/r/d/m/ack', '{}'));
    client.send(Buffer.concat(Array<Buffer>(limits.unstoredRowsPerConnectionMax + 10).fill(frame)));
    await eventually(() => door.commands.length === limits.unstoredRowsPerConnectionMax);
    await settle();
    expect(door.commands).toHaveLength(limits.unstoredRowsPerConnectionMax);
    door.commit();
    await eventually(() => door.commands.length === limits.unstoredRowsPerConnectionMax + 10);
  });

  test('Wire pauses a connection whose acknowledgements wait, although they stand for no row', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'noisy');
    client.send(publishPacket('sensors/a/t', '1', 1, 1));
    await eventually(() => door.readings.length === 1);
    door.rowsEach = 0;
    const noise = generate(publishPacket('sensors/a/t', 'noise', 1, 2));
    const count = limits.heldAcknowledgementsMax + 100;
    client.send(Buffer.concat(Array<Buffer>(count).fill(noise)));
    await eventually(() => door.readings.length === limits.heldAcknowledgementsMax);
    await settle();
    expect(door.readings).toHaveLength(limits.heldAcknowledgementsMax);
    door.commitAlways();
    await client.until((received) => idsOf(received, 'puback').length === count + 1);
  });

  test('Wire pauses a connection whose messages wait to be passed on, by their bytes', async () => {
    const { door, port, metrics } = await startEmbedded();
    const client = await connectRaw(port, 'large');
    const payload = 'x'.repeat(limits.heldBytesMax / 8);
    for (let id = 1; id <= 20; id++)
      client.send(publishPacket('sensors/a/t', payload, 1, id, { retain: true }));
    await eventually(() => door.readings.length === 8);
    await settle(60);
    expect(door.readings).toHaveLength(8);
    expect(metrics.text()).toContain(`limen_held_messages_bytes ${limits.heldBytesMax}`);
    door.commitAlways();
    await client.until((received) => idsOf(received, 'puback').length === 20);
    expect(metrics.text()).toContain('limen_held_messages_bytes 0');
  });

  test('Wire does not drop a paused client for the pings it could not read', async () => {
    const { door, port } = await startEmbedded();
    const client = await connectRaw(port, 'stalled', { keepalive: 1 });
    door.rowsEach = limits.unstoredRowsPerConnectionMax;
    client.send(publishPacket('sensors/a/t', '1', 1, 1));
    for (let i = 0; i < 8; i++) {
      client.send(ping);
      await wait(350);
    }
    expect(client.isClosed).toBe(false);
    door.commit();
    await client.until((received) => received.some(({ cmd }) => cmd === 'pingresp'));
  });

  test('Wire cuts a subscriber that reads nothing, and others do not wait for it', async () => {
    const { broker, door, port, log } = await startEmbedded();
    door.commitAlways();
    const frozen = await connectRaw(port, 'frozen');
    frozen.send(subscribePacket(1, 'sensors/#', 1));
    await frozen.until((received) => received.some(({ cmd }) => cmd === 'suback'));
    frozen.socket.pause();
    const other = await connectRaw(port, 'other');
    other.send(subscribePacket(1, 'other/#', 1));
    const publisher = await connectRaw(port, 'publisher');
    const payload = 'x'.repeat(100_000);
    let slowestMs = 0;
    for (let id = 1; id <= 120; id++) {
      publisher.send(publishPacket('sensors/a/t', payload, 1, id));
      publisher.send(publishPacket('other/x', String(id), 1, 1_000 + id));
      const from = performance.now();
      await other.until((received) => messagesOf(received).length === id);
      slowestMs = Math.max(slowestMs, performance.now() - from);
      if (broker.connections === 2) break;
    }
    expect(log.lines).toContain('client refused');
    expect(broker.connections).toBe(2);
    expect(slowestMs).toBeLessThan(1_500);
    // The bytes it did not read are given up with it: its end is seen although it still reads nothing.
    frozen.socket.resume();
    await frozen.closed();
  });
});
