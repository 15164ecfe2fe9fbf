// Aim: a derived point is a point like any other to the whole program: on disk, over a kill, at a reload, in the answers of
// the command line.
import { expect, test } from 'vitest';
import type { WhyReport } from '../../src/domain/why.ts';
import { install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

const yaml = (expression: string): string => `
points:
  shed/temperature: { unit: °F }
  shed/dew_point:
    expression: "${expression}"
    inputs: { t: shed/temperature °C, rh: shed/humidity }
    unit: °C
rules:
  muggy: { points: shed/dew_point, above: 12, acknowledge: not_required }
`;
const alert = 'limen/alerts/muggy/shed/dew_point';

test('a derived point is stored, explained, known after a kill, and follows a reload', async () => {
  const limen = install({ yaml: yaml('t - (100 - rh) / 5') });
  let running = await limen.start();
  let inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/shed/temperature', '68', { qos: 1 });
  await inbox.client.publishAsync('sensors/shed/humidity', '70', { qos: 1 });
  await inbox.next('raised', on(alert, { state: 'active', value: 14, unit: '°C' }));
  const [stored] = await limen.readings('shed/dew_point');
  expect(stored).toMatchObject({ value: 14, unit: '°C' });

  const why = (await limen.json('why', 'muggy/shed/dew_point/1')) as WhyReport;
  expect(why.began).toMatchObject({
    seq: stored?.seq,
    value: 14,
    topic: 'expression t - (100 - rh) / 5',
  });
  expect(why.began?.payload).toMatch(
    /^t = 20 °C \(shed\/temperature, row \d+\), rh = 70 \(shed\/humidity, row \d+\)$/,
  );

  // What was calculated is known after a kill; the next reading goes on with what the other input was.
  await running.kill();
  running = await limen.start();
  inbox = await openInbox(running.url, 'limen/#');
  await inbox.next('still raised', on(alert, { state: 'active', value: 14 }));
  await inbox.client.publishAsync('sensors/shed/humidity', '50', { qos: 1 });
  await inbox.next('clear', on(alert, { state: 'normal', value: 10 }));

  // Another expression goes into force with the next reading.
  limen.configure(yaml('t + rh'));
  process.kill(running.pid, 'SIGHUP');
  await running.logged('config applied');
  await inbox.client.publishAsync('sensors/shed/humidity', '40', { qos: 1 });
  await inbox.next('raised again', on(alert, { state: 'active', value: 60 }));
  const values = (await limen.readings('shed/dew_point')).map(({ value }) => value);
  expect(new Set(values)).toEqual(new Set([10, 14, 60]));
}, 60_000);
