import { expect, test } from 'vitest';
import {
  encodeCommand,
  frameLine,
  type HostCommand,
} from '../../firmware-bridge/host/host-command.ts';
import type { PinSetting } from '../../firmware-bridge/host/protocol.ts';
import { clockHz } from '../../firmware-bridge/emulator/board.ts';
import { Talk } from './talk.ts';

// The committed firmware in an emulated Uno; every time in here is the board's own.

const pin = (name: string, setting: PinSetting) => ({ kind: 'pin', pin: name, setting }) as const;
const set = (name: string, level: 0 | 1, byMs?: number) =>
  ({ kind: 'set', pin: name, level, ...(byMs === undefined ? {} : { byMs }) }) as const;
const msOf = (cycles: number): number => (cycles * 1000) / clockHz;

/** The EEPROM of a board that was given these settings: later lives begin with it. */
function eepromWith(...commands: HostCommand[]): Uint8Array {
  return new Talk().greet().set(...commands).board.eeprom;
}

// Two relays: 7 rests at low, 8 rests at high. One second is the shortest lease.
const relays = eepromWith(
  { kind: 'id', id: '0BADCAFE' },
  { kind: 'lease', leaseMs: 1_000 },
  pin('7', { kind: 'out', safe: 0 }),
  pin('8', { kind: 'out', safe: 1 }),
);

test('a board says who it is when it starts, with no host at all', () => {
  const talk = new Talk();
  const hello = talk.next('hello');
  expect(hello).toMatchObject({
    seq: 0,
    protocol: 1,
    firmware: '1.0.0',
    board: 'uno',
    id: '00000000',
    leaseMs: 10_000,
    saves: 0,
    adcMax: 1023,
    why: 'power',
  });
  expect(hello.ms).toBeLessThan(10);
  expect(talk.next('beat')).toMatchObject({ session: 0, leaseLeftMs: 0, badLines: 0, dropped: 0 });
});

test('a new board drives nothing and refuses every command until it is greeted', () => {
  const talk = new Talk();
  talk.next('hello');
  expect(talk.ask(set('7', 1))).toBe('no_session');
  expect(talk.ask({ kind: 'beat' })).toBe('no_session');
  expect(talk.ask({ kind: 'save' })).toBe('no_session');
  expect(talk.pins).toEqual([]);
});

test('hello is answered with what the board can and what its pins are set to, and then with ack', () => {
  const talk = new Talk(relays);
  talk.next('hello');
  const from = talk.messages.length;
  talk.greet();
  const told = talk.messages.slice(from);
  const cans = told.flatMap((message) => (message.kind === 'can' ? [message] : []));
  const numbers = (first: number, last: number): string[] =>
    Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);
  const analogs = numbers(0, 5).map((number) => `A${number}`);
  expect(cans.map(({ mode, pins }) => [mode, pins])).toEqual([
    ['in', [...numbers(2, 13), ...analogs]],
    ['out', [...numbers(2, 12), ...analogs]],
    ['count', ['2', '3']],
    ['analog', analogs],
  ]);
  const settings = told.flatMap((message) => (message.kind === 'pin' ? [message] : []));
  expect(settings.map((message) => [message.pin, message.setting])).toEqual([
    ['7', { kind: 'out', safe: 0 }],
    ['8', { kind: 'out', safe: 1 }],
  ]);
  expect(told.find(({ kind }) => kind === 'hello')).toMatchObject({ id: '0BADCAFE', saves: 1 });
  expect(told.filter(({ kind }) => kind !== 'out').at(-1)).toMatchObject({ kind: 'ack' });
  expect(talk.counts).toMatchObject({ lost: 0, badCrc: 0, unknown: 0, noiseBytes: 0 });
});

test('a host that speaks another version of the protocol is refused and may not command', () => {
  const talk = new Talk(relays);
  talk.next('hello');
  talk.sendText(frameLine('host', '1 hello 2 7'));
  expect(talk.answerTo(1)).toBe('version');
  expect(talk.ask(set('7', 1))).toBe('no_session');
});

