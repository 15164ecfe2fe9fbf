import { isUtf8 } from 'node:buffer';
import { limits } from '../domain/limits.ts';
import type { Quality } from '../domain/reading.ts';
import { readSourceTime } from './source-time.ts';
import { readWord, type Word } from './word.ts';

/** One metric of a payload. `metric` is null where the topic has to name it. */
export interface Item {
  readonly metric: string | null;
  readonly word: Word;
  readonly unit: string | null;
  readonly quality: Quality | null;
  /** Source time in ms since 1970, null if none was given. */
  readonly atMs: number | null;
}

/** What a payload says, or why it cannot be read. */
export type Decoded =
  | { readonly ok: true; readonly items: readonly Item[] }
  | { readonly ok: false; readonly reason: string };

const qualityWords: ReadonlyMap<unknown, Quality> = new Map([
  ['good', 'good'],
  ['suspect', 'suspect'],
  ['uncertain', 'suspect'],
  ['bad', 'bad'],
  ['stale', 'stale'],
]);

/** Keys inside a JSON object that speak of the message, not of a quantity. */
const envelopeKeys: ReadonlySet<string> = new Set(
  [
    '_id _type _timestamp at id uid uuid mac address addr device device_id deviceid node node_id name model brand type',
    'rssi snr lqi linkquality link_quality channel seq sequence counter packet msg_id message_id fcnt',
    'time timestamp ts tst tstamp datetime date utc epoch gwts last_seen lastseen received_at uptime',
    'unit units quality version ver fw firmware protocol subtype mic schema',
  ].flatMap((line) => line.split(' ')),
);

const brace = 0x7b;
const bracket = 0x5b;

/**
 * Decodes a payload: a number, a boolean word, a not-a-value word, a text; `{"value", "unit", "at", "quality"}`; or a
 * flat or nested JSON object of metrics, whose names join with a dot.
 */
export function decodePayload(bytes: Buffer): Decoded {
  if (bytes.length > limits.packetBytesMax) return { ok: false, reason: 'payload too large' };
  if (!isUtf8(bytes)) return { ok: false, reason: 'not UTF-8' };
  // Some tools put a byte order mark in front.
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let first = start;
  while (first < bytes.length && (bytes[first] ?? 0) <= 0x20) first++;
  const lead = bytes[first];
  if (lead === brace || lead === bracket) return decodeJson(bytes.toString('utf8', start));
  // A number longer than this is not one; a text that long is not a state.
  if (bytes.length - first > 400) return { ok: false, reason: 'not a number, a word or JSON' };
  const word = readWord(unquoted(bytes.toString('utf8', start)));
  return { ok: true, items: [{ metric: null, word, unit: null, quality: null, atMs: null }] };
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1)
    : trimmed;
}

function decodeJson(text: string): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not valid JSON' };
  }
  if (!isObject(json)) return { ok: false, reason: 'JSON, but not an object' };
  const atMs = readSourceTime(json['at']);
  const quality = readQuality(json['quality']);
  if (isValueForm(json)) {
    const unit = typeof json['unit'] === 'string' ? json['unit'] : null;
    const word = scalarWord(json['value']);
    return { ok: true, items: [{ metric: null, word, unit, quality, atMs }] };
  }
  const items: Item[] = [];
  const reason = walk(json, '', 0, (metric, word) =>
    items.push({ metric, word, unit: null, quality, atMs }),
  );
  if (reason !== null) return { ok: false, reason };
  return items.length > 0 ? { ok: true, items } : { ok: false, reason: 'no metric in the object' };
}

/** `{"value": scalar}` with nothing beside it but its own attributes and the envelope. */
function isValueForm(json: Record<string, unknown>): boolean {
  if (!Object.hasOwn(json, 'value') || isContainer(json['value'])) return false;
  return Object.keys(json).every((key) => key === 'value' || envelopeKeys.has(key.toLowerCase()));
}

function walk(
  node: Record<string, unknown> | readonly unknown[],
  prefix: string,
  depth: number,
  found: (metric: string, word: Word) => number,
): string | null {
  if (depth >= limits.payloadDepthMax) return 'nested too deep';
  for (const [key, value] of Object.entries(node)) {
    if (envelopeKeys.has(key.toLowerCase())) continue;
    const metric = prefix + key;
    if (isContainer(value)) {
      const reason = walk(value, `${metric}.`, depth + 1, found);
      if (reason !== null) return reason;
    } else if (found(metric, scalarWord(value)) > limits.payloadMetricsMax) {
      return 'too many metrics in one payload';
    }
  }
  return null;
}

function scalarWord(value: unknown): Word {
  if (typeof value === 'number') {
    return Number.isFinite(value)
      ? { kind: 'number', value }
      : { kind: 'none', text: String(value) };
  }
  if (typeof value === 'boolean') return { kind: 'boolean', value, text: String(value) };
  if (typeof value === 'string') return readWord(value);
  return { kind: 'none', text: 'null' };
}

/** A quality that is not known is not trusted. */
function readQuality(value: unknown): Quality | null {
  if (value === undefined || value === null) return null;
  return qualityWords.get(typeof value === 'string' ? value.toLowerCase() : value) ?? 'bad';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isContainer(value: unknown): value is Record<string, unknown> | readonly unknown[] {
  return typeof value === 'object' && value !== null;
}
