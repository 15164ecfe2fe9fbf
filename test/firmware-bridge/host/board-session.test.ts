import { expect, test } from 'vitest';
import { frameLine } from '../../../firmware-bridge/host/host-command.ts';
import type { BoardWants } from '../../../firmware-bridge/host/board-settings.ts';
import type { ReadPin } from '../../../src/domain/board-pins.ts';
import { nothingRead, relay, relayBoard, Rig } from './session-rig.ts';

// The host's side and the committed firmware in an emulated Uno, in the board's time.

/** The memory of a board that was given these settings: later lives begin with it. */
function memoryOf(wants: BoardWants): Uint8Array {
  return new Rig(wants).start().board.eeprom;
}
const known = memoryOf(relayBoard);

const text = (bytes: readonly number[]): string => Buffer.from(bytes).toString('latin1');

test('a new board gets an id, its lease and its pins, saved once, and comes up with its outputs safe', () => {
  const rig = new Rig(relayBoard).start();
  const [up] = rig.told;
  expect(up).toMatchObject({ facts: { firmware: '1.0.0', board: 'uno', leaseMs: 1_000 } });
  expect(up?.kind === 'up' && up.facts.id).toMatch(/^(?!00000000)[0-9A-F]{8}$/);
  expect(rig.words).toEqual(['up', '7 shows off', '8 shows off']);
  expect([rig.board.shows(7), rig.board.shows(8)]).toEqual(['low', 'high']);
  expect(rig.sent.filter((line) => line.includes('save'))).toHaveLength(1);
});

test('a board that has its settings is not written to', () => {
  const before = Uint8Array.from(known);
  const rig = new Rig(relayBoard, known).start();
  expect(rig.ms).toBeLessThan(100);
  rig.run(500);
  expect(new Set(rig.sent.map((line) => line.split(' ')[1]))).toEqual(new Set(['hello', 'beat']));
  expect(rig.board.eeprom).toEqual(before);
});

test('only what differs is sent and saved', () => {
  const wants = { ...relayBoard, drives: [relay('7'), relay('12')] };
  const rig = new Rig(wants, known).start();
  const sent = rig.sent.map((line) => line.replace(/^\d+ /, ''));
  expect(sent.filter((line) => line !== 'beat')).toEqual([
    expect.stringMatching(/^hello 1 \d+$/),
    'pin 8 off',
    'pin 12 out 0',
    'save',
  ]);
});

test('a level gets to the pin within milliseconds, and what the pin shows is told back', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  const fromMs = rig.ms;
  rig.drive('8', 'on', 5);
  rig.until('shows', ({ pin, level }) => pin === '8' && level === 'on');
  expect(rig.ms - fromMs).toBeLessThan(15);
  expect(rig.pins.map(({ pin, shows }) => [pin, shows])).toEqual([[8, 'low']]);
});

test('of two levels for one pin the later one stays, whichever came first on the way', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  rig.drive('7', 'on', 5);
  rig.drive('7', 'on', 6);
  rig.drive('7', 'off', 7);
  rig.drive('7', 'on', 6);
  rig.run(1_000);
  expect(rig.board.shows(7)).toBe('low');
  expect(rig.sent.filter((line) => line.includes('set')).map((line) => line.split(' ')[3])).toEqual(
    ['1', '0'],
  );
});

test('what is commanded while the board is not up is never sent', () => {
  const rig = new Rig(relayBoard, known).plug();
  rig.drive('7', 'on', 5, 60_000);
  rig.until('up');
  rig.toBoard = () => null;
  rig.until('down');
  rig.drive('7', 'on', 6, 60_000);
  rig.toBoard = (bytes) => bytes;
  rig.until('up');
  rig.run(2_000);
  expect(rig.sent.filter((line) => line.includes('set'))).toEqual([]);
  expect(rig.pins.filter(({ pin, shows }) => pin === 7 && shows === 'high')).toEqual([]);
});

test('a command that a buffer held back is too late for the board, and is not carried out', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  const held: number[] = [];
  rig.toBoard = (bytes) => {
    held.push(...bytes);
    return null;
  };
  rig.drive('7', 'on', 5, 500);
  rig.run(700);
  rig.toBoard = (bytes) => bytes;
  rig.board.receive(held);
  rig.run(1_500);
  expect(rig.pins.filter(({ shows }) => shows === 'high')).toEqual([]);
  expect(rig.words[0]).toBe('7 refused: it could not be told in time');
  expect(rig.session.isUp).toBe(true);
});

