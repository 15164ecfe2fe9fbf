import type { TimelineEntry } from '../domain/rehearsal.ts';

/** What happened, line by line. */
export interface Timeline {
  add(atMs: number, kind: TimelineEntry['kind'], text: string): void;
  readonly entries: readonly TimelineEntry[];
}

/** So many other points may report between two readings that become one line. */
const lookBackMax = 8;

/** Creates an empty timeline. Equal readings of one point that follow each other become one line with a count. */
export function createTimeline(): Timeline {
  const entries: TimelineEntry[] = [];

  // Only over other readings: whatever else happens between them ends the line.
  const sameReading = (text: string): number => {
    const point = text.slice(0, text.indexOf(' '));
    for (let back = 1; back <= Math.min(lookBackMax, entries.length); back += 1) {
      const entry = entries.at(-back);
      if (entry?.kind !== 'reading') return -1;
      if (entry.text === text) return entries.length - back;
      if (entry.text.startsWith(`${point} `)) return -1;
    }
    return -1;
  };

  return {
    entries,
    add(atMs, kind, text) {
      const index = kind === 'reading' ? sameReading(text) : -1;
      const same = entries[index];
      if (same === undefined) entries.push({ atMs, untilMs: atMs, count: 1, kind, text });
      else entries[index] = { ...same, untilMs: atMs, count: same.count + 1 };
    },
  };
}