test('a greeting that is refused while another one is answered takes nothing from that one', () => {
  const talk = new Talk(relays);
  talk.next('hello');
  const first = talk.send({ kind: 'hello', session: 7 });
  talk.lastSeq += 1;
  talk.sendText(frameLine('host', `${talk.lastSeq} hello 9 8`));
  expect(talk.answerTo(talk.lastSeq)).toBe('version');
  expect(talk.answerTo(first)).toBe('ack');
  expect(talk.next('beat').session).toBe(7);
});

test('set moves the pin, is answered, and the level is read back at the pin', () => {
  const talk = new Talk(relays).greet();
  const from = talk.board.cycle;
  expect(talk.ask(set('7', 1))).toBe('ack');
  const edge = talk.pins.find((event) => event.cycle > from && event.pin === 7);
  expect(edge?.shows).toBe('high');
  expect(talk.next('out', (message) => message.reason === 'command')).toMatchObject({
    pin: '7',
    level: 1,
  });
  expect(msOf((edge?.cycle ?? Infinity) - from)).toBeLessThan(5);
});

test('a pin that is held by a short circuit is reported as it stands, not as it was commanded', () => {
  const talk = new Talk(relays).greet();
  talk.board.setPin(7, false);
  expect(talk.ask(set('7', 1))).toBe('ack');
  expect(talk.next('out', ({ reason }) => reason === 'command')).toMatchObject({
    pin: '7',
    level: 0,
  });
});

test('what cannot be done is refused with its reason and changes no pin', () => {
  const talk = new Talk(relays).greet();
  talk.pins.length = 0;
  const refused: readonly (readonly [body: string, reason: string])[] = [
    ['set 0 1', 'bad_pin'],
    ['set 07 1', 'bad_pin'],
    ['set 7 01', 'bad_value'],
    ['set 20 1', 'bad_pin'],
    ['set A9 1', 'bad_pin'],
    ['set 14 1', 'bad_pin'],
    ['set 6 1', 'not_output'],
    ['set 7 2', 'bad_value'],
    ['set 7', 'bad_value'],
    ['set 7 1 x', 'bad_args'],
    ['set 7 1 4294967296', 'bad_args'],
    ['set  7 1', 'bad_pin'],
    ['jump 7', 'unknown'],
    ['', 'unknown'],
    ['beat now', 'bad_args'],
    ['pin 13 out 0', 'cannot'],
    ['pin 4 count none rising 0 100', 'cannot'],
    ['pin 4 analog 1000 16', 'cannot'],
    ['pin 4 in down 0 100', 'bad_args'],
    ['pin 4 in none 251 100', 'bad_value'],
    ['pin 4 in none 0 10', 'bad_value'],
    ['pin A0 analog 1000 65', 'bad_value'],
    ['pin A0 analog 20 21', 'bad_value'],
    ['pin 4 blink', 'bad_args'],
    ['pin 4 ou 0', 'bad_args'],
    ['pin 4 out 0 1', 'bad_args'],
    ['lease 999', 'bad_value'],
    ['lease 600001', 'bad_value'],
    ['id 0badcafe', 'bad_value'],
    ['id 12345678', 'has_id'],
  ];
  const given = refused.map(([body], index) => {
    talk.sendText(frameLine('host', `${index + 10} ${body}`));
    return [body, talk.answerTo(index + 10)];
  });
  expect(given).toEqual(refused);
  expect(talk.pins).toEqual([]);
});

test('a line that was damaged, cut or too long is refused without effect, and the next one works', () => {
  const talk = new Talk(relays).greet();
  talk.pins.length = 0;
  const good = encodeCommand(50, set('7', 1));
  const bad: readonly (readonly [line: string, reason: string])[] = [
    [good.replace('7 1', '8 1'), 'crc'],
    [good.replace(/\*....\n/, '\n'), 'no_crc'],
    [good.replace(/\*....\n/, '*12G4\n'), 'no_crc'],
    [good.replace('set', 's\u0007t'), 'garbage'],
    [`>50 ${'x'.repeat(200)}\n`, 'long'],
    [frameLine('host', 'set 7 1'), 'no_seq'],
    [frameLine('host', '70000 set 7 1'), 'no_seq'],
  ];
  for (const [line, reason] of bad) {
    talk.sendText(line);
    expect({ line, reason: talk.next('err').reason }).toEqual({ line, reason });
  }
  expect(talk.pins).toEqual([]);
  // The beginning of a line, cut by the next one: no answer of its own, and the new one is whole.
  talk.sendText(good.slice(0, 7));
  talk.sendText(good);
  expect(talk.answerTo(50)).toBe('ack');
  expect(talk.board.shows(7)).toBe('high');
  expect(talk.next('beat').badLines).toBe(bad.length + 1);
});

