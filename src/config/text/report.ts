import type { ConfigDocument } from './document.ts';
import type { Finding } from './finding.ts';
import { configLimits } from '../limits.ts';
import { pathText, type Path, type Problem } from './problem.ts';

/** What is wrong with one value. */
export interface Mistake {
  /** What was found. */
  readonly message: string;
  /** What may stand there. */
  readonly allowed?: string | null;
  /** Did you mean; with quotes if it is text. */
  readonly suggestion?: string | null;
  /** Points at the key instead of its value. */
  readonly atKey?: boolean;
  /** Characters into the text of the value: points inside it where that is possible. */
  readonly textAt?: number;
}

/** Collects everything that is wrong, with its place. */
export interface Report {
  problem(path: Path, mistake: Mistake): void;
  /** What works, but probably not as meant. */
  warning(path: Path, mistake: Mistake): void;
  /** A problem of the text itself. */
  finding(finding: Finding): void;
  /** Whether a problem is known at this value or inside it: what follows from it is then not worth a line. */
  isTouched(path: Path): boolean;
  /** Problems in the order of the file. */
  problems(): readonly Problem[];
  warnings(): readonly Problem[];
}

/** A report about one document. */
export function createReport(file: string, document: ConfigDocument): Report {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const touched = new Set<string>();

  function located(path: Path, mistake: Mistake): Problem {
    const { tree } = document;
    const start =
      mistake.atKey === true
        ? tree.keyOffset(path)
        : tree.valueOffset(path) + document.textOffset(path, mistake.textAt ?? 0);
    return {
      file,
      ...document.place(start),
      message: mistake.message,
      allowed: mistake.allowed ?? null,
      suggestion: mistake.suggestion ?? null,
      path: pathText(path),
    };
  }

  return {
    problem(path, mistake) {
      for (let length = 0; length <= path.length; length += 1) {
        touched.add(JSON.stringify(path.slice(0, length)));
      }
      if (problems.length < configLimits.problemsMax) problems.push(located(path, mistake));
    },
    warning(path, mistake) {
      if (warnings.length < configLimits.problemsMax) warnings.push(located(path, mistake));
    },
    finding({ offset, message, allowed, suggestion }) {
      if (problems.length >= configLimits.problemsMax) return;
      problems.push({ file, ...document.place(offset), message, allowed, suggestion, path: '' });
    },
    isTouched: (path) => touched.has(JSON.stringify(path)),
    problems: () => problems.toSorted(byPlace),
    warnings: () => warnings.toSorted(byPlace),
  };
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
