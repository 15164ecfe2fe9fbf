import type { Command } from 'commander';
import type { Ask } from '../domain/act.ts';
import { LimenError } from '../domain/error.ts';
import { parseAlert } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
import { findAlert, openAlerts, type Choice } from './find-alert.ts';
import { formatJson, printable } from './text.ts';

/** The options that every act has. */
export interface ActOptions extends ConfigOption {
  readonly by?: string;
  readonly comment?: string;
  readonly json?: true;
}

/** What differs between the acts. */
export interface Intent {
  readonly ask: Ask;
  /** What was done, before the alert's id. */
  readonly done: string;
  /** What a part of a name may stand for; default: an open alert. */
  readonly among?: readonly Choice[];
}

/** Adds what the acts share: the alert, who asks, and the help. */
export function withActOptions(command: Command, host: CliHost, examples: string): Command {
  return withConfigOption(command)
    .argument('<alert>', 'rule/device/metric, an id that ends in /n, or a beginning that fits one')
    .option('--by <name>', `who asks (default: the user's name, ${printable(host.userName)})`)
    .option('-m, --comment <text>', 'kept with the act')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', examples);
}

/** Sends an act to the running Limen and prints the answer. */
export async function sendAct(
  host: CliHost,
  wanted: string,
  options: ActOptions,
  { ask, done, among = [openAlerts] }: Intent,
): Promise<void> {
  if (options.by === '') throw new LimenError('invalid', '--by must not be empty');
  const client = await connectRunning(host, options);
  const [alerts, status] = await Promise.all([client.alerts(true), client.status()]);
  const known = { alerts: alerts.map(parseAlert), unmatchedRules: status.unmatched_rules };
  const found = findAlert(wanted, known, { act: ask.act, among });
  const answer = await client.act({
    ...ask,
    alert: { rule: found.rule, device: found.device, metric: found.metric },
    id: found.id,
    by: options.by ?? host.userName,
    comment: options.comment ?? null,
  });
  const isDone = answer.result === 'done';
  if (!isDone) host.setExitCode(1);
  if (options.json) return host.out.write(formatJson(answer));
  if (isDone) return host.out.write(`${done} ${printable(found.id)}\n`);
  await host.err.write(
    `limen: refused for ${printable(found.id)}: ${printable(answer.reason ?? 'no reason given')}\n`,
  );
}
