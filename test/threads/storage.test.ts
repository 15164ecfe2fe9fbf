import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/host/clock.ts';
import { unsureTimeFlag } from '../../src/domain/reading.ts';
import { memoryLog } from '../consumers/fixtures.ts';
import { listDays } from '../../src/storage/history.ts';
import { createReader } from '../../src/threads/start-reader.ts';
import { startStorage, type StorageThread } from '../../src/threads/start-storage.ts';
import {
  declares,
  groupOf,
  memoryOf,
  noon,
  pointOf,
  temporaryFolder,
} from '../storage/store-fixture.ts';

interface Running {
  readonly thread: StorageThread;
  readonly waits: string[];
  readonly failures: Error[];
  readonly problems: string[];
  committed(group: number): Promise<void>;
}

async function start(directory: string): Promise<Running> {
  const waits: string[] = [];
  const failures: Error[] = [];
  const problems: string[] = [];
  const done = new Set<number>();
  let changed = (): void => undefined;
  const thread = await startStorage(
    { directory, bootId: 'boot' },
    {
      committed(group) {
        done.add(group);
        changed();
      },
      waiting: (reason) => void waits.push(reason),
      problem: ({ message }) => void problems.push(message),
      failed: (error) => void failures.push(error),
    },
  );
  return {
    thread,
    waits,
    failures,
    problems,
    committed: (group) =>
      new Promise((resolve) => {
        changed = () => {
          if (done.has(group)) resolve();
        };
        changed();
      }),
  };
}

