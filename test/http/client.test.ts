import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LimenError } from '../../src/domain/error.ts';
import { limits } from '../../src/domain/limits.ts';
import { connectLimen, type LimenClient } from '../../src/http/client.ts';
import { createHttpServer, type HttpListener } from '../../src/http/server.ts';
import {
  alert,
  createFakeApi,
  createTestLog,
  reading,
  tell,
  temporaryDirectory,
  type FakeApi,
} from './fake-api.ts';

interface Running extends AsyncDisposable {
  readonly api: FakeApi;
  readonly client: LimenClient;
  readonly path: string;
  readonly listener: HttpListener;
  readonly logLines: readonly string[];
}

async function run(): Promise<Running> {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'limen.sock');
  const api = createFakeApi();
  const { log, lines } = createTestLog();
  const listener = await createHttpServer({ api, log }).listen({ socketPath: path });
  const client = await connectLimen(path);
  if (client === null) throw new Error('nobody answers');
  return {
    api,
    client,
    path,
    listener,
    logLines: lines,
    async [Symbol.asyncDispose]() {
      await listener.close();
      directory[Symbol.dispose]();
    },
  };
}

async function post(
  path: string,
  route: string,
  body: string,
): Promise<{ status: number; type: string; body: unknown }> {
  const headers = { 'content-length': Buffer.byteLength(body) };
  const outgoing = request({
    socketPath: path,
    path: `/api/v1/${route}`,
    method: 'POST',
    agent: false,
    headers,
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    body: JSON.parse(await text(response)),
  };
}

async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

test('connectLimen() gives null where nobody answers', async () => {
  using directory = temporaryDirectory();
  expect(await connectLimen(join(directory.path, 'limen.sock'))).toBeNull();
  expect(await connectLimen(join('/tmp', 'x'.repeat(120), 'limen.sock'))).toBeNull();
});

test('status() gives outputs with the keys of the contract', async () => {
  await using limen = await run();
  const status = await limen.client.status();
  expect(status.site).toBe('greenhouse');
  expect(Object.keys(status.outputs[0] ?? {})).toEqual([
    'name',
    'state',
    'commanded',
    'owner',
    'reason',
    'since',
    'seq',
    // Beside them, what a person wants to know.
    'detail',
    'hold',
    'trip',
  ]);
});

test('alerts() leaves normal ones out unless all are asked for', async () => {
  await using limen = await run();
  limen.api.alertsAnswer = [alert(), alert({ device: 'freezer-2', state: 'normal' })];
  expect(await limen.client.alerts(false)).toHaveLength(1);
  expect(await limen.client.alerts(true)).toHaveLength(2);
});

test('act() hands the act over whole and returns a refusal as an answer', async () => {
  await using limen = await run();
  limen.api.actAnswer = { result: 'refused', reason: 'it is pending' };
  const act = {
    act: 'acknowledge',
    alert: { rule: 'freezer-warm', device: 'a/b', metric: 'temperature' },
    id: 'freezer-warm/a/b/temperature/3',
    by: 'anna',
    comment: null,
  } as const;
  expect(await limen.client.act(act)).toMatchObject({ result: 'refused', reason: 'it is pending' });
  await limen.client.act({ ...act, act: 'reset', comment: 'swept the coil' });
  expect(limen.api.acts).toEqual([act, { ...act, act: 'reset', comment: 'swept the coil' }]);
});

test('act() hands over what shelves, unshelves and takes out of service', async () => {
  await using limen = await run();
  const target = {
    alert: { rule: 'freezer-warm', device: 'a/b', metric: 'temperature' },
    id: null,
    by: 'anna',
    comment: null,
  } as const;
  const acts = [
    { ...target, act: 'shelve', forMs: 5_400_000 },
    { ...target, act: 'shelve', forMs: null, comment: 'defrosting' },
    { ...target, act: 'unshelve', id: 'freezer-warm/a/b/temperature/3' },
    { ...target, act: 'service', in: false },
    { ...target, act: 'service', in: true },
  ] as const;
  for (const act of acts) expect(await limen.client.act(act)).toMatchObject({ result: 'done' });
  expect(limen.api.acts).toEqual(acts);
});

test('command() hands over what holds an output by hand, and what resets it', async () => {
  await using limen = await run();
  const target = { output: 'a/b', by: 'anna', comment: null, sentAt: null, order: null } as const;
  const commands = [
    { ...target, act: 'set', value: 'on', holdMs: 5_400_000 },
    { ...target, act: 'set', value: 'auto', holdMs: 3_600_000 },
    { ...target, act: 'reset', comment: 'looked at it' },
  ] as const;
  for (const command of commands)
    expect(await limen.client.command(command)).toMatchObject({ result: 'done', id: 'a/b' });
  expect(limen.api.commands).toEqual(commands);
});

test('POST outputs/set refuses a body that does not say what is meant', async () => {
  await using limen = await run();
  for (const [more, problem] of [
    [{}, '"value" must be a text'],
    [{ value: 'maybe' }, 'the value must be on, off or auto'],
    [{ value: 'on', hold_for: '8d' }, 'at most 7d'],
    [{ value: 'auto', hold_for: '1h' }, 'auto ends a hold'],
    [{ value: 'on', for: '1h' }, 'unknown key "for"'],
  ] as const) {
    const body = JSON.stringify({ output: 'siren', by: 'anna', ...more });
    const answer = await post(limen.path, 'outputs/set', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty('detail', expect.stringContaining(problem));
  }
  expect(limen.api.commands).toEqual([]);
});

test('POST alerts/shelve and alerts/service refuse a body that does not say what is meant', async () => {
  await using limen = await run();
  const target = { rule: 'r', device: 'd', metric: 'm', by: 'anna' };
  for (const [path, more, problem] of [
    ['shelve', {}, 'a shelf has an end'],
    ['shelve', { for: 2 }, '"for" must be a text'],
    ['shelve', { for: '2h', one_shot: true }, 'not both'],
    ['shelve', { one_shot: 'yes' }, '"one_shot" must be true or false'],
    ['service', {}, '"in" must be true or false'],
    ['service', { in: 'out' }, '"in" must be true or false'],
    ['unshelve', { in: true }, 'unknown key "in"'],
  ] as const) {
    const answer = await post(limen.path, `alerts/${path}`, JSON.stringify({ ...target, ...more }));
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty('detail', expect.stringContaining(problem));
  }
  expect(limen.api.acts).toEqual([]);
});

test('POST alerts/ack names every problem of its body at once', async () => {
  await using limen = await run();
  const body = JSON.stringify({
    rule: 7,
    device: 'd',
    metric: 'm',
    by: '',
    comment: 1,
    extra: true,
  });
  const answer = await post(limen.path, 'alerts/ack', body);
  expect(answer.status).toBe(400);
  expect(answer.type).toBe('application/problem+json');
  expect(answer.body).toMatchObject({
    type: 'about:blank',
    status: 400,
    code: 'invalid',
    title: 'Bad request',
  });
  for (const key of ['rule', 'id', 'by', 'comment', 'extra']) {
    expect(answer.body).toHaveProperty('detail', expect.stringContaining(`"${key}"`));
  }
  expect(limen.api.acts).toEqual([]);
});

test.each(['', 'not json', '[]', 'null', '7'])('POST drill refuses the body %j', async (body) => {
  await using limen = await run();
  expect(await post(limen.path, 'drill', body)).toMatchObject({
    status: 400,
    body: { code: 'invalid' },
  });
});

test('POST drill refuses a body that is too large', async () => {
  await using limen = await run();
  const answer = await post(limen.path, 'drill', JSON.stringify({ rule: 'x'.repeat(20_000) }));
  expect(answer).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('larger than') },
  });
});

