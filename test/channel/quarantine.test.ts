import { expect, test } from 'vitest';
import { Quarantine } from '../../src/channel/quarantine.ts';
import { limits } from '../../src/domain/limits.ts';
import type { WallMs } from '../../src/domain/time.ts';

const at = (ms: number): WallMs => ms as WallMs;

test('Quarantine keeps one record per source, topic and reason, with the last sample', () => {
  const quarantine = new Quarantine([]);
  quarantine.add('s', 'a', 'not JSON', Buffer.from('one'), at(1));
  quarantine.add('s', 'b', 'not JSON', Buffer.from('other'), at(2));
  quarantine.add('s', 'a', 'not JSON', Buffer.from('two'), at(3));
  expect(quarantine.records()).toEqual([
    {
      source: 's',
      topic: 'a',
      reason: 'not JSON',
      sample_base64: Buffer.from('two').toString('base64'),
      first_at: 1,
      last_at: 3,
      count: 2,
    },
    expect.objectContaining({ topic: 'b', count: 1 }),
  ]);
});

test('Quarantine bounds its records, their samples and their topics', () => {
  const quarantine = new Quarantine([]);
  for (let i = 0; i < limits.quarantineRowsMax + 10; i++)
    quarantine.add('s', `${i}/${'x'.repeat(1_000)}`, 'r', Buffer.alloc(5_000), at(i));
  const records = quarantine.records();
  expect(records).toHaveLength(limits.quarantineRowsMax);
  expect(records[0]?.topic.startsWith('1009/')).toBe(true);
  expect(records.at(-1)?.topic.startsWith('10/')).toBe(true);
  expect(records[0]?.topic).toHaveLength(256);
  expect(Buffer.from(records[0]?.sample_base64 ?? '', 'base64')).toHaveLength(
    limits.quarantineBytesMax,
  );
});

test('Quarantine goes on with what was stored, and says once that it changed', () => {
  const first = new Quarantine([]);
  for (const topic of ['a', 'b', 'c']) first.add('s', topic, 'r', Buffer.from('x'), at(1));
  const stored = first.takeChanged() ?? [];
  expect(first.takeChanged()).toBeNull();
  const second = new Quarantine(stored);
  expect(second.records()).toEqual(stored);
  expect(second.takeChanged()).toBeNull();
  second.add('s', 'a', 'r', Buffer.from('y'), at(9));
  expect(second.takeChanged()?.[0]).toMatchObject({
    topic: 'a',
    first_at: 1,
    last_at: 9,
    count: 2,
  });
});
