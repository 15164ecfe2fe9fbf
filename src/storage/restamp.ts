import { unsureTimeFlag } from '../domain/reading.ts';
import { openForWriting } from './database.ts';
import { hasSchema, listDays } from './history.ts';
import { eachEntryAfter, findEntryUpTo, type JournalFiles } from './journal-rows.ts';

/** Rows of one go: a commit that comes meanwhile waits no longer than for these. */
const chunkRows = 4_096;
/** Starts looked back upon: a boot has no more of them. */
const startsMax = 1_000;

/** Rows that were stamped by a clock that was not trusted, and the mapping by which they are stamped anew. */
export interface Stretch {
  /** Numbers from here on, and before here. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Add to engine time to get wall time. */
  readonly wallOffsetMs: number;
}

/** The bodies of rows of kind `clock` and `started`, as far as they matter here. */
interface ClockBody {
  readonly wallOffsetMs: number;
  readonly trusted: boolean;
}
interface StartedBody {
  readonly elapsed_ms: number | null;
  readonly wall_offset_ms: number;
  /** Rows of an earlier version do not say. */
  readonly trusted?: boolean;
}

/**
 * What is to be stamped anew by the rows of the clock and of starts up to a number, those up to `doneSeq` being done: all
 * since engine time goes on without a break of unknown length, from one start to the next. In order.
 */
export function findStretches(files: JournalFiles, upToSeq: number, doneSeq: number): Stretch[] {
  const stretches: Stretch[] = [];
  let since: number | null = null;
  eachEntryAfter(files, firstStart(files, upToSeq, doneSeq) - 1, ['started', 'clock'], (row) => {
    if (row.seq > upToSeq) return 'stop';
    const { trusted = true, ...mapping } = row.body as ClockBody | StartedBody;
    const wallOffsetMs = 'wallOffsetMs' in mapping ? mapping.wallOffsetMs : mapping.wall_offset_ms;
    if (!trusted) since ??= row.seq;
    else if (since !== null) {
      if (row.seq > doneSeq) stretches.push({ fromSeq: since, toSeq: row.seq, wallOffsetMs });
      since = null;
    }
    return undefined;
  });
  return stretches;
}

function firstStart(files: JournalFiles, upToSeq: number, doneSeq: number): number {
  let first = upToSeq + 1;
  for (let step = 0; step < startsMax; step += 1) {
    const row = findEntryUpTo(files, 'started', first - 1);
    if (row === null) break;
    first = row.seq;
    // a row that Limen wrote
    const { elapsed_ms: elapsedMs, trusted = true } = row.body as StartedBody;
    if (elapsedMs === null || (trusted && first <= doneSeq)) break;
  }
  return first;
}

/**
 * Stamps some rows anew, from a number on, and returns the number to go on from; null: all is done. Engine times stay,
 * so a row that was done already is done once more without harm. Throws, with nothing done, if a file is locked or the
 * disk is full.
 */
export function restampSome(
  { directory, unreadable }: JournalFiles,
  stretches: readonly Stretch[],
  fromSeq: number,
): number | null {
  const stretch = stretches.find(({ toSeq }) => toSeq > fromSeq);
  if (stretch === undefined) return null;
  const begin = Math.max(fromSeq, stretch.fromSeq);
  for (const { path } of listDays(directory)) {
    try {
      const end = restampIn(path, { ...stretch, begin });
      if (end !== null) return end + 1;
    } catch (error) {
      unreadable(path, error);
    }
  }
  return stretch.toSeq;
}

// The last number that was done in a file; null: it holds none of them.
function restampIn(
  path: string,
  { begin, toSeq, wallOffsetMs }: Stretch & { readonly begin: number },
): number | null {
  const db = openForWriting(path, 1024);
  try {
    if (!hasSchema(db)) return null;
    const last = db.prepare('SELECT max(seq) FROM reading').pluck().get();
    if (typeof last !== 'number' || last < begin) return null;
    const chunk = db
      .prepare(
        `SELECT count(*) AS rows, max(seq) AS last FROM (SELECT seq FROM reading WHERE seq >= ? AND seq < ?
         ORDER BY seq LIMIT ${chunkRows})`,
      )
      .get(begin, toSeq) as { rows: number; last: number | null };
    const isRest = chunk.rows < chunkRows || chunk.last === null;
    const end = isRest ? Math.min(toSeq - 1, last) : (chunk.last ?? last);
    const span = { begin, end, lag: wallOffsetMs };
    db.exec('BEGIN IMMEDIATE');
    db.prepare(
      `UPDATE reading SET at = at - lag + @lag, lag = @lag, quality = quality + ${unsureTimeFlag}
       WHERE seq BETWEEN @begin AND @end AND point > 0 AND quality & ${3 * unsureTimeFlag} = ${unsureTimeFlag}`,
    ).run(span);
    // Of a file whose day is over they are not to be looked for by its name.
    db.prepare(
      `INSERT INTO meta VALUES ('until_ms', (SELECT max(at) FROM reading WHERE seq BETWEEN ? AND ? AND point > 0)
         + (SELECT value FROM meta WHERE name = 'base_ms'))
       ON CONFLICT DO UPDATE SET value = max(ifnull(value, 0), ifnull(excluded.value, 0))`,
    ).run(begin, end);
    db.prepare(
      'UPDATE entry SET at = at - lag + @lag, lag = @lag WHERE seq BETWEEN @begin AND @end AND lag <> @lag',
    ).run(span);
    db.exec('COMMIT');
    return end;
  } finally {
    db.close();
  }
}
