import { existsSync, renameSync, statSync } from 'node:fs';
import { companions, hasCode } from './database.ts';

/**
 * Whether a file is no database, or a broken one: then another try is of no use, and nor is the file. JSON that cannot
 * be read counts too: SQLite has no checksums of its own.
 */
export function isDamaged(error: unknown, path: string): boolean {
  if (hasCode(error, 'SQLITE_CORRUPT') || hasCode(error, 'SQLITE_NOTADB')) return true;
  if (error instanceof SyntaxError) return true;
  return ['', ...companions].some((suffix) => isFolder(`${path}${suffix}`));
}

/**
 * Renames a database, and what lies beside it, out of the way. Nothing is deleted or overwritten: it may be the only
 * copy of what it holds. Returns the new path. The caller holds the instance lock and has closed the file.
 */
export function setAside(path: string, wallMs: number): string {
  const time = new Date(wallMs).toISOString().replaceAll(':', '-');
  const first = `${path}.corrupt-${time}`;
  let aside = first;
  for (let count = 2; existsSync(aside); count++) aside = `${first}-${count}`;
  for (const suffix of ['', ...companions]) {
    // The companions keep their ending, so that the set can still be opened under its new name.
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
  return aside;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