/** Another process that holds a file locked until it is told to let go. */
async function lockElsewhere(path: string, statement: string): Promise<() => Promise<void>> {
  const script =
    `import Database from 'better-sqlite3';` +
    `const db = new Database(${JSON.stringify(path)}); db.exec(${JSON.stringify(statement)});` +
    `console.log('held'); process.stdin.once('data', () => { db.exec('COMMIT'); db.close(); process.exit(); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.write('go\n');
    await once(child, 'exit');
  };
}

const point = pointOf(1, 't');

test('the storage thread commits, answers, ends in good order and recovers', async () => {
  const directory = temporaryFolder();
  const { thread, committed, failures } = await start(directory);
  expect(thread.recovery.nextSeq).toBe(1);
  thread.post(
    groupOf({
      id: 1,
      entries: [declares(1, point), { seq: 2, kind: 'alert', key: 'k', body: { notify: ['a'] } }],
      readings: [{ seq: 3, point: 1, value: 5 }],
      memories: [memoryOf(1, { value: 5, seq: 3 })],
      reservedSeq: 4,
    }),
  );
  await committed(1);
  expect(await thread.setUser('anna', 'x')).toBe(true);
  expect(await thread.setUser('bert', null)).toBe(false);
  expect(
    await thread.rows({ kind: 'alert', afterSeq: 0, notifier: 'a', rowsMax: 9 }),
  ).toMatchObject([{ seq: 2, key: 'k' }]);
  await thread.close();
  expect(failures).toEqual([]);
  const again = await start(directory);
  expect(again.thread.recovery).toMatchObject({
    nextSeq: 5,
    users: [['anna', 'x']],
    points: [point],
    pointMemories: [{ index: 1, value: 5 }],
    projections: [{ kind: 'alert', key: 'k' }],
  });
  await again.thread.close();
});

test('the storage thread waits for a lock of another process, says so once, and loses nothing', async () => {
  const directory = temporaryFolder();
  const { thread, committed, waits, failures } = await start(directory);
  thread.post(groupOf({ id: 1, entries: [declares(1, point)] }));
  await committed(1);
  const release = await lockElsewhere(
    join(directory, 'history', '2026-11-23.db'),
    'BEGIN EXCLUSIVE',
  );
  thread.post(groupOf({ id: 2, readings: [{ seq: 10, point: 1, value: 1 }] }));
  thread.post(groupOf({ id: 3, readings: [{ seq: 20, point: 1, value: 2 }] }));
  // The lock is held for many tries: it is said once all the same.
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(waits).toEqual(['another program holds the file']);
  await release();
  await committed(3);
  expect(waits).toHaveLength(1);
  expect(failures).toEqual([]);
  await thread.close();
});

test('the storage thread commits while another process holds the state file', async () => {
  const directory = temporaryFolder();
  const { thread, committed, waits, failures } = await start(directory);
  const release = await lockElsewhere(join(directory, 'state.db'), 'BEGIN EXCLUSIVE');
  for (let id = 1; id <= 3; id++) {
    thread.post(
      groupOf({
        id,
        entries: id === 1 ? [declares(1, point)] : [],
        readings: [{ seq: 10 * id, point: 1, value: id }],
        memories: [memoryOf(1, { value: id })],
      }),
    );
    await committed(id);
  }
  thread.post(groupOf({ id: 4, readings: [{ seq: 40, point: 1, value: 4 }] }));
  await committed(4);
  await release();
  await thread.close();
  expect(waits).toEqual([]);
  expect(failures).toEqual([]);
});

test('the storage thread says why it cannot start, with the code of the error', async () => {
  const directory = temporaryFolder();
  await (await start(directory)).thread.close();
  const db = new Database(join(directory, 'state.db'));
  db.pragma('user_version = 99');
  db.close();
  await expect(start(directory)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('newer Limen'),
  });
});

test('the storage thread answers what it cannot read or write with an error, and goes on', async () => {
  const directory = temporaryFolder();
  const { thread, committed, failures, problems } = await start(directory);
  thread.post(groupOf({ id: 1, entries: [declares(1, point)] }));
  await committed(1);
  const harm = (name: string, statement: string): void => {
    const db = new Database(join(directory, name));
    db.exec(statement);
    db.close();
  };
  harm('history/2026-11-23.db', 'ALTER TABLE entry RENAME TO gone');
  harm('state.db', 'ALTER TABLE user RENAME TO gone; DROP TABLE quarantine');
  const query = { kind: 'alert', afterSeq: 0, notifier: null, rowsMax: 9 } as const;
  await expect(thread.rows(query)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('no such table: entry'),
  });
  await expect(thread.setUser('anna', 'x')).rejects.toMatchObject({ code: 'unavailable' });
  thread.storeQuarantine([]);
  harm('history/2026-11-23.db', 'ALTER TABLE gone RENAME TO entry');
  expect(await thread.rows(query)).toEqual([]);
  expect(problems).toEqual(['samples of what could not be read are not stored']);
  await thread.close();
  expect(failures).toEqual([]);
});

test('the storage thread leaves nobody waiting for an answer when it fails', async () => {
  const directory = temporaryFolder();
  const { thread, failures } = await start(directory);
  const reading = { seq: 1, point: 1, value: 1 };
  thread.post(groupOf({ readings: [reading, reading] }));
  await expect(thread.setUser('anna', 'x')).rejects.toThrow('UNIQUE');
  expect(failures).toHaveLength(1);
  await expect(thread.setUser('anna', 'x')).rejects.toThrow('UNIQUE');
});

test('the storage thread fails on what trying again cannot cure', async () => {
  const directory = temporaryFolder();
  const { thread, failures } = await start(directory);
  const reading = { seq: 1, point: 1, value: 1 };
  thread.post(groupOf({ readings: [reading, reading] }));
  await expect.poll(() => failures.map(({ message }) => message)).toHaveLength(1);
  expect(failures[0]?.message).toContain('UNIQUE');
});

test('the reader thread answers while a writer is active, in batches that are asked for', async () => {
  const directory = temporaryFolder();
  const { thread, committed } = await start(directory);
  const readings = Array.from({ length: 2_500 }, (_, index) => ({
    seq: 10 + index,
    point: 1,
    value: index,
  }));
  thread.post(groupOf({ id: 1, entries: [declares(1, point)], readings }));
  await committed(1);
  const reader = createReader(directory, systemClock, memoryLog());
  onTestFinished(() => reader.close());
  const query = { point: 'd/t', fromMs: null, toMs: null };
  expect(await reader.countReadings(query)).toBe(2_500);
  const sizes: number[] = [];
  for await (const batch of reader.readings(query)) sizes.push(batch.length);
  expect(sizes).toEqual([1_000, 1_000, 500]);
  for await (const batch of reader.readings(query)) {
    expect(batch[0]).toMatchObject({ seq: 10, value: 0, at_ms: noon });
    break;
  }
  expect(await reader.countReadings({ ...query, point: 'd/nothing' })).toBe(0);
  await thread.close();
});

test('the reader thread finds nothing in an empty folder, and leaves nobody waiting at the end', async () => {
  const query = { point: null, fromMs: null, toMs: null };
  const reader = createReader(temporaryFolder(), systemClock, memoryLog());
  expect(await reader.countReadings(query)).toBe(0);
  await reader.close();
  // The thread of this one has not even begun when it is ended.
  const late = createReader(temporaryFolder(), systemClock, memoryLog());
  const pending = late.countReadings(query).then(
    () => 'answered',
    (error: Error) => error.message,
  );
  await late.close();
  expect(await pending).toBe('Cannot read the history: Limen stops');
});

test('the storage thread puts times right that were stamped before the clock was trusted', async () => {
  const directory = temporaryFolder();
  const { thread, committed, failures, problems } = await start(directory);
  const body = { trusted: false, elapsed_ms: null, wall_offset_ms: 0 };
  thread.post(
    groupOf({
      entries: [{ seq: 1, kind: 'started', key: 'limen', body }, declares(2, point)],
      readings: [
        { seq: 3, point: 1, value: 1, engineMs: 1_000, atMs: 1_000, quality: unsureTimeFlag },
      ],
    }),
  );
  await committed(1);
  const clock = { trusted: true, creditMs: 0, wallOffsetMs: noon };
  thread.post(groupOf({ id: 2, entries: [{ seq: 5, kind: 'clock', key: 'clock', body: clock }] }));
  await committed(2);
  const [day] = listDays(directory);
  if (day === undefined) throw new Error('there is no day file');
  const db = new Database(day.path, { readonly: true });
  onTestFinished(() => void db.close());
  const read = db.prepare('SELECT at_ms FROM readings').pluck();
  await expect.poll(() => read.get()).toBe(noon + 1_000);
  await thread.close();
  expect([failures, problems]).toEqual([[], []]);
});
