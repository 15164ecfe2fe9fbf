import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestDuration } from '../../../src/config/text/durations.ts';
import { formatDuration, parseDuration } from '../../../src/domain/duration.ts';
import { closest, editDistance } from '../../../src/config/text/suggest.ts';

describe('closest()', () => {
  it('finds slips of the keyboard and nothing far-fetched', () => {
    const keys = ['points', 'above', 'below', 'on_delay', 'off_delay'];
    expect(closest('abvoe', keys)).toBe('above');
    expect(closest('Above', keys)).toBe('above');
    expect(closest('on-delay', keys)).toBe('on_delay');
    expect(closest('threshold', keys)).toBeNull();
    expect(closest('', keys)).toBeNull();
    expect(closest('x'.repeat(100_000), keys)).toBeNull();
  });

  it('editDistance() is 0 for equal texts, symmetric, and at most the longer length', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('parseDuration()', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['0.001s', 1],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', '5 m', '-5m', '5M', '0.1ms', '1h30m', '1e3s', '99999999d', 'ms'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it('formatDuration() writes what parseDuration() reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_650 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('suggestDuration() guesses only where the meaning is clear', () => {
    expect(suggestDuration(30)).toBe('30s');
    expect(suggestDuration('5 min')).toBe('5m');
    expect(suggestDuration('2 Hours')).toBe('2h');
    expect(suggestDuration('soon')).toBeNull();
    expect(suggestDuration('5m')).toBeNull();
    expect(suggestDuration(null)).toBeNull();
  });
});
