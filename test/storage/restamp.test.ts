// Aim: what was stamped before the clock was known gets its true times, whatever happens in between.
import fc from 'fast-check';
import { cpSync } from 'node:fs';
import { expect, test } from 'vitest';
import { restampedFlag, unsureTimeFlag } from '../../src/domain/reading.ts';
import { openForReading } from '../../src/storage/database.ts';
import { listDays, readMeta } from '../../src/storage/history.ts';
import { openQueries } from '../../src/storage/queries.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  declares,
  groupOf,
  noon,
  pointOf,
  quiet,
  temporaryFolder,
  type GroupParts,
} from './store-fixture.ts';

/** Where engine time would begin by the true clock. */
const trueOffset = noon;
/** What the board believed: it is 1970. */
const wrongOffset = 5_000;

function openStore(directory: string): Store {
  const store = new Store({ directory, bootId: 'boot' }, quiet);
  store.recover();
  return store;
}

const started = (seq: number, trusted: boolean, elapsedMs: number | null = null) =>
  ({
    seq,
    kind: 'started',
    key: 'limen',
    body: { trusted, elapsed_ms: elapsedMs, wall_offset_ms: trusted ? trueOffset : wrongOffset },
  }) as const;

const clock = (seq: number, trusted: boolean, wallOffsetMs = trueOffset) =>
  ({ seq, kind: 'clock', key: 'clock', body: { wallOffsetMs, creditMs: 0, trusted } }) as const;

function unsure(seq: number, engineMs: number): NonNullable<GroupParts['readings']>[number] {
  return {
    seq,
    point: 1,
    value: seq,
    engineMs,
    atMs: engineMs + wrongOffset,
    quality: unsureTimeFlag,
  };
}

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly engine: number;
  readonly quality: number;
}

/** The readings on disk, with both times. */
function rowsOf(directory: string): Row[] {
  return listDays(directory).flatMap(({ path }) => {
    const db = openForReading(path);
    if (db === null) return [];
    const baseMs = Number(readMeta(db, 'base_ms'));
    const rows = db
      .prepare(
        'SELECT seq, at, at - lag AS engine, quality FROM reading WHERE point > 0 ORDER BY seq',
      )
      .all() as Row[];
    db.close();
    return rows.map((row) => ({ ...row, at: row.at + baseMs, engine: row.engine + baseMs }));
  });
}

function finish(store: Store): void {
  while (store.hasRestamp) store.restamp();
}

test('Store.restamp() gives readings their true times, and the view and the queries with them', () => {
  const directory = temporaryFolder();
  const store = openStore(directory);
  store.write(
    groupOf({
      entries: [started(1, false), declares(2, pointOf(1, 't'))],
      readings: [unsure(3, 1_000), unsure(4, 2_000)],
    }),
  );
  store.write(
    groupOf({
      entries: [clock(10, true)],
      readings: [{ seq: 11, point: 1, value: 1, engineMs: 3_000, atMs: 3_000 + trueOffset }],
    }),
  );
  finish(store);
  store.close();
  expect(rowsOf(directory)).toEqual([
    { seq: 3, at: noon + 1_000, engine: 1_000, quality: restampedFlag },
    { seq: 4, at: noon + 2_000, engine: 2_000, quality: restampedFlag },
    { seq: 11, at: noon + 3_000, engine: 3_000, quality: 0 },
  ]);
  const queries = openQueries(directory, () => undefined);
  const found = [...(queries?.readings({ point: null, fromMs: noon, toMs: null }) ?? [])].flat();
  queries?.close();
  expect(found.map(({ at_ms: at, quality }) => [at - noon, quality])).toEqual([
    [1_000, 'good'],
    [2_000, 'good'],
    [3_000, 'good'],
  ]);
});

