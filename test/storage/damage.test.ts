// Aim: no file that cannot be read keeps Limen from starting, and none of them is deleted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Recovery, StoreProblem } from '../../src/domain/store.ts';
import { takeInstanceLock } from '../../src/storage/instance-lock.ts';
import { openQueries } from '../../src/storage/queries.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  declares,
  groupOf,
  memoryOf,
  noon,
  pointOf,
  temporaryFolder,
} from './store-fixture.ts';

const temperature = pointOf(1, 'temperature', 'number', [], '°C');
const today = '2026-11-24.db';
const yesterday = '2026-11-23.db';
const asideAt = 'corrupt-2026-11-24T12-00-00.000Z';

type Opened = Store & { readonly recovery: Recovery; readonly problems: StoreProblem[] };

function openStore(directory: string): Opened {
  const problems: StoreProblem[] = [];
  const store = new Store(
    { directory, bootId: 'boot' },
    { wallMs: () => noon + dayLength, problem: (problem) => void problems.push(problem) },
  );
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // It was closed by the test.
    }
  });
  return Object.assign(store, { recovery: store.recover(), problems });
}

const alert = (seq: number, key: string) =>
  ({ seq, kind: 'alert', key, body: { shown: { id: key, state: 'active' } } }) as const;

/** Two days of data: a reading and an alert in each, and a user. */
function twoDays(): string {
  const directory = temporaryFolder();
  const store = openStore(directory);
  store.write(
    groupOf({
      entries: [declares(1, temperature), alert(2, 'old')],
      readings: [{ seq: 3, point: 1, value: 20 }],
      memories: [memoryOf(1, { value: 20, seq: 3 })],
      reservedSeq: 500,
    }),
  );
  store.write(
    groupOf({
      entries: [alert(501, 'new')],
      readings: [{ seq: 502, point: 1, value: 21, atMs: noon + dayLength }],
      wallMs: noon + dayLength,
      reservedSeq: 900,
    }),
  );
  store.state.setUser('anna', 'secret');
  store.close();
  return directory;
}

const keysOf = ({ projections }: Recovery): string[] =>
  projections.map(({ key }) => key).toSorted();
const values = (directory: string, warnings: string[] = []): unknown[] => {
  const queries = openQueries(directory, (message) => void warnings.push(message));
  const found = [...(queries?.readings({ point: null, fromMs: null, toMs: null }) ?? [])].flat();
  queries?.close();
  return found.map(({ value }) => value);
};

