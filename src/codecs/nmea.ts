import { noise, readLineText } from './line-text.ts';
import { sentences } from './nmea-sentences.ts';
import type { Decoded } from './payload.ts';

/**
 * NMEA 0183 (IEC 61162-1): `$WIMTW,17.9,C*2B`. Only a sentence with the right checksum is read; one that Limen does not
 * know, or that is empty or marked as not valid, says nothing. Metrics are named by sentence: `MTW.water_temperature`.
 */
export function decodeNmea(line: Buffer): Decoded | null {
  const text = readLineText(line);
  if (text === null) return noise;
  // A receiver attached late, or noise, leaves a piece in front of a whole sentence.
  const body = /\$([^$!*]{5,})\*([0-9A-Fa-f]{2})$/.exec(text);
  if (body === null)
    return text.startsWith('!') ? null : { ok: false, reason: 'not a sentence with a checksum' };
  const [, sentence = '', sum = ''] = body;
  if (sumOf(sentence) !== Number.parseInt(sum, 16))
    return { ok: false, reason: 'a wrong checksum' };
  const [address = '', ...fields] = sentence.split(',');
  // Two letters say who talks; a maker's own sentence begins with P.
  if (address.startsWith('P')) return null;
  const name = address.slice(2);
  const metrics = sentences[name]?.(fields) ?? [];
  const items = metrics.map(([metric, value, unit]) => ({
    metric: `${name}.${metric}`,
    word: { kind: 'number', value } as const,
    unit,
    quality: null,
    atMs: null,
  }));
  return items.length > 0 ? { ok: true, items } : null;
}

function sumOf(sentence: string): number {
  let sum = 0;
  for (const byte of Buffer.from(sentence, 'latin1')) sum ^= byte;
  return sum;
}
