// Aim: whatever happens to a port or to the process of all ports, the other lines are read, and the owner is told.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { DrivenPin } from '../../src/domain/board.ts';
import { plugBoard } from '../firmware-bridge/plugged-board.ts';
import { SerialDevice } from '../firmware-bridge/serial-device.ts';
import { hexFile } from '../firmware-bridge/talk.ts';
import { lineAt, LinesRig } from './lines-rig.ts';
import { findPortsProcess, portsProcess } from './ports-process.ts';
import { PortsWithBoard } from './ports-with-board.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'limen-faults-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'the ports go on at a %s, which a terminal or systemd sends to every process of Limen',
  async (signal) => {
    const device = new SerialDevice();
    const rig = new LinesRig([lineAt(device.path)]);
    await rig.told('serial port open');
    const pid = portsProcess();
    process.kill(pid, signal);
    await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
    expect(portsProcess()).toBe(pid);
  },
);

test('a path that cannot be looked at is told, and the other lines are read', async () => {
  const loop = join(folder(), 'loop');
  symlinkSync(loop, loop);
  const device = new SerialDevice();
  const rig = new LinesRig([lineAt(loop), lineAt(device.path)]);
  const told = await rig.told('serial port not open', ({ path }) => path === loop);
  expect(told['reason']).toMatch(/too many symbolic links/);
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
  expect(rig.logged.filter(({ message }) => message.includes('new thread'))).toEqual([]);
});

test('a process of the ports that ends again and again is started ever more seldom', async () => {
  const device = new SerialDevice();
  const rig = new LinesRig([lineAt(device.path)]);
  const killed = new Set<number>();
  for (const until = performance.now() + 6_000; performance.now() < until; await wait(5)) {
    const pid = findPortsProcess();
    if (pid === null || killed.has(pid)) continue;
    killed.add(pid);
    process.kill(pid, 'SIGKILL');
  }
  expect(killed.size).toBeLessThan(6);
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
}, 40_000);

const relay: DrivenPin = { pin: '7', device: { kind: 'relay' }, safe: 'off', inverted: false };

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a process of the ports that gets a %s: the board is told to be down, goes safe and stays so',
  async (signal) => {
    const board = await plugBoard(hexFile);
    const bench = new PortsWithBoard(board.path, [], [relay], 1_000);
    await bench.next('up');
    bench.drive('7', 'on');
    await board.nextPin(7, 'high');
    const low = board.nextPin(7, 'low');
    process.kill(portsProcess(), signal);
    // Into the void: a process that is frozen must not carry it out when it is not.
    bench.drive('7', 'on');
    await bench.next('down');
    await low;
    await bench.next('up');
    const moved = board.nextPin(7, 'high').then(() => 'moved');
    expect(await Promise.race([moved, wait(1_500, 'still')])).toBe('still');
  },
  40_000,
);
