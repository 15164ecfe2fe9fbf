import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { messageOf } from '../domain/error.ts';
import type { TestFile } from '../domain/rehearsal.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { configLimits } from './limits.ts';
import { buildConfig, loadConfig, type Loaded } from './parse.ts';
import { describeValue, quote, type Path, type Problem } from './problem.ts';
import { createReport, type Report } from './report.ts';
import { isMap } from './schema-parts.ts';
import { checkShapeBy } from './shape.ts';
import { testSchema, type TestInput } from './test-schema.ts';
import { readScripts } from './test-script.ts';

/** A test file that can be run, or everything that keeps it from running. */
export type LoadedTests =
  | { readonly ok: true; readonly file: TestFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What is known beyond the file. */
export interface TestOptions {
  /** The config of files that name none, whatever lies beside them. */
  readonly config?: string;
  /** The config of files that name none and have none of their own name beside them (default limen.yaml). */
  readonly fallback?: string;
  /** Scripted devices there are; left out: any name passes. */
  readonly scenarios?: readonly string[];
}

/** What the names of test files end in. */
export const testEndings = ['.test.yaml', '.test.yml'] as const;

/** Reads and checks a test file and its config: the problems of both, each with its place. */
export async function loadTestFile(path: string, options: TestOptions = {}): Promise<LoadedTests> {
  try {
    const { size } = statSync(path);
    if (size > configLimits.fileBytesMax) {
      const most = configLimits.fileBytesMax;
      return refuse(path, `the file holds ${size} bytes; at most ${most} are read`);
    }
    const bytes = readFileSync(path);
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    return await parseTestFile(text, path, options);
  } catch (error) {
    return refuse(path, `cannot read the test file: ${messageOf(error)}`);
  }
}

/** Turns the text of a test file into tests. `path` need not exist; a config that it names must. */
export async function parseTestFile(
  text: string,
  path: string,
  options: TestOptions = {},
): Promise<LoadedTests> {
  const document = readDocument(text);
  const report = createReport(path, document);
  for (const finding of document.findings) report.finding(finding);
  const { value } = document.tree;
  // Beyond a syntax error the tree is a guess, and so would be everything said about it.
  if (document.brokenFrom !== null) return { ok: false, problems: report.problems() };
  if (!isMap(value)) {
    report.problem([], {
      message: `found ${describeValue(value)}`,
      allowed: 'a map with the key tests',
    });
    return { ok: false, problems: report.problems() };
  }
  // The schema has accepted every part that is left; only its absence is new, and the type says so.
  const input = checkShapeBy(testSchema, value, document, report) as TestInput;
  const found = await findConfig(input, value['config'], { path, options, document, report });
  const config = found?.loaded.ok === true ? found.loaded.config : null;
  const sourceText = document.tree.sourceText;
  const place = (at: Path) => document.place(document.tree.valueOffset(at));
  const directory = dirname(resolve(path));
  const context = { report, directory, readsSecrets: true, sourceText };
  const tests = readScripts(context, input.tests ?? [], config, place);
  const foreign = found !== null && !found.loaded.ok ? found.loaded.problems : [];
  const problems = [...report.problems(), ...foreign];
  if (problems.length > 0 || config === null || found === null) return { ok: false, problems };
  return { ok: true, file: { file: path, configFile: found.file, config, tests } };
}

interface Surroundings {
  readonly path: string;
  readonly options: TestOptions;
  readonly document: ConfigDocument;
  readonly report: Report;
}

/** The config that a test file means; null: it says something that is none, or there is none. */
async function findConfig(
  { config: named }: TestInput,
  written: unknown,
  { path, options, document, report }: Surroundings,
): Promise<{ readonly file: string; readonly loaded: Loaded } | null> {
  const directory = dirname(resolve(path));
  const scenarios = options.scenarios === undefined ? {} : { scenarios: options.scenarios };
  if (isMap(written)) {
    const inner = below(document, ['config']);
    const text = JSON.stringify(written);
    const origin = { ...scenarios, file: path, directory };
    const loaded = buildConfig(text, written, origin, inner, createReport(path, inner));
    return { file: path, loaded };
  }
  if (report.isTouched(['config'])) return null;
  if (typeof named === 'string') {
    const file = isAbsolute(named) ? named : join(dirname(path), named);
    if (existsSync(file)) return { file, loaded: await loadConfig(file, scenarios) };
    report.problem(['config'], {
      message: `there is no file ${quote(named)}`,
      allowed: 'a config file, relative to this file, or a config as a map',
    });
    return null;
  }
  const file = options.config ?? configBeside(path, options.fallback);
  if (file !== null) return { file, loaded: await loadConfig(file, scenarios) };
  report.problem([], {
    message: 'there is no config beside this file',
    allowed: `config: with a file or a map, or a file ${ownConfig(path)} or limen.yaml`,
  });
  return null;
}

// freezer.test.yaml belongs to freezer.yaml; what has no config of its own name belongs to limen.yaml.
function configBeside(path: string, fallback: string | undefined): string | null {
  const own = join(dirname(path), ownConfig(path));
  const candidates = [own, fallback ?? join(dirname(path), 'limen.yaml')];
  return candidates.find((candidate) => existsSync(candidate)) ?? null;
}

function ownConfig(path: string): string {
  return basename(path).replace(/\.test(?=\.ya?ml$)/, '');
}

/** A part of a document as a document of its own, with its true places. */
function below(document: ConfigDocument, path: Path): ConfigDocument {
  const { tree } = document;
  return {
    ...document,
    tree: {
      ...tree,
      valueOffset: (part) => tree.valueOffset([...path, ...part]),
      keyOffset: (part) => tree.keyOffset([...path, ...part]),
      sourceText: (part) => tree.sourceText([...path, ...part]),
    },
  };
}

function refuse(file: string, message: string): LoadedTests {
  const problem = { file, line: 1, column: 1, message, allowed: null, suggestion: null, path: '' };
  return { ok: false, problems: [problem] };
}
