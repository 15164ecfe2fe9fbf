import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { findRunning } from './data-source.ts';
import { abortOnSignal } from './signals.ts';
import { formatTable, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly broker?: string;
  readonly device?: string;
  readonly speed: number;
  readonly count?: number;
  readonly list?: true;
}

const defaultBroker = 'mqtt://127.0.0.1:1883';

/** `limen simulate`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .argument('[scenario]', 'which device', 'cold-room')
    .option(
      '-b, --broker <url>',
      `default: the Limen that runs with this config, else ${defaultBroker}`,
    )
    .option('-d, --device <name>', "the device's name (default: the scenario's)")
    .option('-s, --speed <number>', 'times faster than life', parseNumber('--speed'), 1)
    .option('-n, --count <number>', 'stop after so many readings', parseNumber('--count'))
    .option('-l, --list', 'print the scenarios')
    .addHelpText(
      'after',
      `
Runs until Ctrl-C. Sends to sensors/<device>/<metric> over a real MQTT connection at QoS 1.

Examples:
  limen simulate --list
  limen simulate cold-room
  limen simulate cold-room --device freezer-1 --speed 60
  limen simulate cold-room --broker mqtt://192.168.1.20:1883 --count 100`,
    )
    .action((scenario: string, options: Options) => simulate(scenario, options, host));
}

async function simulate(scenario: string, options: Options, host: CliHost): Promise<void> {
  const simulator = await host.loadSimulator();
  if (options.list) {
    const rows = simulator.scenarios.map(({ name, description }) => [name, description]);
    const lines = formatTable(['SCENARIO', 'DEVICE'], rows);
    return host.out.write(lines.map((line) => `${line}\n`).join(''));
  }
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  abortOnSignal(host).addEventListener('abort', () => end());
  const url = options.broker ?? (await brokerOf(host, options));
  const limit = options.count ?? Infinity;
  let sent = 0;
  const simulation = simulator.run({
    scenario,
    url,
    speed: options.speed,
    ...(options.device === undefined ? {} : { device: options.device }),
    onReading({ topic, payload }) {
      sent += 1;
      if (sent > limit) return;
      void host.out.write(`${printable(topic)}  ${printable(payload)}\n`);
      if (sent === limit) end();
    },
  });
  await over;
  await simulation.stop();
}

// A Limen with a port of its own choice says which it is; anything that goes wrong here is no reason not to try.
async function brokerOf(host: CliHost, options: ConfigOption): Promise<string> {
  try {
    const status = await (await findRunning(host, options))?.status();
    return status?.listeners.find((listener) => listener.startsWith('mqtt://')) ?? defaultBroker;
  } catch {
    return defaultBroker;
  }
}

function parseNumber(option: string): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
    throw new LimenError('invalid', `${option}: "${text}" must be a number above 0`);
  };
}
