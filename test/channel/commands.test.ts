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

test('readCommand() refuses a retained act and a payload that is no object', () => {
  const reason = (command: Command): string | null =>
    command.kind === 'refused' ? command.reason : null;
  expect(reason(read(ack, '{}', true))).toContain('retained');
  for (const payload of ['yes', '[1]', 'null', '{'])
    expect(reason(read(ack, payload))).toBe('the payload is not a JSON object');
});

test('readCommand() reads what holds an output by hand, as a word or as an object', () => {
  const command = (payload: string, verb = 'set'): unknown => {
    const asked = read(`limen/outputs/si%2Fren/${verb}`, payload);
    return asked.kind === 'output' ? asked.command : null;
  };
  const rest = { output: 'si/ren', by: 'phone', comment: null, sentAt: null, order: null };
  for (const [payload, value] of [
    ['on', 'on'],
    ['OFF\n', 'off'],
    ['auto', 'auto'],
    ['{"value":"on"}', 'on'],
  ])
    expect(command(payload ?? '')).toEqual({ ...rest, act: 'set', value, holdMs: 3_600_000 });
  expect(
    command('{"value":"off","by":"anna","comment":"test","hold_for":"10m","at":5,"seq":7}'),
  ).toEqual({
    ...rest,
    act: 'set',
    value: 'off',
    holdMs: 600_000,
    by: 'anna',
    comment: 'test',
    sentAt: 5,
    order: 7,
  });
  expect(command('', 'reset')).toEqual({ ...rest, act: 'reset' });
  expect(command('{"by":"anna"}', 'reset')).toEqual({ ...rest, act: 'reset', by: 'anna' });
});

test('readCommand() refuses a command of an output that is retained or not understood as a whole', () => {
  const refusal = (payload: string, retain = false): unknown => {
    const asked = read('limen/outputs/siren/set', payload, retain);
    return asked.kind === 'refused' ? [asked.id, asked.reason] : null;
  };
  const why = (text: string): unknown => ['siren', expect.stringContaining(text)];
  expect(refusal('on', true)).toEqual(why('retained'));
  expect(refusal('1')).toEqual(why('neither on, off or auto nor a JSON object'));
  expect(refusal('')).toEqual(why('must be on, off or auto'));
  expect(refusal('{"value":true}')).toEqual(why('must be on, off or auto'));
  expect(refusal('{"value":"on","for":"5m"}')).toEqual(why('"for" is none of'));
  expect(refusal('{"value":"on","hold_for":5}')).toEqual(why('must be a text'));
  expect(refusal('{"value":"on","hold_for":"30d"}')).toEqual(why('at most 7d'));
  expect(refusal('{"value":"on","at":"now"}')).toEqual(why('milliseconds'));
  expect(refusal('{"value":"on","seq":-1}')).toEqual(why('whole number'));
});

test('readCommand() reads what shelves, unshelves, and takes out of service and puts back', () => {
  const act = (verb: string, payload: string): unknown => {
    const command = read(`limen/alerts/warm/a%2Fb/t/${verb}`, payload);
    return command.kind === 'act' ? command.act : null;
  };
  const target = { alert, id: null, by: 'phone', comment: null };
  expect(act('shelve', '{"for":"2h","by":"anna","comment":"defrosting"}')).toEqual({
    ...target,
    act: 'shelve',
    forMs: 7_200_000,
    by: 'anna',
    comment: 'defrosting',
  });
  expect(act('shelve', '{"one_shot":true}')).toEqual({ ...target, act: 'shelve', forMs: null });
  expect(act('shelve', '{"for":"90s","one_shot":false}')).toMatchObject({ forMs: 90_000 });
  expect(act('unshelve', '')).toEqual({ ...target, act: 'unshelve' });
  expect(act('service', '{"in":false}')).toEqual({ ...target, act: 'service', in: false });
  expect(act('service', '{"in":true}')).toEqual({ ...target, act: 'service', in: true });
});

test('readCommand() refuses a shelf without an end, or with two, and a service without a direction', () => {
  const reason = (verb: string, payload: string): string | null => {
    const command = read(`limen/alerts/warm/a/t/${verb}`, payload);
    return command.kind === 'refused' ? command.reason : null;
  };
  for (const payload of ['', '{}', '{"one_shot":false}', '{"for":null}'])
    expect(reason('shelve', payload)).toContain('a shelf has an end');
  expect(reason('shelve', '{"for":"2h","one_shot":true}')).toContain('not both');
  for (const time of ['""', '"0s"', '"2"', '"for ever"', '"-1h"', '"99999d"'])
    expect(reason('shelve', `{"for":${time}}`)).toContain('"for" must be a duration');
  for (const time of ['7200', 'true', '{}'])
    expect(reason('shelve', `{"for":${time}}`)).toContain('"for" must be a text');
  expect(reason('shelve', '{"one_shot":"yes"}')).toContain('"one_shot" must be');
  for (const payload of ['', '{}', '{"in":"out"}', '{"in":null}', '{"in":0}'])
    expect(reason('service', payload)).toContain('"in" must be');
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
