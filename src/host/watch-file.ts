import { statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { DurationMs } from '../domain/time.ts';
import type { Clock, Timer } from './clock.ts';

/** A file must have been left alone for so long: an editor writes in several steps. */
const quietMs: DurationMs = 500;
/** Network mounts, and files behind a link into another folder, tell nobody when they change: they are looked at. */
const pollMs: DurationMs = 2_000;

/** A file that is looked after. */
export interface FileWatch {
  close(): void;
}

/**
 * Calls back when a file may hold something else, once it has been left alone for 500 ms; the first time soon after the
 * call. It follows the name, not the file: a save by renaming over it, one in place, and a link that is put elsewhere
 * (as Kubernetes and `ln -sf` do) are the same. While there is no such file nothing is said.
 */
export function watchFile(path: string, clock: Clock, onChange: () => void): FileWatch {
  let told = '';
  let seen = '';
  let waiting: Timer | null = null;
  let polling: Timer | null = null;

  const look = (): void => {
    waiting = null;
    const present = signatureOf(path);
    if (present === null || present === told) return;
    if (present === seen) {
      told = present;
      onChange();
    } else {
      seen = present;
      waiting = clock.after(quietMs, look);
    }
  };
  // A folder in which much happens must not keep the processor busy.
  const note = (): void => {
    if (waiting === null) look();
  };
  const poll = (): void => {
    note();
    polling = clock.after(pollMs, poll);
  };

  const folder = watchFolder(dirname(path), note);
  poll();
  return {
    close() {
      waiting?.cancel();
      polling?.cancel();
      folder.close();
    },
  };
}

// Where the system has no watch to give there is still the regular look.
function watchFolder(folder: string, onEvent: () => void): FileWatch {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return { close: () => undefined };
  }
}

/** What differs after every kind of change; null: there is no file. */
function signatureOf(path: string): string | null {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return null;
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
