import { afterEach, describe, expect, test } from 'vitest';
import type { PendingNotification } from '../../../src/consumers/notifiers/delivery.ts';
import { createNotifiers, type Notifiers } from '../../../src/consumers/notifiers/notifiers.ts';
import { alertJson, type Alert } from '../../../src/domain/alert.ts';
import type { NotifierSpec } from '../../../src/domain/config.ts';
import type { RowKind } from '../../../src/domain/journal.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import { alertOf, eventOf, memoryJournal, memoryLog, ruleOf } from '../fixtures.ts';
import { startWebServer, status, type Answer, type WebServer } from './web-server.ts';

const rules = [
  ruleOf('freezer-warm', [
    { kind: 'notify', notifier: 'kitchen', on: ['active'] },
    { kind: 'notify', notifier: 'cellar', on: ['active', 'normal'] },
  ]),
];
const running: Notifiers[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((notifiers) => notifiers.stop(0)));
});

function webhook(name: string, { url }: WebServer): NotifierSpec {
  return { kind: 'webhook', name, url };
}

/** The notifiers with a journal in memory, whose committed rows are the disk. */
function bench(specs: readonly NotifierSpec[], { queueMax = 8, journal = memoryJournal() } = {}) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const log = memoryLog();
  const points: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const results = () => journal.rows.filter(({ kind }) => kind === 'notification');
  const notifiers = createNotifiers({
    specs,
    rules,
    site: 'greenhouse',
    environment: { PATH: process.env['PATH'] },
    clock,
    log,
    metrics,
    queueMax,
    faultPoint: (name) => void points.push(name),
    journal: {
      get nextSeq() {
        return journal.nextSeq;
      },
      get committedSeq() {
        return journal.committedSeq;
      },
      afterCommit: journal.afterCommit,
      append(kind: RowKind, key: string, body: unknown) {
        const number = journal.append(kind, key, body);
        for (const { count, resolve } of waiting) if (results().length >= count) resolve();
        return number;
      },
    },
    readPending: async (name, afterSeq, limit) =>
      journal.rows
        .filter(({ kind, body, seq: at }) => {
          const targets = body['notify'];
          const isTarget = Array.isArray(targets) && targets.includes(name);
          return kind === 'alert' && isTarget && at > afterSeq && at <= journal.committedSeq;
        })
        .slice(0, limit)
        .map(({ body }) => body['notification'] as PendingNotification),
  });
  running.push(notifiers);
  return {
    notifiers,
    clock,
    metrics,
    log,
    journal,
    points,
    results,
    start() {
      const last = new Map(results().map(({ key, body }) => [key, body]));
      notifiers.start(last);
    },
    emit(fields: Partial<Alert> = {}) {
      const event = eventOf(alertOf({ ...fields, seq: journal.nextSeq }));
      const notify = notifiers.offer(event);
      const { id, seq: at } = event.alert;
      const alert = alertJson(event.alert);
      const notification = { seq: at, edge: 'active', id, alert, drill: event.drill };
      journal.append('alert', 'x', { notify, notification });
      return notify;
    },
    commit: () => journal.commit(),
    recorded: (count: number) =>
      new Promise<void>((resolve) => {
        if (results().length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

const failFirst =
  (count: number): Answer =>
  (response, request, index) =>
    status(index < count ? 500 : 200)(response, request, index);

describe('offer()', () => {
  test('offer() names the notifiers that are to be told', () => {
    const { emit, start } = bench([
      { kind: 'command', name: 'cellar', command: ['true'] },
      { kind: 'command', name: 'kitchen', command: ['true'] },
    ]);
    start();
    expect(emit()).toEqual(['kitchen', 'cellar']);
    expect(emit({ state: 'normal' })).toEqual([]);
    expect(emit({ rule: 'limen.stale' })).toEqual([]);
  });

  test('offer() hands a notice over as what it is, in its own words, with a key of its own', async () => {
    await using server = await startWebServer(status(200));
    const { notifiers, journal, start, commit, recorded } = bench([webhook('kitchen', server)]);
    start();
    const alert = alertOf({ seq: journal.nextSeq });
    const notice = { text: 'freezer-1 is at -10 °C (told again after 5 min)', notifiers: null };
    const event = eventOf(alert, { kind: 'notice', from: 'active', reason: 'repeated', notice });
    expect(notifiers.offer(event)).toEqual(['kitchen']);
    journal.append('alert', 'x', { notify: ['kitchen'] });
    commit();
    await recorded(1);
    const [request] = server.requests;
    expect(request?.body).toMatchObject({
      event: 'repeated',
      message: notice.text,
      state: 'active',
      reason: alert.reason,
    });
    expect(request?.headers['idempotency-key']).toBe(`${alert.id}:${alert.seq}`);
  });

  test('offer() keeps what comes before the start', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, recorded } = bench([webhook('kitchen', server)]);
    emit();
    start();
    commit();
    await recorded(1);
    expect(server.requests).toHaveLength(1);
  });
});

describe('commit', () => {
  test('commit lets a notification go, and its result gets a row', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, recorded, results, points, notifiers } = bench([
      webhook('kitchen', server),
    ]);
    start();
    emit();
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests).toEqual([]);
    commit();
    await recorded(1);
    expect(server.requests[0]?.body).toMatchObject({ event: 'active', recorded: true });
    expect(results()[0]).toMatchObject({
      key: 'kitchen',
      body: {
        event_seq: 1_000,
        id: 'freezer-warm/freezer-1/temperature/1',
        idempotency_key: 'freezer-warm/freezer-1/temperature/1:1000',
        result: 'delivered',
        attempts: 1,
        status: 200,
        detail: null,
        latency_ms: 0,
        cursor: 1_000,
      },
    });
    expect(points).toEqual([
      'notification_attempt',
      'notification_attempted',
      'notification_recorded',
    ]);
    expect(notifiers.statuses()).toEqual([
      { name: 'kitchen', queued: 0, delivered: 1, failed: 0, last_error: null },
    ]);
  });
});