/** Ways in which a file ends up unreadable. */
const harms: readonly (readonly [string, (path: string) => void])[] = [
  ['garbage', (path) => writeFileSync(path, 'this is not a database at all'.repeat(500))],
  ['cut off', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  [
    'a file with flipped bytes',
    (path) => {
      const bytes = readFileSync(path);
      const pageSize = bytes.readUInt16BE(16);
      bytes.fill(0xa5, pageSize);
      bytes.fill(0xa5, 100, pageSize);
      writeFileSync(path, bytes);
    },
  ],
  [
    'a folder',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

describe.each(harms)('Store.recover() with %s', (_name, harm) => {
  test("Store.recover() sets today's file aside and goes on with what is left, with new numbers", () => {
    const directory = twoDays();
    harm(join(directory, 'history', today));
    const store = openStore(directory);
    const names = readdirSync(join(directory, 'history'));
    expect(names).toContain(`${today}.${asideAt}`);
    expect(names).not.toContain(today);
    expect(store.problems).toMatchObject([
      { fields: { path: join(directory, 'history', today) } },
      { message: expect.stringContaining('rows are missing') },
    ]);
    expect(keysOf(store.recovery)).toEqual(['new', 'old']);
    expect(store.recovery.users).toEqual([['anna', 'secret']]);
    expect(store.recovery.points).toEqual([temperature]);
    expect(store.recovery.nextSeq).toBeGreaterThan(900);
    const seq = store.recovery.nextSeq;
    store.write(groupOf({ readings: [{ seq, point: 1, value: 22 }], wallMs: noon + dayLength }));
    store.close();
    expect(values(directory)).toEqual([20, 22]);
    const again = openStore(directory);
    expect(again.problems).toEqual([]);
    expect(again.recovery.nextSeq).toBeGreaterThan(seq);
  });

  test('Store.recover() sets an older file aside too', () => {
    const directory = twoDays();
    harm(join(directory, 'history', yesterday));
    const store = openStore(directory);
    expect(store.problems).toHaveLength(1);
    expect(store.recovery.nextSeq).toBeGreaterThan(900);
    expect(keysOf(store.recovery)).toEqual(['new', 'old']);
    store.close();
    expect(values(directory)).toEqual([21]);
  });

  test('Store.recover() builds the projections anew without the state file, and says that users are gone', () => {
    const directory = twoDays();
    harm(join(directory, 'state.db'));
    const store = openStore(directory);
    expect(readdirSync(directory)).toContain(`state.db.${asideAt}`);
    expect(store.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('set aside'),
      expect.stringContaining('limen user add'),
    ]);
    expect(keysOf(store.recovery)).toEqual(['new', 'old']);
    expect(store.recovery).toMatchObject({ users: [], pointMemories: [{ index: 1, value: 21 }] });
    expect(store.recovery.nextSeq).toBeGreaterThan(900);
    store.close();
    expect(openStore(directory).problems).toEqual([]);
  });

  test('openQueries() passes over the file with a warning', () => {
    const directory = twoDays();
    harm(join(directory, 'history', today));
    const warnings: string[] = [];
    expect(values(directory, warnings)).toEqual([20]);
    expect(warnings).toHaveLength(1);
    harm(join(directory, 'state.db'));
    const queries = openQueries(directory, () => undefined);
    expect(queries?.alerts(true)).toEqual([{ id: 'old', state: 'active' }]);
    expect(queries?.quarantined()).toEqual([]);
    expect(queries?.points()).toEqual([temperature]);
    queries?.close();
  });
});

describe('Store', () => {
  test("Store.recover() says that rows are missing when today's file went away, and uses no number twice", () => {
    const directory = twoDays();
    rmSync(join(directory, 'history', today));
    const store = openStore(directory);
    expect(store.problems).toMatchObject([
      { message: expect.stringContaining('rows are missing') },
    ]);
    expect(store.recovery.nextSeq).toBeGreaterThan(900);
  });

  test('Store.recover() never overwrites what it set aside before', () => {
    const directory = twoDays();
    for (let time = 0; time < 2; time++) {
      writeFileSync(join(directory, 'state.db'), 'garbage'.repeat(1_000));
      openStore(directory).close();
    }
    expect(readdirSync(directory).filter((name) => name.includes('corrupt'))).toHaveLength(2);
  });

  test('Store.recover() leaves an empty state file alone and says that users are gone', () => {
    const directory = twoDays();
    truncateSync(join(directory, 'state.db'), 0);
    const store = openStore(directory);
    expect(store.problems).toMatchObject([{ message: expect.stringContaining('limen user add') }]);
    expect(keysOf(store.recovery)).toEqual(['new', 'old']);
  });

  test('Store.write() goes on in a new file when the one of the day turns out to be broken', () => {
    const directory = twoDays();
    const store = openStore(directory);
    const seq = store.recovery.nextSeq;
    const path = join(directory, 'history', today);
    writeFileSync(path, readFileSync(path).fill(0xa5, 0, 100));
    const group = groupOf({ readings: [{ seq, point: 1, value: 22 }], wallMs: noon + dayLength });
    store.write(group);
    expect(store.problems).toMatchObject([{ message: expect.stringContaining('set aside') }]);
    store.close();
    expect(values(directory)).toEqual([20, 22]);
  });

  test('Store.rows() passes over a broken file', () => {
    const directory = twoDays();
    const store = openStore(directory);
    writeFileSync(join(directory, 'history', yesterday), 'garbage'.repeat(1_000));
    const query = { kind: 'alert', afterSeq: 0, notifier: null, rowsMax: 9 } as const;
    expect(store.rows(query).map(({ key }) => key)).toEqual(['new']);
    store.rows(query);
    expect(store.problems).toHaveLength(1);
  });

  test('Store keeps writing after a clean stop without a hole', () => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [declares(1, temperature)], stampSeq: 2, reservedSeq: 500 }));
    store.project();
    store.write(groupOf({ stampSeq: 3, reservedSeq: 3 }));
    store.close();
    const again = openStore(directory);
    expect(again.recovery.nextSeq).toBe(4);
    expect(again.problems).toEqual([]);
  });
});

describe('takeInstanceLock()', () => {
  test('takeInstanceLock() says what to do about a folder it may not write to', async () => {
    // Below the system's folder for temporary files: an unprivileged user must be able to reach it.
    const folder = mkdtempSync(join(tmpdir(), 'limen-readonly-'));
    const existing = join(folder, 'data');
    onTestFinished(() => {
      chmodSync(folder, 0o755);
      chmodSync(existing, 0o755);
      rmSync(folder, { recursive: true });
    });
    mkdirSync(existing);
    takeInstanceLock(existing).release();
    chmodSync(existing, 0o555);
    chmodSync(folder, 0o555);
    for (const path of [existing, join(folder, 'new')]) {
      const message = await lockAsNobody(path);
      expect(message).toContain(`unavailable Cannot write to ${path}: permission denied`);
      expect(message).toContain('storage.directory');
    }
  });

  test('takeInstanceLock() makes nothing of a lock file with something else in it', () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'limen.lock'), 'garbage'.repeat(1_000));
    const lock = takeInstanceLock(directory);
    expect(() => takeInstanceLock(directory)).toThrow('Another Limen');
    lock.release();
  });
});

/** Root may write anywhere: the lock is tried by a process of a user without rights. */
async function lockAsNobody(directory: string): Promise<string> {
  const nobody = 65_534;
  const source = join(import.meta.dirname, '../../src/storage/instance-lock.ts');
  const script =
    `const { takeInstanceLock } = await import(${JSON.stringify(source)});` +
    `try { takeInstanceLock(${JSON.stringify(directory)}); console.log('taken'); }` +
    `catch (error) { console.log(error.code, error.message); }`;
  const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...asNobody,
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await once(child, 'close');
  return out;
}
