// Aim: a broker that already runs, with Limen as its client: readings from it, what is retained there is the past,
// acknowledgements after the commit, alerts and outputs on it, a true will, and its restarts.
import { expect, test } from 'vitest';
import { hasMosquitto, startBroker, type TestBroker } from '../broker/remote-fixture.ts';
import { onFileFinished } from './clean-up.ts';
import { lockDayFile } from './day-file-lock.ts';
import { eventually, install, type Installation, type StoredReading } from './limen-process.ts';
import { connectClient, on, openInbox } from './mqtt-inbox.ts';

const alertTopic = 'limen/alerts/wet/cellar/water';
const valveTopic = 'zigbee2mqtt/valve/set';
const isOn = '{"state":"ON"}';
const isOff = '{"state":"OFF"}';

function yamlFor(home: TestBroker): string {
  return `
brokers: { home: { url: '${home.url}' } }
publish: { to: [home] }
sources:
  - mqtt: plant/{device}/{metric}
    broker: home
  - mqtt: sensors/{device}/{metric}
rules:
  wet: { points: cellar/water, above: 10, severity: critical, then: [{ output: valve, set: on, while: raised }] }
outputs:
  valve: { mqtt: { broker: home, topic: ${valveTopic}, on: '${isOn}', off: '${isOff}' }, safe: off, max_on: 1h }
`;
}

test.concurrent.each(hasMosquitto ? (['aedes', 'mosquitto'] as const) : (['aedes'] as const))(
  'readings, alerts, acts, outputs and the will go over another broker (%s), which may restart',
  async (kind) => {
    let home = await startBroker(kind);
    onFileFinished(() => home.stop());
    const plant = await connectClient(home.url);
    // The past: it would breach the limit if it were taken for live.
    await plant.publishAsync('plant/cellar/water', '99', { qos: 1, retain: true });
    const limen = install({ yaml: yamlFor(home) });
    const inbox = await openInbox(home.url, 'limen/#', 'zigbee2mqtt/#');
    const first = await limen.start();
    await inbox.next('online', ({ text }) => text === 'online');
    await inbox.next('safe', on(valveTopic, { state: 'OFF' }));
    expect(home.sent).toContainEqual(
      expect.objectContaining({
        cmd: 'connect',
        will: expect.objectContaining({
          topic: 'limen/status',
          payload: Buffer.from('offline'),
          retain: true,
          qos: 1,
        }),
      }),
    );
    const [past] = await stored(limen, 1);
    expect(past).toMatchObject({ device: 'cellar', value: 99, quality: 'stale' });
    expect(await limen.json('alerts')).toEqual([]);

    // Live: alert, event and command are there before the commit. The reading is not acknowledged before it: when
    // Limen is killed, the broker delivers it again.
    await plant.publishAsync('plant/cellar/water', '5', { qos: 1 });
    await stored(limen, 2);
    const lock = lockDayFile(limen.data);
    await plant.publishAsync('plant/cellar/water', '50', { qos: 1 });
    const lost = await inbox.next('active', on(alertTopic, { state: 'active' }));
    expect(lost.json).toMatchObject({ value: 50, quality: 'good', raises: 1 });
    await inbox.next('event', on('limen/events/alert', { to: 'active' }));
    await inbox.next('valve on', on(valveTopic, { state: 'ON' }));
    let from = inbox.messages.length;
    await first.kill();
    await inbox.next('will', ({ topic, text }) => topic === 'limen/status' && text === 'offline');
    lock.release();
    expect((await limen.readings()).map(({ value }) => value)).toEqual([99, 5]);

    const second = await limen.start();
    await inbox.next('online', ({ text }) => text === 'online', from);
    const off = await inbox.next('safe first', on(valveTopic), from);
    expect(off.text).toBe(isOff);
    const again = await inbox.next('active', on(alertTopic, { state: 'active', value: 50 }), from);
    await inbox.next('valve on', on(valveTopic, { state: 'ON' }), off.index);
    const values = (await stored(limen, 3)).filter(({ quality }) => quality === 'good');
    expect(values.map(({ value }) => value)).toEqual([5, 50]);

    // Acts over the same broker.
    const ack = JSON.stringify({ by: 'ann', id: again.json['id'] });
    await plant.publishAsync(`${alertTopic}/ack`, ack, { qos: 1 });
    const answer = await inbox.next('answer', on('limen/events/act', { by: 'ann' }));
    expect(answer.json).toMatchObject({ act: 'ack', result: 'done', id: again.json['id'] });
    await inbox.next('acknowledged', on(alertTopic, { state: 'acknowledged' }));

    // The broker restarts and has forgotten everything: the present state comes back whole, outputs safe first.
    await home.stop();
    await eventually('link lost', async () => !(await isLinked(limen)));
    home = await startBroker(kind, Number(new URL(home.url).port));
    await home.packet((packet) => packet.cmd === 'publish' && String(packet.payload) === isOn);
    const commands = home.sent.flatMap((packet) =>
      packet.cmd === 'publish' && packet.topic === valveTopic ? [String(packet.payload)] : [],
    );
    expect(commands).toEqual([isOff, isOn]);
    const later = await openInbox(home.url, 'limen/#');
    const restored = await later.next('alert', on(alertTopic));
    expect(restored.json).toMatchObject({ state: 'acknowledged', id: again.json['id'] });
    expect(restored.retain).toBe(true);
    const back = await connectClient(home.url);
    await eventually('link', () => isLinked(limen));
    await back.publishAsync('plant/cellar/water', '3', { qos: 1 });
    await later.next('normal', on(alertTopic, { state: 'normal' }));
    const shown = await later.next('off', on('limen/outputs/valve', { commanded: 'off' }));
    expect(shown.json).toMatchObject({ owner: null });

    // What is kept there as an act is refused at the next connect, and an orderly stop says so.
    from = later.messages.length;
    expect((await second.stop()).code).toBe(0);
    await later.next('offline', ({ text }) => text === 'offline', from);
    await back.publishAsync(`${alertTopic}/ack`, '{"by":"kept"}', { qos: 1, retain: true });
    await limen.start();
    const isRefused = on('limen/events/act', { by: 'kept', result: 'refused' });
    await later.next('refused', (seen) => isRefused(seen) && /retain/.test(seen.text));
    // The session may have kept it as a message too: there is nothing to acknowledge by then, and nothing is done.
    expect(later.messages.filter(on('limen/events/act', { result: 'done' }))).toEqual([]);
  },
  40_000,
);

/** Readings once there are so many. */
function stored(limen: Installation, count: number): Promise<readonly StoredReading[]> {
  return eventually(`${count} readings`, async () => {
    const readings = await limen.readings();
    return readings.length >= count && readings;
  });
}

async function isLinked(limen: Installation): Promise<boolean> {
  const status = await limen.json('status');
  return JSON.stringify(status).includes('"connected":true');
}
