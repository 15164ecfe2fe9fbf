import Database from 'better-sqlite3';
import { chmodSync, cpSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { historyOnlyFlag, lateFlag } from '../../src/domain/reading.ts';
import type { Recovery } from '../../src/domain/store.ts';
import { openQueries } from '../../src/storage/queries.ts';
import { takeInstanceLock } from '../../src/storage/instance-lock.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  declares,
  groupOf,
  memoryOf,
  noon,
  pointOf,
  quiet,
  temporaryFolder,
} from './store-fixture.ts';

/** A store that has read what is there; it ends with the test unless it was closed before. */
function openStore(directory: string, bootId = 'boot'): Store & { readonly recovery: Recovery } {
  const store = new Store({ directory, bootId }, quiet);
  const recovery = store.recover();
  return Object.assign(store, { recovery });
}

/** What a power cut would leave: the files as they are, the write-ahead logs among them. */
function afterKill(directory: string): string {
  const copy = temporaryFolder();
  cpSync(directory, copy, { recursive: true });
  return copy;
}

function day(directory: string, date = '2026-11-23'): Database.Database {
  const db = new Database(join(directory, 'history', `${date}.db`), { readonly: true });
  onTestFinished(() => void db.close());
  return db;
}

const temperature = pointOf(1, 'temperature', 'number', [], '°C');

describe('Store.write()', () => {
  test('Store.write() leaves a view that any SQLite tool can read', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const points = [
      temperature,
      pointOf(2, 'pump', 'boolean'),
      pointOf(3, 'door', 'text', ['shut', 'open']),
    ];
    store.write(
      groupOf({
        entries: points.map((point, index) => declares(index + 1, point)),
        readings: [
          { seq: 4, point: 1, value: -18.5, atMs: noon - 5_000 },
          { seq: 5, point: 2, value: 1 },
          { seq: 6, point: 3, value: 1 },
          { seq: 7, point: 1, value: NaN, quality: 2 },
          { seq: 8, point: 1, value: 3, quality: 1 + historyOnlyFlag, raw: 37.4 },
          { seq: 9, point: 1, value: 3, quality: 3 + historyOnlyFlag },
          { seq: 10, point: 1, value: 3, quality: 9 },
        ],
      }),
    );
    const rows = day(directory).prepare('SELECT * FROM readings ORDER BY seq').all();
    const common = { at_ms: noon, device: 'd', metric: 'temperature', unit: '°C' };
    expect(rows).toEqual([
      { ...common, at_ms: noon - 5_000, value: -18.5, quality: 'good', seq: 4 },
      { ...common, metric: 'pump', unit: null, value: 1, quality: 'good', seq: 5 },
      { ...common, metric: 'door', unit: null, value: 'open', quality: 'good', seq: 6 },
      { ...common, value: null, quality: 'bad', seq: 7 },
      { ...common, value: 3, quality: 'suspect', seq: 8 },
      { ...common, value: 3, quality: 'stale', seq: 9 },
      { ...common, value: 3, quality: 'bad', seq: 10 },
    ]);
    const types = day(directory)
      .prepare('SELECT metric, typeof(at_ms) AS at, typeof(value) AS value FROM readings')
      .all();
    expect(types.slice(0, 3)).toEqual([
      { metric: 'temperature', at: 'integer', value: 'real' },
      { metric: 'pump', at: 'integer', value: 'integer' },
      { metric: 'door', at: 'integer', value: 'text' },
    ]);
    expect(
      day(directory).prepare('SELECT seq, raw FROM reading WHERE raw IS NOT NULL').all(),
    ).toEqual([{ seq: 8, raw: 37.4 }]);
    store.close();
  });

  test('Store.write() keeps every bit of a value', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const values = [0.1 + 0.2, 5e-324, Number.MAX_VALUE, 1 / 3, -1e-7, 2 ** 53];
    const readings = values.map((value, index) => ({ seq: 2 + index, point: 1, value }));
    store.write(groupOf({ entries: [declares(1, temperature)], readings }));
    const queries = openQueries(directory, () => undefined);
    const found = [...(queries?.readings({ point: null, fromMs: null, toMs: null }) ?? [])].flat();
    expect(found.map(({ value }) => value)).toEqual(values);
    queries?.close();
    store.close();
  });

  test('Store.write() writes a group whole or not at all', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)] }));
    // The last reading has a number that is taken: the readings before it must not stay.
    const broken = groupOf({
      readings: Array.from({ length: 100 }, (_, index) => ({
        seq: index === 99 ? 10 : 10 + index,
        point: 1,
        value: index,
      })),
    });
    expect(() => store.write(broken)).toThrow('UNIQUE');
    expect(day(directory).prepare('SELECT count(*) FROM readings').pluck().get()).toBe(0);
    store.write(groupOf({ readings: [{ seq: 10, point: 1, value: 1 }] }));
    expect(day(directory).prepare('SELECT count(*) FROM readings').pluck().get()).toBe(1);
    store.close();
  });

  test('Store.write() begins a new file at midnight that knows all points and the reservation', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)] }));
    const changed = { ...temperature, unit: 'K' };
    store.write(
      groupOf({ entries: [declares(10, changed), declares(11, pointOf(2, 'humidity'))] }),
    );
    store.write(
      groupOf({
        readings: [{ seq: 20, point: 2, value: 40 }],
        wallMs: noon + dayLength,
        reservedSeq: 5_000,
      }),
    );
    store.close();
    const next = day(directory, '2026-11-24');
    expect(next.prepare('SELECT metric, unit FROM point ORDER BY id').all()).toEqual([
      { metric: 'temperature', unit: 'K' },
      { metric: 'humidity', unit: null },
    ]);
    expect(next.prepare('SELECT metric, value FROM readings').all()).toEqual([
      { metric: 'humidity', value: 40 },
    ]);
    const again = openStore(directory);
    expect(again.recovery).toMatchObject({ nextSeq: 5_001, dayMs: Date.UTC(2026, 10, 24) });
    expect(again.recovery.points).toEqual([changed, pointOf(2, 'humidity')]);
    again.close();
  });
});

