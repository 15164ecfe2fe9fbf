import { globSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Publisher } from './kill-publisher.ts';

interface Row {
  readonly seq: number;
  readonly device: string;
  readonly value: number | null;
  readonly quality: string;
}

/** What has to be known of a publisher. */
export type Counting = Pick<Publisher, 'device' | 'sent' | 'acknowledged' | 'starts'>;

/** How far the stored series of one publisher has been followed. */
interface Series {
  readonly publisher: Counting;
  last: number;
  /** The highest number seen; numbers up to it are all there, for the series has no gap. */
  highest: number;
  /** How many of the publisher's starts lie behind. */
  startsPassed: number;
}

/** Follows the stored readings of some publishers from day file to day file. */
export interface Checker {
  readonly stored: number;
  /** Readings stored more than once, because their PUBACK was lost with the program. */
  readonly repeated: number;
  /** Reads what is new on disk; returns what must not be. */
  check(): readonly string[];
}

/** Creates a checker over the data folder of one installation, which may be running. */
export function createChecker(folder: string, publishers: readonly Counting[]): Checker {
  const seriesByDevice = new Map<string, Series>(
    publishers.map((publisher) => [
      publisher.device,
      { publisher, last: 0, highest: 0, startsPassed: 0 },
    ]),
  );
  let stored = 0;
  let repeated = 0;
  let lastSeq = 0;

  const follow = (row: Row): string | null => {
    const series = seriesByDevice.get(row.device);
    if (series === undefined) return `seq ${row.seq}: nobody sent for ${row.device}`;
    const { publisher } = series;
    const { value } = row;
    const name = `seq ${row.seq}, ${row.device}`;
    if (value === null || row.quality !== 'good') return `${name}: ${value} ${row.quality}`;
    if (value < 1 || value > publisher.sent) return `${name}: ${value} was never sent`;
    const problem = isExpected(series, value) ? null : `${name}: ${value} after ${series.last}`;
    if (value <= series.highest) repeated += 1;
    series.last = value;
    series.highest = Math.max(series.highest, value);
    return problem;
  };

  return {
    get stored() {
      return stored;
    },
    get repeated() {
      return repeated;
    },
    check() {
      const problems: string[] = [];
      // Taken before the files are read: what is acknowledged meanwhile may not be in this look at the disk.
      const acknowledged = publishers.map((publisher) => publisher.acknowledged);
      for (const row of newRows(folder, lastSeq)) {
        if (row.seq <= lastSeq) problems.push(`seq ${row.seq} after ${lastSeq}`);
        lastSeq = Math.max(lastSeq, row.seq);
        stored += 1;
        const problem = follow(row);
        if (problem !== null) problems.push(problem);
      }
      publishers.forEach(({ device }, index) => {
        const highest = seriesByDevice.get(device)?.highest ?? 0;
        const promised = acknowledged[index] ?? 0;
        if (highest < promised) {
          problems.push(`${device}: ${promised} acknowledged, stored up to ${highest}`);
        }
      });
      return problems;
    },
  };
}

// The next number, or the begin of a later connection, which sends again from its first unacknowledged one.
function isExpected(series: Series, value: number): boolean {
  if (value === series.last + 1) return true;
  const start = series.publisher.starts.indexOf(value, series.startsPassed);
  if (start < 0 || value > series.highest) return false;
  series.startsPassed = start + 1;
  return true;
}

function* newRows(folder: string, afterSeq: number): Generator<Row> {
  for (const file of globSync(join(folder, 'data/history/*.db')).toSorted()) {
    const db = new Database(file, { readonly: true });
    try {
      // A file that a kill left before its first commit has no view yet.
      const hasView = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'readings'`).get();
      if (hasView === undefined) continue;
      const select = db.prepare<[number], Row>(
        'SELECT seq, device, value, quality FROM readings WHERE seq > ? ORDER BY seq',
      );
      for (const row of select.iterate(afterSeq)) yield row;
    } finally {
      db.close();
    }
  }
}
