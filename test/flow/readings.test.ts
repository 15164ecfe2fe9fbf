// Aim: what contract 2 says of values, units, times and names, as it is seen from outside: in the stored readings and
// in the alerts.
import { expect, test } from 'vitest';
import { install, type StoredReading } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';
import { connectRaw } from './raw-client.ts';

const yaml = `
sources:
  - mqtt: sensors/{device}/{metric}
  - mqtt: sensors/{device}
points:
  cold/temperature: { unit: °C, valid: [-60, 60] }
rules:
  cold-warm: { points: cold/temperature, above: -15 °C, severity: warning, acknowledge: not_required }
  door-open: { points: hall/door, equals: open, severity: warning, acknowledge: not_required }
  lamp-on: { points: hall/lamp, equals: on, severity: info, acknowledge: not_required }
`;
const minute = 60_000;

test('values, units, times and names of readings are taken as the contract says', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#', '+/+/set');
  const sensor = await connectRaw(running.port, 'sensor');
  const startMs = Date.now();
  const alerts = (): unknown[] =>
    inbox.messages
      .filter(on('limen/events/alert'))
      .map(({ json }) => [json['rule'], json['to'], json['value']]);

  const send = async (topic: string, ...payloads: readonly (string | object)[]): Promise<void> => {
    for (const payload of payloads) {
      sensor.publish(topic, typeof payload === 'string' ? payload : JSON.stringify(payload));
      sent += 1;
    }
    await sensor.acknowledgements(sent);
  };
  let sent = 0;

  // Unit: what comes in another is converted; what cannot be is bad; so is what lies outside the valid range.
  await send('sensors/cold/temperature', { value: 14, unit: '°F' }, { value: 3, unit: 'V' }, '99');
  expect(await compact(limen.readings('cold/temperature'))).toEqual([
    [expect.closeTo(-10, 9), '°C', 'good'],
    [null, '°C', 'bad'],
    [99, '°C', 'bad'],
  ]);
  expect(alerts()).toEqual([['cold-warm', 'active', expect.closeTo(-10, 9)]]);

  // Source time: kept if near a trusted clock; what is late goes to history only.
  const good = startMs - minute;
  const late = startMs - 5 * minute;
  const forgotten = startMs - 8 * 86_400_000;
  const ahead = startMs + 10 * minute;
  await send(
    'sensors/cold/temperature',
    { value: -30, at: late },
    { value: -5.5, at: good },
    { value: -31, at: forgotten },
    { value: -6.5, at: ahead },
    { value: -7.5, at: Math.floor(good / 1000) },
  );
  const times = (await limen.readings('cold/temperature')).slice(3);
  const [first, second, third, fourth, fifth] = times.map(({ at_ms: atMs }) => atMs);
  expect([first, second, fifth]).toEqual([late, good, Math.floor(good / 1000) * 1000]);
  for (const atMs of [third, fourth]) {
    expect(atMs).toBeGreaterThanOrEqual(startMs);
    expect(atMs).toBeLessThanOrEqual(Date.now());
  }
  // The late -30 judged nothing; -31 had no believable time, so it counts as of now, and ends the alert.
  expect(alerts().map((event) => Object.values(Object(event)).slice(1))).toEqual([
    ['active', expect.closeTo(-10, 9)],
    ['normal', -31],
    ['active', -6.5],
  ]);

  // Words: booleans are 1 and 0, states are values where a rule compares with one, others are no value.
  await send('sensors/hall/lamp', 'off', 'ON', 'false', '1', 'maybe');
  expect(await compact(limen.readings('hall/lamp'))).toEqual([
    [false, null, 'good'],
    [true, null, 'good'],
    [false, null, 'good'],
    [true, null, 'good'],
  ]);
  await send('sensors/hall/door', 'closed', 'open', 'unavailable', 'closed', '"open"');
  expect(await compact(limen.readings('hall/door'))).toEqual([
    ['closed', null, 'good'],
    ['open', null, 'good'],
    [null, null, 'bad'],
    ['closed', null, 'good'],
    ['open', null, 'good'],
  ]);
  const doors = inbox.messages.filter(on('limen/events/alert', { rule: 'door-open' }));
  expect(doors.map(({ json }) => [json['to'], json['value'], json['limit']])).toEqual([
    ['active', 'open', 'open'],
    ['normal', 'closed', 'open'],
    ['active', 'open', 'open'],
  ]);

  // Nested metrics join with a dot; the envelope is no metric inside an object, and is one as a topic.
  await send('sensors/box', { air: { co2: 612, pm: { '2.5': 4 } }, id: 7, rssi: -70, seq: 12 });
  await send('sensors/box/rssi', '-71');
  const all = await limen.readings();
  const ofBox = all.filter(({ device }) => device === 'box');
  expect(ofBox.map(({ metric, value }) => [metric, value])).toEqual([
    ['air.co2', 612],
    ['air.pm.2.5', 4],
    ['rssi', -71],
  ]);

  // Somebody's command to a device flows by and is never a reading.
  await send('sensors/lamp/set', 'on');
  await inbox.next('command', ({ topic, text }) => topic === 'sensors/lamp/set' && text === 'on');
  expect(await limen.readings('lamp/set')).toEqual([]);

  // Live is live: the retain flag on Limen's own broker makes nothing old.
  sensor.publish('sensors/cold/temperature', '-40', { retain: true });
  await inbox.next(
    'normal',
    on('limen/events/alert', { rule: 'cold-warm', to: 'normal', value: -40 }),
  );

  const seqs = (await limen.readings()).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
}, 40_000);

async function compact(readings: Promise<readonly StoredReading[]>): Promise<unknown[]> {
  return (await readings).map(({ value, unit, quality }) => [value, unit, quality]);
}
