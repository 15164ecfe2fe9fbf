import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineTime } from '../../src/channel/engine-time.ts';
import { Journal, type Holder } from '../../src/channel/journal.ts';
import { groupColumns, type Group } from '../../src/domain/group.ts';
import { limits } from '../../src/domain/limits.ts';
import type { PointIndex } from '../../src/domain/point.ts';
import { releasedMs, type EngineMs, type WallMs } from '../../src/domain/time.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { createFakeClock, type FakeClock } from '../host/fake-clock.ts';

interface Bench {
  readonly journal: Journal;
  readonly clock: FakeClock;
  /** Groups sent to the storage thread, and the numbers of their readings. */
  readonly posted: { readonly group: Group; readonly seqs: number[] }[];
  /** Says that the group under way is on disk. */
  commit(): void;
  /** The same until none is under way. */
  commitAll(): void;
  reading(): number;
  /** A reading that somebody waits for. */
  awaited(holder?: Holder): number;
  /** Ends the turn of the event loop, in which the journal looks what is to be sent. */
  turn(): Promise<void>;
}

function createBench(
  options: {
    nextSeq?: number;
    commitDelayMs?: number;
    memories?: () => void;
    trusted?: boolean;
    wallMs?: number;
    dayMs?: number;
  } = {},
): Bench {
  const { trusted = true, dayMs = 0 } = options;
  const clock = createFakeClock();
  if (options.wallMs !== undefined) clock.setWall(options.wallMs);
  const time = new EngineTime({ clock, bootId: 'boot', trusted, before: null });
  const posted: { group: Group; seqs: number[] }[] = [];
  let committed = 0;
  const journal = new Journal({
    clock,
    time,
    metrics: createMetrics(),
    nextSeq: options.nextSeq ?? 1,
    dayMs,
    commitDelayMs: options.commitDelayMs ?? 250,
    post(group) {
      const { seq } = groupColumns(group.buffer, group.capacity);
      posted.push({ group, seqs: [...seq.subarray(0, group.count)] });
    },
    takeMemories() {
      options.memories?.();
      return [];
    },
  });
  const reading = (): number =>
    journal.reading(1 as PointIndex, time.now(), clock.wallMs(), 21.5, NaN, 0);
  const commit = (): void => {
    const next = posted[committed++];
    if (next === undefined) throw new Error('nothing is under way');
    journal.committed(next.group.id, next.group.buffer);
  };
  return {
    journal,
    clock,
    posted,
    commit,
    commitAll() {
      while (committed < posted.length) commit();
    },
    reading,
    awaited(holder = { release: () => undefined }) {
      const seq = reading();
      journal.hold(holder);
      journal.wait();
      return seq;
    },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const numbersOf = ({ group, seqs }: { group: Group; seqs: number[] }): number[] =>
  [...seqs, ...group.entries.map(({ seq }) => seq), group.stampSeq].toSorted((a, b) => a - b);

describe('Journal numbers', () => {
  test('Journal gives numbers that grow without a hole, over readings, rows and stamps', async () => {
    const step = fc.constantFrom('reading', 'awaited', 'row', 'point', 'flush', 'commit', 'turn');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const bench = createBench({ nextSeq: 100 });
        const { journal, posted } = bench;
        let underWay = 0;
        for (const each of steps) {
          if (each === 'reading') bench.reading();
          else if (each === 'awaited') bench.awaited();
          else if (each === 'row') journal.append('act', 'k', {});
          else if (each === 'point') journal.append('point', 'k', {});
          else if (each === 'flush') journal.flush();
          else if (each === 'commit' && posted.length > underWay) {
            underWay++;
            bench.commit();
          } else await bench.turn();
        }
        const done = journal.finish();
        while (posted.length > underWay) {
          underWay++;
          bench.commit();
        }
        await done;
        const numbers = posted.flatMap(numbersOf);
        expect(numbers).toEqual(numbers.map((_, index) => 100 + index));
        expect(journal.nextSeq).toBe(100 + numbers.length);
        expect(journal.committedSeq).toBe(journal.nextSeq - 1);
        expect(journal.unstoredRows).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('Journal reserves numbers ahead of all that can be handed out before the next commit', async () => {
    const bench = createBench();
    const { journal, posted } = bench;
    for (let group = 0; group < 60; group++) {
      for (let row = 0; row < 3_000; row++) bench.reading();
      bench.awaited();
      await bench.turn();
      const last = posted.at(-1)?.group;
      if (last === undefined) throw new Error('nothing was sent');
      // With a share of one message of metrics beyond the bound, twice: events may come of each.
      const most = limits.unstoredRowsMax + 2 * limits.payloadMetricsMax;
      expect(last.reservedSeq).toBeGreaterThan(last.stampSeq + most);
      bench.commit();
    }
    expect(journal.unstoredRows).toBe(0);
  });

  test('Journal counts rows of every kind as unstored until they are on disk', async () => {
    const bench = createBench();
    bench.reading();
    bench.journal.append('alert', 'k', {});
    bench.journal.append('command', 'k', {});
    expect(bench.journal.unstoredRows).toBe(3);
    await bench.turn();
    expect(bench.journal.unstoredRows).toBe(3);
    bench.commit();
    expect(bench.journal.unstoredRows).toBe(0);
  });

  test('Journal.finish() gives the reservation back', async () => {
    const bench = createBench();
    bench.journal.flush();
    bench.commit();
    const done = bench.journal.finish();
    bench.commit();
    await done;
    expect(bench.posted.map(({ group }) => group.reservedSeq - group.stampSeq)).toEqual([
      4 * limits.unstoredRowsMax,
      0,
    ]);
  });
});

describe('Journal closes a group', () => {
  test('Journal commits a lone reading at once when somebody waits for it', async () => {
    const bench = createBench();
    bench.awaited();
    await bench.turn();
    expect(bench.posted).toHaveLength(1);
  });

  test('Journal gathers what nobody waits for within the loss window', async () => {
    const bench = createBench();
    bench.reading();
    await bench.turn();
    bench.clock.advance(limits.lossWindowMs / 2);
    bench.reading();
    await bench.turn();
    bench.clock.advance(limits.lossWindowMs / 2 - 1);
    expect(bench.posted).toEqual([]);
    bench.clock.advance(1);
    expect(bench.posted[0]?.seqs).toHaveLength(2);
  });

  test('Journal measures the loss window from the first reading, however quiet it was before', async () => {
    const bench = createBench();
    bench.reading();
    await bench.turn();
    bench.clock.advance(limits.lossWindowMs);
    bench.commit();
    bench.clock.advance(60_000);
    bench.reading();
    await bench.turn();
    expect(bench.posted).toHaveLength(1);
    bench.clock.advance(limits.lossWindowMs);
    expect(bench.posted).toHaveLength(2);
  });

  test('Journal does not let somebody wait for the loss window of others', async () => {
    const bench = createBench();
    bench.reading();
    await bench.turn();
    bench.journal.hold({ release: () => undefined });
    bench.journal.wait();
    await bench.turn();
    expect(bench.posted).toHaveLength(1);
  });

  test('Journal closes a group at once for an event, and does not charge it', async () => {
    const bench = createBench();
    for (let i = 0; i < 10 * limits.smallCommitBurst; i++) {
      bench.journal.append('alert', 'k', {});
      await bench.turn();
      expect(bench.posted).toHaveLength(i + 1);
      bench.commit();
    }
    bench.awaited();
    await bench.turn();
    expect(bench.posted).toHaveLength(10 * limits.smallCommitBurst + 1);
  });

  test('Journal lets a burst run free, then commits once per commit_delay', async () => {
    const bench = createBench();
    const commitsIn = async (durationMs: number): Promise<number> => {
      const before = bench.posted.length;
      for (let passed = 0; passed < durationMs; passed += 10) {
        bench.awaited();
        await bench.turn();
        bench.clock.advance(10);
        bench.commitAll();
      }
      return bench.posted.length - before;
    };
    const first = await commitsIn(1_000);
    expect(first).toBeGreaterThanOrEqual(limits.smallCommitBurst);
    expect(first).toBeLessThanOrEqual(limits.smallCommitBurst + 5);
    const later = await commitsIn(5_000);
    expect(later).toBeGreaterThanOrEqual(18);
    expect(later).toBeLessThanOrEqual(21);
    // A quiet time fills the bucket again.
    bench.clock.advance(60_000);
    bench.commitAll();
    expect(await commitsIn(200)).toBeGreaterThanOrEqual(19);
  });

  test('Journal commits groups that are not small as fast as the disk takes them', async () => {
    const bench = createBench();
    for (let group = 0; group < 5 * limits.smallCommitBurst; group++) {
      for (let row = 0; row < limits.smallGroupRows; row++) bench.awaited();
      await bench.turn();
      expect(bench.posted).toHaveLength(group + 1);
      bench.commit();
    }
  });

  test('Journal with a commit_delay of 0 commits at once, and goes on when it is set', async () => {
    const bench = createBench({ commitDelayMs: 0 });
    const commitEach = async (count: number): Promise<number> => {
      const before = bench.posted.length;
      for (let i = 0; i < count; i++) {
        bench.awaited();
        await bench.turn();
        if (bench.posted.length > before + i) bench.commit();
      }
      return bench.posted.length - before;
    };
    expect(await commitEach(100)).toBe(100);
    bench.journal.commitDelayMs = 250;
    bench.clock.advance(60_000);
    expect(await commitEach(limits.smallCommitBurst)).toBe(limits.smallCommitBurst);
    bench.awaited();
    await bench.turn();
    expect(bench.posted).toHaveLength(100 + limits.smallCommitBurst);
  });

  test('Journal flushes a waited group that is empty', async () => {
    const bench = createBench();
    let done = false;
    bench.journal.afterCommit(() => (done = true));
    await bench.turn();
    expect(bench.posted[0]?.group).toMatchObject({ count: 0, entries: [] });
    bench.commit();
    expect(done).toBe(true);
  });

  test('Journal sends one group at a time, and the next when the disk is free', async () => {
    const bench = createBench();
    bench.awaited();
    await bench.turn();
    for (let i = 0; i < 5; i++) {
      bench.awaited();
      await bench.turn();
    }
    expect(bench.posted).toHaveLength(1);
    bench.commit();
    expect(bench.posted).toHaveLength(2);
    expect(bench.posted[1]?.seqs).toHaveLength(5);
  });

  test('Journal adds no groups for the tick while the disk takes its time', () => {
    const bench = createBench();
    bench.journal.flush();
    bench.clock.advance(10 * limits.tickMs);
    expect(bench.journal.quietForMs).toBe(0);
    expect(bench.journal.postedForMs).toBe(10 * limits.tickMs);
    bench.commit();
    expect(bench.journal.quietForMs).toBe(10 * limits.tickMs);
  });

  test('Journal sends a group that is half full although nobody waits', async () => {
    const bench = createBench();
    for (let row = 0; row < limits.groupRowsMax / 2; row++) bench.reading();
    await bench.turn();
    expect(bench.posted).toHaveLength(1);
  });
});

describe('Journal tells who waits', () => {
  test('Journal releases holders in the order they came, when their own group is on disk', async () => {
    const bench = createBench();
    const told: string[] = [];
    const holder = (name: string): Holder => ({ release: (group) => told.push(`${name}${group}`) });
    bench.awaited(holder('a'));
    bench.awaited(holder('b'));
    bench.journal.afterCommit(() => told.push('after 1'));
    await bench.turn();
    bench.awaited(holder('c'));
    bench.journal.afterCommit(() => told.push('after 2'));
    bench.journal.afterCommit(() => told.push('after 3'));
    await bench.turn();
    expect(told).toEqual([]);
    bench.commit();
    expect(told).toEqual(['a1', 'b1', 'after 1']);
    bench.commit();
    expect(told.slice(3)).toEqual(['c2', 'after 2', 'after 3']);
  });

  test('Journal has the next group under way before it tells of the last one', async () => {
    const bench = createBench();
    let underWay = 0;
    bench.awaited({ release: () => (underWay = bench.posted.length) });
    await bench.turn();
    bench.awaited();
    await bench.turn();
    bench.commit();
    expect(underWay).toBe(2);
  });

  test('Journal releases nobody early when a group fills up in the middle of a message', async () => {
    const bench = createBench();
    const released: number[] = [];
    for (let row = 0; row < limits.groupRowsMax - 1; row++) bench.reading();
    // A message of three metrics: one row goes to the full group, two to the next, which is joined.
    const seqs = [bench.reading(), bench.reading(), bench.reading()];
    const joined = bench.journal.openGroup;
    bench.journal.hold({ release: (group) => released.push(group) });
    bench.journal.wait();
    await bench.turn();
    expect(bench.posted[0]?.seqs).toHaveLength(limits.groupRowsMax);
    expect(bench.posted[0]?.seqs.at(-1)).toBe(seqs[0]);
    bench.commit();
    expect(released).toEqual([]);
    expect(bench.posted[1]?.seqs).toEqual(seqs.slice(1));
    bench.commit();
    expect(released).toEqual([joined]);
  });

  test('Journal keeps a value as it was given, and the clock of the group', async () => {
    const bench = createBench();
    const at = 5 as EngineMs;
    bench.journal.reading(7 as PointIndex, at, 1_000 as WallMs, -0.1, 33.3, 2);
    bench.journal.flush();
    const group = bench.posted[0]?.group;
    if (group === undefined) throw new Error('nothing was sent');
    const columns = groupColumns(group.buffer, group.capacity);
    expect([columns.point[0], columns.atMs[0], columns.lagMs[0], columns.value[0]]).toEqual([
      7, 1_000, 995, -0.1,
    ]);
    expect([columns.raw[0], columns.quality[0]]).toEqual([33.3, 2]);
    expect(group.stamp).toMatchObject({ bootId: 'boot', wallMs: bench.clock.wallMs() });
    expect(group.dayMs).toBe(Math.floor(bench.clock.wallMs() / 86_400_000) * 86_400_000);
  });

  test('Journal never goes back to the file of an earlier day', () => {
    const bench = createBench();
    bench.journal.flush();
    bench.clock.setWall(0);
    bench.commit();
    bench.journal.flush();
    expect(bench.posted[1]?.group.dayMs).toBe(bench.posted[0]?.group.dayMs);
  });

  test('Journal makes no file of a date that nobody believes', () => {
    const day = 86_400_000;
    const dayAt = (wallMs: number, dayMs: number, passedMs = 0): number | undefined => {
      const bench = createBench({ trusted: false, wallMs, dayMs });
      bench.clock.advance(passedMs);
      bench.journal.flush();
      return bench.posted[0]?.group.dayMs;
    };
    const last = Date.UTC(2027, 4, 6);
    // In 1970, and at the end of the century: on in the newest file, and with each day that passes in the next.
    for (const wallMs of [0, Date.UTC(2099, 0, 1)]) {
      expect(dayAt(wallMs, last)).toBe(last);
      expect(dayAt(wallMs, last, 2 * day)).toBe(last + 2 * day);
    }
    expect(dayAt(0, 0)).toBe(Math.floor(releasedMs / day) * day);
  });

  test('Journal asks for the memories of points once a minute and at the end', async () => {
    let asked = 0;
    const bench = createBench({ memories: () => asked++ });
    bench.journal.flush();
    bench.commit();
    expect(asked).toBe(0);
    bench.clock.advance(60_000);
    bench.journal.flush();
    bench.commit();
    bench.journal.flush();
    bench.commit();
    expect(asked).toBe(1);
    const done = bench.journal.finish();
    bench.commit();
    await done;
    expect(asked).toBe(2);
  });

  test('Journal refuses news of a group that was not under way', () => {
    const bench = createBench();
    expect(() => bench.journal.committed(1, new ArrayBuffer(0))).toThrow('was not under way');
  });
});
