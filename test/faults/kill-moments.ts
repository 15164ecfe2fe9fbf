import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/**
 * When the program is killed. `load`: some time into the load. `commit`: right when the log of a day file grows.
 * `start`: somewhere in its start. `creation`: right when its first day file appears.
 */
export const moments = ['load', 'commit', 'start', 'creation'] as const;
export type Moment = (typeof moments)[number];

const watchMaxMs = 3_000;

/** Waits for the moment; `chance` is a random number in [0, 1) that places it. */
export async function momentComes(
  moment: Moment,
  { folder, startMs, chance }: { folder: string; startMs: number; chance: number },
): Promise<void> {
  switch (moment) {
    case 'load':
      return wait(50 + chance * 700);
    case 'commit':
      await wait(50 + chance * 300);
      return commitBegins(folder);
    case 'start':
      return wait(chance * startMs * 1.2);
    case 'creation':
      await dayFileAppears(folder);
      // Squared: most of the making is over within a few milliseconds.
      return wait(chance ** 2 * 15);
  }
}

async function commitBegins(folder: string): Promise<void> {
  const size = (): number =>
    logs(folder).reduce((total, file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      // Not only the size: after a checkpoint the log is written again from its beginning.
      return total + (found === undefined ? 0 : found.size + found.mtimeMs);
    }, 0);
  const before = size();
  const end = performance.now() + watchMaxMs;
  // Spins, with a turn for the sockets in between: a commit takes less than a timer's millisecond.
  while (size() === before && performance.now() < end) await turn();
}

async function dayFileAppears(folder: string): Promise<void> {
  const end = performance.now() + watchMaxMs;
  while (globSync(join(folder, 'data/history/*.db*')).length === 0 && performance.now() < end) {
    await turn();
  }
}

function logs(folder: string): string[] {
  return globSync(join(folder, 'data/history/*.db-wal'));
}
