import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LimenError, messageOf } from '../domain/error.ts';

export type Db = Database.Database;

/** What SQLite keeps beside a database. */
export const companions = ['-wal', '-shm', '-journal'] as const;

/** Modes of all that is made in the data folder, whatever the umask: nobody else reads what a house is measured by. */
const privateFolder = 0o700;
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

/**
 * Creates an empty file if there is none; SQLite gives what it makes beside a database the mode of the database. Throws
 * `unavailable` if that is not allowed.
 */
export function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', privateFile));
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Creates a folder, and those above it, if there is none. Throws `unavailable` if that is not allowed. */
export function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: privateFolder });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'a part of it is not a folder',
};

/** An error of the file system that a person has to do something about. */
export function cannotWrite(path: string, error: unknown): LimenError {
  const known = Object.entries(reasons).find(([code]) => hasCode(error, code));
  return new LimenError(
    'unavailable',
    `Cannot write to ${path}: ${known?.[1] ?? messageOf(error)}. Make it writable for the user that runs Limen, or ` +
      'name another folder at storage.directory',
    { cause: error },
  );
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
    return openRecovered(path);
  } catch (error) {
    if (hasCode(error, 'SQLITE_CANTOPEN') && !existsSync(path)) return null;
    throw new LimenError('unavailable', `Cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function openRecovered(path: string): Db {
  const db = new Database(path, { fileMustExist: true });
  try {
    db.pragma('busy_timeout = 2000');
    db.pragma('trusted_schema = OFF');
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    db.pragma('query_only = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
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

/** Whether an error, or what caused it, is of this kind. */
export function hasCode(error: unknown, prefix: string): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith(prefix)) {
    return true;
  }
  return hasCode(error.cause, prefix);
}
