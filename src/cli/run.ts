import type { Command } from 'commander';
import type { Config } from '../domain/config.ts';
import { messageOf } from '../domain/error.ts';
import type { CliHost, LimenHere, SignalName } from './cli-host.ts';
import { findConfig, readConfigApart, withConfigOption, type ConfigOption } from './config-file.ts';

// systemd sends SIGKILL after its own limit; being done before that keeps the stop orderly.
const stopWithinMs = 10_000;

/** `limen run`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .addHelpText(
      'after',
      `
Logs to standard error: readable on a terminal, one JSON object a line elsewhere.
SIGTERM and SIGINT stop it in good order, a second one at once. SIGHUP reads the config again
(on a terminal it stops, as closing the window should).

Examples:
  limen run
  limen run --config /etc/limen/limen.yaml`,
    )
    .action((options: ConfigOption) => run(host, options));
}

async function run(host: CliHost, options: ConfigOption): Promise<void> {
  const path = findConfig(host, options);
  const config = await readConfigApart(path, host);
  const stopAsked = listenForStop(host);
  const limen = await host.createLimen();
  try {
    await limen.apply(config);
  } catch (error) {
    // Half a start may hold a port or a thread, which would keep the process.
    await stopInTime(host, limen);
    throw error;
  }
  listenForReload(host, path, (next) => limen.apply(next));
  const signal = await stopAsked;
  host.log.info('stopping', { signal });
  await stopInTime(host, limen);
  host.exit(0);
}

async function stopInTime(host: CliHost, limen: LimenHere): Promise<void> {
  const deadline = host.clock.after(stopWithinMs, () => {
    host.log.error('could not stop in time', { seconds: stopWithinMs / 1000 });
    host.exit(1);
  });
  await limen.stop();
  deadline.cancel();
}

function listenForStop(host: CliHost): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isAsked = false;
  for (const name of stopSignals(host)) {
    host.onSignal(name, () => {
      if (isAsked) host.exit(1);
      isAsked = true;
      resolve(name);
    });
  }
  return promise;
}

// On a terminal SIGHUP says that its window was closed; a service is told by it to read the config again.
function stopSignals(host: CliHost): readonly SignalName[] {
  return host.err.isTerminal ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
}

// One after the other: two reloads in flight could end in the order in which they did not begin.
function listenForReload(
  host: CliHost,
  path: string,
  apply: (config: Config) => Promise<void>,
): void {
  if (host.err.isTerminal) return;
  let last = Promise.resolve();
  host.onSignal('SIGHUP', () => {
    last = last.then(async () => {
      try {
        await apply(await readConfigApart(path, host));
        host.log.info('config applied', { path });
      } catch (error) {
        const detail = messageOf(error);
        host.log.error('config not applied; the old one stays in force', { path, detail });
      }
    });
  });
}
