import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCommand, type Command } from '../../src/channel/commands.ts';

const read = (topic: string, payload: string, retain = false): Command =>
  readCommand('limen', { topic, payload: Buffer.from(payload), retain }, 'phone');
const ack = 'limen/alerts/warm/a%2Fb/t/ack';
const alert = { rule: 'warm', device: 'a/b', metric: 't' };

test('readCommand() reads an acknowledgement and a reset, signed by the client if by nobody', () => {
  expect(read(ack, '{"by":"anna","comment":"seen","id":"warm/a/t/1"}')).toEqual({
    kind: 'act',
    act: { act: 'acknowledge', alert, id: 'warm/a/t/1', by: 'anna', comment: 'seen' },
  });
  expect(read('limen/alerts/warm/a%2Fb/t/reset', '')).toEqual({
    kind: 'act',
    act: { act: 'reset', alert, id: null, by: 'phone', comment: null },
  });
});

test('readCommand() refuses a retained act, a payload that is no object and what this version lacks', () => {
  const reason = (command: Command): string | null =>
    command.kind === 'refused' ? command.reason : null;
  expect(reason(read(ack, '{}', true))).toContain('retained');
  for (const payload of ['yes', '[1]', 'null', '{'])
    expect(reason(read(ack, payload))).toBe('the payload is not a JSON object');
  for (const topic of ['limen/alerts/warm/a/t/shelve', 'limen/outputs/siren/set'])
    expect(reason(read(topic, '{}'))).toBe('not in this version');
});

test('readCommand() ignores what is no command, and a retained one that is cleared', () => {
  for (const topic of [
    'limen/status',
    'limen/alerts/warm/a/t',
    'limen/alerts/warm/a/t/explode',
    'limen/alerts/warm/a/t/ack/more',
    'limen/alerts//a/t/ack',
    'limen/alerts/warm/%zz/t/ack',
  ])
    expect(read(topic, '{}')).toEqual({ kind: 'ignored' });
  expect(read(ack, '', true)).toEqual({ kind: 'ignored' });
});

test('readCommand() takes anything without throwing, and shortens what people write', () => {
  expect(read(ack, JSON.stringify({ by: 'x'.repeat(9_999) }))).toMatchObject({
    act: { by: 'x'.repeat(500) },
  });
  expect(read(ack, '{"by":"","comment":null,"id":null}')).toMatchObject({
    act: { by: 'phone', comment: null, id: null },
  });
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), fc.boolean(), (tail, payload, retain) => {
      readCommand(
        'limen',
        { topic: `limen/alerts/${tail}/ack`, payload: Buffer.from(payload), retain },
        'phone',
      );
    }),
  );
});

test('readCommand() refuses a key of the wrong type: an act must not reach another occurrence than was meant', () => {
  const reason = (payload: string): string | null => {
    const command = read(ack, payload);
    return command.kind === 'refused' ? command.reason : null;
  };
  for (const id of ['7', '""', 'true', '{}', '["warm/a/t/1"]'])
    expect(reason(`{"id":${id}}`)).toBe('"id" must be the id of an occurrence, as a text');
  for (const value of ['7', 'false', '{}', '[]']) {
    expect(reason(`{"by":${value}}`)).toBe('"by" must be a text');
    expect(reason(`{"comment":${value}}`)).toBe('"comment" must be a text');
  }
});

test('readCommand() never shortens an id: what is left of it could be another one', () => {
  const id = `warm/${'x'.repeat(600)}/t/1`;
  expect(read(ack, JSON.stringify({ id }))).toMatchObject({ kind: 'act', act: { id } });
});
