import { describe, expect, onTestFinished, test } from 'vitest';
import type { ReadingRecord, ReadingsQuery } from '../../src/domain/api.ts';
import { openQueries, type Queries } from '../../src/storage/queries.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  declares,
  groupOf,
  noon,
  pointOf,
  quiet,
  temporaryFolder,
} from './store-fixture.ts';

const everything: ReadingsQuery = { point: null, fromMs: null, toMs: null };

const unwarned = (): void => expect.unreachable();

function open(directory: string): Queries {
  const queries = openQueries(directory, unwarned);
  if (queries === null) throw new Error('there is no data folder');
  onTestFinished(() => queries.close());
  return queries;
}

function all(queries: Queries, query: Partial<ReadingsQuery> = {}): ReadingRecord[] {
  return [...queries.readings({ ...everything, ...query })].flat();
}

/** Three days with ten readings an hour apart each, around noon, of two points. */
function threeDays(): { directory: string; store: Store } {
  const directory = temporaryFolder();
  const store = new Store({ directory, bootId: 'boot' }, quiet);
  store.recover();
  for (let day = 0; day < 3; day++) {
    const first = 100 * (day + 1);
    store.write(
      groupOf({
        entries:
          day === 0
            ? [declares(1, pointOf(1, 't', 'number', [], '°C')), declares(2, pointOf(2, 'h'))]
            : [],
        readings: Array.from({ length: 10 }, (_, index) => ({
          seq: first + index,
          point: 1 + (index % 2),
          value: first + index,
          atMs: noon + day * dayLength + (index - 5) * 3_600_000,
        })),
        wallMs: noon + day * dayLength,
      }),
    );
  }
  return { directory, store };
}