test('a board does not answer what another board says, or its own echo', () => {
  const talk = new Talk(relays).greet();
  const from = talk.messages.length;
  talk.sendText(frameLine('board', '5 set 7 1'));
  talk.next('beat');
  expect(talk.messages.slice(from).map(({ kind }) => kind)).not.toContain('err');
  expect(talk.board.shows(7)).toBe('low');
});

test('a command that comes twice is carried out once, and one with an older number never', () => {
  const talk = new Talk(relays).greet();
  const on = encodeCommand(100, set('7', 1));
  talk.sendText(on);
  expect(talk.answerTo(100)).toBe('ack');
  talk.pins.length = 0;
  talk.sendText(on);
  expect(talk.answerTo(100)).toBe('ack');
  talk.sendText(encodeCommand(99, set('7', 0)));
  expect(talk.answerTo(99)).toBe('old');
  expect(talk.pins).toEqual([]);
  // The numbers begin anew after 65535: one from before the wrap is as old as any.
  talk.sendText(encodeCommand(32_000, { kind: 'beat' }));
  expect(talk.answerTo(32_000)).toBe('ack');
  talk.sendText(encodeCommand(64_000, { kind: 'beat' }));
  expect(talk.answerTo(64_000)).toBe('ack');
  talk.sendText(encodeCommand(3, set('7', 0)));
  expect(talk.answerTo(3)).toBe('ack');
  talk.sendText(encodeCommand(65_000, set('7', 1)));
  expect(talk.answerTo(65_000)).toBe('old');
  expect(talk.board.shows(7)).toBe('low');
});

test('a command that comes after its time is refused', () => {
  const talk = new Talk(relays).greet();
  expect(talk.ask(set('7', 1, talk.ms - 1))).toBe('late');
  expect(talk.board.shows(7)).toBe('low');
  expect(talk.ask(set('7', 1, talk.ms + 50))).toBe('ack');
  expect(talk.board.shows(7)).toBe('high');
});

test('without a heartbeat the board goes safe by itself when its lease is over', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  talk.ask(set('8', 0));
  const beat = talk.send({ kind: 'beat' });
  talk.answerTo(beat);
  const from = talk.board.cycle;
  talk.pins.length = 0;
  // Commands are no heartbeat: a host that only commands has lost its own watch.
  talk.board.runMs(600);
  expect(talk.ask(set('8', 0))).toBe('ack');
  expect(talk.next('out', ({ reason }) => reason === 'lease')).toBeDefined();
  const edges = talk.pins.map((event) => [event.pin, event.shows]);
  expect(edges).toEqual([
    [7, 'low'],
    [8, 'high'],
  ]);
  const afterMs = msOf((talk.pins[0]?.cycle ?? 0) - from);
  expect(afterMs).toBeGreaterThan(980);
  expect(afterMs).toBeLessThan(1_001);
  expect(talk.ask(set('7', 1))).toBe('no_session');
  expect(talk.next('beat')).toMatchObject({ session: 0, leaseLeftMs: 0 });
});

test('heartbeats hold the lease, and bye gives it back at once', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  for (let round = 0; round < 3; round++) {
    talk.board.runMs(700);
    expect(talk.ask({ kind: 'beat' })).toBe('ack');
  }
  expect(talk.board.shows(7)).toBe('high');
  expect(talk.ask({ kind: 'bye' })).toBe('ack');
  expect(talk.board.shows(7)).toBe('low');
  expect(talk.next('out', ({ pin: name }) => name === '7')).toMatchObject({ reason: 'bye' });
  expect(talk.ask(set('7', 1))).toBe('no_session');
});

