import { describe, expect, test } from 'vitest';
import type { AlertMark } from '../../src/domain/hygiene.ts';
import type { RowKind } from '../../src/domain/journal.ts';
import { alertMarks, historyBegan } from '../../src/storage/alert-marks.ts';
import {
  entriesAfter,
  entriesOf,
  findEntry,
  findEntryUpTo,
  findOccurrence,
  readingsOf,
} from '../../src/storage/journal-rows.ts';
import { Store } from '../../src/storage/store.ts';
import { dayLength, declares, groupOf, noon, pointOf, temporaryFolder } from './store-fixture.ts';

interface Row {
  readonly seq: number;
  readonly kind: RowKind;
  readonly key: string;
  readonly body: unknown;
}

function event(seq: number, n: number, from: string, to: string, key = 'r/d/t'): Row {
  const shown = { id: `${key}/${n}`, condition: 'breached', severity: 'warning', raised_at: seq };
  return { seq, kind: 'alert', key, body: { kind: 'transition', from, to, drill: false, shown } };
}

/** Two occurrences over three days, the second one open; another alert beside them. */
function threeDays(): string {
  const directory = temporaryFolder();
  const store = new Store({ directory, bootId: 'boot' });
  store.recover();
  const states = pointOf(2, 'door', 'text', ['open', 'closed']);
  store.write(
    groupOf({
      entries: [
        declares(1, pointOf(1, 't', 'number', [], '°C')),
        declares(2, states),
        { seq: 3, kind: 'config', key: 'config', body: { hash: 'a' } },
        event(12, 1, 'normal', 'active'),
        event(13, 1, 'normal', 'active', 'r/e/t'),
        event(14, 1, 'active', 'normal'),
        event(15, 1, 'normal', 'normal'),
      ],
      readings: [
        { seq: 10, point: 1, value: 21.5, raw: 70.7, atMs: noon - 4_000, engineMs: noon - 1_000 },
        { seq: 11, point: 2, value: 1, quality: 2 },
      ],
    }),
  );
  store.write(
    groupOf({ id: 2, entries: [event(112, 2, 'normal', 'pending')], wallMs: noon + dayLength }),
  );
  store.write(
    groupOf({
      id: 3,
      entries: [
        { seq: 211, kind: 'config', key: 'config', body: { hash: 'b' } },
        event(212, 2, 'pending', 'active'),
        { seq: 213, kind: 'output', key: 'siren', body: { cause: [212] } },
      ],
      wallMs: noon + 2 * dayLength,
    }),
  );
  store.close();
  return directory;
}

describe('findOccurrence()', () => {
  test('findOccurrence() finds all events of an occurrence over day files, the last one by default', () => {
    const directory = threeDays();
    expect(findOccurrence(directory, 'r/d/t', null)).toEqual({ id: 'r/d/t/2', seqs: [112, 212] });
    expect(findOccurrence(directory, 'r/d/t', 'r/d/t/1')).toEqual({
      id: 'r/d/t/1',
      seqs: [12, 14],
    });
    expect(findOccurrence(directory, 'r/e/t', null)).toEqual({ id: 'r/e/t/1', seqs: [13] });
  });

  test('findOccurrence() is null for what never was', () => {
    const directory = threeDays();
    expect(findOccurrence(directory, 'r/d/t', 'r/d/t/3')).toBeNull();
    expect(findOccurrence(directory, 'r/x/t', null)).toBeNull();
    expect(findOccurrence(temporaryFolder(), 'r/d/t', null)).toBeNull();
  });
});

describe('findEntry()', () => {
  test('findEntry() finds a row by its number with its times; a reading is none', () => {
    const directory = threeDays();
    expect(findEntry(directory, 213)).toEqual({
      seq: 213,
      atMs: noon + 2 * dayLength,
      engineMs: noon + 2 * dayLength,
      kind: 'output',
      key: 'siren',
      body: { cause: [212] },
    });
    expect(findEntry(directory, 10)).toBeNull();
    expect(findEntry(directory, 9_999)).toBeNull();
  });
});

describe('findEntryUpTo()', () => {
  test('findEntryUpTo() finds what was in force, in an older day file too', () => {
    const directory = threeDays();
    expect(findEntryUpTo(directory, 'config', 210)?.body).toEqual({ hash: 'a' });
    expect(findEntryUpTo(directory, 'config', 211)?.body).toEqual({ hash: 'b' });
    expect(findEntryUpTo(directory, 'config', 2)).toBeNull();
    expect(findEntryUpTo(directory, 'alert', 300, 'r/e/t')?.seq).toBe(13);
  });
});

describe('entriesAfter()', () => {
  test('entriesAfter() gives rows of some kinds in order, over day files', () => {
    const seqs = [...entriesAfter(threeDays(), 12, ['alert', 'output'])].map(({ seq }) => seq);
    expect(seqs).toEqual([13, 14, 15, 112, 212, 213]);
  });
});

describe('entriesOf()', () => {
  test('entriesOf() gives the rows of numbers in order, wherever they lie', () => {
    expect(entriesOf(threeDays(), [212, 12, 12, 10]).map(({ seq }) => seq)).toEqual([12, 212]);
    expect(entriesOf(threeDays(), [])).toEqual([]);
  });
});

describe('readingsOf()', () => {
  test('readingsOf() gives values as people see them, the raw one beside', () => {
    expect(readingsOf(threeDays(), [11, 10, 12])).toEqual([
      {
        seq: 10,
        atMs: noon - 4_000,
        engineMs: noon - 1_000,
        device: 'd',
        metric: 't',
        value: 21.5,
        raw: 70.7,
        unit: '°C',
        quality: 'good',
      },
      expect.objectContaining({ seq: 11, value: 'closed', raw: null, quality: 'bad' }),
    ]);
  });
});

describe('alertMarks()', () => {
  test('alertMarks() gives the events of a time in order, over day files', () => {
    const directory = threeDays();
    const marks = (fromMs: number, toMs: number): AlertMark[] => [
      ...alertMarks(directory, { fromMs, toMs }),
    ];
    expect(marks(0, noon + 9 * dayLength).map(({ id, to }) => [id, to])).toEqual([
      ['r/d/t/1', 'active'],
      ['r/e/t/1', 'active'],
      ['r/d/t/1', 'normal'],
      ['r/d/t/1', 'normal'],
      ['r/d/t/2', 'pending'],
      ['r/d/t/2', 'active'],
    ]);
    expect(marks(noon + 1, noon + 2 * dayLength)).toEqual([
      expect.objectContaining({
        atMs: noon + dayLength,
        key: 'r/d/t',
        from: 'normal',
        to: 'pending',
        severity: 'warning',
        raisedAt: 112,
        acknowledgedAt: null,
        isQuiet: false,
        drill: false,
      }),
    ]);
    expect(historyBegan(directory)).toBe(noon);
    expect(historyBegan(temporaryFolder())).toBeNull();
  });
});
