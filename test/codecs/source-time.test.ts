import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSourceTime } from '../../src/codecs/source-time.ts';

const atMs = Date.UTC(2026, 10, 23, 7, 30, 15, 250);

test('readSourceTime() tells s, ms, µs and ns apart by their size', () => {
  for (const value of [atMs / 1e3, atMs, atMs * 1e3, atMs * 1e6]) {
    expect(readSourceTime(value)).toBe(atMs);
  }
  for (const text of [`${atMs}`, `${atMs}000`, `${atMs}000000`, `${atMs / 1e3}`])
    expect(readSourceTime(text)).toBe(atMs);
});

test('readSourceTime() reads ISO 8601 with a zone', () => {
  for (const text of [
    '2026-11-23T07:30:15.250Z',
    '2026-11-23 07:30:15.250Z',
    '2026-11-23T08:30:15.250+01:00',
    '2026-11-23T08:30:15.250+0100',
    '2026-11-23T07:30:15.250000000Z',
  ])
    expect(readSourceTime(text)).toBe(atMs);
  expect(readSourceTime('2026-11-23T07:30Z')).toBe(Date.UTC(2026, 10, 23, 7, 30));
});

test('readSourceTime() takes nothing else for a time', () => {
  for (const value of ['12345', 'yesterday', 'kitchen', '', null, undefined, true, {}, []])
    expect(readSourceTime(value)).toBeNull();
});

test('readSourceTime() gives NaN for a date that cannot be used', () => {
  for (const value of ['2026-11-23T07:30:15', '2026-11-23', '2026-13-45T07:30:15Z', NaN])
    expect(readSourceTime(value)).toBeNaN();
});

test('readSourceTime() leaves it to others whether a clock was ever set', () => {
  expect(readSourceTime('1970-01-01T00:00:10Z')).toBe(10_000);
  expect(readSourceTime(12_345)).toBe(12_345_000);
  expect(readSourceTime(Infinity)).toBe(Infinity);
});

test('readSourceTime() gives whole milliseconds or nothing that could be taken for a time', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.string(), fc.anything()), (value) => {
      const ms = readSourceTime(value);
      if (ms !== null && Number.isFinite(ms)) expect(Number.isInteger(ms)).toBe(true);
    }),
  );
});