test('a new host that greets finds every output safe, whatever the last one commanded', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  expect(talk.ask({ kind: 'hello', session: 2 })).toBe('ack');
  expect(talk.board.shows(7)).toBe('low');
  expect(talk.next('beat').session).toBe(2);
});

test('after a reset outputs stand at their safe level within milliseconds, before any word is said', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  talk.ask(set('8', 0));
  talk.pins.length = 0;
  const from = talk.board.cycle;
  talk.board.reset('button');
  const hello = talk.next('hello');
  expect(hello).toMatchObject({ id: '0BADCAFE', leaseMs: 1_000, saves: 1, why: 'button' });
  const driven = talk.pins.filter(({ shows }) => shows === 'low' || shows === 'high');
  expect(driven.map((event) => [event.pin, event.shows])).toEqual([
    [7, 'low'],
    [8, 'high'],
  ]);
  expect(msOf((driven.at(-1)?.cycle ?? Infinity) - from)).toBeLessThan(5);
  // Never a glitch: pin 8 goes from floating over its pull-up to high, and is at no time low.
  expect(talk.pins.filter((event) => event.pin === 8).map(({ shows }) => shows)).toEqual([
    'input',
    'pullup',
    'high',
  ]);
  expect(talk.ask(set('7', 1))).toBe('no_session');
  expect(talk.counts.restarts).toBe(1);
});

test('a program that hangs is reset by the watchdog, and the outputs come back safe', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  talk.board.hang();
  const hello = talk.next('hello', undefined, 2_500);
  expect(hello.why).toBe('watchdog');
  expect(talk.board.shows(7)).toBe('low');
  expect(talk.board.resets).toBe(1);
});

test('settings take effect with save alone, all at once, and hold over a power cut', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  expect(talk.ask(pin('7', { kind: 'off' }))).toBe('ack');
  expect(talk.ask(pin('12', { kind: 'out', safe: 1 }))).toBe('ack');
  expect(talk.board.shows(7)).toBe('high');
  expect(talk.board.shows(12)).toBe('input');
  expect(talk.ask({ kind: 'save' })).toBe('ack');
  expect(talk.board.shows(7)).toBe('input');
  expect(talk.board.shows(12)).toBe('high');
  const later = new Talk(talk.board.eeprom);
  expect(later.next('hello')).toMatchObject({ saves: 2, id: '0BADCAFE' });
  expect([later.board.shows(7), later.board.shows(12)]).toEqual(['input', 'high']);
});

test('a draft that was never saved is forgotten at the next hello', () => {
  const talk = new Talk(relays).greet();
  talk.ask(pin('12', { kind: 'out', safe: 1 }));
  talk.ask({ kind: 'hello', session: 2 });
  const before = Uint8Array.from(talk.board.eeprom);
  expect(talk.ask({ kind: 'save' })).toBe('ack');
  expect(talk.board.shows(12)).toBe('input');
  // And a save of what is there already wears nothing.
  expect(talk.board.eeprom).toEqual(before);
});

test('the EEPROM is written by a save that changes something, by its changed bytes, and by nothing else', () => {
  const talk = new Talk(relays).greet();
  for (let round = 0; round < 20; round++) {
    expect(talk.ask(set('7', round % 2 === 0 ? 1 : 0))).toBe('ack');
    expect(talk.ask({ kind: 'beat' })).toBe('ack');
  }
  talk.board.reset('button');
  talk.next('hello');
  talk.set({ kind: 'hello', session: 2 }, pin('7', { kind: 'out', safe: 0 }));
  expect(talk.board.eepromWrites).toBe(0);
  // The first save fills the second copy; after that a changed lease costs its bytes, the count of saves and the CRC.
  talk.set({ kind: 'lease', leaseMs: 2_000 }).set({ kind: 'lease', leaseMs: 3_000 });
  const before = talk.board.eepromWrites;
  talk.set({ kind: 'lease', leaseMs: 4_000 });
  expect(talk.board.eepromWrites - before).toBeLessThanOrEqual(5);
});

