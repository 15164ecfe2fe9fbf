import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DrivenPin } from '../../src/domain/board.ts';
import type { ReadPin } from '../../src/domain/board-pins.ts';
import { clockHz } from '../../firmware-bridge/emulator/board.ts';
import type { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import { plugBoard } from '../firmware-bridge/plugged-board.ts';
import { hexFile } from '../firmware-bridge/talk.ts';
import { cpuMs, portsProcess } from './ports-process.ts';
import { PortsWithBoard } from './ports-with-board.ts';

// The committed firmware in an emulated Uno at a real pty, opened by the real serialport in its own process.

const leaseMs = 2_000;
const relay: DrivenPin = { pin: '7', device: { kind: 'relay' }, safe: 'off', inverted: false };
const soil: ReadPin = {
  pin: 'A0',
  metric: 'soil',
  unit: '%',
  everyMs: 50,
  scale: { from: [0, 1023], to: [0, 100] },
  input: { kind: 'analog', samples: 4 },
};

async function start(): Promise<{ board: PluggedBoard; bench: PortsWithBoard }> {
  const board = await plugBoard(hexFile);
  const bench = new PortsWithBoard(board.path, [soil], [relay], leaseMs);
  await bench.next('up');
  return { board, bench };
}

/** Commands the relay on, and waits for the pin and for what is read back. */
async function switchOn({ board, bench }: Awaited<ReturnType<typeof start>>): Promise<void> {
  bench.drive('7', 'on');
  await board.nextPin(7, 'high');
  await bench.next('shows', ({ level }) => level === 'on');
}

/** Lets a second pass in which the pin must stay low. */
async function staysLow(board: PluggedBoard): Promise<void> {
  const moved = board.nextPin(7, 'high').then(() => 'moved');
  expect(await Promise.race([moved, wait(1_000, 'still')])).toBe('still');
}

test('a plug that is pulled is told at once, and found again under its name with nothing replayed', async () => {
  const { board, bench } = await start();
  await switchOn({ board, bench });
  await board.unplug();
  expect((await bench.next('down')).problem).toContain('unplugged');
  // Said into the void: it must not come out when the plug is back.
  bench.drive('7', 'on');
  await board.plug();
  await bench.next('up');
  expect((await bench.next('shows')).level).toBe('off');
  await staysLow(board);
  await board.setVolts(0, 5);
  while ((await bench.value('soil')) !== 100);
});

test('a board that is reset is down for a moment and comes up safe', async () => {
  const { board, bench } = await start();
  await switchOn({ board, bench });
  await board.reset();
  expect((await bench.next('down')).problem).toBe('it began anew');
  await bench.next('up');
  expect((await bench.next('shows')).level).toBe('off');
  await staysLow(board);
});

test('a board whose program hangs is reset by its watchdog, and comes up safe', async () => {
  const { board, bench } = await start();
  await switchOn({ board, bench });
  await board.hang();
  await board.nextPin(7, 'low');
  expect((await bench.next('up')).facts?.why).toBe('watchdog');
});

test('a frozen board is down after some seconds, and what it is told meanwhile is not carried out later', async () => {
  const { board, bench } = await start();
  await board.freeze();
  bench.drive('7', 'on');
  await bench.next('down');
  await wait(1_000);
  await board.thaw();
  await bench.next('up');
  await staysLow(board);
});

test('noise on the line costs lines, and no command is lost or made up by it', async () => {
  const { board, bench } = await start();
  let state = 7;
  const noise = (): number[] =>
    Array.from({ length: 60 }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return (state >> 16) & 0xff;
    });
  for (let round = 0; round < 10; round++) {
    await board.noise('host', noise());
    await board.noise('board', noise());
    await switchOn({ board, bench });
    bench.drive('7', 'off');
    await board.nextPin(7, 'low');
  }
  expect(bench.events.filter(({ kind }) => kind === 'refused')).toEqual([]);
});

test('a line that damages bytes now and then is worked through', async () => {
  const { board, bench } = await start();
  await board.damage('host', 700);
  await board.damage('board', 700);
  for (let round = 0; round < 5; round++) {
    bench.drive('7', 'on');
    await wait(300);
    bench.drive('7', 'off');
    await wait(300);
  }
  await board.damage('host', 0);
  await board.damage('board', 0);
  if (bench.events.at(-1)?.kind === 'down') await bench.next('up');
  await wait(1_000);
  await switchOn({ board, bench });
});

test('a flood without a newline takes no memory, and the board is heard again behind it', async () => {
  const { board, bench } = await start();
  const flood = new Array<number>(60_000).fill(0x41);
  for (let round = 0; round < 10; round++) await board.noise('host', flood);
  await bench.value('soil');
  if (bench.events.some(({ kind }) => kind === 'down')) await bench.next('up');
  await switchOn({ board, bench });
});

test('bytes at the wrong speed are told as what they look like, and never taken for a board', async () => {
  const board = await plugBoard(hexFile);
  // At another speed nearly every byte is wrong.
  await board.damage('host', 2);
  const bench = new PortsWithBoard(board.path, [soil], [relay], leaseMs);
  expect((await bench.next('down')).problem).toContain('is that on it?');
  await board.damage('host', 0);
  await bench.next('up');
});

test('a board goes safe within its lease when nobody proves that Limen lives', async () => {
  const { board, bench } = await start();
  await switchOn({ board, bench });
  bench.isAlive = false;
  const { cycle } = await board.stats();
  const edge = await board.nextPin(7, 'low');
  // By the board's clock: the lease, half of it until the proof is missed, and room for a busy machine.
  expect(((edge.cycle - cycle) * 1_000) / clockHz).toBeLessThan(leaseMs * 1.5 + 1_500);
});

test(
  '50 plugs pulled during traffic: attached again each time, for less than half of a core',
  { timeout: 240_000 },
  async () => {
    const { board, bench } = await start();
    const pid = portsProcess();
    const before = cpuMs(pid);
    const from = performance.now();
    const attachMs: number[] = [];
    for (let round = 0; round < 50; round++) {
      bench.drive('7', round % 2 === 0 ? 'on' : 'off');
      await wait((round * 7) % 40);
      await board.unplug();
      await bench.next('down');
      const pulled = performance.now();
      await board.plug();
      await bench.next('up');
      attachMs.push(performance.now() - pulled);
    }
    const share = (cpuMs(pid) - before) / (performance.now() - from);
    const sorted = attachMs.toSorted((a, b) => a - b);
    process.stdout.write(
      `50 unplugs: ports process ${Math.round(share * 100)} % of a core; up again after p50 ${Math.round(sorted[25] ?? 0)} ms, max ${Math.round(sorted[49] ?? 0)} ms\n`,
    );
    expect(share).toBeLessThan(0.5);
    await switchOn({ board, bench });
  },
);
