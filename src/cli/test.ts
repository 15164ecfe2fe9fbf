import { existsSync, globSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { formatProblem, type Problem } from '../config/text/problem.ts';
import { LimenError, messageOf } from '../domain/error.ts';
import type { Outcome, TestFile } from '../domain/rehearsal.ts';
import type { CliHost } from './cli-host.ts';
import { findConfig, withConfigOption, type ConfigOption } from './config-file.ts';
import { junitXml } from './junit.ts';
import { paint } from './terminal.ts';
import { fileLines, outcomeLines, totalLines, type FileResult } from './test-report.ts';
import { formatCount, formatJson, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly filter?: string;
  readonly junit?: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** `limen test`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('[files...]', 'test files, or folders with them (default: *.test.yaml by the config)')
    .option('-f, --filter <text>', 'run only the tests whose name has this text')
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--json', 'print a JSON object')
    .option('-v, --verbose', 'print what happened in every test, not only where one failed')
    .addHelpText(
      'after',
      `
Runs the rules in virtual time: readings and clock steps in, expected alerts, outputs and
notifications out. No sensor, no network, no waiting; the live program is not touched.
A file x.test.yaml is run with the config x.yaml beside it, else with limen.yaml, unless it names
another. Exits with 1 if a test fails, with 2 if a file has mistakes.

Examples:
  limen test
  limen test config/examples
  limen test freezer.test.yaml --filter "after ten minutes" --verbose
  limen test --junit results.xml`,
    )
    .action((paths: string[], options: Options) => runTests(host, paths, options));
}

async function runTests(host: CliHost, paths: readonly string[], options: Options): Promise<void> {
  const files = await loadAll(host, paths, options);
  if (files === null) return;
  const wanted = (name: string): boolean =>
    options.filter === undefined || name.toLowerCase().includes(options.filter.toLowerCase());
  if (!files.some(({ tests }) => tests.some(({ name }) => wanted(name)))) {
    throw new LimenError('invalid', `No test has "${options.filter ?? ''}" in its name`);
  }
  const startMs = host.clock.monotonicMs();
  const results: FileResult[] = [];
  for (const file of files) {
    const scripts = file.tests.filter(({ name }) => wanted(name));
    if (scripts.length === 0) continue;
    const outcomes: { outcome: Outcome; tookMs: number }[] = [];
    for (const script of scripts) {
      const beganMs = host.clock.monotonicMs();
      const outcome = await host.rehearse(file.config, script);
      outcomes.push({ outcome, tookMs: host.clock.monotonicMs() - beganMs });
    }
    const result = { file: file.file, configFile: file.configFile, outcomes };
    results.push(result);
    if (!options.json) await printFile(host, result, options.verbose === true);
  }
  const tookMs = host.clock.monotonicMs() - startMs;
  const failed = results.some(({ outcomes }) => outcomes.some((each) => !isPassed(each.outcome)));
  if (failed) host.setExitCode(1);
  if (options.junit !== undefined) writeJunit(options.junit, junitXml(results, tookMs));
  if (options.json) return host.out.write(formatJson(resultsJson(results, !failed)));
  await host.out.write(totalLines(results, tookMs, host.out));
}

function isPassed({ failures }: Outcome): boolean {
  return failures.length === 0;
}

async function printFile(host: CliHost, result: FileResult, isVerbose: boolean): Promise<void> {
  await host.out.write(fileLines(result, host.out));
  for (const { outcome, tookMs } of result.outcomes) {
    await host.out.write(outcomeLines(outcome, { tookMs, isVerbose, file: result.file }, host.out));
  }
}

/** Every file, or null where one has mistakes: then all of them were told, and nothing is run. */
async function loadAll(
  host: CliHost,
  paths: readonly string[],
  options: Options,
): Promise<TestFile[] | null> {
  const { loadTestFile } = await import('../config/tests/test-file.ts');
  const scenarios = await host.scenarioNames();
  const config = options.config === undefined ? null : findConfig(host, options);
  // Found beside a config, a file may all the same belong to another one there.
  const given = config === null ? {} : paths.length > 0 ? { config } : { fallback: config };
  const problems = new Map<string, Problem>();
  const files: TestFile[] = [];
  for (const path of await findFiles(host, paths, options)) {
    const loaded = await loadTestFile(path, { scenarios, ...given });
    if (loaded.ok) files.push(loaded.file);
    // Two files may share a config, whose mistakes are worth one line each.
    else for (const problem of loaded.problems) problems.set(formatProblem(problem), problem);
  }
  if (problems.size === 0) return files;
  host.setExitCode(2);
  if (options.json) {
    await host.out.write(formatJson({ ok: false, problems: [...problems.values()] }));
    return null;
  }
  for (const line of problems.keys()) await host.out.write(`${printable(line)}\n`);
  await host.out.write(`${paint(host.out, 'red', formatCount(problems.size, 'problem'))}\n`);
  return null;
}

async function findFiles(
  host: CliHost,
  paths: readonly string[],
  options: ConfigOption,
): Promise<string[]> {
  const { testEndings } = await import('../config/tests/test-file.ts');
  const names = testEndings.map((ending) => `*${ending}`);
  if (paths.length === 0) {
    const folder = dirname(findConfig(host, options));
    const found = globSync(names, { cwd: folder }).toSorted();
    if (found.length > 0) return found.map((name) => join(folder, name));
    throw new LimenError('invalid', `There is no *.test.yaml in ${folder}`);
  }
  const found = paths.flatMap((path) => {
    if (!existsSync(path)) throw new LimenError('invalid', `There is no file "${path}"`);
    if (!statSync(path).isDirectory()) return [path];
    const inside = globSync(
      names.map((name) => `**/${name}`),
      { cwd: path, exclude: (name) => name.endsWith('node_modules') },
    ).toSorted();
    if (inside.length > 0) return inside.map((name) => join(path, name));
    throw new LimenError('invalid', `There is no *.test.yaml in ${path}`);
  });
  return [...new Set(found)];
}

function writeJunit(path: string, xml: string): void {
  try {
    writeFileSync(path, xml);
  } catch (error) {
    throw new LimenError('unavailable', `Cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function resultsJson(results: readonly FileResult[], ok: boolean): Record<string, unknown> {
  const all = results.flatMap(({ outcomes }) => outcomes);
  const passed = all.filter(({ outcome }) => isPassed(outcome)).length;
  return {
    ok,
    passed,
    failed: all.length - passed,
    files: results.map(({ file, configFile, outcomes }) => ({
      file,
      config: configFile,
      tests: outcomes.map(({ outcome, tookMs }) => ({
        name: outcome.name,
        line: outcome.line,
        column: outcome.column,
        ok: isPassed(outcome),
        span_ms: outcome.spanMs,
        took_ms: Math.round(tookMs),
        failures: outcome.failures.map(({ atMs, ...failure }) => ({ at_ms: atMs, ...failure })),
        events: outcome.events.map(({ atMs, ...event }) => ({ at_ms: atMs, ...event })),
      })),
    })),
  };
}
