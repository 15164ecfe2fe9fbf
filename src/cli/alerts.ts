import type { Command } from 'commander';
import { firstOutText } from '../domain/alert.ts';
import { parseAlert, type AlertRow } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openData } from './data-source.ts';
import { paint } from './terminal.ts';
import {
  formatJson,
  formatTable,
  formatReadable,
  formatTime,
  printable,
  severityColors,
} from './text.ts';

interface Options extends ConfigOption {
  readonly all?: true;
  readonly json?: true;
}

/** `limen alerts`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('-a, --all', 'the normal ones too')
    .option('--json', 'print a JSON array')
    .addHelpText(
      'after',
      `
Works whether Limen runs or not.

Examples:
  limen alerts                 every alert that is not normal, is shelved, suppressed or out of service
  limen alerts --all           every alert there is
  limen alerts --json | jq '.[] | select(.severity == "critical") | .message'`,
    )
    .action(async (options: Options) => {
      await using data = await openData(host, options);
      const alerts = await data.alerts(options.all === true);
      if (options.json) return host.out.write(formatJson(alerts));
      if (alerts.length === 0) {
        return host.out.write(options.all ? 'No alerts\n' : 'No open alerts\n');
      }
      await host.out.write(alertTable(alerts.map(parseAlert), host));
    });
}

function alertTable(alerts: readonly AlertRow[], host: CliHost): string {
  const heading = ['STATE', 'SEVERITY', 'ALERT', 'VALUE', 'SINCE', 'MESSAGE'];
  const rows = alerts.map((alert) => [
    stateText(alert),
    alert.severity ?? '–',
    printable(alert.key),
    formatReadable(alert.value, alert.unit),
    formatTime(alert.raisedAt ?? alert.changedAt),
    printable(alert.message),
  ]);
  const [title = '', ...lines] = formatTable(heading, rows);
  const painted = lines.map((line, index) => {
    const alert = alerts[index];
    const isQuiet = alert === undefined || alert.state === 'normal' || alert.severity === null;
    return isQuiet ? line : paint(host.out, severityColors[alert.severity], line);
  });
  return [paint(host.out, 'dim', title), ...painted].map((line) => `${line}\n`).join('');
}

function stateText(alert: AlertRow): string {
  const { key, state, latched, shelvedUntil, suppressedBy, outOfService, firstOut } = alert;
  const notes = [
    ...(firstOut === null ? [] : [printable(firstOutText(key, firstOut))]),
    ...(latched ? ['latched'] : []),
    ...(shelvedUntil === null ? [] : [`shelved until ${formatTime(shelvedUntil)}`]),
    ...(suppressedBy === null ? [] : [`suppressed by ${printable(suppressedBy)}`]),
    ...(outOfService ? ['out of service'] : []),
  ];
  return notes.length === 0 ? state : `${state} (${notes.join(', ')})`;
}
