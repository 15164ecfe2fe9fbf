import type { Command } from 'commander';
import type { CliHost } from './cli-host.ts';

/** A file a command: it adds its arguments, options, examples and action. */
export interface CommandModule {
  define(command: Command, host: CliHost): void;
}

interface CommandEntry {
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** The commands of this version, in the order of the help. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: { summary: 'run Limen until it is told to stop', load: () => import('./run.ts') },
  check: { summary: 'check a config and name every problem', load: () => import('./check.ts') },
  test: { summary: 'try the rules without sensors or waiting', load: () => import('./test.ts') },
  backtest: {
    summary: 'see what changed rules would have done',
    load: () => import('./backtest.ts'),
  },
  simulate: { summary: 'send readings like a real device', load: () => import('./simulate.ts') },
  watch: { summary: 'print readings and alerts as they happen', load: () => import('./watch.ts') },
  status: { summary: 'print how Limen is', load: () => import('./status.ts') },
  ports: { summary: 'list the serial ports and what is at them', load: () => import('./ports.ts') },
  readings: { summary: 'print stored readings', load: () => import('./readings.ts') },
  alerts: { summary: 'print the alerts', load: () => import('./alerts.ts') },
  why: { summary: 'print why an alert rang: its whole chain', load: () => import('./why.ts') },
  'why-not': {
    summary: 'print what kept an alert from firing at a moment',
    load: () => import('./why-not.ts'),
  },
  report: { summary: 'print how well the alerts do their work', load: () => import('./report.ts') },
  ack: { summary: 'acknowledge an alert', load: () => import('./ack.ts') },
  shelve: { summary: 'tell nobody of an alert for a time', load: () => import('./shelve.ts') },
  unshelve: { summary: 'end a shelf', load: () => import('./unshelve.ts') },
  service: {
    summary: 'take an alert out of service, or put it back',
    load: () => import('./service.ts'),
  },
  reset: { summary: 'reset a latched alert or a tripped output', load: () => import('./reset.ts') },
  set: { summary: 'hold an output on or off by hand', load: () => import('./set.ts') },
  drill: { summary: 'send a marked test alert all the way', load: () => import('./drill.ts') },
  user: { summary: 'add, remove and list users of the broker', load: () => import('./user.ts') },
};

/** Named by the contract, and to come. */
export const laterCommands: readonly string[] = [
  'data',
  'export',
  'backup',
  'restore',
  'device',
  'tls',
  'doctor',
];
