import { LineCounter, parseDocument, type Document } from 'yaml';
import { markBareGlobs } from './bare-globs.ts';
import { convertTree, type Tree } from './convert.ts';
import { tooDeep, type Finding } from './finding.ts';
import { configLimits } from '../limits.ts';
import type { Path } from './problem.ts';
import { syntaxFinding, withoutFollowUps } from './syntax-errors.ts';

/** A config text as a tree of plain values, each of which can be found again in the text. */
export interface ConfigDocument {
  readonly tree: Tree;
  readonly findings: readonly Finding[];
  /** From here on the tree may not be what was meant; null: the syntax is sound. */
  readonly brokenFrom: number | null;
  /** Line and column, from 1, of an offset. */
  place(offset: number): { readonly line: number; readonly column: number };
  /** How far behind the start of a value so many characters of its text lie; 0 where escapes or folds hide it. */
  textOffset(path: Path, characters: number): number;
}

/** Reads YAML 1.2; never throws, whatever the text is. */
export function readDocument(text: string): ConfigDocument {
  const { text: marked, mark } = markBareGlobs(text);
  const place = createPlaces(text);
  const document = parseMarked(marked);
  const tree = convertTree(document, mark);
  if (document === null) {
    const findings = [tooDeep(deepestOffset(text))];
    return { tree, findings, brokenFrom: 0, place, textOffset: () => 0 };
  }
  const errors = [...document.errors, ...document.warnings];
  // Where nesting is too deep the parser itself gives up, in words that help nobody.
  const end = tree.tooDeepFrom ?? Infinity;
  const told = withoutFollowUps(
    errors.filter(({ pos }) => pos[0] < end),
    (offset) => place(offset).line,
  );
  // A bad first character keeps the value as it was meant; everything else changes the shape of what follows.
  const breaks = told.filter(
    ({ code }) => code !== 'BAD_SCALAR_START' && code !== 'TAG_RESOLVE_FAILED',
  );
  const brokenFrom = Math.min(end, ...breaks.slice(0, 1).map(({ pos }) => pos[0]));
  return {
    tree,
    findings: [...tree.findings, ...told.map((error) => syntaxFinding(error, text, mark))],
    brokenFrom: brokenFrom === Infinity ? null : brokenFrom,
    place,
    textOffset: (path, characters) => findInside(text, tree, path, characters),
  };
}

// Plain text begins where its value does, quoted text one character later.
function findInside(text: string, tree: Tree, path: Path, characters: number): number {
  const written = tree.sourceText(path);
  if (characters === 0 || written === null) return 0;
  const start = tree.valueOffset(path);
  const margin = [0, 1].find((quotes) => text.startsWith(written, start + quotes));
  return margin === undefined ? 0 : margin + characters;
}

function createPlaces(text: string): ConfigDocument['place'] {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const match of text.matchAll(/\n/g)) lines.addNewLine(match.index + 1);
  return (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
}

// Duplicate keys are found by the reader of the tree: the library compares each key with each other one.
function parseMarked(text: string): Document.Parsed | null {
  try {
    return parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    // The library is recursive: brackets nested thousands deep exhaust the stack.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

// Only for a text the library gave up on: the first place that opens more than any config does.
function deepestOffset(text: string): number {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if ('[{'.includes(character) || ('-?:'.includes(character) && text[offset + 1] === ' ')) {
      depth += 1;
      if (depth > configLimits.depthMax) return offset;
    } else if (character === '\n' || ']}'.includes(character)) {
      depth = Math.max(0, depth - 1);
    }
  }
  return 0;
}
