import type { Command } from 'commander';
import type { CliHost } from './cli-host.ts';
import { findConfig, readConfig, withConfigOption, type ConfigOption } from './config-file.ts';
import { LimenError, messageOf } from '../domain/error.ts';

// systemd sends SIGKILL after its own limit; being done before that keeps the stop orderly.
const stopWithinMs = 10_000;

/** `limen run`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .addHelpText(
      'after',
      `
Logs to standard error: readable on a terminal, one JSON object a line elsewhere.
SIGTERM and SIGINT stop it in good order, a second one at once. SIGHUP reads the config again.

Examples:
  limen run
  limen run --config /etc/limen/limen.yaml`,
    )
    .action((options: ConfigOption) => run(host, options));
}

async function run(host: CliHost, options: ConfigOption): Promise<void> {
  const path = findConfig(host, options);
  const config = await readConfig(path);
  const stopAsked = listenForStop(host);
  const limen = await host.createLimen();
  await limen.apply(config);
  listenForReload(host, path, limen.apply);
  const signal = await stopAsked;

  host.log.info('stopping', { signal });
  host.clock.after(stopWithinMs, () => {
    host.log.error('could not stop in time', { seconds: stopWithinMs / 1000 });
    host.exit(1);
  });
  await limen.stop();
  host.exit(0);
}

function listenForStop(host: CliHost): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isAsked = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    host.onSignal(name, () => {
      if (isAsked) host.exit(1);
      isAsked = true;
      resolve(name);
    });
  }
  return promise;
}

// One after the other: two reloads in flight could end in the order in which they did not begin.
function listenForReload(
  host: CliHost,
  path: string,
  apply: (config: Awaited<ReturnType<typeof readConfig>>) => Promise<void>,
): void {
  let last = Promise.resolve();
  host.onSignal('SIGHUP', () => {
    last = last.then(async () => {
      try {
        await apply(await readConfig(path));
        host.log.info('config applied', { path });
      } catch (error) {
        const detail = error instanceof LimenError ? error.message : messageOf(error);
        host.log.error('config not applied; the old one stays in force', { path, detail });
      }
    });
  });
}