describe('stalled()', () => {
  test('stalled() goes on from memory, marked as not recorded', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, notifiers, recorded } = bench([webhook('kitchen', server)]);
    start();
    emit();
    notifiers.stalled(true);
    await recorded(1);
    notifiers.stalled(false);
    emit();
    commit();
    await recorded(2);
    expect(server.requests.map(({ body }) => body['recorded'])).toEqual([false, true]);
  });
});

describe('delivery', () => {
  test('delivery is tried again after 1 s, 2 s, 4 s, with the same key (N1, N2)', async () => {
    await using server = await startWebServer(failFirst(3));
    const { emit, start, commit, clock, recorded, results, notifiers } = bench([
      webhook('kitchen', server),
    ]);
    start();
    emit();
    commit();
    for (const backoffMs of [1_000, 2_000, 4_000]) {
      await clock.whenArmed(backoffMs);
      expect(notifiers.statuses()[0]?.last_error).toContain('500');
      clock.advance(backoffMs);
    }
    await recorded(1);
    expect(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(results()[0]?.body).toMatchObject({
      result: 'delivered',
      attempts: 4,
      latency_ms: 7_000,
    });
  });

  test('delivery waits no longer than 5 minutes, and is visibly given up after a day', async () => {
    await using server = await startWebServer(status(503));
    const { emit, start, commit, clock, results, log } = bench([webhook('kitchen', server)]);
    start();
    emit();
    commit();
    const waits: number[] = [];
    while (results().length === 0) {
      await server.received(waits.length + 1);
      const armed = waits.length < 9 ? 1_000 * 2 ** waits.length : 300_000;
      const backoffMs = Math.min(armed, 300_000);
      const isOver = waits.reduce((sum, ms) => sum + ms, 0) + backoffMs > 86_400_000;
      if (isOver) await expect.poll(() => results().length).toBe(1);
      else {
        await clock.whenArmed(backoffMs);
        waits.push(backoffMs);
        clock.advance(backoffMs);
      }
    }
    expect(waits.slice(0, 11)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
    ]);
    expect(results()[0]?.body).toMatchObject({ result: 'failed', status: 503 });
    expect(results()[0]?.body['detail']).toContain('given up after');
    expect(log.lines.join()).toContain('notification failed');
  });

  test('delivery that is refused for good is recorded as failed, and the next goes on', async () => {
    await using server = await startWebServer((response, request, index) =>
      status(index === 0 ? 404 : 200)(response, request, index),
    );
    const { emit, start, commit, recorded, results } = bench([webhook('kitchen', server)]);
    start();
    emit();
    emit({ device: 'freezer-2' });
    commit();
    await recorded(2);
    expect(results().map(({ body }) => body['result'])).toEqual(['failed', 'delivered']);
    expect(results()[0]?.body).toMatchObject({ status: 404, cursor: 1_000 });
  });

  test('health() is failed after five minutes of attempts, or when one is given up, until a delivery', async () => {
    await using server = await startWebServer((response, request, index) =>
      status(index < 10 ? 503 : index === 10 ? 200 : 404)(response, request, index),
    );
    const { notifiers, emit, start, commit, clock, recorded } = bench([webhook('kitchen', server)]);
    start();
    emit();
    commit();
    const health = () => notifiers.health().map(({ name, state }) => `${name} ${state}`);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const backoffMs = Math.min(1_000 * 2 ** attempt, 300_000);
      await clock.whenArmed(backoffMs);
      expect(health()).toEqual([attempt < 9 ? 'kitchen unknown' : 'kitchen failed']);
      clock.advance(backoffMs);
    }
    await recorded(1);
    expect(health()).toEqual(['kitchen sound']);
    emit();
    commit();
    await recorded(2);
    expect(health()).toEqual(['kitchen failed']);
  });

  test('delivery keeps the order of one notifier over retries', async () => {
    await using server = await startWebServer(failFirst(1));
    const { emit, start, commit, clock, recorded } = bench([webhook('kitchen', server)]);
    start();
    emit({ device: 'freezer-1' });
    emit({ device: 'freezer-2' });
    commit();
    await clock.whenArmed(1_000);
    clock.advance(1_000);
    await recorded(2);
    expect(server.requests.map(({ body }) => body['device'])).toEqual([
      'freezer-1',
      'freezer-1',
      'freezer-2',
    ]);
  });

  test('delivery does not let what is new wait for the next try of what is old', async () => {
    await using server = await startWebServer(failFirst(7));
    const { emit, start, commit, clock, recorded } = bench([webhook('kitchen', server)]);
    start();
    emit();
    commit();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await clock.whenArmed(1_000 * 2 ** attempt);
      clock.advance(1_000 * 2 ** attempt);
    }
    await clock.whenArmed(64_000);
    clock.advance(29_999);
    emit({ device: 'freezer-2' });
    commit();
    // Tried a moment ago: what comes by the dozen must not make it a hammer.
    expect(server.requests).toHaveLength(7);
    clock.advance(1);
    emit({ device: 'freezer-3' });
    commit();
    await recorded(3);
    const devices = server.requests.slice(7).map(({ body }) => body['device']);
    expect(devices).toEqual(['freezer-1', 'freezer-2', 'freezer-3']);
  });

  test('delivery of one notifier is not held up by another that hangs (N3)', async () => {
    await using hanging = await startWebServer(() => {});
    const specs: NotifierSpec[] = [
      webhook('kitchen', hanging),
      { kind: 'command', name: 'cellar', command: ['sh', '-c', 'cat > /dev/null'] },
    ];
    const { emit, start, commit, recorded, results, metrics } = bench(specs);
    start();
    emit();
    emit();
    commit();
    await recorded(2);
    expect(results().map(({ key }) => key)).toEqual(['cellar', 'cellar']);
    expect(metrics.text()).toContain('limen_notifications_queued_count{notifier="kitchen"} 2');
    expect(metrics.text()).toContain('limen_notifications_delivered_total{notifier="cellar"} 2');
  });

  test('delivery of more than memory holds goes on from disk, in order', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, recorded, results } = bench([webhook('kitchen', server)], {
      queueMax: 2,
    });
    start();
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 11; n += 1) emit({ value: n });
    commit();
    await recorded(11);
    expect(server.requests.map(({ body }) => body['value'])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(results().at(-1)?.body).toMatchObject({ cursor: 1_010, beyond: [] });
  });
});

