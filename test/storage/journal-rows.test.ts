import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AlertMark } from '../../src/domain/hygiene.ts';
import type { RowKind } from '../../src/domain/journal.ts';
import { eachAlertMark, historyBegan } from '../../src/storage/alert-marks.ts';
import {
  eachEntryAfter,
  entriesOf,
  findEntry,
  findEntryUpTo,
  findOccurrence,
  readingsOf,
  type JournalFiles,
} from '../../src/storage/journal-rows.ts';
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

interface Row {
  readonly seq: number;
  readonly kind: RowKind;
  readonly key: string;
  readonly body: unknown;
}

function event(
  seq: number,
  n: number,
  from: string,
  to: string,
  key = 'r/d/t',
  kind = 'transition',
): Row {
  const shown = { id: `${key}/${n}`, condition: 'breached', severity: 'warning', raised_at: seq };
  return { seq, kind: 'alert', key, body: { kind, from, to, drill: false, shown } };
}

function filesIn(directory: string): JournalFiles {
  return {
    directory,
    unreadable: (path, error) => {
      throw new Error(`cannot read ${path}`, { cause: error });
    },
  };
}

/** Two occurrences over three days, the second one open; another alert beside them. */
function threeDays(): JournalFiles {
  const directory = temporaryFolder();
  const store = new Store({ directory, bootId: 'boot' }, quiet);
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
        event(16, 1, 'normal', 'normal', 'r/d/t', 'notice'),
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
  return filesIn(directory);
}

describe('findOccurrence()', () => {
  test('findOccurrence() finds all events of an occurrence over day files, the last one by default', () => {
    const files = threeDays();
    expect(findOccurrence(files, 'r/d/t', null)).toEqual({ id: 'r/d/t/2', seqs: [112, 212] });
    expect(findOccurrence(files, 'r/d/t', 'r/d/t/1')).toEqual({
      id: 'r/d/t/1',
      seqs: [12, 14, 16],
    });
    expect(findOccurrence(files, 'r/e/t', null)).toEqual({ id: 'r/e/t/1', seqs: [13] });
  });

  test('findOccurrence() is null for what never was', () => {
    const files = threeDays();
    expect(findOccurrence(files, 'r/d/t', 'r/d/t/3')).toBeNull();
    expect(findOccurrence(files, 'r/x/t', null)).toBeNull();
    expect(findOccurrence(filesIn(temporaryFolder()), 'r/d/t', null)).toBeNull();
  });
});

describe('findEntry()', () => {
  test('findEntry() finds a row by its number with its times; a reading is none', () => {
    const files = threeDays();
    expect(findEntry(files, 213)).toEqual({
      seq: 213,
      atMs: noon + 2 * dayLength,
      engineMs: noon + 2 * dayLength,
      kind: 'output',
      key: 'siren',
      body: { cause: [212] },
    });
    expect(findEntry(files, 10)).toBeNull();
    expect(findEntry(files, 9_999)).toBeNull();
  });
});

describe('findEntryUpTo()', () => {
  test('findEntryUpTo() finds what was in force, in an older day file too', () => {
    const files = threeDays();
    expect(findEntryUpTo(files, 'config', 210)?.body).toEqual({ hash: 'a' });
    expect(findEntryUpTo(files, 'config', 211)?.body).toEqual({ hash: 'b' });
    expect(findEntryUpTo(files, 'config', 2)).toBeNull();
    expect(findEntryUpTo(files, 'alert', 300, 'r/e/t')?.seq).toBe(13);
  });
});

describe('eachEntryAfter()', () => {
  test('eachEntryAfter() gives rows of some kinds in order, over day files, until it is stopped', () => {
    const files = threeDays();
    const seqsUntil = (end: number): number[] => {
      const seqs: number[] = [];
      eachEntryAfter(files, 12, ['alert', 'output'], ({ seq }) => {
        seqs.push(seq);
        return seq === end ? 'stop' : undefined;
      });
      return seqs;
    };
    expect(seqsUntil(Infinity)).toEqual([13, 14, 15, 16, 112, 212, 213]);
    expect(seqsUntil(112)).toEqual([13, 14, 15, 16, 112]);
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

describe('eachAlertMark()', () => {
  test('eachAlertMark() gives the events of a time in order, over day files', () => {
    const files = threeDays();
    const marks = (fromMs: number, toMs: number): AlertMark[] => {
      const found: AlertMark[] = [];
      eachAlertMark(files, { fromMs, toMs }, (mark) => void found.push(mark));
      return found;
    };
    expect(marks(0, noon + 9 * dayLength).map(({ id, to }) => [id, to])).toEqual([
      ['r/d/t/1', 'active'],
      ['r/e/t/1', 'active'],
      ['r/d/t/1', 'normal'],
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
        isShelved: false,
        drill: false,
      }),
    ]);
    expect(historyBegan(files)).toBe(noon);
    expect(historyBegan(filesIn(temporaryFolder()))).toBeNull();
  });
});

test('a damaged day file is passed over, and what the others hold is found', () => {
  const { directory } = threeDays();
  const [first = ''] = readdirSync(join(directory, 'history')).toSorted();
  writeFileSync(join(directory, 'history', first), 'this is no database');
  const lost: string[] = [];
  const files = { directory, unreadable: (path: string) => void lost.push(path) };
  expect(findOccurrence(files, 'r/d/t', null)).toEqual({ id: 'r/d/t/2', seqs: [112, 212] });
  expect(findEntryUpTo(files, 'config', 210)).toBeNull();
  expect(readingsOf(files, [10])).toEqual([]);
  expect(lost).toHaveLength(2);
});
