import { Argument, type Command } from 'commander';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';
import { openElseAny, type Choice } from './find-alert.ts';

/** `limen service`. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples)
    .addArgument(new Argument('<state>', 'in service, or out of it').choices(['in', 'out']))
    .action((wanted: string, state: 'in' | 'out', options: ActOptions) =>
      sendAct(host, wanted, options, {
        ask: { act: 'service', in: state === 'in' },
        done: state === 'in' ? 'in service again:' : 'out of service:',
        among: state === 'in' ? [outOfService] : openElseAny,
      }),
    );
}

const outOfService: Choice = {
  adjective: 'out of service',
  otherwise: 'in service',
  accepts: (alert) => alert.outOfService,
};

const examples = `
An alert out of service tells nobody and holds no output until somebody puts it back; every 24 hours the log reminds of
it. It is judged as ever; if it is active or returned when it is put back, that is told then.

Examples:
  limen service freezer-warm/freezer-1/temperature out --comment "compressor away for repair"
  limen service freezer-warm in`;
