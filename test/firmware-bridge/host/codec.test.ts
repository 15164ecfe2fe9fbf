// Aim: the host finds every whole line of a board in whatever comes in, takes nothing else for one, and keeps nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBoardMessage } from '../../../firmware-bridge/host/board-message.ts';
import { BoardStream } from '../../../firmware-bridge/host/board-stream.ts';
import { FrameReader } from '../../../firmware-bridge/host/frame-reader.ts';
import { encodeCommand, frameLine, nextSeq } from '../../../firmware-bridge/host/host-command.ts';
import { protocol } from '../../../firmware-bridge/host/protocol.ts';

const bodies = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 113,
  })
  .map((text) => text.replaceAll(/[<>]/g, '.'));
const lines = bodies.map((body) => Buffer.from(frameLine('board', body)));
const junk = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const cut = fc
  .tuple(lines, fc.nat({ max: 100 }))
  .map(([line, at]) => line.subarray(0, at % line.length));
const traffic = fc
  .array(fc.oneof(lines, junk, cut), { maxLength: 12 })
  .map((all) => Buffer.concat(all));

function read(chunks: Iterable<Uint8Array>): { frames: string[]; counts: FrameReader['counts'] } {
  const frames: string[] = [];
  const reader = new FrameReader('board', (body) => frames.push(body));
  for (const chunk of chunks) reader.push(chunk);
  return { frames, counts: reader.counts };
}

test('FrameReader gives the same frames and counts however the bytes are split', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(traffic, sizes, (bytes, cycle) => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += chunks.at(-1)?.length ?? 1) {
        chunks.push(bytes.subarray(at, at + (cycle[chunks.length % cycle.length] ?? 1)));
      }
      expect(read(chunks)).toEqual(read([bytes]));
    }),
  );
});

test('FrameReader finds the first whole line after anything at all', () => {
  fc.assert(
    fc.property(fc.oneof(junk, cut, traffic), bodies, (before, body) => {
      const { frames } = read([before, Buffer.from(frameLine('board', body))]);
      expect(frames.at(-1)).toBe(body);
    }),
  );
});

test('FrameReader takes no line in which one bit is wrong', () => {
  fc.assert(
    fc.property(lines, fc.nat(), fc.nat({ max: 7 }), (line, at, bit) => {
      const damaged = Buffer.from(line);
      const place = at % line.length;
      damaged[place] = (damaged[place] ?? 0) ^ (1 << bit);
      expect(read([damaged]).frames).toEqual([]);
    }),
  );
});

test('FrameReader counts an endless line once and keeps nothing of it', () => {
  const { counts, frames } = read([
    Buffer.from('<'),
    Buffer.alloc(1_000_000, 'x'),
    Buffer.from('\n'),
  ]);
  expect(frames).toEqual([]);
  expect(counts).toMatchObject({ tooLong: 1, badCrc: 0, noiseBytes: 1_000_000 - 118 });
});

test('a line of the greatest length passes, one byte more does not', () => {
  const longest = protocol.lineBytesMax - frameLine('board', '').length;
  expect(read([Buffer.from(frameLine('board', 'x'.repeat(longest)))]).frames).toHaveLength(1);
  expect(read([Buffer.from(frameLine('board', 'x'.repeat(longest + 1)))]).counts.tooLong).toBe(1);
});

test('a million fuzzed bytes: nothing is thrown, memory stays, and every whole line arrives', () => {
  // A fixed sequence that looks like chance: a failure can be repeated.
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const known = [
    'beat 0 0 0 0',
    'analog A0 511.25',
    'in 4 1 77',
    'out 7 0 lease',
    'err - crc',
    'x',
  ];
  let [sent, arrived, bytes] = [0, 0, 0];
  const stream = new BoardStream(() => (arrived += 1));
  const before = process.memoryUsage().heapUsed;
  while (bytes < 1_000_000) {
    const noise = Buffer.from(Array.from({ length: next(200) }, () => next(256)));
    const line = Buffer.from(
      frameLine('board', `${sent & 0xffff} ${sent * 10} ${known[next(5)] ?? ''}`),
    );
    const damaged = Buffer.from(line);
    damaged[1 + next(line.length - 2)] = 0x7f;
    const parts = [noise, damaged, line.subarray(0, next(line.length)), line];
    for (const part of parts) {
      stream.push(part);
      bytes += part.length;
    }
    sent += 1;
  }
  expect(arrived).toBe(sent);
  expect(stream.counts).toMatchObject({ frames: sent, unknown: 0, lost: 0, restarts: 0 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64e6);
});

test('decodeBoardMessage() reads any text without throwing, and only whole messages', () => {
  const words = fc.oneof(
    fc.constantFrom('hello', 'can', 'pin', 'analog', 'in', 'count', 'out', 'beat', 'ack', 'err'),
    fc.constantFrom(
      'limen',
      'A0',
      '7',
      '0',
      '65535',
      '4294967295',
      'up',
      'none',
      '2-12',
      '-',
      '1.50',
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 10 }), (all) => {
      const body = all.join(' ');
      const message = decodeBoardMessage(`1 2 ${body}`);
      if (message === null) return;
      expect(body.startsWith(message.kind)).toBe(true);
      // Only these two have no fixed number of words.
      if (message.kind === 'can' || message.kind === 'hello') return;
      expect(decodeBoardMessage(`1 2 ${body} more`)).toBeNull();
    }),
    { numRuns: 2000, examples: [[['err', '65535']], [['err', '-', 'crc']], [['ack', '7']]] },
  );
});

test('BoardStream tells lost lines from a board that began anew', () => {
  const kinds: string[] = [];
  const stream = new BoardStream(
    ({ seq }) => kinds.push(`${seq}`),
    () => kinds.push('restart'),
  );
  const say = (seq: number, ms: number): void =>
    stream.push(Buffer.from(frameLine('board', `${seq} ${ms} beat 0 0 0 0`)));
  say(65_534, 4_294_967_000);
  // Numbers and clock wrap at their ends: two lines are missing, and nothing else happened.
  say(1, 500);
  expect(stream.counts).toMatchObject({ lost: 2, restarts: 0 });
  say(0, 3);
  // So soon after its start that its clock is not yet behind; its numbers are.
  say(9, 400);
  say(1, 410);
  expect(stream.counts).toMatchObject({ lost: 10, restarts: 2 });
  expect(kinds).toEqual(['65534', '1', 'restart', '0', '9', 'restart', '1']);
});

test('encodeCommand() makes lines that a reader of host lines takes, numbered without end', () => {
  const frames: string[] = [];
  const reader = new FrameReader('host', (body) => frames.push(body));
  let seq = 65_534;
  for (let count = 0; count < 3; count++) {
    reader.push(Buffer.from(encodeCommand(seq, { kind: 'set', pin: 'A3', level: 1, byMs: 99 })));
    seq = nextSeq(seq);
  }
  expect(frames).toEqual(['65534 set A3 1 99', '65535 set A3 1 99', '0 set A3 1 99']);
});
