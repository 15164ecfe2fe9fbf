import type { Command } from 'commander';
import { defineAct } from './act.ts';
import type { CliHost } from './cli-host.ts';

/** `limen reset`. */
export function define(command: Command, host: CliHost): void {
  defineAct(
    command,
    host,
    'reset',
    'reset',
    `
A latched alert (latch: true) stays until it is reset, which needs its cause to be gone.

Examples:
  limen reset boiler-hot
  limen reset boiler-hot/boiler/temperature --comment "thermostat replaced"`,
  );
}
