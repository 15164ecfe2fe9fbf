import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openData } from './data-source.ts';
import { reportText } from './report-text.ts';
import { formatJson } from './text.ts';
import { parseTimeArgument } from './time-argument.ts';

interface Options extends ConfigOption {
  readonly from: string;
  readonly to?: string;
  readonly json?: true;
}

/** `limen report`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--from <time>', 'not before: 2026-11-01, ms since 1970, or 8h, 7d ago', '30d')
    .option('--to <time>', 'before: written likewise (default: now)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Works whether Limen runs or not. Alarm hygiene by ISA-18.2 and EEMUA 191: how often it rings, who rings most, what rings
for nothing or is always shelved, and what would help. Drills and pendings that went back do not count.

Examples:
  limen report                             the last 30 days
  limen report --from 7d
  limen report --from 2026-11-01 --to 2026-11-08
  limen report --json | jq '.findings[] | .suggestion'`,
    )
    .action(async (options: Options) => {
      const nowMs = host.clock.wallMs();
      const fromMs = parseTimeArgument('--from', options.from, nowMs);
      const toMs = options.to === undefined ? nowMs : parseTimeArgument('--to', options.to, nowMs);
      if (fromMs > toMs) throw new LimenError('invalid', '--from must not be later than --to');
      await using data = await openData(host, options);
      const found = await data.report({ fromMs, toMs });
      await host.out.write(options.json ? formatJson(found) : reportText(found, host.out));
    });
}
