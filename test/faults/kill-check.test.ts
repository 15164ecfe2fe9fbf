import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createChecker, type Counting } from './kill-check.ts';

const counter: Counting = { device: 'counter', sent: 6, acknowledged: 4, starts: [1, 4] };

/** A folder with a day file in which a device has stored these numbers. */
function folderWith(values: readonly number[], device = 'counter'): string {
  const folder = mkdtempSync(join(tmpdir(), 'limen-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'data/history'), { recursive: true });
  const db = new Database(join(folder, 'data/history/2026-11-23.db'));
  db.exec('CREATE TABLE readings (seq INTEGER, device TEXT, value REAL, quality TEXT)');
  const insert = db.prepare('INSERT INTO readings VALUES (?, ?, ?, ?)');
  values.forEach((value, index) => insert.run(10 + 2 * index, device, value, 'good'));
  db.close();
  return folder;
}

test.each([
  ['all that was sent', [1, 2, 3, 4, 5, 6], []],
  ['a repetition from where a connection began', [1, 2, 3, 4, 5, 4, 5, 6], []],
  ['a tail that was never acknowledged and is lost', [1, 2, 3, 4], []],
  ['a lost number', [1, 2, 4, 5], ['seq 14, counter: 4 after 2']],
  [
    'two numbers that changed places',
    [1, 3, 2, 4],
    ['seq 12, counter: 3 after 1', 'seq 14, counter: 2 after 3', 'seq 16, counter: 4 after 2'],
  ],
  ['a number stored twice', [1, 2, 2, 3, 4], ['seq 14, counter: 2 after 2']],
  ['a number that was never sent', [1, 2, 3, 4, 5, 6, 7], ['seq 22, counter: 7 was never sent']],
  [
    'an acknowledged number that is not there',
    [1, 2, 3],
    ['counter: 4 acknowledged, stored up to 3'],
  ],
])('createChecker() judges %s', (_what, values, problems) => {
  expect(createChecker(folderWith(values), [counter]).check()).toEqual(problems);
});

test('createChecker() names a device that nobody sent for', () => {
  expect(createChecker(folderWith([1], 'ghost'), []).check()).toEqual([
    'seq 10: nobody sent for ghost',
  ]);
});
