import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LimenError } from '../domain/error.ts';
import { createPrivate, isBusy, privateFile, privateFolder } from './database.ts';

/** A data folder belongs to one process at a time. */
export interface InstanceLock {
  release(): void;
}

/**
 * Takes the data folder for this process; throws `conflict` if another one has it. The lock is the kernel's, on an empty
 * SQLite file: it ends with the process, however that ends.
 */
export function takeInstanceLock(directory: string): InstanceLock {
  mkdirSync(directory, { recursive: true, mode: privateFolder });
  const pidPath = join(directory, 'limen.pid');
  const lockPath = join(directory, 'limen.lock');
  createPrivate(lockPath);
  const db = new Database(lockPath);
  try {
    db.pragma('busy_timeout = 0');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new LimenError(
      'conflict',
      `Another Limen${pidIn(pidPath)} works on ${directory}. Stop it first, or give this one a storage.directory of its own`,
      { cause: error },
    );
  }
  writeFileSync(pidPath, `${process.pid}\n`, { mode: privateFile });
  return { release: () => db.close() };
}

function pidIn(path: string): string {
  try {
    return ` (process ${readFileSync(path, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
