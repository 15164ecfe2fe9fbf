import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFixedHeader, type FixedHeader } from '../../src/broker/frame.ts';

const read = (bytes: readonly number[]): FixedHeader | null => {
  const header = { headerBytes: 0, remainingBytes: 0 };
  const buffer = Buffer.from(bytes);
  return readFixedHeader(buffer, 0, buffer.length, header) ? header : null;
};

test('readFixedHeader() reads the lengths of the standard (table 2.4)', () => {
  const lengths: readonly (readonly [bytes: readonly number[], length: number])[] = [
    [[0], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0xff, 0x7f], 16_383],
    [[0x80, 0x80, 0x01], 16_384],
    [[0xff, 0xff, 0x7f], 2_097_151],
    [[0x80, 0x80, 0x80, 0x01], 2_097_152],
    [[0xff, 0xff, 0xff, 0x7f], 268_435_455],
  ];
  for (const [bytes, remainingBytes] of lengths) {
    expect(read([0x30, ...bytes])).toEqual({ headerBytes: 1 + bytes.length, remainingBytes });
    expect(read([0x30, ...bytes.slice(0, -1)])).toBeNull();
  }
});

test('readFixedHeader() gives a length of more than four bytes as too large', () => {
  expect(read([0x30, 0xff, 0xff, 0xff, 0xff])?.remainingBytes).toBe(Infinity);
  expect(read([0x30, 0x80, 0x80, 0x80, 0x80, 0x01])?.remainingBytes).toBe(Infinity);
});

test('readFixedHeader() reads nothing beyond the end it is given', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.nat(8), (bytes, end) => {
      const header = { headerBytes: 0, remainingBytes: 0 };
      const within = Math.min(end, bytes.length);
      if (!readFixedHeader(Buffer.from(bytes), 0, within, header)) return;
      if (header.remainingBytes !== Infinity)
        expect(header.headerBytes).toBeLessThanOrEqual(within);
    }),
  );
});
