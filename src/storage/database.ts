import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LimenError, messageOf } from '../domain/error.ts';

export type Db = Database.Database;

/** What SQLite keeps beside a database. */
export const companions = ['-wal', '-shm', '-journal'] as const;

/** Modes of all that is made in the data folder, whatever the umask: nobody else reads what a house is measured by. */
export const privateFolder = 0o700;
export const privateFile = 0o600;

/** Opens a database for writing: WAL, every commit fsynced, checkpoints only when we say so. */
export function openForWriting(path: string, pageSizeBytes: number): Db {
  createPrivate(path);
  const db = new Database(path);
  try {
    // A lock that another process holds is waited for in short steps by the caller: a long wait here would block
    // the whole thread with no word about it.
    db.pragma('busy_timeout = 100');
    db.pragma(`page_size = ${pageSizeBytes}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('wal_autocheckpoint = 0');
    db.pragma('journal_size_limit = 4194304');
    db.pragma('cell_size_check = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma('temp_store = MEMORY');
    db.pragma('foreign_keys = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Creates an empty file if there is none; SQLite gives what it makes beside a database the mode of the database. */
export function createPrivate(path: string): void {
  closeSync(openSync(path, 'a', privateFile));
}

/** Takes a database, and what lies beside it, back from everybody else who could read it. */
export function makePrivate(path: string): void {
  for (const suffix of ['', ...companions]) {
    try {
      chmodSync(`${path}${suffix}`, privateFile);
    } catch {
      // There is none, or it belongs to somebody else: no reason not to start.
    }
  }
}

/** Opens a database that another process may be writing; null if the file does not exist. */
export function openForReading(path: string): Db | null {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    db.pragma('busy_timeout = 2000');
    db.pragma('trusted_schema = OFF');
    if (canRead(db)) return db;
    db.close();
    // A crash left a log that has to be taken into account first, which a reader alone may not do.
    const recovered = new Database(path, { fileMustExist: true });
    recovered.pragma('busy_timeout = 2000');
    recovered.pragma('trusted_schema = OFF');
    recovered.prepare('SELECT count(*) FROM sqlite_master').get();
    recovered.pragma('query_only = ON');
    return recovered;
  } catch (error) {
    if (hasCode(error, 'SQLITE_CANTOPEN') && !existsSync(path)) return null;
    throw new LimenError('unavailable', `Cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function canRead(db: Db): boolean {
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return true;
  } catch (error) {
    if (hasCode(error, 'SQLITE_READONLY') || hasCode(error, 'SQLITE_CANTOPEN')) return false;
    db.close();
    throw error;
  }
}

/** Whether somebody else holds a lock: worth another try. */
export function isBusy(error: unknown): boolean {
  return hasCode(error, 'SQLITE_BUSY') || hasCode(error, 'SQLITE_LOCKED');
}

/** Whether the disk is full: worth another try once there is room. */
export function isFull(error: unknown): boolean {
  return hasCode(error, 'SQLITE_FULL');
}

function hasCode(error: unknown, prefix: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith(prefix)
  );
}
