// Aim: a device that brings several points over one connection and dies is one alert of the running program, by the
// name of its client.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { connectClient, on, openInbox } from './mqtt-inbox.ts';

const yaml = `
points:
  hub/*: { expect_every: 1s }
`;

test('a client with three points that goes away is told once, and its points are suppressed', async () => {
  const limen = install({ yaml });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  const hub = await connectClient(running.url, { clientId: 'esp-hub' });
  // Three arrivals, a second apart, tell who brings a point.
  for (let round = 0; round < 4; round += 1) {
    for (const metric of ['temperature', 'humidity', 'pressure'])
      await hub.publishAsync(`sensors/hub/${metric}`, '20', { qos: 1 });
    await wait(1_050);
  }
  await hub.endAsync(true);

  const topic = 'limen/alerts/limen.source_lost/esp-hub/-';
  const lost = await inbox.next('lost', on(topic, { state: 'active' }));
  expect(lost.json['message']).toContain('of its 3 points are overdue');
  for (const metric of ['temperature', 'humidity', 'pressure']) {
    const stale = `limen/alerts/limen.stale/hub/${metric}`;
    const { json } = await inbox.next(`${metric} stale`, on(stale, { state: 'active' }));
    expect(json['suppressed_by']).toBe('limen.source_lost/esp-hub/-');
  }
  await running.kill();
});
