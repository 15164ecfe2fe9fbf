// Aim: what subscribers of the embedded broker get, in which order, and what they get when they were away.
import { connect } from 'node:net';
import { MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { onFileFinished } from './clean-up.ts';
import { install } from './limen-process.ts';
import { connectClient, on, openInbox } from './mqtt-inbox.ts';
import { connectRaw } from './raw-client.ts';

const yaml = `
rules: { full: { points: tank/level, above: 80, severity: warning, acknowledge: not_required } }
`;

test.concurrent('a subscriber gets the messages of one topic in the order of their publishes, retained or not', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, '#', 'sensors/#', '+/tank/+');
  const sensor = await connectRaw(running.port, 'sensor');
  const count = 200;
  // In one write, so that they go through one turn of the program: readings, and messages that nobody stores.
  sensor.socket.cork();
  for (let n = 1; n <= count; n += 1) {
    sensor.publish('sensors/tank/level', String(n), { retain: n % 3 === 0 });
    sensor.publish('chat/tank/word', String(n), { retain: n % 2 === 0 });
  }
  sensor.socket.uncork();
  await sensor.acknowledgements(2 * count);
  const expected = Array.from({ length: count }, (_, n) => String(n + 1));
  for (const topic of ['sensors/tank/level', 'chat/tank/word']) {
    await inbox.next('the last', (seen) => seen.topic === topic && seen.text === String(count));
    expect(inbox.texts(topic)).toEqual(expected);
  }
  await inbox.next('alert', on('limen/alerts/full/tank/level', { state: 'active' }));
  await inbox.next('event', on('limen/events/alert', { to: 'active' }));
}, 30_000);

test.concurrent('a session that was away gets each QoS 1 message it missed once, and goes on live', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const options = { clientId: 'phone', clean: false };
  const phone = await connectClient(running.url, options);
  await phone.subscribeAsync(['limen/events/#', 'limen/events/alert'], { qos: 1 });
  await phone.endAsync();
  const sensor = await connectClient(running.url);
  const told: unknown[] = [];
  let onTold = (): void => undefined;
  const tell = async (count: number): Promise<void> => {
    if (told.length >= count) return;
    await new Promise<void>((resolve) => {
      onTold = () => {
        if (told.length >= count) resolve();
      };
    });
  };
  for (const level of ['90', '10', '91']) {
    await sensor.publishAsync('sensors/tank/level', level, { qos: 1 });
  }

  const back = new MqttClient(() => connect(running.port, '127.0.0.1'), {
    ...options,
    reconnectPeriod: 0,
  });
  onFileFinished(() => back.endAsync(true));
  // Before it is connected: what waited comes with the CONNACK.
  back.on('message', (_topic, payload) => {
    const { to, value }: { to?: unknown; value?: unknown } = JSON.parse(String(payload));
    told.push([to, value]);
    onTold();
  });
  await tell(3);
  await sensor.publishAsync('sensors/tank/level', '11', { qos: 1 });
  await tell(4);
  expect(told).toEqual([
    ['active', 90],
    ['normal', 10],
    ['active', 91],
    ['normal', 11],
  ]);
}, 30_000);
