/** Where a value stands in the config: keys and list positions, outermost first. */
export type Path = readonly (string | number)[];

/** One mistake in a config, with its place and its cure. */
export interface Problem {
  readonly file: string;
  /** Both count from 1; columns in UTF-16 units, as editors do. */
  readonly line: number;
  readonly column: number;
  /** What was found. */
  readonly message: string;
  /** What may stand there instead. */
  readonly allowed: string | null;
  /** "Did you mean". */
  readonly suggestion: string | null;
  /** The place in words: `rules.freezer-warm.above`; empty for the whole file. */
  readonly path: string;
}

/** One line for people: `config/limen.yaml:12:5: rules.freezer.abov: unknown key "abov" (...)`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, message, allowed, suggestion, path } = problem;
  const where = path === '' ? '' : `${path}: `;
  const cure = allowed === null ? '' : ` (allowed: ${allowed})`;
  const guess = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  return `${file}:${line}:${column}: ${where}${message}${cure}${guess}`;
}

/** `rules.freezer-warm.then[0].output`; a key that is not a plain word is quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(part) ? part : JSON.stringify(part)}`;
  }
  return text;
}

/** A value as it is quoted in a message: `"warm"`, `the number 5`, `a list`, `nothing`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return value === null || value === undefined ? 'nothing' : 'a map';
}

/** The text in double quotes, control characters escaped, cut where it would fill the screen. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/** The text, cut where it would fill the screen. */
export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
