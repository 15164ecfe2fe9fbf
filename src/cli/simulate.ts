import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { findRunning } from './data-source.ts';
import { abortOnSignal } from './signals.ts';
import { simulateBoard } from './simulate-board.ts';
import { formatTable, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly broker?: string;
  readonly device?: string;
  readonly link?: string;
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
    .option('-d, --device <name>', "the device's name (default: the scenario's; a board: bench)")
    .option('--link <path>', 'boards: where the port is found (default: limen-board in /tmp)')
    .option('-s, --speed <number>', 'times faster than life', parseNumber('--speed'), 1)
    .option('-n, --count <number>', 'stop after so many readings', parseNumber('--count'))
    .option('-l, --list', 'print the scenarios')
    .addHelpText(
      'after',
      `
Runs until Ctrl-C. Sends to sensors/<device>/<metric> over a real MQTT connection at QoS 1.
A board is an emulated Arduino Uno with Limen's real firmware at a serial port of this machine: it prints the lines
for the config, and then what happens to it and at its pins. Needs Linux and perl.

Examples:
  limen simulate --list
  limen simulate cold-room
  limen simulate cold-room --device freezer-1 --speed 60
  limen simulate board-unplugged
  limen simulate cold-room --broker mqtt://192.168.1.20:1883 --count 100`,
    )
    .action((scenario: string, options: Options) => simulate(scenario, options, host));
}

async function simulate(scenario: string, options: Options, host: CliHost): Promise<void> {
  const simulator = await host.loadSimulator();
  if (options.list) {
    const tables = [
      ...formatTable(['SCENARIO', 'DEVICE'], simulator.scenarios.map(rowOf)),
      '',
      ...formatTable(['BOARD', 'WHAT HAPPENS TO IT'], simulator.boards.map(rowOf)),
    ];
    return host.out.write(tables.map((line) => `${line}\n`).join(''));
  }
  if (simulator.boards.some(({ name }) => name === scenario)) {
    refuse(options, ['broker', 'count'], `${scenario} is a board: it speaks no MQTT`);
    return simulateBoard(simulator, { ...options, scenario }, host);
  }
  if (!simulator.scenarios.some(({ name }) => name === scenario)) {
    const known = [...simulator.scenarios, ...simulator.boards].map(({ name }) => name).join(', ');
    throw new LimenError('invalid', `There is no scenario "${scenario}"; there are: ${known}`);
  }
  refuse(options, ['link'], `${scenario} is no board: it has no port`);
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

function rowOf({ name, description }: { name: string; description: string }): string[] {
  return [name, description];
}

function refuse(options: Options, keys: readonly (keyof Options)[], reason: string): void {
  const found = keys.find((key) => options[key] !== undefined);
  if (found !== undefined) throw new LimenError('invalid', `--${found}: ${reason}`);
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
