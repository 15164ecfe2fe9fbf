import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatProblem, type Problem } from '../config/text/problem.ts';
import type { AlertDifference, BacktestOutcome, RaisedSpan } from '../domain/backtest.ts';
import type { Config } from '../domain/config.ts';
import { LimenError } from '../domain/error.ts';
import type { WallMs } from '../domain/time.ts';
import { outcomeLines } from './backtest-report.ts';
import type { CliHost } from './cli-host.ts';
import { checkConfig, findConfig, withConfigOption, type ConfigOption } from './config-file.ts';
import { createProgressBar } from './progress-bar.ts';
import { paint } from './terminal.ts';
import { formatCount, formatJson, printable } from './text.ts';
import { parseTimeArgument } from './time-argument.ts';

interface Options extends ConfigOption {
  readonly against?: string;
  readonly rule?: string;
  readonly from: string;
  readonly to?: string;
  readonly json?: true;
}

/** `limen backtest`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--against <file>', 'compare with this config (default: the one in force)')
    .option('-r, --rule <name>', 'only this rule')
    .option('--from <time>', 'not before: 2026-11-23T07:00, ms since 1970, or 12h, 30d ago', '30d')
    .option('--to <time>', 'before: written likewise (default: now)')
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Runs the rules of the config over the stored readings and prints what would have been different:
alerts gained, lost and moved. Reads the files of the data folder and changes nothing, whether Limen
runs or not. Units and valid ranges are not applied anew to what is stored; every alert counts as
acknowledged, and as reset, at once.

Examples:
  limen backtest --config new.yaml
  limen backtest --config new.yaml --rule freezer-warm --from 7d
  limen backtest --config new.yaml --against config/limen.yaml --json`,
    )
    .action((options: Options) => runBacktest(host, options));
}

async function runBacktest(host: CliHost, options: Options): Promise<void> {
  const nowMs = host.clock.wallMs();
  const fromMs = parseTimeArgument('--from', options.from, nowMs);
  const toMs = options.to === undefined ? null : parseTimeArgument('--to', options.to, nowMs);
  if (toMs !== null && fromMs > toMs) {
    throw new LimenError('invalid', '--from must not be later than --to');
  }
  const path = findConfig(host, options);
  const after = await loadOrTell(host, path, options);
  if (after === null) return;
  const { directory } = after.storage;
  const before =
    options.against === undefined
      ? await readConfigInForce(host, directory, path)
      : await loadOrTell(host, findConfig(host, { config: options.against }), options);
  if (before === null) return;
  await checkRule(options.rule ?? null, [before, after]);

  const bar = createProgressBar(host.err, host.clock);
  const startedMs = host.clock.monotonicMs();
  const outcome = await host.backtest({
    directory,
    before,
    after,
    rule: options.rule ?? null,
    fromMs: fromMs as WallMs,
    toMs: toMs as WallMs | null,
    onProgress: bar.show,
    onUnreadable: (file, error) =>
      host.log.warn('a file cannot be read: its data is missing here', { path: file, error }),
  });
  bar.clear();
  const tookMs = host.clock.monotonicMs() - startedMs;
  if (options.json) return host.out.write(formatJson(outcomeJson(outcome)));
  await host.out.write(outcomeLines(outcome, tookMs, host.out));
}

/** A config that can run; null where it has mistakes: then all of them were told. */
async function loadOrTell(host: CliHost, path: string, options: Options): Promise<Config | null> {
  const loaded = await checkConfig(path, host);
  if (loaded.ok) return loaded.config;
  host.setExitCode(2);
  await tellProblems(host, loaded.problems, options);
  return null;
}

async function tellProblems(
  host: CliHost,
  problems: readonly Problem[],
  { json }: Options,
): Promise<void> {
  if (json) return host.out.write(formatJson({ ok: false, problems }));
  const lines = problems.map((problem) => `${printable(formatProblem(problem))}\n`);
  const total = paint(host.out, 'red', formatCount(problems.length, 'problem'));
  await host.out.write(`${lines.join('')}${total}\n`);
}

/** What Limen was last told to run, as the journal keeps it. Its paths are taken from where the new config lies. */
async function readConfigInForce(host: CliHost, directory: string, path: string): Promise<Config> {
  const { openQueries } = await import('../storage/queries.ts');
  const { parseConfig } = await import('../config/parse.ts');
  const queries = openQueries(directory, host.log.warn);
  const text = queries?.configText() ?? null;
  queries?.close();
  if (text === null) {
    throw new LimenError(
      'not_found',
      `There is no history in "${directory}" yet: let Limen run for a while (limen run), or name its folder at storage.directory`,
    );
  }
  const loaded = parseConfig(text, { file: 'config in force', directory: dirname(resolve(path)) });
  if (loaded.ok) return loaded.config;
  const lines = loaded.problems.map((problem) => `\n${formatProblem(problem)}`);
  throw new LimenError(
    'invalid',
    `the config in force cannot be read here; name its file with --against${lines.join('')}`,
  );
}

async function checkRule(rule: string | null, configs: readonly Config[]): Promise<void> {
  const names = new Set(configs.flatMap(({ rules }) => rules.map(({ name }) => name)));
  if (rule === null || names.has(rule)) return;
  const { closest } = await import('../config/text/suggest.ts');
  const meant = closest(rule, names);
  const hint = meant === null ? '' : `; did you mean "${meant}"?`;
  throw new LimenError('invalid', `--rule: neither config has a rule "${rule}"${hint}`);
}

function outcomeJson(outcome: BacktestOutcome): Record<string, unknown> {
  return {
    from_ms: outcome.fromMs,
    to_ms: outcome.toMs,
    readings: outcome.readings,
    alerts: outcome.lines.map(({ before, after, ...line }) => ({
      ...line,
      before: { alerts: before.alerts, raised_ms: before.raisedMs, chatter: before.chatter },
      after: { alerts: after.alerts, raised_ms: after.raisedMs, chatter: after.chatter },
    })),
    differences: outcome.differences.map(differenceJson),
    differences_omitted: outcome.differencesOmitted,
    suggestions: outcome.suggestions,
    problems: outcome.problems,
  };
}

function differenceJson({ before, after, ...rest }: AlertDifference): Record<string, unknown> {
  return { ...rest, before: spanJson(before), after: spanJson(after) };
}

function spanJson(span: RaisedSpan | null): Record<string, unknown> | null {
  if (span === null) return null;
  return { raised_at: span.startMs, returned_at: span.endMs, severity: span.severity };
}
