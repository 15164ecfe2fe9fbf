import type { Seq } from '../../domain/reading.ts';
import type { PendingNotification } from './delivery.ts';

/** One notification that waits, with what has been tried for it so far. */
export interface BacklogEntry {
  readonly notification: PendingNotification;
  /** Monotonic time since when it waits here. */
  readonly sinceMs: number;
  attempts: number;
  firstAttemptMs: number | null;
}

/** How far a notifier has come: what a restart needs to repeat only what has no stored result. */
export interface BacklogProgress {
  /** Every notification up to this number is finished. */
  readonly cursor: number;
  /** Finished ones above it. */
  readonly beyond: readonly number[];
}

/**
 * What one notifier still has to tell, in order. Bounded: above `lengthMax` newer ones are forgotten here and read from
 * disk when their turn comes. Memory is only a cache of the journal, except while the journal cannot be read.
 */
export interface Backlog {
  readonly progress: BacklogProgress;
  /** How many wait, those on disk included as far as they are known. */
  readonly length: number;
  /** Since when the oldest in memory waits; null: none. */
  readonly oldestSinceMs: number | null;
  /** How far the last process had come; to be called before anything is read. */
  restore(progress: BacklogProgress): void;
  /** A notification was emitted; numbers grow. */
  add(notification: PendingNotification, nowMs: number): void;
  /** What is to be told next; `isStalled`: without regard to what may wait on disk. */
  head(isStalled: boolean): BacklogEntry | null;
  /** The number above which the disk is to be read now; null: there is no need, or no use yet. */
  readAfter(committedSeq: number): number | null;
  /** What the disk gave for `readAfter(committedSeq)`, at most `limit` of them. */
  take(read: BacklogRead, nowMs: number): void;
  /** It was delivered, or is given up. */
  finish(entry: BacklogEntry): void;
  /** All in memory, in order. */
  all(): readonly BacklogEntry[];
}

export interface BacklogRead {
  readonly notifications: readonly PendingNotification[];
  readonly limit: number;
  readonly committedSeq: number;
}

/** Creates a backlog that knows nothing yet: it wants to read what waits on disk first. */
export function createBacklog(lengthMax: number): Backlog {
  // Contiguous: nothing on disk is missing between these, nor before the first.
  let queue: BacklogEntry[] = [];
  // Emitted while something before them waits, or may wait, on disk.
  let arrived: BacklogEntry[] = [];
  let isBehind = true;
  let readSeq = 0;
  let spilledSeq = 0;
  let spilledCount = 0;
  const finished = new Set<number>();

  const entryOf = (notification: PendingNotification, nowMs: number): BacklogEntry =>
    arrived.find((entry) => seqOf(entry) === notification.seq) ?? {
      notification,
      sinceMs: nowMs,
      attempts: 0,
      firstAttemptMs: null,
    };

  const enqueue = (entry: BacklogEntry): void => {
    if (seqOf(entry) <= readSeq) return;
    readSeq = seqOf(entry);
    if (!finished.has(readSeq)) queue.push(entry);
  };

  const presentCursor = (): number => {
    const [first] = queue;
    return first === undefined ? readSeq : seqOf(first) - 1;
  };

  return {
    get progress() {
      return { cursor: presentCursor(), beyond: [...finished] };
    },
    get length() {
      return queue.length + arrived.length + spilledCount;
    },
    get oldestSinceMs() {
      return (queue[0] ?? arrived[0])?.sinceMs ?? null;
    },
    restore({ cursor, beyond }) {
      readSeq = cursor;
      for (const seq of beyond) finished.add(seq);
    },
    add(notification, nowMs) {
      const entry = entryOf(notification, nowMs);
      if (!isBehind && queue.length < lengthMax) return enqueue(entry);
      isBehind = true;
      arrived.push(entry);
      if (queue.length + arrived.length <= lengthMax) return;
      spilledCount += arrived.length;
      spilledSeq = notification.seq;
      arrived = [];
    },
    head: (isStalled) => queue[0] ?? (isStalled ? arrived[0] : undefined) ?? null,
    readAfter: (committedSeq) =>
      isBehind && queue.length === 0 && committedSeq >= spilledSeq ? readSeq : null,
    take({ notifications, limit, committedSeq }, nowMs) {
      for (const notification of notifications) enqueue(entryOf(notification, nowMs));
      const isWhole = notifications.length < limit && committedSeq >= spilledSeq;
      if (isWhole) {
        for (const entry of arrived) enqueue(entry);
        isBehind = false;
      }
      spilledCount = isWhole ? 0 : Math.max(0, spilledCount - notifications.length);
      arrived = isWhole ? [] : arrived.filter((entry) => seqOf(entry) > readSeq);
    },
    finish(entry) {
      queue = queue.filter((other) => other !== entry);
      arrived = arrived.filter((other) => other !== entry);
      finished.add(seqOf(entry));
      for (const seq of finished) {
        // Forgetting the oldest costs at most a repetition after a crash.
        if (seq <= presentCursor() || finished.size > lengthMax) finished.delete(seq);
      }
    },
    all: () => [...queue, ...arrived],
  };
}

/** Reads the progress out of the body of the last journal row; anything that is not one is the very beginning. */
export function readProgress(body: unknown): BacklogProgress {
  if (typeof body !== 'object' || body === null) return { cursor: 0, beyond: [] };
  const cursor = 'cursor' in body && typeof body.cursor === 'number' ? body.cursor : 0;
  const beyond = 'beyond' in body && Array.isArray(body.beyond) ? body.beyond : [];
  return { cursor, beyond: beyond.filter((seq) => typeof seq === 'number') };
}

function seqOf({ notification }: BacklogEntry): Seq {
  return notification.seq;
}