describe('start()', () => {
  test('start() repeats only what has no stored result, with the same key', async () => {
    await using server = await startWebServer(status(200));
    const before = bench([webhook('kitchen', server)]);
    before.start();
    before.emit({ device: 'freezer-1' });
    before.commit();
    await before.recorded(1);
    before.emit({ device: 'freezer-2' });
    await before.notifiers.stop(0);
    before.commit();
    const after = bench([webhook('kitchen', server)], { journal: before.journal });
    after.start();
    after.emit({ device: 'freezer-3' });
    after.commit();
    await after.recorded(3);
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'freezer-warm/freezer-1/temperature/1:1000',
      'freezer-warm/freezer-2/temperature/1:1002',
      'freezer-warm/freezer-3/temperature/1:1003',
    ]);
  });
});

describe('configure()', () => {
  test('configure() ends what waits for a notifier that is gone as visibly failed', async () => {
    await using server = await startWebServer(() => {});
    const { emit, start, commit, results, notifiers } = bench([webhook('kitchen', server)]);
    start();
    emit();
    emit();
    commit();
    await server.received(1);
    notifiers.configure([], rules);
    expect(results().map(({ body }) => [body['result'], body['detail']])).toEqual(
      Array(2).fill(['failed', 'notifier removed from the config']),
    );
    expect(notifiers.statuses()).toEqual([]);
    expect(emit()).toEqual([]);
  });

  test('configure() tells what alerts do by it as the new rules say, also to a notifier that comes with them', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, recorded, notifiers } = bench([]);
    start();
    const cellar = [
      ruleOf('freezer-warm', [{ kind: 'notify', notifier: 'cellar', on: ['active'] }]),
    ];
    const told: (readonly string[])[] = [];
    notifiers.configure([webhook('cellar', server)], cellar, () => told.push(emit()));
    notifiers.configure([webhook('cellar', server)], [], () => told.push(emit()));
    expect(told).toEqual([['cellar'], ['cellar']]);
    expect(emit()).toEqual([]);
    commit();
    await recorded(2);
    expect(server.requests).toHaveLength(2);
  });

  test('configure() repeats nothing when a notifier comes back', async () => {
    await using server = await startWebServer(status(200));
    const { emit, start, commit, recorded, notifiers } = bench([webhook('kitchen', server)]);
    start();
    emit();
    commit();
    await recorded(1);
    notifiers.configure([], rules);
    notifiers.configure([webhook('kitchen', server)], rules);
    emit();
    commit();
    await recorded(2);
    expect(server.requests).toHaveLength(2);
  });

  test('configure() sends the next attempt to the new address', async () => {
    await using broken = await startWebServer(status(500));
    await using server = await startWebServer(status(200));
    const { emit, start, commit, clock, recorded, notifiers } = bench([webhook('kitchen', broken)]);
    start();
    emit();
    commit();
    await clock.whenArmed(1_000);
    notifiers.configure([webhook('kitchen', server)], rules);
    clock.advance(1_000);
    await recorded(1);
    expect(server.requests[0]?.headers['idempotency-key']).toBe(
      broken.requests[0]?.headers['idempotency-key'],
    );
  });
});

describe('stop()', () => {
  test('stop() lets an attempt under way end and keeps its result', async () => {
    const answered = Promise.withResolvers<void>();
    await using server = await startWebServer((response) => {
      void answered.promise.then(() => response.writeHead(200).end());
    });
    const { emit, start, commit, results, notifiers } = bench([webhook('kitchen', server)]);
    start();
    emit();
    emit();
    commit();
    await server.received(1);
    const stopped = notifiers.stop(2_000);
    answered.resolve();
    await stopped;
    expect(results()).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  test('stop() cuts off what takes longer, without a result', async () => {
    await using server = await startWebServer(() => {});
    const { emit, start, commit, clock, results, notifiers } = bench([webhook('kitchen', server)]);
    start();
    emit();
    commit();
    await server.received(1);
    const stopped = notifiers.stop(2_000);
    clock.advance(2_000);
    await stopped;
    expect(results()).toEqual([]);
  });
});
