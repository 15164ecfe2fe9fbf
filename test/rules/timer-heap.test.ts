import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerHeap, type Timed } from '../../src/rules/timer-heap.ts';

interface Item extends Timed {
  readonly name: number;
}

test('takeDue() gives items in the order of due time, then of the tie-breaker', () => {
  const change = fc.record({
    name: fc.nat({ max: 30 }),
    dueMs: fc.oneof(fc.nat({ max: 20 }), fc.constant(Infinity)),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), fc.nat({ max: 20 }), (changes, atMs) => {
      const heap = new TimerHeap<Item>((a, b) => a.name - b.name);
      const items = Array.from({ length: 31 }, (_, name): Item => ({
        name,
        dueMs: Infinity,
        heapIndex: -1,
      }));
      for (const { name, dueMs } of changes) {
        const item = items[name];
        if (item !== undefined) heap.schedule(item, dueMs);
      }
      const expected = items
        .filter((item) => item.dueMs <= atMs)
        .toSorted((a, b) => a.dueMs - b.dueMs || a.name - b.name);
      const taken: Item[] = [];
      for (let item = heap.takeDue(atMs); item !== null; item = heap.takeDue(atMs)) {
        taken.push(item);
      }
      expect(taken).toEqual(expected);
      expect(heap.nextDueMs).toBeGreaterThan(atMs);
    }),
  );
});
