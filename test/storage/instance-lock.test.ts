import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeInstanceLock } from '../../src/storage/instance-lock.ts';
import { openUsers } from '../../src/storage/users.ts';
import { temporaryFolder } from './store-fixture.ts';

const source = join(import.meta.dirname, '../../src/storage/instance-lock.ts');

test('takeInstanceLock() refuses a second one and says who has the folder, until it is released', () => {
  const directory = join(temporaryFolder(), 'data');
  const lock = takeInstanceLock(directory);
  expect(() => takeInstanceLock(directory)).toThrow(
    `Another Limen (process ${process.pid}) works on ${directory}. Stop it first, or give this ` +
      'one a storage.directory of its own',
  );
  lock.release();
  takeInstanceLock(directory).release();
});

test('takeInstanceLock() is refused while another process lives, and free once it was killed', async () => {
  const directory = temporaryFolder();
  const script =
    `const { takeInstanceLock } = await import(${JSON.stringify(source)});` +
    `takeInstanceLock(${JSON.stringify(directory)}); console.log('taken'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => takeInstanceLock(directory)).toThrow(`(process ${child.pid})`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  takeInstanceLock(directory).release();
});

test('openUsers() writes users that the next start finds', () => {
  const directory = temporaryFolder();
  const users = openUsers(directory);
  users.set('bert', 'x');
  users.set('anna', 'y');
  expect(users.remove('bert')).toBe(true);
  expect(users.remove('bert')).toBe(false);
  users.close();
  const again = openUsers(directory);
  expect(again.list()).toEqual(['anna']);
  again.close();
});
