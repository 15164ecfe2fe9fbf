import type { Command } from 'commander';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
import { paint, type Color } from './terminal.ts';
import { printable } from './text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

const colors = { ok: 'green', failed: 'red', skipped: 'dim' } as const satisfies Record<
  string,
  Color
>;

/** `limen drill`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('<rule>', 'whose notifiers and messages are tried')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Sends an alert that is marked as a test through everything a true one would pass, and says how long
each step took. Exits with 1 if a step failed.

Examples:
  limen drill freezer-warm
  limen drill freezer-warm --json`,
    )
    .action(async (rule: string, options: Options) => {
      const client = await connectRunning(host, options);
      let failed = false;
      for await (const steps of client.drill(rule)) {
        for (const step of steps) {
          failed ||= step.result === 'failed';
          if (options.json) {
            await host.out.write(`${JSON.stringify(step)}\n`);
            continue;
          }
          const result = paint(host.out, colors[step.result], step.result.padEnd(7));
          const detail = step.detail === '' ? '' : `  ${printable(step.detail)}`;
          const elapsed = `${Math.round(step.elapsed_ms)} ms`.padStart(8);
          await host.out.write(`${result}  ${elapsed}  ${printable(step.step)}${detail}\n`);
        }
      }
      if (failed) host.setExitCode(1);
    });
}
