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

test('readSourceTime() uses no time without a zone, of an unset clock, or that is none', () => {
  for (const value of [
    '2026-11-23T07:30:15',
    '2026-11-23',
    '1970-01-01T00:00:10Z',
    '2000-01-01T12:00:00Z',
    '2026-13-45T07:30:15Z',
    '12345',
    'yesterday',
    '',
    0,
    -1,
    12_345,
    NaN,
    Infinity,
    -Infinity,
    null,
    undefined,
    true,
    {},
    [],
  ])
    expect(readSourceTime(value)).toBeNull();
});

test('readSourceTime() gives whole milliseconds after 2000 or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.string(), fc.anything()), (value) => {
      const ms = readSourceTime(value);
      if (ms === null) return;
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThan(Date.UTC(2000, 11, 31));
    }),
  );
});
