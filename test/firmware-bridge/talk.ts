import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BoardMessage } from '../../firmware-bridge/host/board-message.ts';
import { BoardStream, type BoardCounts } from '../../firmware-bridge/host/board-stream.ts';
import {
  encodeCommand,
  nextSeq,
  type HostCommand,
} from '../../firmware-bridge/host/host-command.ts';
import { Board, clockHz, type PinEvent } from '../../firmware-bridge/emulator/board.ts';

export const hexFile = join(
  import.meta.dirname,
  '../../firmware-bridge/limen-board/limen-board.uno.hex',
);
export const hex = readFileSync(hexFile, 'utf8');

export type MessageOf<Kind extends BoardMessage['kind']> = Extract<BoardMessage, { kind: Kind }>;

const stepCycles = clockHz / 10_000;

/** A host on the line of an emulated board, both in emulated time. */
export class Talk {
  readonly board: Board;
  /** Everything the board has said, and every change of its pins. */
  readonly messages: BoardMessage[] = [];
  readonly pins: PinEvent[] = [];
  lastSeq = 0;
  readonly #stream: BoardStream;

  constructor(eeprom?: Uint8Array) {
    this.board = new Board(hex, eeprom);
    this.#stream = new BoardStream((message) => this.messages.push(message));
    this.board.onTransmit = (byte) => this.#stream.push(Uint8Array.of(byte));
    this.board.onPin = (event) => this.pins.push(event);
  }

  get counts(): BoardCounts {
    return this.#stream.counts;
  }

  /** The board's own clock. */
  get ms(): number {
    return this.messages.at(-1)?.ms ?? 0;
  }

  send(command: HostCommand): number {
    this.lastSeq = nextSeq(this.lastSeq);
    this.sendText(encodeCommand(this.lastSeq, command));
    return this.lastSeq;
  }

  sendText(text: string): void {
    this.board.receive(Buffer.from(text, 'latin1'));
  }

  /** Sends a command and gives its answer: `ack`, or the reason of its refusal. */
  ask(command: HostCommand, withinMs = 1_000): string {
    return this.answerTo(this.send(command), withinMs);
  }

  answerTo(seq: number, withinMs = 1_000): string {
    const answer = this.until((message) => {
      if (message.kind !== 'ack' && message.kind !== 'err') return undefined;
      return message.of === seq ? message : undefined;
    }, withinMs);
    return answer.kind === 'ack' ? 'ack' : answer.reason;
  }

  /** Runs until the board says something of a kind that fits. */
  next<Kind extends BoardMessage['kind']>(
    kind: Kind,
    fits: (message: MessageOf<Kind>) => boolean = () => true,
    withinMs = 1_500,
  ): MessageOf<Kind> {
    return this.until(
      (message) => (isKind(message, kind) && fits(message) ? message : undefined),
      withinMs,
    );
  }

  /** Runs until a message that has not been said before gives something. */
  until<Found>(find: (message: BoardMessage) => Found | undefined, withinMs: number): Found {
    const end = this.board.cycle + (withinMs * clockHz) / 1000;
    let at = this.messages.length;
    while (this.board.cycle < end) {
      this.board.run(stepCycles);
      for (; at < this.messages.length; at++) {
        const message = this.messages[at];
        const found = message === undefined ? undefined : find(message);
        if (found !== undefined) return found;
      }
    }
    const said = this.messages.map((message) => JSON.stringify(message)).slice(-20);
    throw new Error(`not said within ${withinMs} ms; the last of what was:\n${said.join('\n')}`);
  }

  /** Greets as session 1, after the board's own greeting. */
  greet(): this {
    if (this.messages.length === 0) this.next('hello');
    const answer = this.ask({ kind: 'hello', session: 1 });
    if (answer !== 'ack') throw new Error(`the greeting was refused: ${answer}`);
    return this;
  }

  /** Gives the board settings and waits until they are at work. */
  set(...commands: readonly HostCommand[]): this {
    for (const command of [...commands, { kind: 'save' } as const]) {
      const answer = this.ask(command);
      if (answer !== 'ack') throw new Error(`${JSON.stringify(command)} was refused: ${answer}`);
    }
    return this;
  }
}

function isKind<Kind extends BoardMessage['kind']>(
  message: BoardMessage,
  kind: Kind,
): message is MessageOf<Kind> {
  return message.kind === kind;
}
