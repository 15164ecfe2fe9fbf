// Aim: a board with StandardFirmata is read, driven and got back whatever happens to it, and nothing is driven that was
// not commanded since it came up. The firmware is the real one, so is johnny-five.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import type { BoardSensor } from '../../src/domain/firmata.ts';
import { displayAt } from '../firmware-bridge/character-display.ts';
import { plugBoard, plugFirmata } from '../firmware-bridge/plugged-board.ts';
import { childOf } from '../flow/ask.ts';
import { contact, driven, FirmataRig, volts } from './firmata-rig.ts';

const patience = { timeout: 60_000 };
const ownHex = join(import.meta.dirname, '../../firmware-bridge/limen-board/limen-board.uno.hex');

test('volts, a contact and a sensor become readings', patience, async (context) => {
  const board = await plugFirmata(context);
  await board.setVolts(0, 2.5);
  await board.setVolts(1, 0.75);
  const scale = { from: [0, 1023], to: [0, 100] } as const;
  const rig = new FirmataRig(
    board.path,
    [volts('A0', 'moisture', { unit: '%', scale }), contact('2', 'door')],
    { sensors: [sensor({ controller: 'TMP36', bus: 'analog', pin: 'A1' })] },
  ).drives();
  await rig.next('up');
  expect(await rig.value('moisture', (value) => Number(value) > 0)).toBeCloseTo(50, 0);
  await board.setVolts(0, 1.25);
  await rig.value('moisture', (value) => Math.abs(Number(value) - 25) < 0.5);
  await rig.value('temperature', (value) => value === 25);
  await rig.value('door', (value) => value === false);
  await board.setPin(2, false);
  await rig.value('door', (value) => value === true);
});

test.each([
  ['loop', /cannot be looked at: too many symbolic links/],
  [join('loop', 'tty'), /cannot be looked at: too many symbolic links/],
  ['absent', /is not there: is it plugged in\? limen ports lists what is/],
])('a port at %s is told with what keeps it from being opened', async (name, problem) => {
  const folder = mkdtempSync(join(tmpdir(), 'limen-firmata-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  const rig = new FirmataRig(join(folder, name)).drives();
  expect((await rig.next('down')).problem).toMatch(problem);
});

test('a sensor on the I2C bus is read, below zero too', patience, async (context) => {
  const board = await plugFirmata(context);
  await board.setI2c(0x18, 5, mcp9808(21.5));
  const rig = new FirmataRig(board.path, [], { sensors: [sensor({ controller: 'MCP9808' })] });
  rig.drives();
  await rig.value('temperature', (value) => value === 21.5);
  await board.setI2c(0x18, 5, mcp9808(-5));
  await rig.value('temperature', (value) => value === -5);
});

test(
  'a sensor that does not answer gives no reading: neither 0 nor its last value',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    await board.setI2c(0x18, 5, mcp9808(21.5));
    const absent = sensor({ controller: 'TMP102', metric: 'absent' });
    const rig = new FirmataRig(board.path, [volts('A0', 'volts')], {
      sensors: [sensor({ controller: 'MCP9808' }), absent],
    }).drives();
    await rig.value('temperature', (value) => value === 21.5);
    await board.setI2c(0x18, 0, null);
    // What was on its way has come when the pin has been read a few times.
    for (let time = 0; time < 5; time++) await rig.value('volts', () => true);
    const silent = rig.told.length;
    for (let time = 0; time < 15; time++) await rig.value('volts', () => true);
    const metrics = rig.told
      .slice(silent)
      .concat(rig.told)
      .flatMap((event) => (event.kind === 'reading' ? [event.metric] : []));
    expect(metrics).not.toContain('absent');
    expect(metrics.filter((metric) => metric === 'temperature')).toEqual([]);
    await board.setI2c(0x18, 5, mcp9808(3));
    await rig.value('temperature', (value) => value === 3);
  },
);

test('a relay follows its commands, and is read back', patience, async (context) => {
  const board = await plugFirmata(context);
  const rig = new FirmataRig(board.path).drives(
    driven('7'),
    driven('8', { kind: 'relay' }, { inverted: true }),
  );
  // Safe first, and only then is it up. What is low while it is on is high while it is off.
  await board.nextPin(8, 'high');
  await rig.next('up');
  await rig.next('shows', ({ pin, level }) => pin === '8' && level === 'off');
  rig.drive('7', 'on');
  await board.nextPin(7, 'high');
  await rig.next('shows', ({ pin, level }) => pin === '7' && level === 'on');
  rig.drive('8', 'on');
  await board.nextPin(8, 'low');
  rig.drive('7', 'off');
  await board.nextPin(7, 'low');
  await rig.next('shows', ({ pin, level }) => pin === '7' && level === 'off');
});

test('a lamp is dimmed, a buzzer sounds, a servo turns', patience, async (context) => {
  const board = await plugFirmata(context);
  const rig = new FirmataRig(board.path).drives(
    driven('6', { kind: 'led', on: 64, off: 0 }),
    driven('5', { kind: 'piezo' }),
    driven('4', { kind: 'servo', on: 180, off: 0 }),
  );
  await rig.next('up');
  for (const pin of ['4', '5', '6']) {
    rig.drive(pin, 'on');
    await rig.next('shows', (event) => event.pin === pin && event.level === 'on');
  }
  expect(await share(board, 6)).toBeCloseTo(64 / 256, 1);
  expect(await share(board, 5)).toBeCloseTo(0.5, 1);
  // 180 degrees are 2.4 ms of 20.
  expect(await share(board, 4)).toBeCloseTo(0.12, 1);
  rig.drive('5', 'off');
  await rig.next('shows', ({ pin, level }) => pin === '5' && level === 'off');
});

test(
  'a display shows the text of the command, and nothing when it is off',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    const pins = ['12', '11', '5', '4', '3', '2'];
    const rig = new FirmataRig(board.path).drives(
      driven('12', { kind: 'lcd', pins, columns: 16, rows: 2 }),
    );
    await rig.next('up');
    const display = displayAt(board);
    rig.drive('12', 'on', 'freezer-1 is at -12.5 °C');
    await rig.next('shows', ({ level }) => level === null);
    expect(await display.until((text) => text.endsWith('C'))).toBe('freezer-1 is at\n-12.5 \xdfC');
    rig.drive('12', 'off');
    expect(await display.until((text) => text === '')).toBe('');
  },
);

