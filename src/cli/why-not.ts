import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openData } from './data-source.ts';
import { formatJson, formatTime } from './text.ts';
import { parseMomentArgument } from './time-argument.ts';
import { whyNotText } from './why-not-text.ts';

interface Options extends ConfigOption {
  readonly at: string;
  readonly json?: true;
}

/** `limen why-not`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('<rule>', 'the name of a rule')
    .argument('<point>', 'device/metric')
    .requiredOption(
      '--at <time>',
      'the moment: 03:10, 2026-11-23 03:10, ISO 8601, 10m ago, or ms since 1970',
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Replays the stored readings around a moment by the rule as it was then, and says which clause kept the alert from firing:
not heard, bad or late data, a value short of its limit (and by how much), a delay that was broken off, a flag, a
notification that failed. Works whether Limen runs or not, as far back as there is history. 03:10 is the last time that the
clock of this machine showed it.

Examples:
  limen why-not freezer-warm freezer-1/temperature --at 03:10
  limen why-not freezer-warm freezer-1/temperature --at '2026-11-20 03:10'
  limen why-not freezer-warm freezer-1/temperature --at '10m ago'
  limen why-not freezer-warm freezer-1/temperature --at 03:10 --json | jq '.clauses[] | select(.held)'`,
    )
    .action(async (rule: string, point: string, options: Options) => {
      if (!point.includes('/')) {
        const message = `<point>: "${point}" must be device/metric, such as freezer-1/temperature`;
        throw new LimenError('invalid', message);
      }
      const nowMs = host.clock.wallMs();
      const atMs = parseMomentArgument('--at', options.at, nowMs);
      if (atMs > nowMs) {
        const message = `--at: ${formatTime(atMs)} lies in the future: nobody knows yet what will fire`;
        throw new LimenError('invalid', message);
      }
      await using data = await openData(host, options);
      const found = await data.whyNot({ rule, point, atMs });
      await host.out.write(options.json ? formatJson(found) : whyNotText(found, host.out));
    });
}
