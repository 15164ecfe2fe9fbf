import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchFile } from '../../src/host/watch-file.ts';
import { createFakeClock } from './fake-clock.ts';

/** A watched file whose changes are found by the regular look, as on a mount that tells nothing; time is the test's. */
function watched(path = 'limen.yaml') {
  const folder = mkdtempSync(join(tmpdir(), 'limen-watch-'));
  const file = join(folder, path);
  const clock = createFakeClock();
  let calls = 0;
  writeFileSync(join(folder, 'limen.yaml'), 'one');
  const start = (): void => {
    const watch = watchFile(file, clock, () => {
      calls += 1;
    });
    onTestFinished(() => {
      watch.close();
      rmSync(folder, { recursive: true });
    });
  };
  const callsWithin = (ms: number): number => {
    calls = 0;
    clock.advance(ms);
    return calls;
  };
  return { folder, file, start, callsWithin };
}

test('watchFile() tells once of a file as it is found, then only of changes', () => {
  const { start, callsWithin } = watched();
  start();
  expect(callsWithin(2_500)).toBe(1);
  expect(callsWithin(60_000)).toBe(0);
});

test('watchFile() tells once of a save in place and of one by renaming over the file', () => {
  const { folder, file, start, callsWithin } = watched();
  start();
  callsWithin(2_500);
  writeFileSync(file, 'two');
  expect(callsWithin(2_500)).toBe(1);
  writeFileSync(join(folder, 'new'), 'three');
  renameSync(join(folder, 'new'), file);
  expect(callsWithin(2_500)).toBe(1);
  expect(callsWithin(60_000)).toBe(0);
});

test('watchFile() waits until the file is left alone, and says nothing while there is none', () => {
  const { file, start, callsWithin } = watched();
  start();
  callsWithin(2_500);
  for (let write = 0; write < 10; write += 1) {
    writeFileSync(file, 'x'.repeat(write + 10));
    expect(callsWithin(400)).toBe(0);
  }
  expect(callsWithin(2_500)).toBe(1);
  unlinkSync(file);
  expect(callsWithin(10_000)).toBe(0);
  writeFileSync(file, 'back');
  expect(callsWithin(2_500)).toBe(1);
});

test('watchFile() follows a link that is put elsewhere, as Kubernetes puts a mounted folder', () => {
  const { folder, start, callsWithin } = watched('current/limen.yaml');
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'limen.yaml'), 'same size');
  }
  symlinkSync('a', join(folder, 'current'));
  start();
  callsWithin(2_500);
  symlinkSync('b', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'current'));
  expect(callsWithin(2_500)).toBe(1);
});
