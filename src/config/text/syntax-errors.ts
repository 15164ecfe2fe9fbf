import type { Document, YAMLParseError } from 'yaml';
import { configLimits } from '../limits.ts';
import type { Finding } from './finding.ts';
import { shorten } from './problem.ts';

/** What the YAML library finds wrong with a text. */
export type SyntaxError = Document.Parsed['warnings'][number] | YAMLParseError;

/** A shape that is not what was meant makes the library stumble over each word that follows: that is no further mistake. */
export function withoutFollowUps(
  errors: readonly SyntaxError[],
  lineOf: (offset: number) => number,
): readonly SyntaxError[] {
  const first = errors.find(({ code }) => code === 'UNEXPECTED_TOKEN');
  if (first === undefined) return errors;
  const line = lineOf(first.pos[0]);
  const from = errors.indexOf(first);
  return errors.filter(
    ({ code, pos }, index) =>
      index <= from || (code !== 'UNEXPECTED_TOKEN' && lineOf(pos[0]) !== line),
  );
}

const cures: Readonly<Partial<Record<SyntaxError['code'], string>>> = {
  TAB_AS_INDENT: 'spaces; replace the tab',
  BAD_SCALAR_START: 'such a text in quotes',
  TAG_RESOLVE_FAILED: 'values without a YAML tag',
  MULTIPLE_DOCS: 'one document; remove the --- line and join the parts',
  BLOCK_AS_IMPLICIT_KEY: 'a text that contains ": " in quotes, or one key a line',
};

/** Says what is wrong in words for a person. `text`: as it was written. */
export function syntaxFinding(error: SyntaxError, text: string, mark: string): Finding {
  const offset = error.pos[0];
  const braced = error.code === 'UNEXPECTED_TOKEN' ? bracedAt(text, offset) : null;
  if (braced !== null) return bareBraces(braced);
  const words = error.code === 'MULTIPLE_DOCS' ? 'a second document begins' : error.message;
  const message = words.split('\n', 1)[0] ?? words;
  return {
    offset,
    message: `not valid YAML: ${message.replaceAll(mark, '*')}`,
    allowed: cures[error.code] ?? null,
    suggestion: null,
  };
}

interface Braced {
  readonly offset: number;
  readonly word: string;
}

// `{device}` in a text is a map of its own to YAML where it begins the text, and within [ ] and { }.
function bareBraces({ offset, word }: Braced): Finding {
  return {
    offset,
    message: `not valid YAML: ${shorten(word)} without quotes, in which { begins a map`,
    allowed: 'a text with {names} in quotes',
    suggestion: word.length > configLimits.nameCharsMax ? null : JSON.stringify(word),
  };
}

/** The text around a place, if it has names in braces, such as `sensors/{device}/{metric}`; null: it has none. */
function bracedAt(text: string, offset: number): Braced | null {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  // `{device} is warm` is a map to YAML, and then something that nobody expects.
  const name = /\{\w+\}[ \t]*$/.exec(line);
  const start = offset - line.length + (name?.index ?? wordStart(line));
  const isInFlow = /[[{]/.test(line.slice(0, name?.index ?? 0));
  const end = name === null ? word : isInFlow ? part : sentence;
  const found = end.exec(text.slice(start))?.[0].trimEnd() ?? '';
  return /\{\w+\}/.test(found) && !/^\{\w+\}$/.test(found) ? { offset: start, word: found } : null;
}

// By hand: a pattern for the end of a text is tried at each of its characters, to its end.
function wordStart(line: string): number {
  let at = line.length;
  while (at > 0 && !/[\s,[]/.test(line.charAt(at - 1))) at -= 1;
  return at;
}

const word = /^(?:\{\w+\}|[^\s,[\]{}])*/;
// Within [ ] and { } a comma ends a text.
const part = /^(?:\{\w+\}|[^\n#,[\]{}])*/;
const sentence = /^(?:\{\w+\}|[^\n#[\]{}])*/;
