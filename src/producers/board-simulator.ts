import { accessSync, constants, lstatSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { limenFirmware, PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import { ptyProblem } from '../../firmware-bridge/emulator/ptmx.ts';
import { lookAtNode } from '../../firmware-bridge/ports/port-problem.ts';
import { LimenError } from '../domain/error.ts';
import type { Clock } from '../host/clock.ts';
import {
  boardCelsius,
  boardScenario,
  boardPeriodMs,
  boardVolts,
  type BoardFault,
  type BoardScenario,
} from './board-scenarios.ts';
import { faultWords, pinWords } from './board-words.ts';

export interface BoardSimulationOptions {
  /** Name of a scenario (`boardScenarios`). */
  readonly scenario: string;
  /** Where its port is found, as a symlink; stays the same over unplugs. */
  readonly link: string;
  /** How many times faster than life its day goes; the board itself keeps the pace of life. Default 1. */
  readonly speed?: number;
  readonly clock: Clock;
  /** Told in words of what happens to it and at it. */
  readonly onEvent: (text: string) => void;
}

export interface BoardSimulation {
  stop(): Promise<void>;
  /** Resolves when it has stopped; rejects if it ended by itself. */
  readonly done: Promise<void>;
}

const stepMs = 100;
/** How often the temperature is told. */
const tellEveryMs = 5_000;
const thermometer = 0;

/**
 * Plugs in an emulated Uno with Limen's firmware and plays a scenario with it until it is stopped. Throws LimenError
 * `unavailable` where this machine cannot, and `conflict` if there is something at the link already.
 */
export async function runBoardScenario(options: BoardSimulationOptions): Promise<BoardSimulation> {
  const { link, onEvent } = options;
  const problem = ptyProblem();
  if (problem !== null) {
    throw new LimenError('unavailable', `Cannot make a serial port: ${problem}`);
  }
  makeRoom(link);
  const board = await PluggedBoard.start(limenFirmware, link);
  onEvent(`plugged in at ${link}`);
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = Promise.all([play(board, options, signal), tell(board, onEvent, signal)]);
  return {
    done: done.then(() => undefined),
    async stop() {
      stopping.abort();
      await board.stop();
      await done.catch(() => undefined);
    },
  };
}

async function play(
  board: PluggedBoard,
  { scenario: name, link, speed = 1, clock, onEvent }: BoardSimulationOptions,
  signal: AbortSignal,
): Promise<void> {
  const scenario = boardScenario(name);
  const startMs = clock.monotonicMs();
  let beforeMs = -1;
  let isPlugged = true;
  await untilAborted(signal, async () => {
    const nowMs = (clock.monotonicMs() - startMs) * speed;
    for (const fault of faultsBetween(scenario, beforeMs, nowMs)) {
      // It is back when it can be opened; everything else is said before its effects show.
      if (fault.kind !== 'plug') onEvent(faultWords(fault, link));
      await carryOut(board, fault);
      if (fault.kind === 'plug') onEvent(faultWords(fault, link));
      if (fault.kind === 'plug' || fault.kind === 'unplug') isPlugged = fault.kind === 'plug';
    }
    const celsius = boardCelsius(nowMs);
    await board.setVolts(thermometer, boardVolts(celsius));
    const isDue = Math.floor(nowMs / tellEveryMs) !== Math.floor(beforeMs / tellEveryMs);
    if (isDue && isPlugged) {
      onEvent(`A0 at ${boardVolts(celsius).toFixed(2)} V: ${celsius.toFixed(1)} °C`);
    }
    beforeMs = nowMs;
    await pause(clock, signal);
  });
}

// Each report is taken as it comes: nothing gathers over a long simulation.
async function tell(
  board: PluggedBoard,
  onEvent: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const told = new Map<number, string>();
  const pins = untilAborted(signal, async () => {
    const { pin, shows } = await board.next('pin');
    const words = pinWords(pin, shows);
    // Most pins are only known to float.
    if (words === (told.get(pin) ?? pinWords(pin, 'input'))) return;
    told.set(pin, words);
    onEvent(words);
  });
  const opened = untilAborted(signal, async () => {
    await board.next('open');
    onEvent('the port was opened, and that resets an Uno');
  });
  const closed = untilAborted(signal, async () => {
    await board.next('closed');
    onEvent('the port was closed');
  });
  await Promise.all([pins, opened, closed]);
}

// What fails because the board was stopped is no failure.
async function untilAborted(signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  try {
    while (!signal.aborted) await act();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// A link that leads nowhere is left by a simulation that was killed. Anything else is not ours to remove.
function makeRoom(link: string): void {
  const folder = dirname(link);
  if (!mayWrite(folder)) {
    throw new LimenError(
      'unavailable',
      `Cannot make a port at ${link}: ${folder} is no folder that this user may write to; --link chooses another place`,
    );
  }
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isSymbolicLink() && lookAtNode(link) === null) return rmSync(link);
  throw new LimenError(
    'conflict',
    `There is something at ${link} already (another simulation?); --link chooses another place`,
  );
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function faultsBetween(scenario: BoardScenario, afterMs: number, untilMs: number): BoardFault[] {
  const faults: BoardFault[] = [];
  const first = Math.max(Math.floor(afterMs / boardPeriodMs), 0);
  for (let period = first; period * boardPeriodMs <= untilMs; period++) {
    for (const { atMs, fault } of scenario.faults) {
      const dueMs = period * boardPeriodMs + atMs;
      if (dueMs > afterMs && dueMs <= untilMs) faults.push(fault);
    }
  }
  return faults;
}

async function carryOut(board: PluggedBoard, fault: BoardFault): Promise<void> {
  switch (fault.kind) {
    case 'unplug':
      return board.unplug();
    case 'plug':
      return board.plug();
    case 'reset':
      return board.reset();
    case 'hang':
      return board.hang();
    case 'freeze':
      return board.freeze();
    case 'thaw':
      return board.thaw();
    case 'damage':
      await board.damage('host', fault.every);
      return board.damage('board', fault.every);
  }
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  signal.addEventListener('abort', wake, { once: true });
  const timer = clock.after(stepMs, wake);
  await promise;
  timer.cancel();
  signal.removeEventListener('abort', wake);
}
