// A board on a port, in a process of its own: node board-process.ts <hex file> <symlink of the port> <speed>.
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { Board, clockHz } from './board.ts';
import { hrtimeMs, type BoardReport, type BoardRequest } from './board-messages.ts';
import { Ptmx } from './ptmx.ts';

const [hexFile = '', link = '', speedText = '1'] = process.argv.slice(2);
const cyclesPerMs = (clockHz / 1000) * Number(speedText);
/** A board that is further behind than this has lost the time: it never runs faster than life to make up for it. */
const debtMsMax = 100;

const board = new Board(readFileSync(hexFile, 'utf8'));
let port: Ptmx | null = null;
let isOpen = false;
let isFrozen = false;
let lastMs = hrtimeMs();
let runMs = 0;
let runFrom = 0;
let toHost: number[] = [];
const sent = { host: 0, board: 0 };
const damageEvery = { host: 0, board: 0 };

board.onTransmit = (byte) => toHost.push(throughLine('host', byte));
board.onPin = (event) => report({ kind: 'pin', ...event, atMs: hrtimeMs() });
process.on('message', (request: BoardRequest) => carryOut(request));
// Whoever started this process may end in any way: it leaves nothing behind.
process.on('disconnect', () => {
  unplug();
  process.exit();
});
// What ends a terminal or a service reaches the whole group: who started this process says when it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// The compiler of V8 needs a moment before the emulator keeps up with life.
board.runMs(200);
board.reset('power');
board.resets = 0;
runFrom = board.cycle;
plug();
slice();

function slice(): void {
  const now = hrtimeMs();
  const passedMs = Math.min(now - lastMs, debtMsMax);
  lastMs = now;
  listen();
  if (port !== null && !isFrozen) {
    runMs += passedMs;
    board.run(Math.round(passedMs * cyclesPerMs));
  }
  if (isOpen && toHost.length > 0) port?.write(Buffer.from(toHost));
  // Nobody listens: what the board says is lost, as on a real line.
  toHost = [];
  setTimeout(slice, 1);
}

function listen(): void {
  const bytes = port?.poll() ?? null;
  const wasOpen = isOpen;
  isOpen = bytes !== null;
  if (isOpen && !wasOpen) {
    // The port of an Uno pulls its reset when it is opened: nothing is heard of its last life.
    board.reset('button');
    toHost = [];
    report({ kind: 'open' });
  }
  if (!isOpen && wasOpen) report({ kind: 'closed' });
  // A chip whose clock stands still hears nothing.
  if (bytes !== null && bytes.length > 0 && !isFrozen) {
    board.receive(Array.from(bytes, (byte) => throughLine('board', byte)));
  }
}

function throughLine(to: 'host' | 'board', byte: number): number {
  sent[to] += 1;
  const every = damageEvery[to];
  return every > 0 && sent[to] % every === 0 ? byte ^ 0x04 : byte;
}

function carryOut(request: BoardRequest): void {
  switch (request.kind) {
    case 'volts':
      board.setVolts(request.channel, request.volts);
      break;
    case 'pin_in':
      board.setPin(request.pin, request.level);
      break;
    case 'i2c':
      board.setI2c(request.address, request.first, request.bytes);
      break;
    case 'reset':
      board.reset('button');
      break;
    case 'freeze':
    case 'thaw':
      isFrozen = request.kind === 'freeze';
      break;
    case 'hang':
      board.hang();
      break;
    case 'unplug':
      unplug();
      board.reset('power');
      return report({ kind: 'unplugged' });
    case 'plug':
      return plug();
    case 'noise':
      if (request.to === 'board') board.receive(request.bytes);
      else toHost.push(...request.bytes);
      break;
    case 'damage':
      damageEvery[request.to] = request.every;
      break;
    case 'stats':
      return tellStats();
  }
  report({ kind: 'done', request: request.kind });
}

function plug(): void {
  unplug();
  port = new Ptmx();
  symlinkSync(port.path, link);
  lastMs = hrtimeMs();
  report({ kind: 'plugged', path: link });
}

function unplug(): void {
  rmSync(link, { force: true });
  port?.close();
  port = null;
  isOpen = false;
}

function tellStats(): void {
  report({
    kind: 'stats',
    cycle: board.cycle,
    resets: board.resets,
    baudRate: board.baudRate,
    bytesToHost: sent.host,
    bytesToBoard: sent.board,
    bytesLost: port?.lost ?? 0,
    pace: runMs === 0 ? 0 : (board.cycle - runFrom) / (runMs * cyclesPerMs),
    eeprom: [...board.eeprom],
  });
}

function report(message: BoardReport): void {
  // Whoever started this process may be gone: then it ends, too, and has nothing to complain of.
  process.send?.(message, () => {});
}
