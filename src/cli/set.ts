import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import { readSetting } from '../domain/output.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
import { sendCommand } from './output-command.ts';
import { printable } from './text.ts';

interface Options extends ConfigOption {
  readonly for?: string;
  readonly by?: string;
  readonly comment?: string;
  readonly json?: true;
}

/** `limen set`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('<output>', 'name of the output')
    .argument('<level>', 'on or off, or auto: what the alerts want')
    .option('--for <time>', 'how long it is held, such as 30m or 2h (default: 1h)')
    .option('--by <name>', `who asks (default: the user's name, ${printable(host.userName)})`)
    .option('-m, --comment <text>', 'kept with the act')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', examples)
    .action(async (output: string, level: string, options: Options) => {
      const ask = readSetting({ value: level, holdFor: options.for ?? null });
      if (typeof ask === 'string') throw new LimenError('invalid', ask);
      const client = await connectRunning(host, options);
      const done = ask.value === 'auto' ? 'left to the alerts' : `held ${ask.value}`;
      await sendCommand(host, client, options, { ask, output, done });
    });
}

const examples = `
What is held by hand stays so whatever the alerts want, until the time is over. What protects the device (an interlock,
max_on, a trip) comes first: then it is refused, with the reason.

Examples:
  limen set siren off --for 10m --comment "testing"
  limen set pump on                                for an hour
  limen set pump auto                              the alerts decide again`;