test('readings() gives every batch in order and hands the query over', async () => {
  await using limen = await run();
  limen.api.readingBatches = [
    [reading(1), reading(2)],
    [],
    [reading(3, { value: null, quality: 'bad' })],
  ];
  const query = { point: 'freezer-1/temperature', fromMs: 5, toMs: 9 };
  expect(await collect(limen.client.readings(query))).toEqual(limen.api.readingBatches.flat());
  expect(await limen.client.countReadings({ point: null, fromMs: null, toMs: null })).toBe(3);
  expect(limen.api.queries).toEqual([query, { point: null, fromMs: null, toMs: null }]);
});

test('readings() asks for no further batch while the reader is slow', async () => {
  await using limen = await run();
  const batch = Array.from({ length: 2_000 }, (_, index) => reading(index));
  let asked = 0;
  limen.api.readingBatches = Array.from({ length: 200 }, () => batch);
  limen.api.events.on('batch', () => {
    asked += 1;
  });
  const outgoing = request({
    socketPath: limen.path,
    path: '/api/v1/readings',
    agent: false,
  }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  // The kernel takes what fits in the socket; an answer to a second request proves that the server had its turn.
  await limen.client.status();
  await limen.client.status();
  expect(asked).toBeLessThan(20);
  const whole = await text(response);
  expect(whole.split('\n')).toHaveLength(200 * 2_000 + 1);
});

test('readings() turns a failure before the first line into the error it was', async () => {
  await using limen = await run();
  limen.api.readingsFailure = new LimenError('unavailable', 'the reader thread is busy');
  await expect(
    collect(limen.client.readings({ point: null, fromMs: null, toMs: null })),
  ).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the reader thread is busy',
  });
});

test('readings() does not take a stream that broke for a whole one', async () => {
  await using limen = await run();
  limen.api.readingBatches = [[reading(1)]];
  limen.api.readingsFailure = new Error('disk gone');
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const batch of limen.client.readings({ point: null, fromMs: null, toMs: null })) {
      seen.push(...batch.map((each) => each.seq));
    }
  };
  await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
  expect(limen.logLines.join('')).toContain('disk gone');
});

test.each(['point=temperature', 'from=yesterday', 'from=', 'to=1.5', 'from=9&to=3'])(
  'GET readings refuses %s',
  async (query) => {
    await using limen = await run();
    const outgoing = request({
      socketPath: limen.path,
      path: `/api/v1/readings?${query}`,
      agent: false,
    }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(await text(response))).toMatchObject({ code: 'invalid' });
  },
);