test('a line that fails in one way and another is told once a minute, and at once when it is new', () => {
  const rig = new Rig(relayBoard, known);
  let count = 0;
  // Now and then a greeting is whole but for a line of it, and now and then its answer is not heard.
  rig.toHost = (bytes) => bytes.map((byte) => (count++ % 67 === 0 ? byte ^ 1 : byte));
  rig.plug().run(12_000);
  const few = rig.words.filter((word) => word.startsWith('down'));
  expect(rig.sent.filter((line) => line.includes('hello')).length).toBeGreaterThan(5);
  expect(few).toHaveLength(1);
  rig.toHost = (bytes) => bytes;
  rig.until('up');
  rig.toBoard = () => null;
  expect(rig.until('down', undefined, 2_000).problem).toBe('it does not answer');
});

test('a line that is lost or damaged is sent again, and carried out once', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  // Twice lost on its way there, then the answer is.
  let lost = 0;
  rig.toBoard = (bytes) => (text(bytes).includes('set') && lost++ < 2 ? null : bytes);
  let answers = 0;
  rig.toHost = (bytes) => {
    const isAnswer = text(bytes).includes('ack') && answers++ === 0;
    return isAnswer ? null : bytes;
  };
  rig.drive('7', 'on', 5);
  rig.until('shows', ({ level }) => level === 'on');
  rig.run(2_000);
  expect(rig.pins.map(({ pin, shows }) => [pin, shows])).toEqual([[7, 'high']]);
  expect(rig.words.filter((word) => !word.includes('shows'))).toEqual([]);
});

test('a pin whose level was not told back is asked for by setting it again', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  let isLost = true;
  rig.toHost = (bytes) => (isLost && rig.board.shows(7) === 'high' ? blankOuts(bytes) : bytes);
  rig.drive('7', 'on', 5);
  rig.run(400);
  expect(rig.words).toEqual([]);
  isLost = false;
  rig.until('shows', ({ pin, level }) => pin === '7' && level === 'on');
  expect(rig.pins).toHaveLength(1);
});

test('a board that never tells what its pin shows leaves it unknown, and the command refused', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  rig.toHost = blankOuts;
  rig.drive('7', 'on', 5);
  rig.until('refused');
  expect(rig.words).toEqual(['7 shows nothing', '7 refused: it does not say what its pin shows']);
});

/** Turns the letters of each `out` into others: the CRC tells. */
function blankOuts(bytes: number[]): number[] {
  return bytes.map((byte) => (byte === 0x75 ? 0x76 : byte));
}

test('when the engine of Limen does not prove that it lives, the board goes safe within its lease', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.drive('7', 'on', 5);
  rig.run(2_500);
  expect(rig.board.shows(7)).toBe('high');
  rig.isAlive = false;
  const fromMs = rig.ms;
  rig.forget();
  rig.until('shows', ({ pin, level }) => pin === '7' && level === 'off');
  // The lease, and half of it before the proof is missed.
  expect(rig.ms - fromMs).toBeLessThan(1_000 + 500 + 50);
  rig.until('down');
  expect(rig.words.at(-1)).toBe('down: its lease ran out');
});

test('after a reset nothing holds that was commanded: down, safe, and up anew without a word of before', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.drive('7', 'on', 5, 60_000);
  rig.run(500);
  rig.forget();
  rig.board.reset('button');
  rig.until('up');
  rig.run(2_000);
  expect(rig.words).toEqual(['down: it began anew', 'up', '7 shows off', '8 shows off']);
  expect(rig.sent.filter((line) => line.includes('set'))).toEqual([]);
  expect(rig.board.shows(7)).toBe('low');
});

test('a board that falls silent is down after 3.5 s, and comes up when it speaks again', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.run(1_500);
  rig.forget();
  rig.toHost = () => null;
  const fromMs = rig.ms;
  rig.until('down');
  expect(rig.ms - fromMs).toBeLessThan(4_600);
  expect(rig.ms - fromMs).toBeGreaterThan(900);
  rig.toHost = (bytes) => bytes;
  rig.until('up');
});

test('a line that carries nothing to the board is found by the missing answer', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.forget();
  rig.toBoard = () => null;
  rig.drive('7', 'on', 5);
  rig.until('down', undefined, 3_000);
  expect(rig.words).toContain('7 refused: it does not answer');
  expect(rig.board.shows(7)).toBe('low');
});

