import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createBacklog,
  readProgress,
  type Backlog,
  type BacklogEntry,
} from '../../../src/consumers/notifiers/backlog.ts';
import type { PendingNotification } from '../../../src/consumers/notifiers/delivery.ts';
import { seq } from '../fixtures.ts';

function notification(number: number): PendingNotification {
  return { seq: seq(number), edge: 'active', id: 'r/d/m/1', alert: {}, drill: false };
}

/** Reads from a disk that holds these, as far as they are committed. */
function readFrom(backlog: Backlog, stored: readonly number[], committedSeq: number, limit = 4) {
  const afterSeq = backlog.readAfter(committedSeq);
  if (afterSeq === null) return;
  const notifications = stored
    .filter((number) => number > afterSeq && number <= committedSeq)
    .slice(0, limit)
    .map(notification);
  backlog.take({ notifications, limit, committedSeq }, 0);
}

function next(backlog: Backlog, isStalled = false): number | null {
  return backlog.head(isStalled)?.notification.seq ?? null;
}

function finishNext(backlog: Backlog, isStalled = false): void {
  const entry = backlog.head(isStalled);
  if (entry !== null) backlog.finish(entry);
}

describe('createBacklog()', () => {
  test('head() waits for what may lie on disk before what was just emitted', () => {
    const backlog = createBacklog(4);
    backlog.restore({ cursor: 10, beyond: [] });
    backlog.add(notification(20), 0);
    expect(next(backlog)).toBeNull();
    readFrom(backlog, [5, 11, 12], 19);
    expect([...backlog.all()].map((entry) => entry.notification.seq)).toEqual([11, 12, 20]);
  });

  test('head() takes what is in memory while the disk cannot be read', () => {
    const backlog = createBacklog(4);
    backlog.restore({ cursor: 10, beyond: [] });
    backlog.add(notification(20), 0);
    expect(next(backlog, true)).toBe(20);
    finishNext(backlog, true);
    expect(backlog.progress).toEqual({ cursor: 10, beyond: [20] });
    readFrom(backlog, [11, 20], 20);
    expect(next(backlog)).toBe(11);
    finishNext(backlog);
    expect(backlog.progress).toEqual({ cursor: 20, beyond: [] });
    expect(next(backlog)).toBeNull();
  });

  test('add() forgets what is too many, and readAfter() fetches it once it is on disk', () => {
    const backlog = createBacklog(2);
    readFrom(backlog, [], 0);
    for (const number of [1, 2, 3, 4]) backlog.add(notification(number), 0);
    expect(backlog.length).toBe(4);
    expect(backlog.all()).toHaveLength(2);
    finishNext(backlog);
    finishNext(backlog);
    expect(backlog.readAfter(3)).toBeNull();
    readFrom(backlog, [1, 2, 3, 4], 4);
    expect(next(backlog)).toBe(3);
    expect(backlog.progress.cursor).toBe(2);
  });

  test('take() keeps the attempts of what was tried from memory before', () => {
    const backlog = createBacklog(4);
    backlog.add(notification(3), 0);
    const tried = backlog.head(true);
    if (tried !== null) tried.attempts = 5;
    readFrom(backlog, [3], 3);
    expect(backlog.head(false)?.attempts).toBe(5);
  });

  test('createBacklog() gives every notification exactly once, in order, and stays bounded', () => {
    const step = fc.constantFrom('emit', 'emit', 'emit', 'commit', 'read', 'finish', 'finish');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const backlog = createBacklog(3);
        const stored: number[] = [];
        const told: number[] = [];
        let committedSeq = 0;
        const run = (name: (typeof steps)[number]): void => {
          if (name === 'emit') {
            stored.push(stored.length + 1);
            backlog.add(notification(stored.length), 0);
          } else if (name === 'commit') committedSeq = stored.length;
          else if (name === 'read') readFrom(backlog, stored, committedSeq);
          else {
            const entry: BacklogEntry | null = backlog.head(false);
            if (entry === null || entry.notification.seq > committedSeq) return;
            backlog.finish(entry);
            told.push(entry.notification.seq);
            expect(backlog.progress.cursor).toBe(entry.notification.seq);
          }
          expect(backlog.all().length).toBeLessThanOrEqual(3 + 4);
        };
        steps.forEach(run);
        run('commit');
        for (let n = 0; n < 2 * stored.length + 2; n += 1) {
          run('read');
          run('finish');
        }
        expect(told).toEqual(stored);
        expect(backlog.length).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('readProgress()', () => {
  test.each([null, 'x', 7, {}, { cursor: 'x', beyond: 'y' }])(
    'readProgress() takes %j for the beginning',
    (body) => {
      expect(readProgress(body)).toEqual({ cursor: 0, beyond: [] });
    },
  );

  test('readProgress() reads what the last row says', () => {
    expect(readProgress({ result: 'delivered', cursor: 7, beyond: [9, 'x'] })).toEqual({
      cursor: 7,
      beyond: [9],
    });
  });
});
