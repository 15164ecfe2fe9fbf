import type { OutputLevel } from '../../src/domain/output.ts';
import type { Clock } from '../../src/host/clock.ts';
import type { BoardAsker } from './board-asker.ts';
import { inWords, isPassing, refusalOf, unanswered } from './board-words.ts';
import type { Level, PinName } from './protocol.ts';

/** A level that is on its way to a pin. */
export interface PinLevel {
  readonly level: Level;
  /** Monotonic time after which it is too late. */
  readonly untilMs: number;
}

/** What the commands need of their session. */
export interface PinCommandsOptions {
  readonly clock: Clock;
  readonly asker: BoardAsker;
  /** A moment of the monotonic clock by the clock of the board, erring to the early side. */
  boardTime(monotonicMs: number): number;
  shows(pin: PinName, level: OutputLevel | null): void;
  refused(pin: PinName, problem: string): void;
  /** The line is free for something else. */
  free(): void;
  /** The board has lost the thread, or does not answer. */
  failed(problem: string): void;
}

interface ReadBack {
  readonly wanted: PinLevel;
  readonly untilMs: number;
  readonly attempt: number;
}

const patience = { withinMs: 200, attempts: 5 } as const;
const readBackWithinMs = 500;
const attemptsMax = 3;

/** Levels on their way to the pins of a board: the newest of each pin, with a deadline, until the pin was read back. */
export class PinCommands {
  readonly #options: PinCommandsOptions;
  readonly #wanted = new Map<PinName, PinLevel>();
  readonly #readBacks = new Map<PinName, ReadBack>();

  constructor(options: PinCommandsOptions) {
    this.#options = options;
  }

  want(pin: PinName, wanted: PinLevel): void {
    this.#wanted.set(pin, wanted);
  }

  /** Sends the next level, if one is wanted. Only while the line is free. */
  sendNext(): void {
    const [next] = this.#wanted;
    if (next === undefined) return;
    const [pin, wanted] = next;
    this.#wanted.delete(pin);
    this.#send(pin, wanted, 1);
  }

  /** The board has told what a pin shows after a command. */
  readBack(pin: PinName): void {
    this.#readBacks.delete(pin);
  }

  /** What a board says of its pin may be lost on the line, and it says it once: so the level is set again. */
  look(nowMs: number): void {
    for (const [pin, { wanted, untilMs, attempt }] of this.#readBacks) {
      if (nowMs < untilMs || !this.#options.asker.isFree) continue;
      this.#readBacks.delete(pin);
      if (this.#wanted.has(pin)) continue;
      if (attempt < attemptsMax) {
        this.#send(pin, { ...wanted, untilMs: nowMs + readBackWithinMs }, attempt + 1);
      } else {
        this.#options.shows(pin, null);
        this.#options.refused(pin, 'it does not say what its pin shows');
      }
    }
  }

  /** Nothing of it is sent any more. */
  clear(): void {
    this.#wanted.clear();
    this.#readBacks.clear();
  }

  #send(pin: PinName, wanted: PinLevel, attempt: number): void {
    const { clock, asker, boardTime, refused, free, failed } = this.#options;
    if (clock.monotonicMs() >= wanted.untilMs) {
      refused(pin, 'it could not be told in time');
      free();
      return;
    }
    const byMs = boardTime(wanted.untilMs);
    // Another level may be wanted meanwhile: this one is not sent again then, and the other one asks for itself.
    const isOver = (): boolean => this.#wanted.has(pin);
    const set = { kind: 'set', pin, level: wanted.level, byMs } as const;
    asker.ask(set, { ...patience, isOver }, (answer) => {
      if (answer.kind === 'silent' && isOver()) free();
      else if (answer.kind === 'silent') {
        refused(pin, unanswered);
        failed(unanswered);
      } else if (answer.kind === 'ack') {
        const untilMs = clock.monotonicMs() + readBackWithinMs;
        this.#readBacks.set(pin, { wanted, untilMs, attempt });
        free();
      } else this.#answered(pin, wanted, attempt, answer.reason);
    });
  }

  #answered(pin: PinName, wanted: PinLevel, attempt: number, reason: string): void {
    // It may have been kept in a buffer on its way, and is still wanted.
    if (reason === 'late' || reason === 'busy') {
      if (this.#wanted.has(pin)) return this.#options.free();
      if (attempt < attemptsMax) return this.#send(pin, wanted, attempt + 1);
    }
    this.#options.refused(pin, inWords(reason));
    if (isPassing(reason)) this.#options.failed(refusalOf('a command', reason));
    else this.#options.free();
  }
}
