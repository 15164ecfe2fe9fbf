import { once } from 'node:events';
import { SerialPort } from 'serialport';
import { onTestFinished } from 'vitest';
import type { BoardMessage } from '../../firmware-bridge/host/board-message.ts';
import { BoardStream } from '../../firmware-bridge/host/board-stream.ts';
import { encodeCommand, type HostCommand } from '../../firmware-bridge/host/host-command.ts';
import { protocol } from '../../firmware-bridge/host/protocol.ts';

type Kind = BoardMessage['kind'];

const hangUpWithinMs = 2_000;

/** A host on the line of a plugged board: the real serialport, and what the board says in order. */
export class SerialLine {
  readonly stream: BoardStream;
  readonly port: SerialPort;
  readonly #messages: BoardMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #seq = 0;

  private constructor(port: SerialPort) {
    this.port = port;
    this.stream = new BoardStream((message) => {
      this.#messages.push(message);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    });
    port.on('data', (bytes: Buffer) => this.stream.push(bytes));
    // The test asks for `close`, and no more.
    port.on('error', () => {});
  }

  /** Opens a port until the end of the test. */
  static async open(path: string): Promise<SerialLine> {
    const port = new SerialPort({ path, baudRate: protocol.baudRate, autoOpen: false });
    const line = new SerialLine(port);
    port.open();
    await once(port, 'open');
    onTestFinished(() => line.close());
    return line;
  }

  /** The next message of a kind that fits; what came before it is forgotten. */
  async next<K extends Kind>(
    kind: K,
    fits: (message: Extract<BoardMessage, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<BoardMessage, { kind: K }>> {
    for (;;) {
      const message = this.#messages.shift();
      if (message === undefined) await new Promise<void>((wake) => this.#waiting.add(wake));
      else if (isKind(message, kind) && fits(message)) return message;
    }
  }

  /** Sends a command, and waits until it is acknowledged. */
  async ask(command: HostCommand): Promise<void> {
    this.#seq += 1;
    const seq = this.#seq;
    this.port.write(encodeCommand(seq, command));
    await this.next('ack', ({ of }) => of === seq);
  }

  /**
   * To be called when the far end is gone. The port closes by itself, unless a read was under way in that moment: that
   * one never ends in the library (bindings-cpp 162), whoever has pulled the plug.
   */
  async hungUp(): Promise<void> {
    if (!this.port.isOpen) return;
    const closed = once(this.port, 'close');
    const spinning = setTimeout(() => void this.close(), hangUpWithinMs);
    await closed;
    clearTimeout(spinning);
  }

  async close(): Promise<void> {
    if (!this.port.isOpen) return;
    const closed = once(this.port, 'close');
    this.port.close();
    await closed;
  }
}

function isKind<K extends Kind>(
  message: BoardMessage,
  kind: K,
): message is Extract<BoardMessage, { kind: K }> {
  return message.kind === kind;
}
