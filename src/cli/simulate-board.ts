import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CliHost, Simulator } from './cli-host.ts';
import { abortOnSignal } from './signals.ts';
import { printable } from './text.ts';

/** What the command line says about a board. */
export interface BoardChoice {
  readonly scenario: string;
  readonly device?: string;
  readonly link?: string;
  readonly speed: number;
}

/** Plugs in a simulated board and prints what happens to it, until a signal. */
export async function simulateBoard(
  simulator: Simulator,
  { scenario, device = 'bench', link: chosen, speed }: BoardChoice,
  host: CliHost,
): Promise<void> {
  // A config takes only a whole path.
  const link = resolve(chosen ?? join(tmpdir(), 'limen-board'));
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  abortOnSignal(host).addEventListener('abort', () => end());
  const startMs = host.clock.monotonicMs();
  // Said once there is a board.
  let lead = introduction(device, link);
  const board = await simulator.plugIn({
    scenario,
    link,
    speed,
    onEvent(text) {
      const seconds = (host.clock.monotonicMs() - startMs) / 1000;
      void host.out.write(`${lead}${seconds.toFixed(1).padStart(7)} s  ${printable(text)}\n`);
      lead = '';
    },
  });
  try {
    await Promise.race([over, board.done]);
  } finally {
    await board.stop();
  }
}

// JSON texts are YAML, too: a name may hold anything.
function introduction(device: string, link: string): string {
  const name = JSON.stringify(device);
  return `An Arduino Uno with Limen's firmware, a thermometer at A0 and a fan behind pin 7. For the config:

sources:
  - serial: ${JSON.stringify(link)}
    format: limen
    device: ${name}
    pins: { A0: { metric: temperature, unit: °C, scale: [0, 1023, -50, 450], every: 1s } }
rules:
  too-warm:
    points: ${JSON.stringify(`${device}/temperature`)}
    above: 30
    deadband: 1
    then: [{ output: fan }]
outputs:
  fan: { pin: { board: ${name}, pin: 7 }, max_on: 10m }

`;
}
