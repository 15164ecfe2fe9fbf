import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { changedBeyondReload } from '../../domain/beyond-reload.ts';
import type { Config } from '../../domain/config.ts';
import { messageOf } from '../../domain/error.ts';
import type { TestFile } from '../../domain/rehearsal.ts';
import { readDocument, type ConfigDocument } from '../text/document.ts';
import { configLimits } from '../limits.ts';
import { buildConfig, loadConfig, type Loaded } from '../parse.ts';
import { describeValue, pathText, quote, type Path, type Problem } from '../text/problem.ts';
import { createReport, type Report } from '../text/report.ts';
import { isMap } from '../text/schema-parts.ts';
import { checkShapeBy } from '../text/shape.ts';
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
  const around = { path, options, document, report };
  const found = await findConfig(input, value['config'], around);
  const config = found?.loaded.ok === true ? found.loaded.config : null;
  const reloads = await loadReloads(input, value['tests'], around);
  const sourceText = document.tree.sourceText;
  const place = (at: Path) => document.place(document.tree.valueOffset(at));
  const directory = dirname(resolve(path));
  const context = { report, directory, readsSecrets: true, sourceText };
  const later = [...reloads.values()].flatMap(({ loaded }) => (loaded.ok ? [loaded.config] : []));
  const names = config === null || later.length < reloads.size ? null : withNamesOf(config, later);
  if (config !== null) checkReloads(report, config, reloads);
  const reloaded = (at: Path): Config | null => {
    const loaded = reloads.get(pathText(at))?.loaded;
    return loaded?.ok === true ? loaded.config : null;
  };
  const tests = readScripts({ ...context, config: names, place, reloaded }, input.tests ?? []);
  const foreign = [found, ...reloads.values()].flatMap((each) =>
    each === null || each.loaded.ok ? [] : each.loaded.problems,
  );
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
): Promise<FoundConfig | null> {
  const scenarios = scenariosOf(options);
  if (isMap(written) || typeof named === 'string') {
    return await readNamedConfig(['config'], named, written, { path, options, document, report });
  }
  if (report.isTouched(['config'])) return null;
  const file = options.config ?? configBeside(path, options.fallback);
  if (file !== null) return { file, loaded: await loadConfig(file, scenarios) };
  report.problem([], {
    message: 'there is no config beside this file',
    allowed: `config: with a file or a map, or a file ${ownConfig(path)} or limen.yaml`,
  });
  return null;
}

interface FoundConfig {
  readonly file: string;
  readonly loaded: Loaded;
}

/** A config that stands at `at`, as a map or by its file. `written` is the value before its shape was checked. */
async function readNamedConfig(
  at: Path,
  named: unknown,
  written: unknown,
  { path, options, document, report }: Surroundings,
): Promise<FoundConfig | null> {
  const scenarios = scenariosOf(options);
  if (isMap(written)) {
    const inner = below(document, at);
    const text = JSON.stringify(written);
    const origin = { ...scenarios, file: path, directory: dirname(resolve(path)) };
    const loaded = buildConfig(text, written, origin, inner, createReport(path, inner));
    return { file: path, loaded };
  }
  if (report.isTouched(at) || typeof named !== 'string') return null;
  const file = isAbsolute(named) ? named : join(dirname(path), named);
  if (existsSync(file)) return { file, loaded: await loadConfig(file, scenarios) };
  report.problem(at, {
    message: `there is no file ${quote(named)}`,
    allowed: 'a config file, relative to this file, or a config as a map',
  });
  return null;
}

function scenariosOf({ scenarios }: TestOptions): Pick<TestOptions, 'scenarios'> {
  return scenarios === undefined ? {} : { scenarios };
}

interface Reload extends FoundConfig {
  readonly at: Path;
}

/** The configs of all steps that reload, by the path of their key. */
async function loadReloads(
  { tests = [] }: TestInput,
  written: unknown,
  around: Surroundings,
): Promise<ReadonlyMap<string, Reload>> {
  const reloads = new Map<string, Reload>();
  for (const [index, test] of tests.entries()) {
    for (const [place, step] of (test?.steps ?? []).entries()) {
      if (step?.reload === undefined) continue;
      const at = ['tests', index, 'steps', place, 'reload'];
      const value = at.slice(1).reduce(partOf, written);
      const found = await readNamedConfig(at, step.reload, value, around);
      if (found !== null) reloads.set(pathText(at), { ...found, at });
    }
  }
  return reloads;
}

function partOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isMap(value) ? value[key] : undefined;
}

// What the running program would refuse as a whole.
function checkReloads(report: Report, config: Config, reloads: ReadonlyMap<string, Reload>): void {
  for (const { at, loaded } of reloads.values()) {
    const fixed = loaded.ok ? changedBeyondReload(config, loaded.config) : null;
    if (fixed === null) continue;
    const message = `a change of ${fixed} needs a restart`;
    report.problem(at, { message, allowed: 'a config that differs in what a reload can change' });
  }
}

/** The config with the names of others: what a test may speak of that reloads. */
function withNamesOf(config: Config, others: readonly Config[]): Config {
  const all = <T>(part: (one: Config) => readonly T[]): readonly T[] =>
    [config, ...others].flatMap(part);
  const outputs = new Map(all((one) => one.outputs).map((each) => [each.name, each]));
  const notifiers = new Map(all((one) => one.notifiers).map((each) => [each.name, each]));
  return {
    ...config,
    rules: all((one) => one.rules),
    points: all((one) => one.points),
    outputs: [...outputs.values()],
    notifiers: [...notifiers.values()],
  };
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
