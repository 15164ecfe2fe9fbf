import type { CliHost } from './cli-host.ts';

/** Aborts at SIGINT or SIGTERM: a command that runs until Ctrl-C ends in good order. */
export function abortOnSignal(host: CliHost): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    host.onSignal(name, () => {
      // A second signal means that the good order takes too long.
      if (controller.signal.aborted) host.exit(1);
      controller.abort();
    });
  }
  return controller.signal;
}
