import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Group } from '../domain/group.ts';
import type { RecentQuery, RecentReadings, Recovery, StoreProblem } from '../domain/store.ts';
import type { WallMs } from '../domain/time.ts';
import { Store } from '../storage/store.ts';

/** Where a test keeps what it must remember over a restart. */
export interface Disk {
  write(group: Group): void;
  /** What a start finds. */
  recover(bootId: string): Recovery;
  /** What the windows of a start are filled with; null: nothing was stored. */
  recent(query: RecentQuery): RecentReadings | null;
  /** The process that had it open is gone. */
  release(): void;
  remove(): void;
}

const nothing: Recovery = {
  installationId: 'test',
  nextSeq: 1,
  stamp: null,
  dayMs: 0,
  points: [],
  pointMemories: [],
  projections: [],
  users: [],
  quarantine: [],
};

/** For a test without a restart: nothing is ever read again. */
export const noDisk: Disk = {
  write: () => undefined,
  recover: () => nothing,
  recent: () => null,
  release: () => undefined,
  remove: () => undefined,
};

/** Real files in a folder of their own: what a restart finds went through the true storage. */
export function createDisk(wallMs: () => WallMs): Disk {
  const directory = mkdtempSync(join(tmpdir(), 'limen-test-'));
  let store: Store | null = null;
  // A store that cannot read what it has written itself a moment ago is a fault, not something to go on with.
  const problem = ({ message }: StoreProblem): void => {
    throw new Error(message);
  };
  const release = (): void => {
    store?.close();
    store = null;
  };
  return {
    write: (group) => store?.write(group),
    recover(bootId) {
      release();
      store = new Store({ directory, bootId }, { wallMs, problem });
      return store.recover();
    },
    recent: (query) => store?.recent(query) ?? null,
    release,
    remove() {
      release();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
