import { readSwitchWord } from '../domain/state.ts';

/** What a single word or number says. */
export type Word =
  | { readonly kind: 'number'; readonly value: number }
  /** With the word itself: where states are words, `off` is one of them. */
  | { readonly kind: 'boolean'; readonly value: boolean; readonly text: string }
  /** A word that says there is no value: quality, never a number. */
  | { readonly kind: 'none'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

// The whole text must be a number: a prefix such as `27,00` or `12abc` is not one.
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const noneWords: ReadonlySet<string> = new Set([
  '',
  'null',
  'none',
  'nan',
  '-nan',
  '+nan',
  'inf',
  '-inf',
  '+inf',
  'infinity',
  '-infinity',
  '+infinity',
  'unavailable',
  'unknown',
  'undefined',
  'n/a',
  'na',
  '-',
  '--',
  'error',
]);

/** Reads one word. A number that is too large for a double is no value. */
export function readWord(text: string): Word {
  const trimmed = text.trim();
  if (numberPattern.test(trimmed)) {
    const value = Number(trimmed);
    return Number.isFinite(value) ? { kind: 'number', value } : { kind: 'none', text: trimmed };
  }
  const lower = trimmed.length <= 16 ? trimmed.toLowerCase() : trimmed;
  const boolean = readSwitchWord(trimmed);
  if (boolean !== null) return { kind: 'boolean', value: boolean, text: trimmed };
  if (noneWords.has(lower)) return { kind: 'none', text: trimmed };
  return { kind: 'text', text: trimmed };
}
