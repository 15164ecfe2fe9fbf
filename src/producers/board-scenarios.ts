import { LimenError } from '../domain/error.ts';
import { createRandom, noise, step, sum } from './scenarios-signals.ts';

/** What happens to a simulated board. */
export type BoardFault =
  | { readonly kind: 'unplug' | 'plug' | 'reset' | 'hang' | 'freeze' | 'thaw' }
  /** One bit of each so many bytes is wrong, both ways, from now on; 0: none. */
  | { readonly kind: 'damage'; readonly every: number };

/** A board with a thermometer and a fan, and what happens to it in each period. */
export interface BoardScenario {
  readonly name: string;
  /** One line for lists. */
  readonly description: string;
  readonly faults: readonly { readonly atMs: number; readonly fault: BoardFault }[];
}

/** Every board's day: it is warm from 10 to 47 seconds. */
export const boardPeriodMs = 60_000;

const fromMs = 20_000;
const toMs = 32_000;

const scenarios: readonly BoardScenario[] = [
  { name: 'board', description: 'nothing happens to it', faults: [] },
  {
    name: 'board-unplugged',
    description: 'is unplugged for 12 seconds while its fan runs',
    faults: [
      { atMs: fromMs, fault: { kind: 'unplug' } },
      { atMs: toMs, fault: { kind: 'plug' } },
    ],
  },
  {
    name: 'board-reset',
    description: 'somebody presses its reset button while its fan runs',
    faults: [{ atMs: fromMs, fault: { kind: 'reset' } }],
  },
  {
    name: 'board-noise',
    description: 'a motor beside its cable damages what is said, for 12 seconds',
    faults: [
      { atMs: fromMs, fault: { kind: 'damage', every: 61 } },
      { atMs: toMs, fault: { kind: 'damage', every: 0 } },
    ],
  },
  {
    name: 'board-hung',
    description: 'its program hangs, and its watchdog starts it anew',
    faults: [{ atMs: fromMs, fault: { kind: 'hang' } }],
  },
  {
    name: 'board-frozen',
    description: 'stands still for 12 seconds with its fan on: nothing inside it can help',
    faults: [
      { atMs: fromMs, fault: { kind: 'freeze' } },
      { atMs: toMs, fault: { kind: 'thaw' } },
    ],
  },
];

const course = sum(
  step(
    [
      [5_000, 21],
      [12_000, 34],
      [45_000, 34],
      [52_000, 21],
    ],
    boardPeriodMs,
  ),
  noise(0.4, createRandom(1)),
);

/** The boards there are, with a line of description each. */
export function boardScenarios(): readonly BoardScenario[] {
  return scenarios;
}

/** A board by its name. Throws LimenError `invalid` if there is none. */
export function boardScenario(name: string): BoardScenario {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario !== undefined) return scenario;
  const known = scenarios.map((one) => one.name).join(', ');
  throw new LimenError('invalid', `There is no board "${name}"; there are: ${known}`);
}

/** What the thermometer of a simulated board feels. */
export function boardCelsius(timeMs: number): number {
  return course(timeMs) ?? 21;
}

/** What it gives: 10 mV for each °C above -50 (as a TMP36 does). */
export function boardVolts(celsius: number): number {
  return (celsius + 50) / 100;
}