test('Store.restamp() goes on after a kill between the row of the clock and the last of the times', () => {
  const directory = temporaryFolder();
  const store = openStore(directory);
  const count = 10_000;
  const readings = Array.from({ length: count }, (_, index) => unsure(10 + index, index));
  store.write(groupOf({ entries: [started(1, false)], readings }));
  store.write(groupOf({ entries: [clock(count + 100, true)] }));
  const before = temporaryFolder();
  cpSync(directory, before, { recursive: true });
  store.restamp();
  const within = temporaryFolder();
  cpSync(directory, within, { recursive: true });
  store.close();
  for (const killed of [before, within]) {
    const done = rowsOf(killed).filter(({ quality }) => quality === restampedFlag).length;
    expect(done).toBe(killed === before ? 0 : 4_096);
    const next = openStore(killed);
    // The same boot goes on; a start is no reason to forget what is left.
    next.write(groupOf({ entries: [started(count + 200, true, 5)] }));
    finish(next);
    next.close();
    expect(rowsOf(killed).every(({ at, engine }) => at === engine + trueOffset)).toBe(true);
    expect(openStore(killed).hasRestamp).toBe(false);
  }
});

test('Store.restamp() knows times of an earlier process of the same boot, and not those of another boot', () => {
  const stampedBy = (elapsedMs: number | null): number[] => {
    const directory = temporaryFolder();
    const store = openStore(directory);
    store.write(groupOf({ entries: [started(1, false)], readings: [unsure(2, 1_000)] }));
    store.write(
      groupOf({ entries: [started(10, false, elapsedMs)], readings: [unsure(11, 9_000)] }),
    );
    store.write(groupOf({ entries: [clock(20, true)] }));
    finish(store);
    store.close();
    return rowsOf(directory).flatMap(({ seq, quality }) =>
      quality === restampedFlag ? [seq] : [],
    );
  };
  expect(stampedBy(500)).toEqual([2, 11]);
  expect(stampedBy(null)).toEqual([11]);
});

test('Store.restamp() leaves times alone that a trusted clock gave, and what a later step would make of them', () => {
  const directory = temporaryFolder();
  const store = openStore(directory);
  const sure = (seq: number, engineMs: number) =>
    ({ seq, point: 1, value: 1, engineMs, atMs: engineMs + trueOffset }) as const;
  store.write(groupOf({ entries: [started(1, true)], readings: [sure(2, 1_000)] }));
  store.write(groupOf({ entries: [clock(10, false, wrongOffset)], readings: [unsure(11, 2_000)] }));
  store.write(groupOf({ entries: [clock(20, true)], readings: [sure(21, 3_000)] }));
  finish(store);
  store.write(groupOf({ entries: [clock(30, true, trueOffset + 3_600_000)] }));
  finish(store);
  store.close();
  expect(rowsOf(directory).map(({ at }) => at - noon)).toEqual([1_000, 2_000, 3_000]);
});

test('after Store.restamp() wall time is engine time by one mapping, in the order of engine time', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), (steps, perGroup) => {
      const directory = temporaryFolder();
      const store = openStore(directory);
      let engineMs = 0;
      const readings = steps.map((gapMs, index) => unsure(10 * (index + 1), (engineMs += gapMs)));
      store.write(groupOf({ entries: [started(1, false)] }));
      for (let at = 0; at < readings.length; at += perGroup) {
        // Every other group lies in another day.
        const wallMs = at < readings.length / 2 ? noon : noon + dayLength;
        store.write(groupOf({ readings: readings.slice(at, at + perGroup), wallMs }));
      }
      store.write(groupOf({ entries: [clock(10_000, true)], wallMs: noon + dayLength }));
      finish(store);
      store.close();
      const rows = rowsOf(directory);
      expect(rows.map(({ engine }) => engine)).toEqual(readings.map(({ engineMs: at }) => at));
      for (const { at, engine, quality } of rows) {
        expect(at).toBe(engine + trueOffset);
        expect(quality).toBe(restampedFlag);
      }
    }),
    { numRuns: 20 },
  );
});