describe('Store.recover()', () => {
  test('Store.recover() of an empty folder starts at 1', () => {
    const store = openStore(temporaryFolder());
    expect(store.recovery).toMatchObject({
      nextSeq: 1,
      stamp: null,
      dayMs: 0,
      points: [],
      pointMemories: [],
      projections: [],
      users: [],
    });
    expect(store.recovery.installationId).toMatch(/^[0-9a-f]{8}$/);
    store.close();
  });

  test('Store.recover() after a kill finds every committed row, and goes on above the mark', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)], reservedSeq: 500 }));
    store.write(
      groupOf({
        readings: [{ seq: 4, point: 1, value: 20, engineMs: noon - 7 }],
        entries: [
          { seq: 5, kind: 'alert', key: 'r/d/temperature', body: { n: 1 } },
          { seq: 6, kind: 'alert', key: 'r/d/temperature', body: { n: 2 } },
          { seq: 7, kind: 'command', key: 'siren', body: {} },
          { seq: 8, kind: 'output', key: 'siren', body: { on: true } },
        ],
        stamp: { monotonicMs: 77, trusted: false },
        reservedSeq: 500,
      }),
    );
    const { recovery } = openStore(afterKill(directory));
    expect(recovery.nextSeq).toBe(501);
    expect(recovery.stamp).toEqual({
      bootId: 'boot',
      monotonicMs: 77,
      wallMs: noon,
      trusted: false,
      engineMs: noon,
    });
    expect(recovery.projections).toEqual([
      { kind: 'alert', key: 'r/d/temperature', seq: 6, body: { n: 2 } },
      { kind: 'output', key: 'siren', seq: 8, body: { on: true } },
    ]);
    expect(recovery.pointMemories).toEqual([
      memoryOf(1, { value: 20, seq: 4, heardAt: noon - 7, atMs: noon }),
    ]);
    store.close();
  });

  test('Store.recover() takes the projections on from where they were written', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const alert = (seq: number, n: number) =>
      ({ seq, kind: 'alert', key: 'k', body: { n } }) as const;
    store.write(groupOf({ entries: [alert(1, 1)] }));
    store.project();
    store.write(groupOf({ entries: [alert(10, 2)] }));
    expect(openStore(afterKill(directory)).recovery.projections).toMatchObject([{ seq: 10 }]);
    store.close();
    expect(openStore(directory).recovery.projections).toMatchObject([{ seq: 10, body: { n: 2 } }]);
  });

  test('Store.recover() remembers of each point what was stored, and of later readings the rest', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const points = [1, 2, 3].map((index) => pointOf(index, `m${index}`));
    store.write(groupOf({ entries: points.map((point, index) => declares(index + 1, point)) }));
    store.write(
      groupOf({
        readings: [
          { seq: 10, point: 1, value: 5 },
          { seq: 11, point: 2, value: 7 },
        ],
        memories: [
          memoryOf(1, { value: 5, seq: 10, heardAt: noon }),
          memoryOf(2, { value: 7, seq: 11, heardAt: noon }),
        ],
      }),
    );
    store.write(
      groupOf({
        readings: [
          { seq: 20, point: 2, value: NaN, quality: 2, engineMs: noon + 1 },
          { seq: 21, point: 2, value: NaN, quality: 2, engineMs: noon + 2 },
          { seq: 22, point: 3, value: 9, quality: 1 },
          { seq: 23, point: 3, value: 1, quality: historyOnlyFlag },
          { seq: 24, point: 1, value: 6, quality: lateFlag, engineMs: noon + 3 },
          { seq: 25, point: 1, value: 7, quality: lateFlag + historyOnlyFlag },
        ],
      }),
    );
    const before = openStore(afterKill(directory)).recovery.pointMemories;
    store.close();
    const after = openStore(directory).recovery.pointMemories;
    for (const memories of [before, after]) {
      expect(memories.toSorted((a, b) => a.index - b.index)).toMatchObject([
        { index: 1, value: 6, quality: 0, seq: 24, heardAt: noon + 3 },
        { index: 2, value: 7, quality: 2, seq: 21, badSince: noon + 1 },
        { index: 3, value: 9, quality: 1, seq: 22, heardAt: noon, badSince: null },
      ]);
    }
  });

  test('Store.recover() passes over an empty file, a foreign file, and a file without rows', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)], reservedSeq: 300 }));
    store.close();
    writeFileSync(join(directory, 'history', '2026-11-24.db'), '');
    writeFileSync(join(directory, 'history', 'notes.txt'), 'hello');
    // A file that got as far as its schema and its reservation, and no further.
    const begun = openStore(directory);
    expect(() =>
      begun.write(
        groupOf({
          readings: [
            { seq: 301, point: 1, value: 1 },
            { seq: 301, point: 1, value: 1 },
          ],
          wallMs: noon + 2 * dayLength,
          reservedSeq: 900,
        }),
      ),
    ).toThrow('UNIQUE');
    begun.close();
    const { recovery } = openStore(directory);
    expect(recovery).toMatchObject({ nextSeq: 901, dayMs: Date.UTC(2026, 10, 25) });
    expect(recovery.stamp).toMatchObject({ bootId: 'boot', wallMs: noon });
    expect(recovery.points).toEqual([temperature]);
  });

  test('Store.recover() never takes the stamp of one boot for that of another', () => {
    const directory = temporaryFolder();
    const first = openStore(directory, 'one');
    first.write(groupOf({ entries: [declares(1, temperature)], stamp: { monotonicMs: 10 } }));
    first.close();
    const second = openStore(directory, 'two');
    const twin = groupOf({
      readings: [
        { seq: 2_000, point: 1, value: 1 },
        { seq: 2_000, point: 1, value: 1 },
      ],
    });
    expect(() => second.write(twin)).toThrow('UNIQUE');
    expect(openStore(afterKill(directory), 'two').recovery.stamp).toMatchObject({
      bootId: 'one',
      monotonicMs: 10,
    });
    second.write(groupOf({ stampSeq: 3_000, stamp: { monotonicMs: 20 } }));
    expect(openStore(afterKill(directory), 'two').recovery.stamp).toMatchObject({
      bootId: 'two',
      monotonicMs: 20,
    });
    second.close();
  });

  test('Store refuses a state file that a newer Limen has written, and leaves it alone', () => {
    const directory = temporaryFolder();
    openStore(directory).close();
    const db = new Database(join(directory, 'state.db'));
    db.pragma('user_version = 99');
    db.close();
    expect(() => new Store({ directory, bootId: 'boot' }, quiet)).toThrow(
      /state\.db was written by a newer Limen \(schema 99, this one knows \d+\)/,
    );
    const again = new Database(join(directory, 'state.db'), { readonly: true });
    expect(again.pragma('user_version', { simple: true })).toBe(99);
    again.close();
  });
});

