import { RE2JS } from 're2js';
import { isName } from '../domain/name.ts';
import { noise, readLineText } from './line-text.ts';
import type { Decoded, Item } from './payload.ts';
import { readWord } from './word.ts';

/** A pattern that reads lines, or why it cannot. */
export type CompiledPattern =
  | { readonly ok: true; decode(line: Buffer): Decoded }
  | { readonly ok: false; readonly reason: string };

/**
 * Compiles a pattern of RE2 syntax, which takes linear time whatever the line. Its named groups are metrics; a line in
 * which it is found is one of readings.
 */
export function compileLinePattern(pattern: string): CompiledPattern {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: reason.replace(/^error parsing regexp: /, '') };
  }
  const metrics = Object.keys(compiled.namedGroups());
  if (metrics.length === 0) return { ok: false, reason: 'no named group' };
  if (!metrics.every(isName)) return { ok: false, reason: 'a group whose name is too long' };
  return {
    ok: true,
    decode(line) {
      const text = readLineText(line);
      if (text === null) return noise;
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return { ok: false, reason: 'the pattern is not found' };
      const items = metrics.flatMap((metric): readonly Item[] => {
        const found: string | null = matcher.group(metric);
        if (found === null) return [];
        return [{ metric, word: readWord(found), unit: null, quality: null, atMs: null }];
      });
      return items.length > 0 ? { ok: true, items } : { ok: false, reason: 'no group is filled' };
    },
  };
}

/** Why a pattern cannot read lines, in words; null: it can. */
export function linePatternProblem(pattern: string): string | null {
  const compiled = compileLinePattern(pattern);
  return compiled.ok ? null : compiled.reason;
}
