import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../src/consumers/notifiers/delivery.ts';
import { createWebhook } from '../../../src/consumers/notifiers/webhook.ts';
import { alertJson } from '../../../src/domain/alert.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import { alertOf, seq } from '../fixtures.ts';
import { startWebServer, status, type Answer } from './web-server.ts';

const id = 'freezer-warm/freezer-1/temperature/1';
const delivery: Delivery = {
  notification: {
    seq: seq(42),
    edge: 'active',
    id,
    alert: alertJson(alertOf({ message: 'zu warm: −10 °C' })),
    drill: false,
  },
  site: 'greenhouse',
  recorded: true,
};
const never = new AbortController().signal;

async function outcomeOf(answer: Answer) {
  await using server = await startWebServer(answer);
  const deliver = createWebhook({ url: `${server.url}/freezer`, clock: createFakeClock() });
  return { outcome: await deliver(delivery, never), requests: server.requests };
}

describe('createWebhook()', () => {
  test('createWebhook() posts the alert, the edge and the idempotency key', async () => {
    const { outcome, requests } = await outcomeOf(status(204));
    expect(outcome).toEqual({ kind: 'delivered', status: 204, detail: null });
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/freezer' });
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': `${id}:42`,
    });
    expect(requests[0]?.body).toEqual({
      ...delivery.notification.alert,
      event: 'active',
      recorded: true,
      site: 'greenhouse',
      drill: false,
    });
  });

  test.each([
    [200, 'delivered'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [400, 'failed'],
    [401, 'failed'],
    [404, 'failed'],
  ] as const)('createWebhook() takes status %i for %s', async (code, kind) => {
    expect((await outcomeOf(status(code))).outcome).toMatchObject({ kind, status: code });
  });

  test('createWebhook() tries again when nobody listens', async () => {
    const server = await startWebServer(status(200));
    await server[Symbol.asyncDispose]();
    const deliver = createWebhook({ url: server.url, clock: createFakeClock() });
    const outcome = await deliver(delivery, never);
    expect(outcome).toMatchObject({ kind: 'retry', status: null });
    expect(outcome.detail).toContain('ECONNREFUSED');
  });

  test('createWebhook() does not wait for a server that hangs, not even in its body', async () => {
    const clock = createFakeClock();
    await using server = await startWebServer((response, _request, index) => {
      if (index === 1) response.writeHead(200).write('and then nothing');
    });
    const deliver = createWebhook({ url: server.url, clock, timeoutMs: 10_000 });
    const attempt = deliver(delivery, never);
    await server.received(1);
    clock.advance(10_000);
    expect(await attempt).toEqual({
      kind: 'retry',
      status: null,
      detail: 'no answer within 10 s',
    });
    expect(await deliver(delivery, never)).toMatchObject({ kind: 'delivered' });
    expect(clock.timersMs()).toEqual([]);
  });

  test('createWebhook() ends an attempt that is cut off', async () => {
    await using server = await startWebServer(() => {});
    const cut = new AbortController();
    const attempt = createWebhook({ url: server.url, clock: createFakeClock() })(
      delivery,
      cut.signal,
    );
    await server.received(1);
    cut.abort();
    expect(await attempt).toMatchObject({ kind: 'retry' });
  });

  test('createWebhook() follows a redirect that keeps the method on the host', async () => {
    const { outcome, requests } = await outcomeOf((response, request, index) =>
      status(request.path === '/moved' ? 200 : 308, { location: '/moved' })(
        response,
        request,
        index,
      ),
    );
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /freezer',
      'POST /moved',
    ]);
  });

  test('createWebhook() does not carry an alert off the host, nor turn in circles', async () => {
    await using elsewhere = await startWebServer(status(200));
    const away = await outcomeOf(status(307, { location: `${elsewhere.url}/steal` }));
    expect(away.outcome).toMatchObject({ kind: 'failed', status: 307 });
    expect(elsewhere.requests).toEqual([]);
    const circle = await outcomeOf(status(307, { location: '/freezer' }));
    expect(circle.outcome).toMatchObject({ kind: 'failed', status: 307 });
    expect((await outcomeOf(status(302, { location: '/freezer' }))).outcome.kind).toBe('failed');
  });

  test('createWebhook() sends a name and password of the URL as a header', async () => {
    await using server = await startWebServer(status(200));
    const url = server.url.replace('//', '//ann:s%40lt@');
    await createWebhook({ url, clock: createFakeClock() })(delivery, never);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('ann:s@lt')}`);
  });
});
