// Aim: files that cannot be read never keep Limen from starting, and the log says what is missing.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { connectClient } from './mqtt-inbox.ts';

test("Limen starts over garbage in today's file and in state.db, and goes on from the rest", async () => {
  const limen = install({ yaml: 'rules: { hot: { points: oven/heat, above: 100 } }' });
  const first = await limen.start();
  const sensor = await connectClient(first.url);
  await sensor.publishAsync('sensors/oven/heat', '150', { qos: 1 });
  expect(statSync(limen.data).mode & 0o777).toBe(0o700);
  // Not killed: a write-ahead log that is left would make up for the file.
  await first.stop();
  const [today] = readdirSync(join(limen.data, 'history')).filter((name) => name.endsWith('.db'));
  const garbage = 'no database '.repeat(1_000);
  writeFileSync(join(limen.data, 'history', String(today)), garbage);

  const second = await limen.start();
  const aside = await second.logged('set aside');
  expect(aside).toMatchObject({ level: 'error', path: expect.stringContaining(String(today)) });
  const again = await connectClient(second.url);
  await again.publishAsync('sensors/oven/heat', '160', { qos: 1 });
  const [stored] = await limen.readings();
  expect(stored).toMatchObject({ value: 160 });
  await second.stop();

  writeFileSync(join(limen.data, 'state.db'), garbage);
  expect(await limen.cli('user', 'list')).toMatchObject({
    status: 1,
    err: expect.stringContaining('set it aside'),
  });
  const warned = await limen.cli('readings', '--json');
  expect(warned).toMatchObject({ status: 0, err: expect.stringContaining('state.db') });
  const third = await limen.start();
  await third.logged('limen user add');
  expect(await limen.json('alerts')).toMatchObject([{ rule: 'hot', state: 'active' }]);
  expect((await limen.readings()).map(({ seq }) => seq)).toEqual([stored?.seq]);
  expect((await third.stop()).code).toBe(0);
}, 30_000);

test('Limen says what to do about a data folder that it cannot make', async () => {
  const limen = install({ yaml: '' });
  writeFileSync(limen.data, 'a file');
  expect(await limen.cli('run')).toMatchObject({
    status: 1,
    out: '',
    err: expect.stringMatching(
      /Cannot write to \S+data: it is not a folder\. Make it writable[^\n]*\n$/,
    ),
  });
});
