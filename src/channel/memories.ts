import type { Engine, PointMemory } from '../domain/engine.ts';
import type { PointIndex } from '../domain/point.ts';

/** Finds which point memories changed, so that only those are written again. */
export interface Memories {
  /** Memories that changed since the last call. */
  takeChanged(): PointMemory[];
}

/** `stored`: what is on disk already; `lastIndex`: the largest index given to a point. */
export function createMemories(
  engine: Engine,
  stored: readonly PointMemory[],
  lastIndex: () => number,
): Memories {
  const storedSeqs = new Map<number, number | null>(stored.map(({ index, seq }) => [index, seq]));
  return {
    takeChanged() {
      const changed: PointMemory[] = [];
      for (let index = 1; index <= lastIndex(); index++) {
        const memory = engine.pointMemory(index as PointIndex);
        if (memory === null || memory.seq === null || storedSeqs.get(index) === memory.seq)
          continue;
        storedSeqs.set(index, memory.seq);
        changed.push(memory);
      }
      return changed;
    },
  };
}
