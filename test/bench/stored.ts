import { globSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What a data folder holds, read with plain SQL as any other program would. */
export interface Stored {
  readonly readings: number;
  /** Changes of state of the alerts that the load crosses: what people are told besides is another matter. */
  readonly alertEvents: number;
}

/** Counts rows over all day files of a program that has stopped. */
export function countStored(folder: string): Stored {
  let readings = 0;
  let alertEvents = 0;
  for (const file of globSync(join(folder, 'data/history/*.db'))) {
    const db = new Database(file, { readonly: true });
    readings += count(db, 'SELECT count(*) FROM readings');
    alertEvents += count(
      db,
      `SELECT count(*) FROM entry WHERE kind = 'alert' AND key LIKE 'hot-%'
       AND json_extract(body, '$.kind') = 'transition'`,
    );
    db.close();
  }
  return { readings, alertEvents };
}

function count(db: Database.Database, sql: string): number {
  const value: unknown = db.prepare(sql).pluck().get();
  return typeof value === 'number' ? value : Number.NaN;
}
