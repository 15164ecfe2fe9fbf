// Aim: a change of who may log in leaves a trace and takes hold at once. Method: the true process, its socket, and
// what its files say afterwards.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { connectRaw as connectAs } from '../broker/raw-connection.ts';
import { connectLimen } from '../../src/http/client.ts';
import { install } from './limen-process.ts';

test('a user who is removed is cut off, and each change is in the log and the journal without a password', async () => {
  const limen = install({ yaml: '' });
  const running = await limen.start();
  const api = await connectLimen(join(limen.data, 'limen.sock'));
  assert(api !== null);
  await api.setUser('anna', 'first-secret');
  await api.setUser('anna', 'second-secret');
  await api.setUser('bert', 'third-secret');
  const anna = await connectAs(running.port, 'anna-phone', {
    username: 'anna',
    password: 'second-secret',
  });
  const bert = await connectAs(running.port, 'bert-phone', {
    username: 'bert',
    password: 'third-secret',
  });
  const nobody = await connectAs(running.port, 'nobody');
  await api.removeUser('anna');
  await anna.closed();
  expect([bert.isClosed, nobody.isClosed]).toEqual([false, false]);
  const again = await connectAs(running.port, 'anna-phone', {
    username: 'anna',
    password: 'second-secret',
  });
  expect(again.received[0]).toMatchObject({ cmd: 'connack', returnCode: 5 });
  const lines = running.log().filter(({ area }) => area === 'users');
  expect(lines.map(({ message, user }) => [message, user])).toEqual([
    ['user added', 'anna'],
    ['user changed', 'anna'],
    ['user added', 'bert'],
    ['user removed', 'anna'],
  ]);
  await running.stop();

  const files = globSync(join(limen.data, 'history/*.db'));
  const rows = files.toSorted().flatMap((file) => {
    const db = new Database(file, { readonly: true });
    const found = db
      .prepare<[], { key: string; body: string }>(
        `SELECT key, body FROM entry WHERE kind = 'user' ORDER BY seq`,
      )
      .all();
    db.close();
    return found.map(({ key, body }) => [key, JSON.parse(body)]);
  });
  expect(rows).toEqual([
    ['anna', { name: 'anna', change: 'added' }],
    ['anna', { name: 'anna', change: 'changed' }],
    ['bert', { name: 'bert', change: 'added' }],
    ['anna', { name: 'anna', change: 'removed' }],
  ]);
  for (const file of files) expect(readFileSync(file, 'latin1')).not.toContain('secret');
});
