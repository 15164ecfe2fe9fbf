import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerHeap, type Timed } from '../../src/rules/timer-heap.ts';

interface Item extends Timed {
  readonly name: number;
}

test('takeDue() gives items in the order of due time, then of the tie-breaker, however often they are put off', () => {
  const change = fc.record({
    name: fc.nat({ max: 30 }),
    dueMs: fc.oneof(fc.nat({ max: 40 }), fc.constant(Infinity)),
  });
  const step = fc.record({
    changes: fc.array(change, { maxLength: 40 }),
    atMs: fc.nat({ max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const heap = new TimerHeap<Item>((a, b) => a.name - b.name);
      const items = Array.from({ length: 31 }, (_, name): Item => ({
        name,
        dueMs: Infinity,
        placedMs: Infinity,
        heapIndex: -1,
      }));
      // What the heap should know: when each is due.
      const dues = new Map<Item, number>();
      for (const { changes, atMs } of steps) {
        for (const { name, dueMs } of changes) {
          const item = items[name];
          if (item === undefined) continue;
          heap.schedule(item, dueMs);
          dues.set(item, dueMs);
        }
        const expected = [...dues]
          .filter(([, dueMs]) => dueMs <= atMs)
          .toSorted(([a, aMs], [b, bMs]) => aMs - bMs || a.name - b.name)
          .map(([item]) => item);
        const taken: Item[] = [];
        for (let item = heap.takeDue(atMs); item !== null; item = heap.takeDue(atMs)) {
          expect(item.dueMs).toBe(dues.get(item));
          taken.push(item);
          dues.delete(item);
        }
        expect(taken).toEqual(expected);
        expect(heap.nextDueMs).toBe(Math.min(Infinity, ...dues.values()));
      }
    }),
  );
});
