import { LimenError } from '../domain/error.ts';
import type { OutputAsk } from '../domain/output.ts';
import type { LimenClient } from '../http/client.ts';
import type { CliHost } from './cli-host.ts';
import { formatJson, printable } from './text.ts';

/** What the options of an act on an output say. */
export interface CommandOptions {
  readonly by?: string;
  readonly comment?: string;
  readonly json?: true;
}

/** The outputs of the running Limen, by name. */
export async function outputNames(client: LimenClient): Promise<readonly string[]> {
  return (await client.status()).outputs.map(({ name }) => name);
}

/** Sends an act on an output and prints the answer. `done`: what was done, after the name. */
export async function sendCommand(
  host: CliHost,
  client: LimenClient,
  options: CommandOptions,
  {
    ask,
    output,
    done,
  }: { readonly ask: OutputAsk; readonly output: string; readonly done: string },
): Promise<void> {
  const names = await outputNames(client);
  if (!names.includes(output)) {
    const known = names.length === 0 ? 'there are none' : `there is ${names.join(', ')}`;
    throw new LimenError('not_found', `No output "${output}"; ${known}`);
  }
  const answer = await client.command({
    ...ask,
    output,
    by: options.by ?? host.userName,
    comment: options.comment ?? null,
    sentAt: null,
    order: null,
  });
  const isDone = answer.result === 'done';
  if (!isDone) host.setExitCode(1);
  if (options.json) return host.out.write(formatJson(answer));
  if (isDone) return host.out.write(`${printable(output)} ${done}\n`);
  await host.err.write(
    `limen: refused for ${printable(output)}: ${printable(answer.reason ?? 'no reason given')}\n`,
  );
}
