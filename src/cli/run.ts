import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { formatProblem } from '../config/text/problem.ts';
import type { Config } from '../domain/config.ts';
import { LimenError, messageOf } from '../domain/error.ts';
import type { CliHost, LimenHere, SignalName } from './cli-host.ts';
import { findConfig, readConfigApart, withConfigOption, type ConfigOption } from './config-file.ts';

// systemd sends SIGKILL after its own limit; being done before that keeps the stop orderly.
const stopWithinMs = 10_000;

interface Options extends ConfigOption {
  /** False: --no-watch. */
  readonly watch: boolean;
}

/** `limen run`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--no-watch', 'read the config again only at SIGHUP, not when it is saved')
    .addHelpText(
      'after',
      `
Logs to standard error: readable on a terminal, one JSON object a line elsewhere.
A config that is saved goes into force by itself; one with mistakes changes nothing, and the log
lists them. SIGHUP reads it again at once (on a terminal it stops, as closing the window should).
SIGTERM and SIGINT stop Limen in good order, a second one at once.

Examples:
  limen run
  limen run --config /etc/limen/limen.yaml`,
    )
    .action((options: Options) => run(host, options));
}

async function run(host: CliHost, options: Options): Promise<void> {
  const path = findConfig(host, options);
  // From the beginning: one that comes during the start must neither end the process nor be forgotten.
  const started = Promise.withResolvers<(ifChanged: boolean) => void>();
  if (!host.err.isTerminal)
    host.onSignal('SIGHUP', () => void started.promise.then((reload) => reload(false)));
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
  const reload = createReload(host, path, {
    hash: config.hash,
    apply: (next) => limen.apply(next),
  });
  started.resolve(reload);
  if (options.watch) await host.watchFile(path, () => reload(true));
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

/**
 * Makes what reads the config again: one after the other, since two in flight could end in the order in which they did not
 * begin. `ifChanged`: only if its text is not the one that was read last, in force or refused.
 */
function createReload(
  host: CliHost,
  path: string,
  { hash, apply }: { readonly hash: string; readonly apply: (config: Config) => Promise<void> },
): (ifChanged: boolean) => void {
  let readHash = hash;
  let last = Promise.resolve();

  const reload = async (ifChanged: boolean): Promise<void> => {
    const present = await hashOf(path);
    if (ifChanged && (present === null || present === readHash)) return;
    readHash = present ?? readHash;
    const loaded = await host.loadConfigApart(path);
    if (!loaded.ok) {
      const { problems } = loaded;
      for (const problem of problems) host.log.error(formatProblem(problem));
      host.log.error(refused, { path, problems: problems.length });
      return;
    }
    // It may have been saved once more in between.
    readHash = loaded.config.hash;
    refuseNothing(loaded.config);
    await apply(loaded.config);
    host.log.info('config applied', { path });
  };
  return (ifChanged) => {
    last = last.then(async () => {
      try {
        await reload(ifChanged);
      } catch (error) {
        host.log.error(refused, { path, detail: messageOf(error) });
      }
    });
  };
}

const refused = 'config not applied; the old one stays in force';

// A file is emptied before it is written: a disk that is full, or a kill in between, leaves it so. Nobody means that by it.
function refuseNothing({ text }: Config): void {
  if (text.trim() !== '') return;
  throw new LimenError('invalid', 'the file is empty; for no rules at all say so: rules: {}');
}

async function hashOf(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return null;
  }
}
