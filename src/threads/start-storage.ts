import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { QuarantineRecord } from '../domain/api.ts';
import { LimenError } from '../domain/error.ts';
import type { Group } from '../domain/group.ts';
import type { JournalRow } from '../domain/journal.ts';
import type {
  RecentQuery,
  RecentReadings,
  Recovery,
  RowsQuery,
  StoreOptions,
  StoreProblem,
  StoreReply,
  StoreRequest,
} from '../domain/store.ts';

/** The main thread's end of the storage thread. */
export interface StorageThread {
  readonly recovery: Recovery;
  post(group: Group): void;
  storeQuarantine(records: readonly QuarantineRecord[]): void;
  /** `credential` null removes the user; false if there was none. */
  setUser(name: string, credential: string | null): Promise<boolean>;
  /** Rejects with `unavailable` if they cannot be read now, as every question does. */
  rows(query: RowsQuery): Promise<readonly JournalRow[]>;
  /** The readings that windows begin with. */
  recent(query: RecentQuery): Promise<RecentReadings | null>;
  /** Writes what is left and ends the thread. */
  close(): Promise<void>;
}

/** What the storage thread tells without being asked. */
export interface StorageListener {
  committed(group: number, buffer: ArrayBuffer): void;
  waiting(reason: string): void;
  /** Something on disk is broken, and the thread goes on without it. */
  problem(problem: StoreProblem): void;
  /** The thread is gone: nothing can be stored any more. */
  failed(error: Error): void;
}

type Answer = Extract<StoreReply, { type: 'answer' }>;

/** Starts the storage thread and waits until it has read what the last run left. */
export async function startStorage(
  options: StoreOptions,
  listener: StorageListener,
): Promise<StorageThread> {
  const file = new URL(`./storage${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  const calls = new Map<number, PromiseWithResolvers<Answer>>();
  let lastCall = 0;
  let failure: LimenError | null = null;
  let ended: Error | null = null;
  const opened = Promise.withResolvers<Recovery>();
  const closed = Promise.withResolvers<void>();

  worker.on('message', (reply: StoreReply) => {
    switch (reply.type) {
      case 'opened':
        opened.resolve(reply.recovery);
        break;
      case 'committed':
        listener.committed(reply.group, reply.buffer);
        break;
      case 'problem':
        listener.problem(reply.problem);
        break;
      case 'waiting':
        listener.waiting(reply.reason);
        break;
      case 'answer':
        calls.get(reply.call)?.resolve(reply);
        calls.delete(reply.call);
        break;
      case 'refused':
        calls.get(reply.call)?.reject(new LimenError('unavailable', reply.message));
        calls.delete(reply.call);
        break;
      case 'failed':
        failure = new LimenError(reply.code, reply.message);
        break;
      case 'closed':
        closed.resolve();
        break;
      default:
        reply satisfies never;
    }
  });
  worker.on('error', (error) => {
    ended = failure ?? error;
    opened.reject(ended);
    for (const call of calls.values()) call.reject(ended);
    calls.clear();
    listener.failed(failure ?? error);
  });
  const send = (request: StoreRequest, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(request, transfer);
  const ask = (make: (call: number) => StoreRequest): Promise<Answer> => {
    if (ended !== null) return Promise.reject(ended);
    const call = ++lastCall;
    const asked = Promise.withResolvers<Answer>();
    calls.set(call, asked);
    send(make(call));
    return asked.promise;
  };

  const recovery = await opened.promise;
  return {
    recovery,
    post: (group) => send({ type: 'group', group }, [group.buffer]),
    storeQuarantine: (records) => send({ type: 'quarantine', records }),
    setUser: async (name, credential) =>
      (await ask((call) => ({ type: 'user', call, name, credential }))).ok,
    rows: async (query) => (await ask((call) => ({ type: 'rows', call, query }))).rows,
    recent: async (query) => (await ask((call) => ({ type: 'recent', call, query }))).recent,
    async close() {
      const exited = once(worker, 'exit');
      send({ type: 'close' });
      await closed.promise;
      await exited;
    },
  };
}
