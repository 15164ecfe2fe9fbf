// Aim: the emulated board behaves at a real port of the machine as a real one does, seen through the real serialport.
import { once } from 'node:events';
import { SerialPort } from 'serialport';
import { expect, onTestFinished, test } from 'vitest';
import type { BoardMessage } from '../../firmware-bridge/board-message.ts';
import { BoardStream } from '../../firmware-bridge/board-stream.ts';
import { encodeCommand, type HostCommand } from '../../firmware-bridge/host-command.ts';
import { protocol } from '../../firmware-bridge/protocol.ts';
import { plugBoard } from './plugged-board.ts';
import { hexFile } from './talk.ts';

type Kind = BoardMessage['kind'];

class Line {
  readonly stream: BoardStream;
  readonly port: SerialPort;
  readonly #messages: BoardMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #seq = 0;

  constructor(port: SerialPort) {
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

  static async open(path: string): Promise<Line> {
    const port = new SerialPort({ path, baudRate: protocol.baudRate, autoOpen: false });
    const line = new Line(port);
    port.open();
    await once(port, 'open');
    onTestFinished(() => line.close());
    return line;
  }

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

  async ask(command: HostCommand): Promise<void> {
    this.#seq += 1;
    const seq = this.#seq;
    this.port.write(encodeCommand(seq, command));
    await this.next('ack', ({ of }) => of === seq);
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

const settings: readonly HostCommand[] = [
  { kind: 'hello', session: 1 },
  { kind: 'pin', pin: '7', setting: { kind: 'out', safe: 0 } },
  { kind: 'pin', pin: 'A0', setting: { kind: 'analog', everyMs: 20, samples: 1 } },
  { kind: 'save' },
];

test('opening the port resets the board; volts become readings, commands move pins', async () => {
  const board = await plugBoard(hexFile);
  const line = await Line.open(board.path);
  expect(await line.next('hello')).toMatchObject({ board: 'uno', why: 'button' });
  for (const command of settings) await line.ask(command);
  await board.setVolts(0, 2.5);
  await line.next('analog', ({ value }) => value === 512);
  await line.ask({ kind: 'set', pin: '7', level: 1 });
  await board.nextPin(7, 'high');
  await line.close();
  await board.next('closed');
  const again = await Line.open(board.path);
  await board.nextPin(7, 'low');
  expect(await again.next('hello')).toMatchObject({ why: 'button', saves: 1 });
  expect(await board.stats()).toMatchObject({ baudRate: expect.closeTo(115_200, -4) as number });
});

test('an unplugged board closes the port; plugged in again it is another port under the same name', async () => {
  const board = await plugBoard(hexFile);
  const line = await Line.open(board.path);
  await line.next('hello');
  for (const command of settings) await line.ask(command);
  await line.ask({ kind: 'set', pin: '7', level: 1 });
  await board.nextPin(7, 'high');
  const closed = once(line.port, 'close');
  await board.unplug();
  await closed;
  await board.plug();
  const again = await Line.open(board.path);
  // The wire from it lost its power with the board: what was commanded is gone.
  await board.nextPin(7, 'low');
  expect(await again.next('hello')).toMatchObject({ id: '00000000', saves: 1 });
});

test('a frozen board says nothing and goes on when it thaws; a hung one is reset by its watchdog', async () => {
  const board = await plugBoard(hexFile);
  const line = await Line.open(board.path);
  await line.next('hello');
  await board.freeze();
  await board.thaw();
  await line.next('beat');
  await board.hang();
  expect(await line.next('hello')).toMatchObject({ why: 'watchdog' });
});

test('noise and damaged bytes on the line are counted, and every whole line still arrives', async () => {
  const board = await plugBoard(hexFile);
  const line = await Line.open(board.path);
  await line.next('hello');
  for (const command of settings) await line.ask(command);
  await board.damage('host', 97);
  await board.noise('host', [0, 255, 0x3c, 7, 10, 13, 0x3c, 0x3c]);
  for (let count = 0; count < 20; count++) await line.next('analog');
  await board.damage('host', 0);
  await line.next('beat');
  const { badCrc, broken, garbage, lost } = line.stream.counts;
  expect(badCrc + garbage).toBeGreaterThan(2);
  expect(broken).toBeGreaterThan(0);
  expect(lost).toBeGreaterThan(2);
});
