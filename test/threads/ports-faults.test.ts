// Aim: whatever happens to a port or to the process of all ports, the other lines are read, and the owner is told.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { DrivenPin } from '../../src/domain/board.ts';
import { plugBoard } from '../firmware-bridge/plugged-board.ts';
import { SerialDevice } from '../firmware-bridge/serial-device.ts';
import { hexFile } from '../firmware-bridge/talk.ts';
import { FirmataRig } from './firmata-rig.ts';
import { lineAt, LinesRig } from './lines-rig.ts';
import { cpuMs, findPortsProcess, portsProcess } from './ports-process.ts';
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

test('a process of the ports that takes long to start is waited for', async () => {
  const device = new SerialDevice();
  const rig = new LinesRig([lineAt(device.path)]);
  const pid = portsProcess();
  process.kill(pid, 'SIGSTOP');
  await wait(6_500);
  process.kill(pid, 'SIGCONT');
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
  expect(portsProcess()).toBe(pid);
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

test('a line that floods takes nothing from a line that speaks now and then', async () => {
  const [loud, quiet] = [new SerialDevice(), new SerialDevice()];
  const rig = new LinesRig([lineAt(loud.path), lineAt(quiet.path)]);
  await rig.told('serial port open', ({ path }) => path === quiet.path);
  await quiet.sayUntil('{"a":1}\n', rig.read(quiet.path, 3));
  const flood = Buffer.from('{"a":1}\n'.repeat(500));
  const before = cpuMs(portsProcess());
  const from = performance.now();
  for (const until = from + 6_000; performance.now() < until; await wait(1)) loud.say(flood);
  const busy = (cpuMs(portsProcess()) - before) / (performance.now() - from);
  expect(rig.logged.filter(({ path }) => path === quiet.path)).toHaveLength(1);
  process.stdout.write(`a flood: the ports process took ${Math.round(busy * 100)} % of a core\n`);
}, 40_000);

test('a port that hangs up without a word, and whose node stays, is opened anew and keeps no core busy', async ({
  skip,
}) => {
  const device = new SerialDevice();
  const rig = new LinesRig([lineAt(device.path)]);
  await rig.told('serial port open');
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
  const pid = portsProcess();
  // Who does not read at the moment is not told by the kernel.
  rig.isKeeping = true;
  const flood = Buffer.from('{"a":1}\n'.repeat(400));
  while (rig.kept.length < 2 || rig.keptAtMs > performance.now() - 300) {
    device.say(flood);
    await wait(1);
  }
  // TIOCVHANGUP: every read of those who have it open says that there is nothing, at once and for ever.
  const hangUp = 'open(my $f, "+<", $ARGV[0]) or die; ioctl($f, 0x5437, 0) or die "$!"';
  const { status } = spawnSync('perl', ['-e', hangUp, device.path]);
  if (status !== 0) skip('only root may hang up a line');
  const before = cpuMs(pid);
  rig.goOn();
  const told = await rig.told('serial port not open');
  expect(told['reason']).toMatch(/hung up/);
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
  expect(cpuMs(pid) - before).toBeLessThan(2_000);
  expect(portsProcess()).toBe(pid);
});

test('a board whose source goes at a reload is told to be down, and goes safe at once', async () => {
  const board = await plugBoard(hexFile);
  const bench = new PortsWithBoard(board.path, [], [relay], 60_000);
  await bench.next('up');
  bench.drive('7', 'on');
  await board.nextPin(7, 'high');
  const low = board.nextPin(7, 'low');
  bench.ports.configure([]);
  expect((await bench.next('down')).problem).toContain('config');
  await low;
});

test('what is no port is told as that, and a port with two names as one', async () => {
  const device = new SerialDevice();
  const inFolder = (name: string): string => join(folder(), name);
  const [file, fifo, twin] = [inFolder('file'), inFolder('fifo'), inFolder('twin')];
  writeFileSync(file, 'mine');
  spawnSync('mkfifo', [fifo]);
  symlinkSync(device.path, twin);
  const none = [folder(), file, fifo, '/dev/null', '/dev/zero'];
  const rig = new LinesRig([device.path, ...none, twin].map((path) => lineAt(path)));
  const reasonOf = async (at: string): Promise<unknown> =>
    (await rig.told('serial port not open', ({ path }) => path === at))['reason'];
  for (const path of none)
    expect(await reasonOf(path)).toBe(`${path} is not a serial port: limen ports lists what is`);
  expect(await reasonOf(twin)).toContain('another source has open: name each port once');
  expect(readFileSync(file, 'utf8')).toBe('mine');
  await device.sayUntil('{"a":1}\n', rig.read(device.path, 3));
});

test('a port that a board with Firmata is said to be at by another name is told as one', async () => {
  const device = new SerialDevice();
  const twin = join(folder(), 'twin');
  symlinkSync(device.path, twin);
  const lines = new LinesRig([lineAt(device.path)]);
  await lines.told('serial port open');
  const boards = new FirmataRig(twin).drives();
  expect((await boards.next('down')).problem).toBe(
    `${twin} leads to a port that another source has open: name each port once`,
  );
});
