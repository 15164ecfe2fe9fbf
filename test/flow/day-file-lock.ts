import { globSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onFileFinished } from './clean-up.ts';

/** Takes the write lock of the day's file, as another program might: nothing is committed until it is released. */
export function lockDayFile(data: string): { release(): void } {
  const [file] = globSync(join(data, 'history/*.db')).toSorted().toReversed();
  if (file === undefined) throw new Error(`no day file in ${data}`);
  const db = new Database(file);
  onFileFinished(() => void db.close());
  db.pragma('busy_timeout = 5000');
  db.exec('BEGIN IMMEDIATE');
  return { release: () => void db.exec('ROLLBACK') };
}
