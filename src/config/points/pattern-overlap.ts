import type { PointPattern } from '../../domain/point.ts';
import { splitPoint } from './point-units.ts';

/** Whether there can be a point that both patterns match. */
export function overlap(one: PointPattern, other: PointPattern): boolean {
  const [a, b] = [splitPoint(one.text), splitPoint(other.text)];
  return partsOverlap(a.device, b.device) && partsOverlap(a.metric, b.metric);
}

// Both walk together; a star of either may stand for whatever the other has next. Row by row, as of an edit distance.
function partsOverlap(a: string, b: string): boolean {
  if (!a.includes('*') && !b.includes('*')) return a === b;
  let row = startsOf(b);
  for (const letter of a) {
    const next = [letter === '*' && row[0] === true];
    for (const [index, other] of Array.from(b).entries()) {
      next.push(
        letter === '*' || other === '*'
          ? row[index + 1] === true || next[index] === true
          : letter === other && row[index] === true,
      );
    }
    row = next;
  }
  return row.at(-1) === true;
}

// How much of a pattern can stand for nothing.
function startsOf(text: string): boolean[] {
  const stars = /^\**/.exec(text)?.[0].length ?? 0;
  return Array.from({ length: Array.from(text).length + 1 }, (_, index) => index <= stars);
}
