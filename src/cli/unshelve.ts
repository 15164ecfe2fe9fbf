import type { Command } from 'commander';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';
import type { Choice } from './find-alert.ts';

/** `limen unshelve`. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples).action((wanted: string, options: ActOptions) =>
    sendAct(host, wanted, options, {
      ask: { act: 'unshelve' },
      done: 'unshelved',
      among: [shelvedAlerts],
    }),
  );
}

const shelvedAlerts: Choice = {
  adjective: 'shelved',
  otherwise: 'not shelved',
  accepts: (alert) => alert.shelvedUntil !== null,
};

const examples = `
Ends a shelf before its time. If the alert is active or returned, that is told.

Examples:
  limen unshelve freezer-warm                     the only shelved alert of that rule
  limen unshelve freezer-warm/freezer-1/temperature`;
