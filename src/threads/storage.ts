import { parentPort, workerData } from 'node:worker_threads';
import { LimenError, messageOf } from '../domain/error.ts';
import type { Group } from '../domain/group.ts';
import type { JournalRow } from '../domain/journal.ts';
import type { RecentReadings, StoreOptions, StoreReply, StoreRequest } from '../domain/store.ts';
import { systemClock } from '../host/clock.ts';
import { isBusy, isFull } from '../storage/database.ts';
import { Store, type StoreSurroundings } from '../storage/store.ts';

// The storage thread: the only writer of the data folder. It may wait for the disk as long as the disk takes; the
// main thread never does.

// Projections are derived: seldom is kind to the card, and a start reads the journal beyond them anyhow.
const projectAfterMs = 30_000;
const restampAfterMs = 20;
const retryMs = 50;

if (parentPort === null) throw new Error('the storage thread is started by app.ts');
const port = parentPort;
const reply = (message: StoreReply, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

const around: StoreSurroundings = {
  wallMs: () => systemClock.wallMs(),
  problem: (problem) => reply({ type: 'problem', problem }),
};

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let restampTimer: NodeJS.Timeout | null = null;
let projectTimer: NodeJS.Timeout | null = null;
let waiting: string | null = null;
/** Problems that were told, with their cause then: once per change. */
const told = new Map<string, string>();

const store = open();
restampLater();
port.on('message', (request: StoreRequest) => handle(request));

function open(): Store {
  try {
    // written by app.ts a moment ago
    const opened = untilFree(() => new Store(workerData as StoreOptions, around));
    reply({ type: 'opened', recovery: untilFree(() => opened.recover()) });
    return opened;
  } catch (error) {
    fail(error);
    throw error;
  }
}

/** An error loses its class between threads: what matters of it goes ahead as a message. */
function fail(error: unknown): void {
  const code = error instanceof LimenError ? error.code : 'internal';
  reply({ type: 'failed', code, message: messageOf(error) });
}

function handle(request: StoreRequest): void {
  switch (request.type) {
    case 'group':
      writeGroup(request.group);
      break;
    case 'quarantine':
      try {
        untilFree(() => store.state.storeQuarantine(request.records));
      } catch (error) {
        tell('samples of what could not be read are not stored', error);
      }
      break;
    case 'user':
      answer(request.call, () => ({
        ok: untilFree(() => storeUser(request.name, request.credential)),
      }));
      break;
    case 'rows':
      answer(request.call, () => ({ ok: true, rows: store.rows(request.query) }));
      break;
    case 'recent':
      answer(request.call, () => ({ ok: true, recent: store.recent(request.query) }));
      break;
    case 'close':
      if (projectTimer !== null) clearTimeout(projectTimer);
      if (restampTimer !== null) clearTimeout(restampTimer);
      store.close();
      reply({ type: 'closed' });
      port.close();
      break;
    default:
      request satisfies never;
  }
}

/** Only what was accepted and cannot be committed ends the thread; a question that fails is answered so. */
function answer(
  call: number,
  find: () => {
    readonly ok: boolean;
    readonly rows?: readonly JournalRow[];
    readonly recent?: RecentReadings;
  },
): void {
  try {
    const { ok, rows = [], recent = null } = find();
    reply({ type: 'answer', call, ok, rows, recent });
  } catch (error) {
    reply({ type: 'refused', call, message: messageOf(error) });
  }
}

function storeUser(name: string, credential: string | null): boolean {
  if (credential === null) return store.state.removeUser(name);
  store.state.setUser(name, credential);
  return true;
}

function tell(message: string, error: unknown): void {
  if (messageOf(error) === told.get(message)) return;
  told.set(message, messageOf(error));
  around.problem({ message, fields: { error: messageOf(error) } });
}

function writeGroup(group: Group): void {
  try {
    untilFree(() => store.write(group));
  } catch (error) {
    fail(error);
    throw error;
  }
  reply({ type: 'committed', group: group.id, buffer: group.buffer }, [group.buffer]);
  projectLater();
  restampLater();
}

/** Wall times from before the clock was trusted are put right in small steps: commits come in between. */
function restampLater(): void {
  if (!store.hasRestamp || restampTimer !== null) return;
  restampTimer = setTimeout(() => {
    restampTimer = null;
    try {
      store.restamp();
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) {
        tell('times from before the clock was trusted are not put right', error);
        store.dropRestamp();
      }
    }
    restampLater();
  }, restampAfterMs);
}

/** What is derived is written when nobody holds the file; commits do not wait for it. */
function projectLater(): void {
  if (!store.hasUnprojected || projectTimer !== null) return;
  projectTimer = setTimeout(() => {
    projectTimer = null;
    try {
      store.project();
    } catch (error) {
      // Nothing is lost by it: a start reads the journal beyond them, and deals with a broken file.
      if (!isBusy(error) && !isFull(error)) tell('projections are not written', error);
      projectLater();
    }
  }, projectAfterMs);
}

/** Tries until nobody else holds the file and the disk has room; throws anything else. */
function untilFree<T>(step: () => T): T {
  for (;;) {
    try {
      const result = step();
      waiting = null;
      return result;
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) throw error;
      const reason = isFull(error) ? 'the disk is full' : 'another program holds the file';
      if (reason !== waiting) reply({ type: 'waiting', reason });
      waiting = reason;
      Atomics.wait(sleeper, 0, 0, retryMs);
    }
  }
}