test('a board that cannot do what is wanted is refused in words, and nothing is driven', () => {
  const rig = new Rig({ ...relayBoard, drives: [relay('13')] }).plug();
  const { problem } = rig.until('down');
  expect(problem).toBe(
    'its pin 13 cannot be driven, these can: 2 3 4 5 6 7 8 9 10 11 12 A0 A1 A2 A3 A4 A5',
  );
  rig.drive('13', 'on', 1);
  rig.run(3_000);
  expect(rig.pins).toEqual([]);
  expect(rig.sent.map((line) => line.split(' ')[1])).toEqual(['hello', 'bye']);
});

test('another board than the one with the id in the config is refused and keeps what it has', () => {
  const rig = new Rig(
    { ...relayBoard, id: 'CAFE0001', leaseMs: 5_000 },
    Uint8Array.from(known),
  ).plug();
  const { problem } = rig.until('down');
  expect(problem).toMatch(/^it is another board: its id is [0-9A-F]{8}, not CAFE0001$/);
  expect(rig.board.eeprom).toEqual(known);
});

test('firmware with another version of the protocol is refused, with the cure', () => {
  const rig = new Rig(relayBoard);
  rig.session.opened();
  rig.session.push(
    Buffer.from(
      frameLine(
        'board',
        '0 2 hello limen 9 fw=9.0.0 board=uno id=00000000 lease=10000 saves=0 adc=1023 why=power',
      ),
    ),
  );
  rig.session.push(Buffer.from(frameLine('board', '1 3 err 1 version')));
  expect(rig.words).toEqual([
    'down: its firmware speaks version 9 of the protocol, this Limen 1: flash the firmware of this Limen',
  ]);
});

test('a device that says nothing of the kind is told so after some seconds', () => {
  const rig = new Rig(relayBoard);
  rig.toHost = () => [0x55, 0x00, 0xfe, 0x0a];
  rig.session.opened();
  const { problem } = rig.until('down', undefined, 6_000);
  expect(problem).toContain('is that on it?');
});

test('another config for the board: it goes safe, is set anew and comes up', () => {
  const rig = new Rig(relayBoard, Uint8Array.from(known)).start();
  rig.drive('7', 'on', 5);
  rig.run(200);
  rig.forget();
  rig.session.configure(relayBoard);
  rig.run(200);
  expect(rig.words).toEqual([]);
  rig.session.configure({ ...relayBoard, drives: [relay('7'), relay('12')] });
  rig.until('up');
  rig.run(100);
  expect(rig.words).toEqual(['down: it gets other settings', 'up', '7 shows off', '12 shows off']);
  expect([7, 8, 12].map((pin) => rig.board.shows(pin))).toEqual(['low', 'input', 'low']);
});

test('the last words of Limen let the board go safe at once', () => {
  const rig = new Rig(relayBoard, known).start();
  rig.drive('7', 'on', 5);
  rig.run(200);
  rig.session.end();
  rig.run(20);
  expect(rig.board.shows(7)).toBe('low');
});

test('settings that change again and again leave nothing behind that looks after a board that is gone', () => {
  const rig = new Rig(relayBoard).start();
  for (const pin of ['5', '6', '5', '6']) {
    rig.session.configure({ ...relayBoard, drives: [relay(pin)] });
    rig.run(20);
  }
  rig.session.closed('unplugged');
  rig.forget();
  rig.run(5_000);
  expect([rig.words, rig.sent, rig.isAwake]).toEqual([[], [], false]);
});

test('after its last words a session does and says nothing more', () => {
  const rig = new Rig(relayBoard).start();
  rig.session.end();
  rig.forget();
  rig.run(5_000);
  expect([rig.words, rig.sent, rig.isAwake]).toEqual([[], [], false]);
});

test('a level that is not wanted any more is not sent again when its line was lost', () => {
  const rig = new Rig(relayBoard).start();
  let isLosing = true;
  rig.toBoard = (bytes) => (isLosing && text(bytes).includes(' set 7 1') ? null : bytes);
  rig.forget();
  rig.drive('7', 'on', 1);
  rig.run(50);
  isLosing = false;
  rig.drive('7', 'off', 2);
  rig.until('shows', ({ pin }) => pin === '7');
  expect(rig.pins.filter(({ pin, shows }) => pin === 7 && shows === 'high')).toEqual([]);
});

