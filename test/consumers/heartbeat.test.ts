import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createHeartbeat } from '../../src/consumers/heartbeat.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { memoryLog } from './fixtures.ts';
import { startWebServer, status, type Answer } from './notifiers/web-server.ts';

const everyMs = 300_000;

async function bench(
  answer: Answer,
  probe: () => Promise<boolean> = async () => true,
  credentials = '',
) {
  const server = await startWebServer(answer);
  const clock = createFakeClock();
  const metrics = createMetrics();
  const said = new EventEmitter();
  const lines: string[] = [];
  const say = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
    said.emit('line');
  };
  const heartbeat = createHeartbeat({
    url: `${server.url.replace('://', `://${credentials}`)}/limen`,
    everyMs,
    clock,
    log: { ...memoryLog(), warn: say, info: say },
    metrics,
    probe,
    timeoutMs: 10_000,
  });
  return {
    heartbeat,
    server,
    clock,
    lines,
    sent: () => /limen_heartbeats_sent_total (\d+)/.exec(metrics.text())?.[1],
    missed: () => /limen_heartbeats_missed_total (\d+)/.exec(metrics.text())?.[1],
    spoken: () => once(said, 'line'),
    async [Symbol.asyncDispose]() {
      heartbeat.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('createHeartbeat()', () => {
  test('createHeartbeat() asks the watcher at once and then every period', async () => {
    await using made = await bench(status(200));
    const { heartbeat, server, clock } = made;
    heartbeat.start();
    await server.received(1);
    await expect.poll(made.sent).toBe('1');
    clock.advance(everyMs);
    await server.received(2);
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/limen' });
    await expect.poll(made.sent).toBe('2');
  });

  test('createHeartbeat() signs in with the name and password of its address, and logs neither', async () => {
    await using made = await bench(status(200), undefined, 'limen:s%25cret%@');
    const { heartbeat, server, lines } = made;
    heartbeat.start();
    await server.received(1);
    await expect.poll(made.sent).toBe('1');
    const signed = `Basic ${Buffer.from('limen:s%25cret%').toString('base64')}`;
    expect(server.requests[0]?.headers).toMatchObject({ authorization: signed });
    expect(lines).toEqual([]);
  });

  test('createHeartbeat() is silent while the probe does not go through', async () => {
    let isWell = false;
    await using made = await bench(status(200), async () => isWell);
    const { heartbeat, server, clock, lines, spoken } = made;
    const warned = spoken();
    heartbeat.start();
    await warned;
    clock.advance(everyMs);
    await expect.poll(made.missed).toBe('2');
    expect(server.requests).toEqual([]);
    isWell = true;
    const recovered = spoken();
    clock.advance(everyMs);
    await recovered;
    expect(lines).toEqual([
      'no heartbeat {"reason":"the probe did not go through"}',
      'heartbeat again {}',
    ]);
  });

  test('createHeartbeat() does not wait for a probe that hangs', async () => {
    await using made = await bench(status(200), () => new Promise(() => {}));
    const warned = made.spoken();
    made.heartbeat.start();
    made.clock.advance(10_000);
    await warned;
    expect(made.lines[0]).toContain('probe: no answer within 10 s');
    expect(made.server.requests).toEqual([]);
  });

  test('createHeartbeat() does not wait for a watcher that hangs', async () => {
    await using made = await bench(() => {});
    const warned = made.spoken();
    made.heartbeat.start();
    await made.server.received(1);
    made.clock.advance(10_000);
    await warned;
    expect(made.lines[0]).toContain('watcher: no answer within 10 s');
  });

  test('createHeartbeat() counts an error of the watcher as a miss', async () => {
    await using made = await bench(status(500));
    const warned = made.spoken();
    made.heartbeat.start();
    await warned;
    expect(made.lines[0]).toContain('watcher: HTTP 500');
    expect([made.sent(), made.missed()]).toEqual(['0', '1']);
  });

  test('stop() ends the heartbeat', async () => {
    await using made = await bench(status(200));
    made.heartbeat.start();
    await made.server.received(1);
    made.heartbeat.stop();
    expect(made.clock.timersMs().filter((leftMs) => leftMs > 10_000)).toEqual([]);
  });
});