test(
  'unplugged and plugged in again, nothing is replayed, on no pin',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    const rig = new FirmataRig(board.path, [volts('A0', 'volts')]).drives(driven('6'), driven('7'));
    await rig.next('up');
    rig.drive('7', 'on');
    await board.nextPin(7, 'high');
    await board.unplug();
    await rig.next('down');
    rig.drive('7', 'on');
    await board.plug();
    await rig.next('up');
    rig.drive('6', 'on');
    const others = await pinsUntilHigh(board, 6);
    expect(others.filter(({ shows }) => shows === 'high').map(({ pin }) => pin)).not.toContain(7);
    await rig.value('volts', () => true);
    await rig.next('shows', ({ pin, level }) => pin === '7' && level === 'off');
  },
);

test(
  'a reset with the link up is seen, and the outputs are safe after it',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    const rig = new FirmataRig(board.path, [volts('A0', 'volts')]).drives(driven('7'));
    await rig.next('up');
    rig.drive('7', 'on');
    await board.nextPin(7, 'high');
    await board.reset();
    await rig.next('down', ({ problem }) => problem === 'the board began anew');
    await rig.next('up');
    await rig.next('shows', ({ level }) => level === 'off');
    rig.forget();
    await rig.value('volts', () => true);
  },
);

test('a board that stands still is given up, and taken back', patience, async (context) => {
  const board = await plugFirmata(context);
  const rig = new FirmataRig(board.path).drives(driven('7'));
  await rig.next('up');
  await board.freeze();
  await rig.next('down', ({ problem }) => problem === 'the board does not answer');
  await board.thaw();
  await rig.next('up');
});

test(
  'a process that takes long to start, and Limen when it stood still, lose no board',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    const rig = new FirmataRig(board.path).drives(driven('7'));
    // It is started within a turn of the loop, and needs longer than that to say a word.
    await wait(50);
    const pid = childOf(process.pid, 'firmata');
    process.kill(pid, 'SIGSTOP');
    await wait(6_500);
    process.kill(pid, 'SIGCONT');
    await rig.next('up');
    // Longer than a process may be silent.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000);
    await wait(1_500);
    expect(rig.told.filter(({ kind }) => kind === 'down')).toEqual([]);
    expect(childOf(process.pid, 'firmata')).toBe(pid);
  },
);

test('a board with the firmware of Limen says so', patience, async () => {
  const board = await plugBoard(ownHex);
  const rig = new FirmataRig(board.path).drives(driven('7'));
  const { problem } = await rig.next('down');
  expect(problem).toBe(
    "this board speaks Limen's protocol, not Firmata: use serial: with format: limen",
  );
});

test(
  'a pin that cannot do what is wanted keeps the board away, and says which',
  patience,
  async (context) => {
    const board = await plugFirmata(context);
    const rig = new FirmataRig(board.path, [volts('A9', 'volts')]).drives(
      driven('7', { kind: 'led', on: 100, off: 0 }),
    );
    const { problem } = await rig.next('down');
    expect(problem).toBe('it has no pin A9; its pin 7 cannot be dimmed or sound');
  },
);

function sensor(more: Partial<BoardSensor>): BoardSensor {
  return {
    kind: 'thermometer',
    controller: '',
    bus: 'i2c',
    pin: null,
    address: null,
    metric: 'temperature',
    everyMs: 250,
    ...more,
  };
}

/** The temperature register of an MCP9808: sixteenths of a degree, thirteen bits with the sign. */
function mcp9808(celsius: number): readonly number[] {
  const raw = (celsius * 16) & 0x1fff;
  return [raw >> 8, raw & 0xff];
}

/** What pins did before this one went high. */
async function pinsUntilHigh(
  board: PluggedBoard,
  last: number,
): Promise<readonly { readonly pin: number; readonly shows: string }[]> {
  const before: { readonly pin: number; readonly shows: string }[] = [];
  for (;;) {
    const event = await board.next('pin');
    if (event.pin === last && event.shows === 'high') return before;
    before.push(event);
  }
}

/** The share of time that a pin is high. */
async function share(board: PluggedBoard, pin: number): Promise<number> {
  await board.nextPin(pin, 'high');
  const first = await board.nextPin(pin, 'high');
  const end = await board.nextPin(pin, 'low');
  const next = await board.nextPin(pin, 'high');
  return (end.cycle - first.cycle) / (next.cycle - first.cycle);
}