test('a power cut in the middle of a save leaves the settings of before', () => {
  const talk = new Talk(relays).greet();
  talk.ask(pin('12', { kind: 'out', safe: 1 }));
  const started = talk.send({ kind: 'save' });
  const images: Uint8Array[] = [];
  for (let step = 0; step < 12; step++) {
    images.push(Uint8Array.from(talk.board.eeprom));
    talk.board.runMs(4);
  }
  expect(talk.answerTo(started)).toBe('ack');
  const torn = images.filter(
    (image) =>
      Buffer.compare(image, relays) !== 0 && Buffer.compare(image, talk.board.eeprom) !== 0,
  );
  expect(torn.length).toBeGreaterThan(3);
  for (const image of torn) {
    const later = new Talk(image);
    expect(later.next('hello')).toMatchObject({ id: '0BADCAFE', leaseMs: 1_000, saves: 1 });
    expect(later.board.shows(8)).toBe('high');
  }
});

test('one damaged copy of the settings costs nothing; with both gone no pin is driven', () => {
  const saved = new Talk(relays).greet().set(pin('12', { kind: 'out', safe: 1 })).board.eeprom;
  const half = saved.length / 8;
  const damaged = Uint8Array.from(saved);
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  expect(new Talk(damaged).next('hello').id).toBe('0BADCAFE');
  damaged[half + 40] = (damaged[half + 40] ?? 0) ^ 1;
  const talk = new Talk(damaged);
  expect(talk.next('hello')).toMatchObject({ id: '00000000', saves: 0, leaseMs: 10_000 });
  expect(talk.pins).toEqual([]);
});

test('an id is given once; factory forgets it with everything else', () => {
  const talk = new Talk(relays).greet();
  expect(talk.ask({ kind: 'id', id: 'DEADBEEF' })).toBe('has_id');
  talk.set({ kind: 'factory' }, { kind: 'id', id: 'DEADBEEF' });
  expect(new Talk(talk.board.eeprom).next('hello')).toMatchObject({
    id: 'DEADBEEF',
    leaseMs: 10_000,
  });
  expect(talk.board.shows(7)).toBe('input');
});

test('the lease holds while a save is written: heartbeats are answered in between', () => {
  const talk = new Talk(relays).greet();
  talk.ask(pin('12', { kind: 'out', safe: 1 }));
  const saving = talk.send({ kind: 'save' });
  expect(talk.ask({ kind: 'beat' })).toBe('ack');
  expect(talk.ask(set('7', 1))).toBe('busy');
  expect(talk.answerTo(saving)).toBe('ack');
  expect(talk.ask(set('7', 1))).toBe('ack');
});

test('what is left of a lease is never less than nothing, when a save makes it shorter too', () => {
  // The save ends in the millisecond in which the board tells of its lease.
  const saveAt = (ms: number): Talk => {
    const talk = new Talk().greet();
    talk.board.runMs(ms - talk.ms);
    expect(talk.ask({ kind: 'lease', leaseMs: 1_000 })).toBe('ack');
    expect(talk.ask({ kind: 'save' })).toBe('ack');
    return talk;
  };
  const { ms } = saveAt(1_400);
  for (const offsetMs of [-1, 0, 1, 2]) {
    const talk = saveAt(1_400 + 2_000 - ms + offsetMs);
    talk.next('beat', ({ session }) => session === 0);
    const left = talk.messages.flatMap((message) =>
      message.kind === 'beat' ? [message.leaseLeftMs] : [],
    );
    expect(Math.max(...left)).toBeLessThanOrEqual(10_000);
  }
});

test('an analog reading is the mean of its samples, in hundredths of a step', () => {
  const talk = new Talk(
    eepromWith(
      pin('A0', { kind: 'analog', everyMs: 100, samples: 20 }),
      pin('A3', { kind: 'analog', everyMs: 50, samples: 1 }),
    ),
  );
  talk.board.setVolts(0, 2.5);
  talk.board.setVolts(3, 5);
  talk.next('analog', (message) => message.pin === 'A0');
  expect(talk.next('analog', (message) => message.pin === 'A0').value).toBe(512);
  expect(talk.next('analog', (message) => message.pin === 'A3').value).toBe(1023);
  // Half of the interval at 1 V, half at 3 V: (204 + 614) / 2, give or take the sample on the edge.
  const start = talk.next('analog', (message) => message.pin === 'A0').ms;
  talk.board.setVolts(0, 1);
  talk.board.runMs(50 - 1);
  talk.board.setVolts(0, 3);
  const mean = talk.next('analog', (message) => message.pin === 'A0');
  expect(Math.abs(mean.value - 409)).toBeLessThanOrEqual(21);
  expect(mean.ms - start).toBeGreaterThanOrEqual(99);
  expect(mean.ms - start).toBeLessThanOrEqual(101);
});