test('a line that damages a byte now and then delays, and never does what was not commanded', () => {
  const rig = new Rig(relayBoard, known).plug();
  let count = 0;
  const damage = (bytes: number[]): number[] =>
    bytes.map((byte) => (++count % 1_511 === 0 ? byte ^ 0x04 : byte));
  rig.toBoard = damage;
  rig.toHost = damage;
  let seq = 1;
  const commanded: string[] = [];
  for (let round = 0; round < 12; round++) {
    rig.run(400);
    if (!rig.session.isUp) continue;
    commanded.push(String(round % 2));
    rig.drive('7', round % 2 === 0 ? 'off' : 'on', seq++);
  }
  expect(commanded.length).toBeGreaterThan(5);
  expect(rig.pins.filter(({ pin }) => pin !== 7 && pin !== 8)).toEqual([]);
  // From one moment on the line is good again.
  rig.toBoard = (bytes) => bytes;
  rig.toHost = (bytes) => bytes;
  if (!rig.session.isUp) rig.until('up');
  rig.drive('7', 'on', seq);
  rig.run(500);
  expect(rig.board.shows(7)).toBe('high');
});

const reads: readonly ReadPin[] = [
  {
    pin: 'A0',
    metric: 'soil',
    unit: '%',
    everyMs: 100,
    scale: { from: [0, 1023], to: [0, 100] },
    input: { kind: 'analog', samples: 4 },
  },
  {
    pin: '5',
    metric: 'door',
    unit: null,
    everyMs: 60_000,
    scale: null,
    input: { kind: 'in', pull: 'up', debounceMs: 5, inverted: true },
  },
  {
    pin: '2',
    metric: 'rain',
    unit: 'mm',
    everyMs: 100,
    scale: { from: [0, 1], to: [0, 0.2] },
    input: { kind: 'count', pull: 'up', edge: 'falling', debounceMs: 0 },
  },
];
const sensors: BoardWants = { leaseMs: 10_000, id: null, reads, drives: [] };
const sensorMemory = memoryOf(sensors);

/** The readings told so far, as text. */
function readings(rig: Rig, metric: string): string[] {
  return rig.told.flatMap((told) => {
    if (told.kind !== 'reading' || told.reading.metric !== metric) return [];
    const { value, isContinuous } = told.reading;
    return [`${value}${isContinuous ? '' : ' anew'}`];
  });
}

test('volts become what they stand for', () => {
  const rig = new Rig(sensors, sensorMemory).start();
  rig.board.setVolts(0, 2.5);
  rig.run(450);
  // 512 of 1023 steps, in as many digits as the board gives.
  expect(readings(rig, 'soil').at(-1)).toBe('50.04888');
});

test('a contact is told at the start, at each change, and when it was over too soon to be told', () => {
  const rig = new Rig(sensors, sensorMemory).start();
  rig.run(300);
  expect(new Set(readings(rig, 'door'))).toEqual(new Set(['false']));
  rig.forget();
  rig.board.setPin(5, false);
  rig.run(100);
  expect(readings(rig, 'door')).toEqual(['true']);
  // A line that says both edges at once: it was open for a moment in between.
  const { ms } = rig;
  const seq = rig.session.counts.frames;
  rig.session.push(Buffer.from(frameLine('board', `${seq} ${Math.ceil(ms)} in 5 0 3`)));
  expect(readings(rig, 'door')).toEqual(['true', 'false', 'true']);
});

test('pulses are a total, and the total of a board that was reset begins anew, marked', () => {
  const rig = new Rig(sensors, sensorMemory).start();
  for (let pulse = 0; pulse < 5; pulse++) {
    rig.board.setPin(2, false);
    rig.run(2);
    rig.board.setPin(2, true);
    rig.run(2);
  }
  rig.run(200);
  expect(readings(rig, 'rain').at(-1)).toBe('1');
  rig.forget();
  rig.board.reset('watchdog');
  rig.until('up');
  rig.run(250);
  expect(readings(rig, 'rain').slice(0, 2)).toEqual(['0 anew', '0']);
});

test('numbers of a board that has other settings than wanted are not taken for readings', () => {
  const rig = new Rig({ ...sensors, reads: nothingRead }, Uint8Array.from(sensorMemory)).start();
  rig.run(500);
  expect(rig.told.filter(({ kind }) => kind === 'reading')).toEqual([]);
});
