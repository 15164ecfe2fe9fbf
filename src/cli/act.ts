import type { Command } from 'commander';
import type { Act } from '../domain/act.ts';
import { LimenError } from '../domain/error.ts';
import { parseAlert, type AlertRow } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
import { formatJson, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly by?: string;
  readonly comment?: string;
  readonly json?: true;
}

/** Adds what `ack` and `reset` share: the alert, who asks, and the answer. */
export function defineAct(
  command: Command,
  host: CliHost,
  act: Act['act'],
  done: string,
  examples: string,
): void {
  withConfigOption(command)
    .argument('<alert>', 'rule/device/metric, an id that ends in /n, or a beginning that fits one')
    .option('--by <name>', `who asks (default: the user's name, ${printable(host.userName)})`)
    .option('-m, --comment <text>', 'kept with the act')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', examples)
    .action(async (wanted: string, options: Options) => {
      const client = await connectRunning(host, options);
      const alerts = (await client.alerts(true)).map(parseAlert);
      const found = findAlert(wanted, alerts);
      const answer = await client.act({
        act,
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
    });
}

/**
 * The alert a person means: an exact id or key, else the only open alert of that rule, else the only open alert that
 * begins so. The id of another occurrence is kept as written: Limen refuses it and says why.
 */
export function findAlert(wanted: string, alerts: readonly AlertRow[]): AlertRow {
  const exact = alerts.find((alert) => alert.id === wanted || alert.key === wanted);
  if (exact !== undefined) return exact;
  const occurrence = /^(.*)\/\d+$/.exec(wanted);
  const other = alerts.find((alert) => alert.key === occurrence?.[1]);
  if (other !== undefined) return { ...other, id: wanted };

  const open = alerts.filter((alert) => alert.state !== 'normal');
  const ofRule = open.filter((alert) => alert.rule === wanted);
  const matches = ofRule.length > 0 ? ofRule : open.filter((alert) => alert.key.startsWith(wanted));
  const [first, ...others] = matches;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) {
    throw new LimenError('invalid', `"${wanted}" fits several alerts; name one:${list(matches)}`);
  }
  if (open.length === 0) throw new LimenError('not_found', `No alert "${wanted}"; none is open`);
  throw new LimenError('not_found', `No open alert "${wanted}"; these are open:${list(open)}`);
}

function list(alerts: readonly AlertRow[]): string {
  return alerts.map((alert) => `\n  ${alert.key}`).join('');
}