test('analog readings come at their interval without drift', () => {
  const talk = new Talk(eepromWith(pin('A0', { kind: 'analog', everyMs: 20, samples: 4 })));
  const times = Array.from({ length: 30 }, () => talk.next('analog').ms);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  expect(Math.abs(last - first - 29 * 20)).toBeLessThanOrEqual(1);
});

test('a digital input is told at each change that holds for its debounce time, and at its interval', () => {
  const setting = { kind: 'in', pull: 'up', debounceMs: 10, everyMs: 300 } as const;
  const talk = new Talk(eepromWith(pin('5', setting)));
  expect(talk.next('in')).toMatchObject({ pin: '5', level: 1, edges: 0 });
  talk.board.setPin(5, false);
  const start = talk.board.cycle;
  expect(talk.next('in')).toMatchObject({ level: 0, edges: 1 });
  expect(msOf(talk.board.cycle - start)).toBeGreaterThan(9);
  expect(msOf(talk.board.cycle - start)).toBeLessThan(15);
  // A contact that bounces: no change holds, nothing is told but the present state at its time.
  for (let bounce = 0; bounce < 10; bounce++) {
    talk.board.setPin(5, true);
    talk.board.runMs(4);
    talk.board.setPin(5, false);
    talk.board.runMs(2);
  }
  expect(talk.next('in')).toMatchObject({ level: 0, edges: 1 });
});

test('a press shorter than a line takes to send is seen by its two edges', () => {
  const setting = { kind: 'in', pull: 'none', debounceMs: 0, everyMs: 60_000 } as const;
  const talk = new Talk(eepromWith(pin('5', setting)));
  talk.next('in');
  talk.board.setPin(5, true);
  talk.board.run(clockHz / 2_000);
  talk.board.setPin(5, false);
  const last = talk.next('in', (message) => message.edges === 2);
  expect(last.level).toBe(0);
});

test('a counter counts every pulse on its edge, and leaves out those within its debounce time', () => {
  const talk = new Talk(
    eepromWith(
      pin('2', { kind: 'count', pull: 'none', edge: 'rising', debounceMs: 0, everyMs: 100 }),
      pin('3', { kind: 'count', pull: 'none', edge: 'both', debounceMs: 5, everyMs: 100 }),
    ),
  );
  talk.next('count');
  for (let pulse = 0; pulse < 500; pulse++) {
    talk.board.setPin(2, true);
    talk.board.run(2_000);
    talk.board.setPin(2, false);
    talk.board.run(2_000);
  }
  talk.next('count', (message) => message.pin === '2');
  expect(talk.next('count', (message) => message.pin === '2').total).toBe(500);
  for (let burst = 0; burst < 3; burst++) {
    for (const level of [true, false, true]) {
      talk.board.setPin(3, level);
      talk.board.runMs(1);
    }
    talk.board.setPin(3, false);
    talk.board.runMs(20);
  }
  talk.next('count', (message) => message.pin === '3');
  expect(talk.next('count', (message) => message.pin === '3').total).toBe(3);
});

test('more readings than the line can carry: the newest arrive whole, commands are still answered', () => {
  const analogs = ['A0', 'A1', 'A2', 'A3', 'A4', 'A5'].map((name) =>
    pin(name, { kind: 'analog', everyMs: 20, samples: 1 }),
  );
  const inputs = ['4', '5', '6', '9', '10', '11'].map((name) =>
    pin(name, { kind: 'in', pull: 'up', debounceMs: 0, everyMs: 20 }),
  );
  const talk = new Talk(eepromWith(pin('7', { kind: 'out', safe: 0 }), ...analogs, ...inputs));
  talk.greet();
  const from = talk.board.cycle;
  for (let round = 0; round < 10; round++) {
    expect(talk.ask(set('7', round % 2 === 0 ? 1 : 0))).toBe('ack');
  }
  expect(msOf(talk.board.cycle - from) / 10).toBeLessThan(40);
  expect(talk.counts).toMatchObject({ lost: 0, badCrc: 0, broken: 0 });
  const told = new Set(talk.messages.flatMap((message) => ('pin' in message ? [message.pin] : [])));
  expect(told.size).toBe(13);
});

