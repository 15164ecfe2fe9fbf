import type { Command } from 'commander';
import { defineAct } from './act.ts';
import type { CliHost } from './cli-host.ts';

/** `limen ack`. */
export function define(command: Command, host: CliHost): void {
  defineAct(
    command,
    host,
    'acknowledge',
    'acknowledged',
    `
Examples:
  limen ack freezer-warm                          the only open alert of that rule
  limen ack freezer-warm/freezer-1/temperature    this alert
  limen ack freezer-warm/freezer-1/temperature/3  this occurrence and no later one
  limen ack freezer-warm --by anna --comment "door was open"`,
  );
}
