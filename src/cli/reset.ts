import type { Command } from 'commander';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';
import { connectRunning } from './data-source.ts';
import { outputNames, sendCommand } from './output-command.ts';

/** `limen reset`: of an alert, or of an output if one has exactly that name. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples).action(async (wanted: string, options: ActOptions) => {
    const client = await connectRunning(host, options);
    const done = 'reset';
    if ((await outputNames(client)).includes(wanted))
      return sendCommand(host, client, options, { ask: { act: 'reset' }, output: wanted, done });
    return sendAct(host, wanted, options, { ask: { act: 'reset' }, done });
  });
}

const examples = `
A latched alert (latch: true) stays until it is reset, which needs its cause to be gone. So does an output that is
tripped; one that was on for too long (max_on) may be on again after a reset.

Examples:
  limen reset boiler-hot
  limen reset boiler-hot/boiler/temperature --comment "thermostat replaced"
  limen reset pump                                 the output of that name`;
