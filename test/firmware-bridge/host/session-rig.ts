import type { BoardReading } from '../../../firmware-bridge/host/board-readings.ts';
import { BoardSession } from '../../../firmware-bridge/host/board-session.ts';
import type { BoardWants } from '../../../firmware-bridge/host/board-settings.ts';
import type { BoardFacts, DrivenPin } from '../../../src/domain/board.ts';
import type { ReadPin } from '../../../src/domain/board-pins.ts';
import { createVirtualClock } from '../../../src/rehearsal/virtual-clock.ts';
import { Board, clockHz, type PinEvent } from '../../../firmware-bridge/emulator/board.ts';
import { hex } from '../talk.ts';

/** What a session has told, in its order. */
export type Told =
  | { readonly kind: 'up'; readonly facts: BoardFacts }
  | { readonly kind: 'down'; readonly problem: string }
  | { readonly kind: 'reading'; readonly reading: BoardReading }
  | { readonly kind: 'shows'; readonly pin: string; readonly level: string | null }
  | { readonly kind: 'refused'; readonly pin: string; readonly problem: string };

type ToldOf<Kind extends Told['kind']> = Extract<Told, { kind: Kind }>;

/** What the line does to bytes on their way; null: it loses them. */
export type Line = (bytes: number[]) => number[] | null;

const stepMs = 0.2;
const livesEveryMs = 250;

export const relay = (pin: string, inverted = false): DrivenPin => ({
  pin,
  device: { kind: 'relay' },
  safe: 'off',
  inverted,
});

export const nothingRead: readonly ReadPin[] = [];

export const relayBoard: BoardWants = {
  leaseMs: 1_000,
  id: null,
  reads: nothingRead,
  drives: [relay('7'), relay('8', true)],
};

/** A session and a board with the committed firmware at the two ends of a line, in the board's time. */
export class Rig {
  readonly board: Board;
  readonly session: BoardSession;
  readonly told: Told[] = [];
  readonly pins: PinEvent[] = [];
  /** Every line that was sent, without start and CRC. */
  readonly sent: string[] = [];
  toBoard: Line = (bytes) => bytes;
  toHost: Line = (bytes) => bytes;
  /** Limen's engine proves that it lives. */
  isAlive = true;
  readonly #clock = createVirtualClock();
  readonly #startMs = this.#clock.monotonicMs();
  #startCycle: number;
  #livesAtMs = 0;
  #fromBoard: number[] = [];
  #randoms = 0;

  constructor(wants: BoardWants, eeprom?: Uint8Array) {
    this.board = new Board(hex, eeprom);
    this.#startCycle = this.board.cycle;
    this.board.onTransmit = (byte) => this.#fromBoard.push(byte);
    this.board.onPin = (event) => this.pins.push(event);
    const { told } = this;
    this.session = new BoardSession({
      clock: this.#clock,
      wants,
      random: () => (this.#randoms += 0.1234567) % 1,
      write: (line) => this.#write(line),
      listener: {
        up: (facts) => told.push({ kind: 'up', facts }),
        down: (problem) => told.push({ kind: 'down', problem }),
        reading: (reading) => told.push({ kind: 'reading', reading }),
        shows: (pin, level) => told.push({ kind: 'shows', pin, level }),
        refused: (pin, problem) => told.push({ kind: 'refused', pin, problem }),
      },
    });
  }

  /** Opens the line, as a program does that starts; an Uno is reset by it. */
  plug(): this {
    this.board.reset('button');
    this.session.opened();
    return this;
  }

  /** Plugs in, and runs until the board is up. */
  start(): this {
    this.plug().until('up');
    return this;
  }

  get ms(): number {
    return ((this.board.cycle - this.#startCycle) * 1000) / clockHz;
  }

  drive(pin: string, level: 'on' | 'off', seq: number, withinMs = 2_000): void {
    this.session.drive(pin, level, seq, this.#clock.monotonicMs() + withinMs);
  }

  run(ms: number): void {
    const endMs = this.ms + ms;
    while (this.ms < endMs) this.#step();
  }

  /** Runs until something is told that was not told before this call. */
  until<Kind extends Told['kind']>(
    kind: Kind,
    fits: (told: ToldOf<Kind>) => boolean = () => true,
    withinMs = 8_000,
  ): ToldOf<Kind> {
    let at = this.told.length;
    const endMs = this.ms + withinMs;
    while (this.ms < endMs) {
      this.#step();
      for (; at < this.told.length; at++) {
        const told = this.told[at];
        if (told !== undefined && isKind(told, kind) && fits(told)) return told;
      }
    }
    const said = this.told.slice(-20).map((told) => JSON.stringify(told));
    throw new Error(`not told within ${withinMs} ms; the last of what was:\n${said.join('\n')}`);
  }

  /** The session still looks after something. */
  get isAwake(): boolean {
    return this.#clock.nextDueMs !== null;
  }

  /** What was told, as one word each. */
  get words(): string[] {
    return this.told.flatMap((told) => {
      if (told.kind === 'shows') return [`${told.pin} shows ${told.level ?? 'nothing'}`];
      if (told.kind === 'refused') return [`${told.pin} refused: ${told.problem}`];
      if (told.kind === 'down') return [`down: ${told.problem}`];
      return told.kind === 'up' ? ['up'] : [];
    });
  }

  forget(): void {
    this.told.length = 0;
    this.pins.length = 0;
    this.sent.length = 0;
  }

  #write(line: string): void {
    this.sent.push(line.slice(1, line.lastIndexOf('*')));
    const bytes = this.toBoard([...Buffer.from(line, 'latin1')]);
    if (bytes !== null) this.board.receive(bytes);
  }

  #step(): void {
    this.board.runMs(stepMs);
    const bytes = this.#fromBoard;
    this.#fromBoard = [];
    const arrived = bytes.length === 0 ? null : this.toHost(bytes);
    if (arrived !== null && arrived.length > 0) this.session.push(Uint8Array.from(arrived));
    const nowMs = this.ms;
    if (this.isAlive && nowMs - this.#livesAtMs >= livesEveryMs) {
      this.#livesAtMs = nowMs;
      this.session.lives();
    }
    this.#clock.moveTo(this.#startMs + nowMs);
  }
}

function isKind<Kind extends Told['kind']>(told: Told, kind: Kind): told is ToldOf<Kind> {
  return told.kind === kind;
}
