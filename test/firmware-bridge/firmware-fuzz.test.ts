// Aim: whatever comes down the line, the firmware in an emulated Uno does what is in the whole lines of it and nothing else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../firmware-bridge/host/frame-reader.ts';
import { encodeCommand, frameLine } from '../../firmware-bridge/host/host-command.ts';
import type { PinSetting } from '../../firmware-bridge/host/protocol.ts';
import { Talk } from './talk.ts';

const relay = { kind: 'pin', pin: '7', setting: { kind: 'out', safe: 0 } } as const;
const eeprom = new Talk().greet().set(relay).board.eeprom;

// No piece is longer than what an Uno keeps unread.
const line = fc
  .record({ seq: fc.integer({ min: 10, max: 40 }), level: fc.constantFrom(0, 1) })
  .map(({ seq, level }) => encodeCommand(seq, { kind: 'set', pin: '7', level }));
const body = fc
  .array(fc.constantFrom('set', '7', '1', '0', 'beat', 'A0', 'lease', '99999999999', '-1', 'id'), {
    maxLength: 8,
  })
  .map((words) => frameLine('host', `50 ${words.join(' ')}`).slice(0, 60));
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(line, fc.nat({ max: 20 })).map(([text, at]) => Buffer.from(text.slice(0, at))),
  fc.tuple(line, fc.nat({ max: 20 })).map(([text, at]) => Buffer.from(text.slice(at))),
  body.map((text) => Buffer.from(text)),
  line.map((text) => Buffer.from(text)),
);

test(
  'the firmware reads the same lines as the host would, out of any bytes',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
        const talk = new Talk(eeprom).greet();
        const frames: string[] = [];
        const reader = new FrameReader('host', (text) => frames.push(text));
        const from = talk.messages.length;
        for (const bytes of pieces) {
          reader.push(bytes);
          talk.board.receive(bytes);
          talk.board.runMs(25);
        }
        // A byte that begins nothing ends what was begun.
        reader.push(Buffer.from('\u0007'));
        talk.sendText('\u0007');
        const { badCrc, tooLong, garbage, broken } = reader.counts;
        expect(talk.next('beat').badLines).toBe(badCrc + tooLong + garbage + broken);
        const answers = talk.messages
          .slice(from)
          .filter(({ kind }) => kind === 'ack' || kind === 'err')
          .filter((message) => !('of' in message) || message.of !== null);
        const numbered = frames.filter((text) => /^\d{1,5}(?: |$)/.test(text));
        expect(answers).toHaveLength(numbered.length);
        const done = numbered.filter((_, index) => answers[index]?.kind === 'ack');
        expect(talk.board.shows(7)).toBe(levelAfter(done));
        expect(talk.board.resets).toBe(0);
      }),
      { numRuns: 10 },
    );
  },
);

// A number that comes twice is answered twice and carried out once.
function levelAfter(done: readonly string[]): 'low' | 'high' {
  let [last, level] = ['', '0'];
  for (const [seq = '', word, , wanted] of done.map((text) => text.split(' '))) {
    if (seq !== last && word === 'set') level = wanted ?? '';
    last = seq;
  }
  return level === '1' ? 'high' : 'low';
}

const everyMs = fc.integer({ min: 65, max: 60_000 });
const debounceMs = fc.integer({ min: 0, max: 250 });
const pull = fc.constantFrom('none', 'up');
const input: fc.Arbitrary<PinSetting> = fc.record({
  kind: fc.constant('in'),
  pull,
  debounceMs,
  everyMs,
});
const output: fc.Arbitrary<PinSetting> = fc.record({
  kind: fc.constant('out'),
  safe: fc.constantFrom(0, 1),
});
const count: fc.Arbitrary<PinSetting> = fc.record({
  kind: fc.constant('count'),
  pull,
  edge: fc.constantFrom('rising', 'falling', 'both'),
  debounceMs,
  everyMs,
});
const analog: fc.Arbitrary<PinSetting> = fc.record({
  kind: fc.constant('analog'),
  everyMs,
  samples: fc.integer({ min: 1, max: 64 }),
});
const settings = fc.record(
  {
    2: fc.oneof(input, output, count),
    3: count,
    5: fc.oneof(input, output),
    A0: analog,
    A5: fc.oneof(analog, input),
  },
  { requiredKeys: [] },
);

test(
  'any settings that are saved are told the same, after a power cut too',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(settings, (wanted) => {
        const pins = Object.entries(wanted);
        const talk = new Talk().greet();
        talk.set(...pins.map(([pin, setting]) => ({ kind: 'pin', pin, setting }) as const));
        const later = new Talk(talk.board.eeprom).greet();
        const told = later.messages.flatMap((message) => (message.kind === 'pin' ? [message] : []));
        expect(told.map(({ pin, setting }) => [pin, setting])).toEqual(pins);
      }),
      { numRuns: 5 },
    );
  },
);
