import type { Command } from 'commander';
import { readShelving } from '../domain/act.ts';
import { LimenError } from '../domain/error.ts';
import { sendAct, withActOptions, type ActOptions } from './act.ts';
import type { CliHost } from './cli-host.ts';
import { openElseAny } from './find-alert.ts';

interface Options extends ActOptions {
  readonly for?: string;
  readonly oneShot?: true;
}

/** `limen shelve`. */
export function define(command: Command, host: CliHost): void {
  withActOptions(command, host, examples)
    .option('--for <time>', 'how long, such as 30m or 2h; at most the shelve_max of its rule')
    .option('--one-shot', 'until it is normal, at most for the shelve_max of its rule')
    .action((wanted: string, options: Options) => {
      const written = { for: options.for ?? null, oneShot: options.oneShot === true };
      const ask = readShelving(written, { for: '--for', oneShot: '--one-shot' });
      if (typeof ask === 'string') throw new LimenError('invalid', ask);
      return sendAct(host, wanted, options, { ask, done: 'shelved', among: openElseAny });
    });
}

const examples = `
Nobody is told of a shelved alert, and outputs that are there for people (while: unacknowledged) are off. It is judged
as ever; if it is active or returned when the shelf ends, that is told then.

Examples:
  limen shelve freezer-warm --for 2h --comment "defrosting"
  limen shelve freezer-warm/freezer-1/temperature --one-shot
  limen alerts                                    shows what is shelved, and until when`;
