import type { Command } from 'commander';
import type { PointExplanation } from '../config/rules/explain.ts';
import { configLimits } from '../config/limits.ts';
import { formatProblem } from '../config/text/problem.ts';
import { unmatchedRules } from '../domain/clause.ts';
import type { Config } from '../domain/config.ts';
import { LimenError } from '../domain/error.ts';
import type { Point } from '../domain/point.ts';
import type { Queries } from '../storage/queries.ts';
import type { CliHost } from './cli-host.ts';
import { checkConfig, findConfig, withConfigOption, type ConfigOption } from './config-file.ts';
import { paint } from './terminal.ts';
import { formatCount, formatDuration, formatJson, printable, printableLines } from './text.ts';

interface Options extends ConfigOption {
  readonly explain?: string;
  readonly json?: true;
}

/** `limen check`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('[file]', 'the config file (the same as --config)')
    .option('-e, --explain <device/metric>', 'print what the config says about a point')
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Prints every problem with its place, what is allowed, and what was probably meant; exits with 2 if
there is any. Warns of outputs that are not fail-safe, and names the rules that match no point yet.

Examples:
  limen check
  limen check config/limen.yaml
  limen check --explain freezer-1/temperature
  limen check --json | jq '.problems[].message'`,
    )
    .action(async (file: string | undefined, options: Options) => {
      const config = file ?? options.config;
      const path = findConfig(host, config === undefined ? {} : { config });
      await check(path, options, host);
    });
}

async function check(path: string, options: Options, host: CliHost): Promise<void> {
  const loaded = await checkConfig(path, host);
  if (!loaded.ok) {
    host.setExitCode(2);
    if (options.json) return host.out.write(formatJson({ ok: false, problems: loaded.problems }));
    const lines = loaded.problems.map((problem) => `${printable(formatProblem(problem))}\n`);
    const count = formatCount(loaded.problems.length, 'problem');
    // No more are looked for: nobody may take them for all.
    const total = loaded.problems.length < configLimits.problemsMax ? count : `the first ${count}`;
    return host.out.write(`${lines.join('')}${paint(host.out, 'red', total)}\n`);
  }
  const { config, warnings } = loaded;
  if (options.explain !== undefined) return explain(options.explain, config, path, options, host);
  const unmatched = await findUnmatchedRules(config, host);
  if (options.json) {
    return host.out.write(formatJson({ ok: true, warnings, unmatched_rules: unmatched }));
  }
  for (const warning of warnings) {
    await host.out.write(
      `${paint(host.out, 'yellow', 'warning')} ${printable(formatProblem(warning))}\n`,
    );
  }
  for (const rule of unmatched) {
    await host.out.write(`rule ${printable(rule)} matches no point yet\n`);
  }
  const { rules, sources, outputs, notifiers } = config;
  const parts = [
    formatCount(rules.length, 'rule'),
    formatCount(sources.length, 'source'),
    formatCount(outputs.length, 'output'),
    formatCount(notifiers.length, 'notifier'),
  ];
  await host.out.write(`${printable(path)}: ok, ${parts.join(', ')}\n`);
}

async function explain(
  point: string,
  config: Config,
  path: string,
  options: Options,
  host: CliHost,
): Promise<void> {
  if (!point.includes('/')) {
    throw new LimenError('invalid', `--explain: "${point}" must be device/metric`);
  }
  const { explainPoint, formatExplanation } = await import('../config/rules/explain.ts');
  const explanation = explainPoint(config, point);
  const learned = await withQueries(config.storage.directory, host, (queries) =>
    queries.learnedStaleAfterMs(point),
  );
  if (options.json) {
    const json = { ...explanationJson(explanation), learned_stale_after_ms: learned };
    return host.out.write(formatJson(json));
  }
  await host.out.write(`${printableLines(formatExplanation(explanation, path))}\n`);
  if (learned === null) return;
  const isSet = explanation.settings.some(({ key }) => key === 'expect_every');
  const note = isSet ? ', but expect_every is set' : '';
  await host.out.write(
    `  learned from its readings: stale after ${formatDuration(learned)}${note}\n`,
  );
}

function explanationJson({ point, settings, rules }: PointExplanation): Record<string, unknown> {
  return {
    point,
    settings: settings.map(({ isOverridden, ...setting }) => ({
      ...setting,
      is_overridden: isOverridden,
    })),
    rules,
  };
}

/** Rules for which no point was ever heard or declared: all of them before the first start. */
async function findUnmatchedRules(config: Config, host: CliHost): Promise<readonly string[]> {
  return unmatchedRules(config.rules, await readPoints(config.storage.directory, host));
}

// Read from the files, whether Limen runs or not: the config that is checked need not be the one that runs.
async function readPoints(directory: string, host: CliHost): Promise<readonly Point[]> {
  return (await withQueries(directory, host, (queries) => queries.points())) ?? [];
}

/** The answer of the files; null: there are none. */
async function withQueries<T>(
  directory: string,
  host: CliHost,
  ask: (queries: Queries) => T,
): Promise<T | null> {
  const { openQueries } = await import('../storage/queries.ts');
  const queries = openQueries(directory, host.log.warn);
  try {
    return queries === null ? null : ask(queries);
  } finally {
    queries?.close();
  }
}