test('drill() streams each step and throws not_found for an unknown rule', async () => {
  await using limen = await run();
  const steps = await collect(limen.client.drill('freezer-warm'));
  expect(steps.map((step) => step.result)).toEqual(['ok', 'failed']);
  await expect(collect(limen.client.drill('nothing'))).rejects.toMatchObject({
    code: 'not_found',
    message: 'No rule "nothing"',
  });
});

test('an error that is not a LimenError is logged and shown as internal', async () => {
  await using limen = await run();
  limen.api.quarantined = () => {
    throw new Error('secret path /root/x');
  };
  const error = await limen.client.quarantined().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'internal' });
  expect(String(error)).not.toContain('secret');
  expect(limen.logLines.join('')).toContain('secret path');
});

test('watch() streams lines as they happen and unsubscribes when the reader leaves', async () => {
  await using limen = await run();
  const stop = once(limen.api.events, 'stop');
  const lines = limen.client.watch({ alertsOnly: false })[Symbol.asyncIterator]();
  const next = lines.next();
  await tell(limen.api, { kind: 'reading', reading: reading(1) });
  expect((await next).value).toEqual([{ kind: 'reading', reading: reading(1) }]);
  await lines.return?.();
  await stop;
  expect(limen.api.watchers.size).toBe(0);
});

test('watch() leaves readings out when only alerts are asked for', async () => {
  await using limen = await run();
  const lines = limen.client.watch({ alertsOnly: true })[Symbol.asyncIterator]();
  const next = lines.next();
  await tell(limen.api, { kind: 'reading', reading: reading(1) });
  await tell(limen.api, { kind: 'alert', alert: alert(), from: 'pending', to: 'active' });
  expect((await next).value).toMatchObject([{ kind: 'alert', to: 'active' }]);
  await lines.return?.();
});

test('watch() cuts a reader that is too slow and never holds more than the limit', async () => {
  await using limen = await run();
  const stop = once(limen.api.events, 'stop');
  const outgoing = request({ socketPath: limen.path, path: '/api/v1/watch', agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const padding = 'x'.repeat(1_000);
  let stopped = false;
  void stop.then(() => {
    stopped = true;
  });
  let sent = 0;
  while (!stopped) {
    for (let index = 0; index < 500; index += 1) {
      await tell(limen.api, { kind: 'reading', reading: reading(sent++, { device: padding }) });
      if (limen.api.watchers.size === 0) break;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  // What the kernel and the response buffered, and the queue: far from what a reader could make the server hold.
  expect(sent).toBeLessThan(limits.streamLinesMax + 4_000);
  await expect(text(response)).rejects.toThrow('aborted');
});

test('watch() throws where Limen has too many live streams', async () => {
  await using limen = await run();
  limen.api.isFull = true;
  await expect(collect(limen.client.watch({ alertsOnly: false }))).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test('close() ends a live stream in good order', async () => {
  await using limen = await run();
  const watching = once(limen.api.events, 'watch');
  const all = collect(limen.client.watch({ alertsOnly: false }));
  await watching;
  await tell(limen.api, { kind: 'reading', reading: reading(1) });
  await limen.listener.close();
  expect(await all).toEqual([{ kind: 'reading', reading: reading(1) }]);
});

test('users are added, listed and removed through the socket', async () => {
  await using limen = await run();
  await limen.client.setUser('an/na ü', 'secret');
  expect(limen.api.passwords.get('an/na ü')).toBe('secret');
  expect(await limen.client.users()).toEqual(['an/na ü']);
  await limen.client.removeUser('an/na ü');
  await expect(limen.client.removeUser('an/na ü')).rejects.toMatchObject({ code: 'not_found' });
});

test('why(), whyNot() and report() hand over what is asked, and the refusal that comes back', async () => {
  await using limen = await run();
  const wanted = 'hot & cold/kühl/t %/3';
  await expect(limen.client.why(wanted)).rejects.toMatchObject({ code: 'not_found' });
  const query = { rule: 'hot & cold', point: 'kühl/t %', atMs: 1_763_900_000_000 };
  await expect(limen.client.whyNot(query)).rejects.toMatchObject({ code: 'not_found' });
  await expect(limen.client.report({ fromMs: 1, toMs: 2 })).rejects.toMatchObject({
    code: 'unavailable',
  });
  expect(limen.api.asked).toEqual([wanted, query, { fromMs: 1, toMs: 2 }]);
});

test.each([
  'why',
  'why?of=',
  'why-not',
  'why-not?rule=a&point=b&at=1',
  'why-not?rule=a&point=b/c',
  'why-not?rule=a&point=b/c&at=03:10',
  'report?from=yesterday',
  'report?from=2&to=1',
])('GET %s is answered with what is wrong', async (route) => {
  await using limen = await run();
  const outgoing = request({ socketPath: limen.path, path: `/api/v1/${route}` }).end();
  const [response] = await once(outgoing, 'response');
  expect(response.statusCode).toBe(400);
  expect(await text(response)).toMatch(/"detail":"(?:of|rule|point|at|from): /);
});