test('a flood of garbage neither stops the board nor moves a pin', () => {
  const talk = new Talk(relays).greet();
  talk.ask(set('7', 1));
  talk.pins.length = 0;
  // A fixed sequence of bytes that looks like chance, with many starts and ends of lines in it.
  let state = 1;
  const noise = Array.from({ length: 4_000 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const byte = (state >> 16) & 0xff;
    return byte < 16 ? 0x3e : byte < 32 ? 0x0a : byte;
  });
  talk.board.receive(noise);
  while (talk.board.isReceiving) talk.board.runMs(1);
  talk.sendText('\n');
  expect(talk.pins).toEqual([]);
  expect(talk.ask({ kind: 'beat' })).toBe('ack');
  expect(talk.next('beat').badLines).toBeGreaterThan(20);
  expect(talk.board.resets).toBe(0);
});

test('an endless line costs nothing but itself', () => {
  const talk = new Talk(relays).greet();
  talk.sendText(`>9 set 7 1${'x'.repeat(5_000)}`);
  expect(talk.next('err')).toMatchObject({ of: null, reason: 'long' });
  while (talk.board.isReceiving) talk.board.runMs(1);
  expect(talk.ask(set('7', 1))).toBe('ack');
  expect(talk.next('beat')).toMatchObject({ badLines: 1 });
});

test('the clock of the board wraps after 49.7 days, and nobody notices', () => {
  const talk = new Talk(
    eepromWith(
      { kind: 'lease', leaseMs: 1_000 },
      pin('7', { kind: 'out', safe: 0 }),
      pin('A0', { kind: 'analog', everyMs: 50, samples: 4 }),
    ),
  );
  talk.next('hello');
  talk.board.runMs(20);
  setClock(talk, 2 ** 32 - 1_500);
  talk.greet();
  expect(talk.ms).toBeGreaterThan(2 ** 32 - 1_500);
  talk.ask(set('7', 1));
  const resumed = talk.messages.length;
  for (let round = 0; round < 5; round++) {
    talk.board.runMs(500);
    // In time on this side of the wrap, late with a time of the other side.
    expect(talk.ask(set('7', 1, (talk.ms + 100) % 2 ** 32))).toBe('ack');
    expect(talk.ask(set('7', 0, (talk.ms + 2 ** 32 - 900) % 2 ** 32))).toBe('late');
    expect(talk.ask({ kind: 'beat' })).toBe('ack');
  }
  expect(talk.ms).toBeLessThan(5_000);
  expect(talk.board.shows(7)).toBe('high');
  expect(talk.counts).toMatchObject({ restarts: 0, lost: 0 });
  const readings = talk.messages.slice(resumed).filter(({ kind }) => kind === 'analog');
  expect(readings.length).toBeGreaterThan(46);
  const over = talk.board.cycle;
  talk.next('out', ({ reason }) => reason === 'lease');
  expect(msOf(talk.board.cycle - over)).toBeLessThan(1_010);
});

// Arduino's count of milliseconds is the only number in RAM that goes on with the clock.
function setClock({ board }: Talk, ms: number): void {
  const view = new DataView(board.memory.buffer, board.memory.byteOffset, board.memory.length);
  const read = (): number[] =>
    Array.from({ length: view.byteLength - 3 }, (_, at) => view.getUint32(at, true));
  const before = read();
  board.runMs(133);
  const places = read().flatMap((value, at) =>
    at >= 256 && (before[at] ?? 0) < 1_000 && Math.abs(value - (before[at] ?? 0) - 133) <= 1
      ? [at]
      : [],
  );
  expect(places).toHaveLength(1);
  view.setUint32(places[0] ?? 0, ms, true);
}
