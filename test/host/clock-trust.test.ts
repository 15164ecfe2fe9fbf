import { expect, test } from 'vitest';
import type { WallMs } from '../../src/domain/time.ts';
import { isClockTrusted } from '../../src/host/clock-trust.ts';

const now = Date.UTC(2027, 0, 1) as WallMs;
const board = 0 as WallMs;
const later = (now + 1) as WallMs;

test.each([
  ['always', board, null, false, true],
  ['always', now, later, null, true],
  ['ntp', now, null, true, true],
  ['ntp', now, null, false, false],
  ['ntp', board, null, true, true],
  ['ntp', now, null, null, true],
  ['ntp', board, null, null, false],
  ['ntp', now, later, null, false],
  ['rtc', now, null, false, true],
  ['rtc', now, now, false, true],
  ['rtc', now, later, true, false],
  ['rtc', board, null, true, false],
] as const)(
  'isClockTrusted() %s at %d, trusted before until %s, synchronised %s: %s',
  (mode, wallMs, lastTrustedMs, synchronised, trusted) => {
    expect(isClockTrusted({ mode, wallMs, lastTrustedMs, synchronised })).toBe(trusted);
  },
);
