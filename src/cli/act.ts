import type { Command } from 'commander';
import type { Ask } from '../domain/act.ts';
import { LimenError } from '../domain/error.ts';
import { parseAlert, type AlertRow } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
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

/** Alerts that a part of a name may stand for, with what they are. */
export interface Choice {
  readonly adjective: string;
  /** What an alert is that is none of them. */
  readonly otherwise: string;
  accepts(alert: AlertRow): boolean;
}

export const openAlerts: Choice = {
  adjective: 'open ',
  otherwise: 'normal',
  accepts: (alert) => alert.state !== 'normal',
};

/** A normal alert can be shelved or taken out of service, too. */
export const openElseAny: readonly Choice[] = [
  openAlerts,
  { adjective: '', otherwise: '', accepts: () => true },
];

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
  const alerts = (await client.alerts(true)).map(parseAlert);
  const found = findAlert(wanted, alerts, among);
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

/**
 * The alert a person means: an exact id or key, else the only one of that rule among the first choice that has any, else
 * the only one that begins so. The id of another occurrence is kept as written: Limen refuses it and says why.
 */
function findAlert(
  wanted: string,
  alerts: readonly AlertRow[],
  among: readonly Choice[],
): AlertRow {
  const exact = alerts.find((alert) => alert.id === wanted || alert.key === wanted);
  if (exact !== undefined) return exact;
  const occurrence = /^(.*)\/\d+$/.exec(wanted);
  const other = alerts.find((alert) => alert.key === occurrence?.[1]);
  if (other !== undefined) return { ...other, id: wanted };

  for (const { accepts } of among) {
    const matches = fitting(wanted, alerts.filter(accepts));
    const [first, ...others] = matches;
    if (first !== undefined && others.length === 0) return first;
    if (first !== undefined) {
      throw new LimenError('invalid', `"${wanted}" fits several alerts; name one:${list(matches)}`);
    }
  }
  const { adjective, otherwise, accepts } = among.at(-1) ?? openAlerts;
  const others = fitting(wanted, alerts);
  if (others.length > 0) {
    const rest =
      others.length > 1
        ? `; these are ${otherwise}:${list(others)}`
        : `: ${others[0]?.key ?? ''} is ${otherwise}`;
    throw new LimenError('not_found', `No ${adjective}alert "${wanted}"${rest}`);
  }
  const choice = alerts.filter(accepts);
  if (choice.length === 0) {
    const none = adjective === '' ? 'there are none' : `none is ${adjective.trim()}`;
    throw new LimenError('not_found', `No alert "${wanted}"; ${none}`);
  }
  throw new LimenError(
    'not_found',
    `No ${adjective}alert "${wanted}"; these are${adjective === '' ? ' there' : ` ${adjective.trim()}`}:${list(choice)}`,
  );
}

// Those of the rule of that name, else those that begin so.
function fitting(wanted: string, alerts: readonly AlertRow[]): readonly AlertRow[] {
  const ofRule = alerts.filter((alert) => alert.rule === wanted);
  return ofRule.length > 0 ? ofRule : alerts.filter((alert) => alert.key.startsWith(wanted));
}

function list(alerts: readonly AlertRow[]): string {
  return alerts.map((alert) => `\n  ${alert.key}`).join('');
}