describe('Store keeps what it holds to its owner', () => {
  const modesBelow = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => `${name} ${(statSync(join(directory, name)).mode & 0o777).toString(8)}`)
      .toSorted();

  test('Store makes files that only their owner can read, whatever the umask', () => {
    const directory = join(temporaryFolder(), 'data');
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const lock = takeInstanceLock(directory);
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)] }));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(modesBelow(directory)).toEqual([
      'history 700',
      'history/2026-11-23.db 600',
      'history/2026-11-23.db-shm 600',
      'history/2026-11-23.db-wal 600',
      'limen.lock 600',
      'limen.lock-journal 600',
      'limen.pid 600',
      'state.db 600',
      'state.db-shm 600',
      'state.db-wal 600',
    ]);
    store.close();
    lock.release();
  });

  test('Store closes a state file that was open to others', () => {
    const directory = temporaryFolder();
    openStore(directory).close();
    chmodSync(join(directory, 'state.db'), 0o644);
    const store = openStore(directory);
    expect(statSync(join(directory, 'state.db')).mode & 0o777).toBe(0o600);
    store.close();
  });
});

describe('Store keeps going', () => {
  test('Store.write() does not need the state file, so that its lock holds up no commit', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const locker = new Database(join(directory, 'state.db'));
    locker.exec('BEGIN IMMEDIATE');
    store.write(
      groupOf({ entries: [declares(1, temperature)], memories: [memoryOf(1, { value: 3 })] }),
    );
    expect(store.hasUnprojected).toBe(true);
    expect(() => store.project()).toThrow('locked');
    locker.exec('COMMIT');
    locker.close();
    store.project();
    expect(store.hasUnprojected).toBe(false);
    store.close();
    expect(openStore(directory).recovery.pointMemories).toMatchObject([{ index: 1, value: 3 }]);
  });

  test('Store.close() ends although somebody holds the state file; nothing is lost', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const locker = new Database(join(directory, 'state.db'));
    store.write(groupOf({ entries: [{ seq: 1, kind: 'alert', key: 'k', body: { n: 1 } }] }));
    locker.exec('BEGIN IMMEDIATE');
    store.close();
    locker.exec('COMMIT');
    locker.close();
    expect(openStore(directory).recovery.projections).toMatchObject([{ key: 'k', seq: 1 }]);
  });

  test('Store leaves one file a day when it is closed', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)] }));
    store.close();
    expect(readdirSync(join(directory, 'history'))).toEqual(['2026-11-23.db']);
  });

  test('Store.rows() gives rows of a kind beyond a number, over days, for one notifier', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    const alert = (seq: number, notify: readonly string[]) =>
      ({ seq, kind: 'alert', key: `k${seq}`, body: { notify } }) as const;
    store.write(
      groupOf({
        entries: [
          alert(1, ['kitchen']),
          alert(2, []),
          alert(3, ['kitchen', 'phone']),
          { seq: 4, kind: 'output', key: 'siren', body: { notify: ['kitchen'] } },
        ],
      }),
    );
    store.write(groupOf({ entries: [alert(10, ['kitchen'])], wallMs: noon + dayLength }));
    const seqs = (afterSeq: number, notifier: string | null, rowsMax = 10): number[] =>
      store.rows({ kind: 'alert', afterSeq, notifier, rowsMax }).map(({ seq }) => seq);
    expect(seqs(0, null)).toEqual([1, 2, 3, 10]);
    expect(seqs(0, 'kitchen')).toEqual([1, 3, 10]);
    expect(seqs(1, 'kitchen', 2)).toEqual([3, 10]);
    expect(seqs(0, 'kitchen', 1)).toEqual([1]);
    expect(seqs(0, 'nobody')).toEqual([]);
    expect(store.rows({ kind: 'alert', afterSeq: 3, notifier: null, rowsMax: 9 })).toEqual([
      {
        seq: 10,
        atMs: noon + dayLength,
        engineMs: noon + dayLength,
        kind: 'alert',
        key: 'k10',
        body: { notify: ['kitchen'] },
      },
    ]);
    store.close();
  });

  test('Store keeps users and quarantine in the state file', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.state.setUser('anna', 'one');
    store.state.setUser('bert', 'two');
    store.state.setUser('anna', 'three');
    expect(store.state.removeUser('bert')).toBe(true);
    expect(store.state.removeUser('nobody')).toBe(false);
    const record = (topic: string, count: number, lastAt: number) => ({
      source: 's',
      topic,
      reason: 'r',
      sample_base64: 'AAEC/w==',
      first_at: 1,
      last_at: lastAt,
      count,
    });
    store.state.storeQuarantine([record('b', 1, 5), record('a', 1, 2)]);
    store.state.storeQuarantine([record('a', 2, 7), record('c', 1, 6)]);
    const bytesLogged = (): number => statSync(join(directory, 'state.db-wal')).size;
    const before = bytesLogged();
    store.state.storeQuarantine([record('a', 2, 7), record('c', 1, 6)]);
    expect(bytesLogged(), 'what did not change is not written again').toBe(before);
    store.close();
    const { recovery } = openStore(directory);
    expect(recovery.users).toEqual([['anna', 'three']]);
    expect(recovery.quarantine).toEqual([record('a', 2, 7), record('c', 1, 6)]);
  });
});

test('Store says which folder it cannot make', () => {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'history'), 'a file');
  expect(() => new Store({ directory, bootId: 'boot' }, quiet)).toThrow(
    `Cannot write to ${join(directory, 'history')}: it is not a folder`,
  );
});
