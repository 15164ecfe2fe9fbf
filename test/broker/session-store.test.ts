import type { AedesPacket } from 'aedes-packet';
import { expect, test } from 'vitest';
import { SessionStore, type SessionStoreOptions } from '../../src/broker/session-store.ts';
import { limits } from '../../src/domain/limits.ts';

const phone = { id: 'phone' };

function message(brokerCounter: number, payload: string | Buffer = String(brokerCounter)) {
  return {
    cmd: 'publish',
    topic: 'news',
    payload,
    qos: 1,
    retain: false,
    dup: false,
    brokerId: 'limen',
    brokerCounter,
  } as const satisfies AedesPacket;
}

function createStore(options: Partial<SessionStoreOptions> = {}): SessionStore {
  return new SessionStore({
    isOwnTopic: (topic) => topic.startsWith('limen/'),
    dropped: () => undefined,
    notRetained: () => undefined,
    isGranted: () => true,
    ...options,
  });
}

async function waiting(store: SessionStore): Promise<unknown[]> {
  const packets: AedesPacket[] = await store.outgoingStream(phone).toArray();
  return packets.map(({ brokerCounter }) => brokerCounter);
}

test('SessionStore keeps one copy for a session whose filters overlap, and clears it by its packet id', async () => {
  const store = createStore();
  await store.outgoingEnqueueCombi(
    [{ clientId: 'phone' }, { clientId: 'phone' }, { clientId: 'tablet' }],
    message(1),
  );
  await store.outgoingEnqueueCombi([{ clientId: 'phone' }], message(2));
  expect(await waiting(store)).toEqual([1, 2]);
  await store.outgoingUpdate(phone, { ...message(1), messageId: 7 });
  await store.outgoingClearMessageId(phone, {
    cmd: 'puback',
    messageId: 7,
    brokerId: '',
    brokerCounter: 0,
  });
  expect(await waiting(store)).toEqual([2]);
});

test('SessionStore lets the oldest messages give way, by number and by bytes, and counts them', async () => {
  let dropped = 0;
  const store = createStore({
    dropped: (count) => {
      dropped += count;
    },
  });
  const { sessionMessagesMax, sessionBytesMax } = limits;
  for (let n = 1; n <= sessionMessagesMax + 10; n += 1) {
    await store.outgoingEnqueue({ clientId: 'phone' }, message(n));
  }
  expect(dropped).toBe(10);
  expect((await waiting(store)).slice(0, 2)).toEqual([11, 12]);

  const large = Buffer.alloc(sessionBytesMax / 2);
  for (const n of [5_001, 5_002, 5_003]) {
    await store.outgoingEnqueue({ clientId: 'phone' }, message(n, large));
  }
  expect(await waiting(store)).toEqual([5_003]);
  expect(dropped).toBe(sessionMessagesMax + 12);
  // One that gave way while it was on its way is no error.
  await store.outgoingUpdate(phone, { ...message(11), messageId: 1 });
});

test('SessionStore stores a retained message within the call', async () => {
  const store = createStore();
  let isStored = false;
  void store.storeRetained({ ...message(1), retain: true }).then(() => {
    isStored = true;
  });
  expect(isStored).toBe(true);
  expect(await store.createRetainedStream('news').toArray()).toHaveLength(1);
});

test('SessionStore keeps retained messages of clients up to a bound, and those of Limen always', async () => {
  let refused = 0;
  const store = createStore({
    notRetained: () => {
      refused += 1;
    },
  });
  const retain = (topic: string, payload: string) =>
    store.storeRetained({ ...message(1, payload), topic, retain: true });
  const kept = async (topic: string): Promise<number> =>
    (await store.createRetainedStream(topic).toArray()).length;
  for (let n = 0; n < limits.retainedTopicsMax; n += 1) await retain(`client/${n}`, 'x');
  expect(refused).toBe(0);
  await retain('client/more', 'x');
  await retain('limen/alerts/a/b/c', '{}');
  expect([refused, await kept('client/more'), await kept('limen/#')]).toEqual([1, 0, 1]);
  // A newer message takes the place of the older one, and a cleared one makes room.
  await retain('client/0', 'y');
  await retain('client/1', '');
  await retain('client/more', 'x');
  expect([refused, await kept('client/more'), await kept('client/1')]).toEqual([1, 1, 0]);
  // By bytes: what is too much is not kept, and the older message is not shown in its place.
  await retain('client/0', 'z'.repeat(limits.retainedBytesMax));
  expect([refused, await kept('client/0')]).toEqual([2, 0]);
});

test('SessionStore gives a retained message once, however many of the filters match', async () => {
  const store = createStore();
  await store.storeRetained({ ...message(1), retain: true });
  await store.storeRetained({ ...message(2), topic: 'other', retain: true });
  const found = await store.createRetainedStreamCombi(['news', '#', '+', 'news/#']).toArray();
  expect(found.map(({ topic }) => topic)).toEqual(['news', 'other']);
});

test('SessionStore lets others go on while it looks for retained messages', async () => {
  const store = createStore();
  for (let n = 0; n < 5_000; n += 1)
    await store.storeRetained({ ...message(1), topic: `client/${n}`, retain: true });
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  expect(await store.createRetainedStreamCombi(['nothing']).toArray()).toEqual([]);
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('SessionStore remembers of a QoS 2 message its id alone, and of a bounded number of them', async () => {
  const store = createStore();
  const client = { id: 'sensor' };
  const taken = (messageId: number) => ({ ...message(1, 'large'), qos: 2 as const, messageId });
  for (let id = 1; id <= limits.exactlyOnceIdsMax + 1; id += 1)
    await store.incomingStorePacket(client, taken(id));
  await expect(store.incomingGetPacket(client, taken(1))).rejects.toThrow('no such packet');
  expect(await store.incomingGetPacket(client, taken(2))).toMatchObject({
    payload: Buffer.alloc(0),
  });
  await store.incomingDelPacket(client, taken(2));
  await expect(store.incomingDelPacket(client, taken(2))).rejects.toThrow('no such packet');
  await store.cleanIncoming(client);
  await expect(store.incomingGetPacket(client, taken(3))).rejects.toThrow('no such packet');
});

test('SessionStore forgets all of a session that is dropped', async () => {
  let dropped = 0;
  const store = createStore({
    dropped: (count) => {
      dropped += count;
    },
  });
  await store.outgoingEnqueue({ clientId: 'phone' }, message(1));
  await store.drop('phone');
  await store.drop('nobody');
  expect(await waiting(store)).toEqual([]);
  expect([dropped, store.waitingBytes]).toEqual([1, 0]);
});