describe('openQueries()', () => {
  test('openQueries() of a folder that does not exist is null; of an empty one it has nothing', () => {
    const directory = temporaryFolder();
    expect(openQueries(directory, unwarned)).toBeNull();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    const queries = open(directory);
    expect(all(queries)).toEqual([]);
    expect(queries.countReadings(everything)).toBe(0);
    expect([queries.alerts(true), queries.points(), queries.quarantined()]).toEqual([[], [], []]);
    store.close();
  });

  test('openQueries() reads in order of seq, while a store is writing and after it', () => {
    const { directory, store } = threeDays();
    const queries = open(directory);
    const found = all(queries);
    expect(found).toHaveLength(30);
    expect(found.map(({ seq }) => seq)).toEqual(
      found.map(({ seq }) => seq).toSorted((a, b) => a - b),
    );
    expect(found[0]).toEqual({
      seq: 100,
      at_ms: noon - 5 * 3_600_000,
      device: 'd',
      metric: 't',
      value: 100,
      unit: '°C',
      quality: 'good',
    });
    store.close();
    expect(all(open(directory))).toEqual(found);
  });

  test('openQueries() gives each reading in the unit it was stored in, and each point as it is now', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const atMs = noon;
    const inCelsius = pointOf(1, 't', 'number', [], '°C');
    const inFahrenheit = pointOf(2, 't', 'number', [], '°F');
    const first = { seq: 10, point: 1, value: 20, atMs };
    const second = { seq: 20, point: 2, value: 68, atMs };
    store.write(groupOf({ entries: [declares(1, inCelsius)], readings: [first], wallMs: noon }));
    store.write(
      groupOf({ entries: [declares(12, inFahrenheit)], readings: [second], wallMs: noon }),
    );
    const queries = open(directory);
    const units = (found: readonly ReadingRecord[]) => found.map((row) => [row.value, row.unit]);
    expect(units(all(queries))).toEqual([
      [20, '°C'],
      [68, '°F'],
    ]);
    expect(all(queries, { point: 'd/t' })).toEqual(all(queries));
    expect(queries.countReadings({ ...everything, point: 'd/t' })).toBe(2);
    expect(queries.points()).toEqual([inFahrenheit]);
    store.close();
  });

  test('openQueries() finds by point and by time, and counts what it finds', () => {
    const { directory, store } = threeDays();
    const queries = open(directory);
    const count = (query: Partial<ReadingsQuery>): number => {
      const found = all(queries, query).length;
      expect(queries.countReadings({ ...everything, ...query })).toBe(found);
      return found;
    };
    expect(count({ point: 'd/t' })).toBe(15);
    expect(count({ point: 'd/nothing' })).toBe(0);
    expect(count({ point: 'nothing' })).toBe(0);
    expect(count({ fromMs: noon + dayLength })).toBe(15);
    expect(count({ toMs: noon + dayLength })).toBe(15);
    expect(count({ fromMs: noon, toMs: noon + 3_600_000 })).toBe(1);
    expect(count({ fromMs: noon, toMs: noon })).toBe(0);
    expect(count({ point: 'd/h', fromMs: noon + 2 * dayLength })).toBe(3);
    expect(count({ fromMs: noon + 30 * dayLength })).toBe(0);
    expect(count({ toMs: noon - 30 * dayLength })).toBe(0);
    store.close();
  });

  test('openQueries() finds a reading of last week that came today', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const atMs = noon - 7 * dayLength;
    store.write(
      groupOf({
        entries: [declares(1, pointOf(1, 't'))],
        readings: [{ seq: 2, point: 1, value: 1, atMs }],
      }),
    );
    const queries = open(directory);
    expect(all(queries, { fromMs: atMs, toMs: atMs + 1 })).toHaveLength(1);
    store.close();
  });

  test('openQueries() finds what was written into the file of a clock that once ran ahead', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const ahead = noon + 400 * dayLength;
    store.write(groupOf({ entries: [declares(1, pointOf(1, 't'))], wallMs: ahead }));
    const { dayMs } = groupOf({ wallMs: ahead });
    store.write({ ...groupOf({ readings: [{ seq: 10, point: 1, value: 1 }] }), dayMs });
    const queries = open(directory);
    expect(all(queries, { fromMs: noon, toMs: noon + 1 })).toHaveLength(1);
    store.close();
  });

  test('openQueries() shows each kind of value, and none for a bad one', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const points = [pointOf(1, 'pump', 'boolean'), pointOf(2, 'door', 'text', ['shut', 'open'])];
    store.write(
      groupOf({
        entries: points.map((point, index) => declares(index + 1, point)),
        readings: [
          { seq: 3, point: 1, value: 0 },
          { seq: 4, point: 2, value: 1 },
          { seq: 5, point: 2, value: NaN, quality: 2 },
          { seq: 6, point: 1, value: 1, quality: 17 },
        ],
      }),
    );
    const shown = all(open(directory)).map(({ value, quality }) => [value, quality]);
    expect(shown).toEqual([
      [false, 'good'],
      ['open', 'good'],
      [null, 'bad'],
      [true, 'suspect'],
    ]);
    store.close();
  });

  test('openQueries() reads on over points and states that came after its first batch', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const readings = Array.from({ length: 1_000 }, (_, index) => ({
      seq: 10 + index,
      point: 1,
      value: 0,
    }));
    store.write(
      groupOf({ entries: [declares(1, pointOf(1, 'door', 'text', ['shut']))], readings }),
    );
    const batches = open(directory).readings(everything)[Symbol.iterator]();
    expect(batches.next().value).toHaveLength(1_000);
    store.write(
      groupOf({
        entries: [
          declares(2_000, pointOf(1, 'door', 'text', ['shut', 'open'])),
          declares(2_001, pointOf(2, 'new')),
        ],
        readings: [
          { seq: 2_002, point: 1, value: 1 },
          { seq: 2_003, point: 2, value: 7 },
        ],
      }),
    );
    expect(batches.next().value).toMatchObject([
      { metric: 'door', value: 'open' },
      { metric: 'new', value: 7 },
    ]);
    store.close();
  });

  test('openQueries() keeps no writer from its checkpoint when it is left half way', () => {
    const { directory, store } = threeDays();
    const batches = open(directory).readings(everything)[Symbol.iterator]();
    batches.next();
    batches.return?.(undefined);
    store.write(
      groupOf({ readings: [{ seq: 400, point: 1, value: 1 }], wallMs: noon + 3 * dayLength }),
    );
    store.close();
    expect(all(open(directory))).toHaveLength(31);
  });

  test('openQueries() gives alerts as of the last commit, projected or not', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const alert = (seq: number, key: string, state: string) =>
      ({ seq, kind: 'alert', key, body: { shown: { id: key, state } } }) as const;
    store.write(groupOf({ entries: [alert(1, 'a', 'active'), alert(2, 'b', 'active')] }));
    store.project();
    store.write(groupOf({ entries: [alert(10, 'a', 'normal')] }));
    const queries = open(directory);
    expect(queries.alerts(false)).toEqual([{ id: 'b', state: 'active' }]);
    expect(queries.alerts(true)).toHaveLength(2);
    store.close();
  });

  test('openQueries() gives alerts in the order of a running Limen: by rule, device and metric', () => {
    const directory = temporaryFolder();
    const store = new Store({ directory, bootId: 'boot' }, quiet);
    store.recover();
    const keys = ['b/a/t', 'a b/c/t', 'a/c/t', 'a/b c/t', 'a/b/u', 'a/b/t'];
    const entries = keys.map((key, index) => {
      const [rule, device, metric] = key.split('/');
      const shown = { id: key, rule, device, metric, state: 'active' };
      return { seq: index + 1, kind: 'alert', key, body: { shown } } as const;
    });
    store.write(groupOf({ entries }));
    const ids = open(directory)
      .alerts(true)
      .map(({ id }) => id);
    expect(ids).toEqual(['a/b/t', 'a/b/u', 'a/b c/t', 'a/c/t', 'a b/c/t', 'b/a/t']);
    store.close();
  });
});

test('what was learned of a point is that of its last row, projected or not', () => {
  const directory = temporaryFolder();
  const store = new Store({ directory, bootId: 'boot' }, quiet);
  store.recover();
  const learns = (seq: number, staleAfterMs: number) => ({
    seq,
    kind: 'learned' as const,
    key: 'a/t',
    body: { point: 1, stale_after_ms: staleAfterMs, via: null, gaps: '' },
  });
  store.write(groupOf({ entries: [declares(1, pointOf(1, 't')), learns(2, 180_000)] }));
  const queries = open(directory);
  expect(queries.learnedStaleAfterMs('a/t')).toBe(180_000);
  store.project();
  expect(queries.learnedStaleAfterMs('a/t')).toBe(180_000);
  store.write(groupOf({ entries: [learns(5, 90_000)] }));
  expect(queries.learnedStaleAfterMs('a/t')).toBe(90_000);
  expect(queries.learnedStaleAfterMs('a/h')).toBeNull();
  store.close();
});
