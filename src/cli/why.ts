import type { Command } from 'commander';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openData } from './data-source.ts';
import { formatJson } from './text.ts';
import { whyText } from './why-text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

/** `limen why`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument(
      '<alert>',
      'rule/device/metric, an id that ends in /n, or the number of an event, a command or a notification',
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Works whether Limen runs or not. Prints all that is stored of one occurrence: the reading that began it as it came, the
numbers compared, the delay, every transition, act, command and notification, and the rule as it was then.

Examples:
  limen why freezer-warm                            the only alert of that rule, its present or last occurrence
  limen why freezer-warm/freezer-1/temperature      this alert, its present or last occurrence
  limen why freezer-warm/freezer-1/temperature/3    the third occurrence
  limen why 10482                                   what the event, command or notification of this number belongs to
  limen why freezer-warm --json | jq '.steps[] | select(.kind == "output")'`,
    )
    .action(async (wanted: string, options: Options) => {
      await using data = await openData(host, options);
      const found = await data.why(wanted);
      await host.out.write(options.json ? formatJson(found) : whyText(found, host.out));
    });
}
