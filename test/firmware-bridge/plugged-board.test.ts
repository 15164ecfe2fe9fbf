// Aim: the emulated board behaves at a real port of the machine as a real one does, seen through the real serialport.
import { expect, test } from 'vitest';
import type { HostCommand } from '../../firmware-bridge/host/host-command.ts';
import { plugBoard } from './plugged-board.ts';
import { SerialLine } from './serial-line.ts';
import { hexFile } from './talk.ts';

const settings: readonly HostCommand[] = [
  { kind: 'hello', session: 1 },
  { kind: 'pin', pin: '7', setting: { kind: 'out', safe: 0 } },
  { kind: 'pin', pin: 'A0', setting: { kind: 'analog', everyMs: 20, samples: 1 } },
  { kind: 'save' },
];

test('opening the port resets the board; volts become readings, commands move pins', async () => {
  const board = await plugBoard(hexFile);
  const line = await SerialLine.open(board.path);
  expect(await line.next('hello')).toMatchObject({ board: 'uno', why: 'button' });
  for (const command of settings) await line.ask(command);
  await board.setVolts(0, 2.5);
  await line.next('analog', ({ value }) => value === 512);
  await line.ask({ kind: 'set', pin: '7', level: 1 });
  await board.nextPin(7, 'high');
  await line.close();
  await board.next('closed');
  const again = await SerialLine.open(board.path);
  await board.nextPin(7, 'low');
  expect(await again.next('hello')).toMatchObject({ why: 'button', saves: 1 });
  expect(await board.stats()).toMatchObject({ baudRate: expect.closeTo(115_200, -4) as number });
});

test('an unplugged board closes the port; plugged in again it is another port under the same name', async () => {
  const board = await plugBoard(hexFile);
  const line = await SerialLine.open(board.path);
  await line.next('hello');
  for (const command of settings) await line.ask(command);
  await line.ask({ kind: 'set', pin: '7', level: 1 });
  await board.nextPin(7, 'high');
  await board.unplug();
  await line.hungUp();
  await board.plug();
  const again = await SerialLine.open(board.path);
  // The wire from it lost its power with the board: what was commanded is gone.
  await board.nextPin(7, 'low');
  expect(await again.next('hello')).toMatchObject({ id: '00000000', saves: 1 });
});

test('a frozen board says nothing and goes on when it thaws; a hung one is reset by its watchdog', async () => {
  const board = await plugBoard(hexFile);
  const line = await SerialLine.open(board.path);
  await line.next('hello');
  await board.freeze();
  await board.thaw();
  await line.next('beat');
  await board.hang();
  expect(await line.next('hello')).toMatchObject({ why: 'watchdog' });
});

test('noise and damaged bytes on the line are counted, and every whole line still arrives', async () => {
  const board = await plugBoard(hexFile);
  const line = await SerialLine.open(board.path);
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
