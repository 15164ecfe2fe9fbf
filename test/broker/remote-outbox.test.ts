import { expect, it } from 'vitest';
import { createOutbox, type DropReason, type Outgoing } from '../../src/broker/remote-outbox.ts';
import { createInbound } from '../../src/broker/remote-inbound.ts';
import { compileFilter } from '../../src/broker/remote-filter.ts';
import { limits } from '../../src/domain/limits.ts';

function event(payload: string): Outgoing {
  return { topic: 'limen/events/alert', payload, retain: false };
}

function command(payload: string): Outgoing {
  return { topic: 'siren/set', payload, retain: false, queue: false };
}

function state(topic: string, payload: string): Outgoing {
  return { topic, payload, retain: true };
}

/** An outbox with what it has sent and dropped; `acknowledge` answers the oldest unanswered message. */
function fixture(): {
  outbox: ReturnType<typeof createOutbox>;
  sent: string[];
  dropped: DropReason[];
  acknowledge: () => void;
  up: () => void;
} {
  const sent: string[] = [];
  const dropped: DropReason[] = [];
  const answers: (() => void)[] = [];
  const outbox = createOutbox((reason) => dropped.push(reason));
  return {
    outbox,
    sent,
    dropped,
    acknowledge: () => answers.shift()?.(),
    up: () =>
      outbox.linkUp(({ payload }, acknowledged) => {
        sent.push(String(payload));
        answers.push(acknowledged);
      }),
  };
}

it('createOutbox() sends what was not acknowledged again, in front and in order', () => {
  const { outbox, sent, acknowledge, up } = fixture();
  up();
  for (const word of ['1', '2', '3']) outbox.publish(event(word));
  acknowledge();
  outbox.linkDown();
  outbox.publish(event('4'));
  up();
  expect(sent).toEqual(['1', '2', '3', '2', '3', '4']);
});

it('createOutbox() never sends a command again', () => {
  const { outbox, sent, dropped, up } = fixture();
  up();
  outbox.publish(command('ON'));
  outbox.linkDown();
  outbox.publish(command('OFF'));
  up();
  expect(sent).toEqual(['ON']);
  expect(dropped).toEqual(['disconnected', 'disconnected']);
  expect(outbox.length).toBe(0);
});

it('createOutbox() sends the last command of each topic when a silent broker has room again, before any state', () => {
  const { outbox, sent, dropped, acknowledge, up } = fixture();
  const pump = (payload: string): Outgoing => ({ ...command(payload), topic: 'pump/set' });
  up();
  for (let n = 0; n < 2 * limits.remoteWindowMax; n += 1) outbox.publish(command(`old ${n}`));
  outbox.publish(state('a', 'state'));
  for (const word of ['siren on', 'siren off']) outbox.publish(command(word));
  outbox.publish(pump('pump on'));
  expect(sent).toHaveLength(2 * limits.remoteWindowMax);
  expect(dropped).toEqual(['outdated']);
  for (let n = 0; n < limits.remoteWindowMax + 3; n += 1) acknowledge();
  expect(sent.slice(2 * limits.remoteWindowMax)).toEqual(['siren off', 'pump on', 'state']);
  for (let n = 0; n < 2 * limits.remoteWindowMax; n += 1) outbox.publish(command('again'));
  outbox.publish(command('too late'));
  outbox.linkDown();
  up();
  expect(sent).not.toContain('too late');
  // The state alone, which nobody acknowledged, was sent again.
  expect(outbox.length).toBe(1);
});

it('createOutbox() lets no command wait behind the states of a link that has come back', () => {
  const { outbox, sent, dropped, acknowledge, up } = fixture();
  const room = 2 * limits.remoteWindowMax;
  up();
  for (let n = 0; n < room + 2; n += 1)
    outbox.publish({ ...state(`limen/alerts/${n}`, `state ${n}`), queue: false });
  outbox.publish(command('OFF'));
  for (let n = 0; n < 3; n += 1) acknowledge();
  expect(sent.slice(room)).toEqual(['OFF', `state ${room}`, `state ${room + 1}`]);
  expect(dropped).toEqual([]);
});

it('createOutbox() lets a newer state replace an unacknowledged one at a loss of the link', () => {
  const { outbox, sent, up } = fixture();
  up();
  outbox.publish(state('a', 'a1'));
  outbox.linkDown();
  outbox.publish(state('b', 'b1'));
  outbox.publish(state('a', 'a2'));
  up();
  expect(sent).toEqual(['a1', 'b1', 'a2']);
});

it('createOutbox() ignores the late answer of a connection that is gone', () => {
  const { outbox, acknowledge, up } = fixture();
  up();
  outbox.publish(event('1'));
  outbox.linkDown();
  acknowledge();
  expect(outbox.length).toBe(1);
});

it('createOutbox() sends a window at a time and calls onEmpty at the end', () => {
  const { outbox, sent, acknowledge, up } = fixture();
  let emptied = 0;
  outbox.onEmpty = () => (emptied += 1);
  up();
  for (let n = 0; n <= limits.remoteWindowMax; n += 1) outbox.publish(event(String(n)));
  expect(sent).toHaveLength(limits.remoteWindowMax);
  acknowledge();
  expect(sent).toHaveLength(limits.remoteWindowMax + 1);
  for (let n = 0; n < limits.remoteWindowMax; n += 1) acknowledge();
  expect(emptied).toBe(1);
});

it('createOutbox() drops the oldest event when too many wait, and no state', () => {
  const { outbox, sent, dropped, acknowledge, up } = fixture();
  outbox.publish(state('a', 'state'));
  for (let n = 0; n < limits.remoteEventsMax + 2; n += 1) outbox.publish(event(String(n)));
  expect(dropped).toEqual(['full', 'full']);
  up();
  while (outbox.length > 0) acknowledge();
  expect(sent[0]).toBe('state');
  expect(sent[1]).toBe('2');
  expect(sent).toHaveLength(1 + limits.remoteEventsMax);
});

it('createOutbox() refuses a topic that no broker would take', () => {
  const { outbox, sent, dropped, up } = fixture();
  up();
  outbox.publish(state('siren/+', 'x'));
  outbox.publish(state('', 'x'));
  expect(sent).toEqual([]);
  expect(dropped).toEqual(['invalid_topic', 'invalid_topic']);
});

it('createInbound() asks for the next message only while there is room in count and bytes', async () => {
  let asked = 0;
  const written: Buffer[] = [];
  const inbound = createInbound((bytes) => written.push(bytes));
  const next = (): void => {
    asked += 1;
  };
  const small = inbound.take(1, 10);
  inbound.whenRoom(next);
  expect(asked).toBe(1);
  const large = inbound.take(2, limits.remoteUnacknowledgedBytesMax);
  inbound.whenRoom(next);
  expect(asked).toBe(1);
  large();
  expect(asked).toBe(2);
  large();
  expect(inbound.length).toBe(1);
  small();
  await Promise.resolve();
  expect(Buffer.concat(written)).toEqual(Buffer.from([0x40, 2, 0, 1, 0x40, 2, 0, 2]));
  expect(written).toHaveLength(1);
});

it.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+/c', 'a//c', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'ab', false],
  ['#', 'a', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
])('compileFilter() of %s on %s is %s', (filter, topic, matches) => {
  expect(compileFilter(filter)(topic)).toBe(matches);
});
