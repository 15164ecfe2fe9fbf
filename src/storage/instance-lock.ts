import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LimenError } from '../domain/error.ts';
import {
  cannotWrite,
  createFolder,
  createPrivate,
  hasCode,
  isBusy,
  privateFile,
  type Db,
} from './database.ts';

/** A data folder belongs to one process at a time. */
export interface InstanceLock {
  release(): void;
}

/**
 * Takes the data folder for this process; throws `conflict` if another one has it, `unavailable` if it cannot be
 * written. The lock is the kernel's, on an empty SQLite file: it ends with the process, however that ends.
 */
export function takeInstanceLock(directory: string): InstanceLock {
  createFolder(directory);
  const pidPath = join(directory, 'limen.pid');
  try {
    const db = lock(join(directory, 'limen.lock'));
    writePid(pidPath);
    return { release: () => db.close() };
  } catch (error) {
    if (!isBusy(error)) throw cannotWrite(directory, error);
    throw new LimenError(
      'conflict',
      `Another Limen${pidIn(pidPath)} works on ${directory}. Stop it first, or give this one a storage.directory of its own`,
      { cause: error },
    );
  }
}

function lock(path: string): Db {
  createPrivate(path);
  const db = new Database(path);
  try {
    db.pragma('busy_timeout = 0');
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (!hasCode(error, 'SQLITE_NOTADB') && !hasCode(error, 'SQLITE_CORRUPT')) throw error;
  }
  // The file says nothing, it only is: emptied in place, so that a lock on it stays one.
  truncateSync(path, 0);
  return lock(path);
}

// For the message of a second Limen alone: a full disk must not keep the first one from starting.
function writePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: privateFile });
  } catch (error) {
    if (!hasCode(error, 'ENOSPC')) throw error;
  }
}

function pidIn(path: string): string {
  try {
    return ` (process ${readFileSync(path, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
