import type { Quality } from '../domain/reading.ts';
import type { Decoded, Item } from './payload.ts';

/** What was read at a pin of a board. */
export interface PinReading {
  readonly metric: string;
  readonly unit: string | null;
  readonly value: number | boolean;
}

/** A reading of a pin as if it had been read from a payload. */
export function decodePinReading(
  { metric, unit, value }: PinReading,
  quality: Quality | null,
): Decoded {
  const word: Item['word'] =
    typeof value === 'number'
      ? { kind: 'number', value }
      : { kind: 'boolean', value, text: String(value) };
  return { ok: true, items: [{ metric, word, unit, quality, atMs: null }] };
}
