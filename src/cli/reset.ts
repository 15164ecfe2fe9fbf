import type { Command } from 'commander';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';

/** `limen reset`. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples).action((wanted: string, options: ActOptions) =>
    sendAct(host, wanted, options, { ask: { act: 'reset' }, done: 'reset' }),
  );
}

const examples = `
A latched alert (latch: true) stays until it is reset, which needs its cause to be gone.

Examples:
  limen reset boiler-hot
  limen reset boiler-hot/boiler/temperature --comment "thermostat replaced"`;
