import { expect, test } from 'vitest';
import {
  historyOnlyFlag,
  lateFlag,
  qualities,
  qualityCodes,
  qualityOf,
} from '../../src/domain/reading.ts';

test('qualityOf() gives back every stored code, with or without the flag, and bad for any other', () => {
  for (const quality of qualities) {
    expect(qualityOf(qualityCodes[quality])).toBe(quality);
    expect(qualityOf(qualityCodes[quality] | historyOnlyFlag)).toBe(quality);
    expect(qualityOf(qualityCodes[quality] | historyOnlyFlag | lateFlag)).toBe(quality);
  }
  for (const code of [4, 9, 20, 255, -1]) expect(qualityOf(code)).toBe('bad');
});
