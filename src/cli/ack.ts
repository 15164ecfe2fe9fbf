import type { Command } from 'commander';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';

/** `limen ack`. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples).action((wanted: string, options: ActOptions) =>
    sendAct(host, wanted, options, { ask: { act: 'acknowledge' }, done: 'acknowledged' }),
  );
}

const examples = `
Examples:
  limen ack freezer-warm                          the only open alert of that rule
  limen ack freezer-warm/freezer-1/temperature    this alert
  limen ack freezer-warm/freezer-1/temperature/3  this occurrence and no later one
  limen ack freezer-warm --by anna --comment "door was open"`;
