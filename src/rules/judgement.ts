import type { Rule } from '../domain/rule.ts';

/**
 * What of a rule is its judgement (contract 8): two rules with the same text judge alike, everything else about them
 * is applied in place.
 */
export function judgementOf(rule: Rule): string {
  const { points, levels, window, offDelayMs } = rule;
  return JSON.stringify([points.map((pattern) => pattern.text), levels, window, offDelayMs]);
}

const marks = new WeakMap<Rule, string>();

/** A judgement in a few characters, to be stored with each event: the same for the same text, on every machine. */
export function judgementMark(rule: Rule): string {
  const known = marks.get(rule);
  if (known !== undefined) return known;
  const mark = hashText(judgementOf(rule));
  marks.set(rule, mark);
  return mark;
}

// Two FNV-1a hashes side by side: 64 bits, of which nothing but chance can make two the same.
function hashText(text: string): string {
  let one = 0x811c9dc5;
  let other = 0x1b873593;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x5bd1e995);
    other ^= other >>> 15;
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36);
}
