import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePayload, type Decoded, type Item } from '../../src/codecs/payload.ts';
import { readWord } from '../../src/codecs/word.ts';
import { limits } from '../../src/domain/limits.ts';

const decode = (payload: string | Buffer): Decoded => decodePayload(Buffer.from(payload));

/** The items of a payload that can be read, by metric. */
function itemsOf(payload: string | Buffer): readonly Item[] {
  const decoded = decode(payload);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.items;
}

/** Metric → number, true, false, a text, or null for no value. */
function valuesOf(payload: string | Buffer): Record<string, unknown> {
  return Object.fromEntries(
    itemsOf(payload).map(({ metric, word }) => [
      metric ?? '',
      word.kind === 'none' ? null : word.kind === 'text' ? word.text : word.value,
    ]),
  );
}

function reasonOf(payload: string | Buffer): string {
  const decoded = decode(payload);
  return decoded.ok ? `read: ${JSON.stringify(decoded.items)}` : decoded.reason;
}

describe('decodePayload() of one value', () => {
  test('decodePayload() reads a number, a word or a not-a-value word', () => {
    expect(valuesOf('21.5')).toEqual({ '': 21.5 });
    expect(valuesOf(' -3\n')).toEqual({ '': -3 });
    expect(valuesOf('ON')).toEqual({ '': true });
    expect(valuesOf('open')).toEqual({ '': 'open' });
    expect(valuesOf('"21.5"')).toEqual({ '': 21.5 });
    for (const text of ['', ' ', 'null', 'unavailable', 'NaN', '1e999', '""'])
      expect(valuesOf(text)).toEqual({ '': null });
    expect(itemsOf('1')[0]).toMatchObject({ metric: null, unit: null, quality: null, atMs: null });
  });

  test('decodePayload() passes over a byte order mark', () => {
    expect(valuesOf('\uFEFF21.5')).toEqual({ '': 21.5 });
    expect(valuesOf('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });

  test('decodePayload() refuses what is no text, and what is too long', () => {
    expect(reasonOf(Buffer.from([0xff, 0xfe, 0x31]))).toBe('not UTF-8');
    expect(reasonOf(Buffer.from([0xc3]))).toBe('not UTF-8');
    expect(reasonOf('x'.repeat(401))).toBe('not a number, a word or JSON');
    expect(reasonOf('1'.repeat(1_000_000))).toBe('payload too large');
    expect(reasonOf(`{"a":"${'x'.repeat(1_000_000)}"}`)).toBe('payload too large');
  });

  test('decodePayload() takes NUL for a part of a word, never for a number', () => {
    expect(valuesOf('\u0000')).toEqual({ '': '\u0000' });
    expect(valuesOf('1\u00002')).toEqual({ '': '1\u00002' });
  });
});

describe('decodePayload() of the value form', () => {
  test('decodePayload() reads value, unit, at and quality', () => {
    const payload = '{"value": -18.2, "unit": "°C", "at": 1763900000000, "quality": "Suspect"}';
    expect(itemsOf(payload)).toEqual([
      {
        metric: null,
        word: { kind: 'number', value: -18.2 },
        unit: '°C',
        quality: 'suspect',
        atMs: 1_763_900_000_000,
      },
    ]);
  });

  test('decodePayload() reads a value as text, true, or null, with the envelope beside it', () => {
    expect(valuesOf('{"value":"21.5","id":7,"rssi":-70}')).toEqual({ '': 21.5 });
    expect(valuesOf('{"value":true,"seq":3}')).toEqual({ '': true });
    expect(valuesOf('{"value":null}')).toEqual({ '': null });
    expect(valuesOf('{"value":"NaN"}')).toEqual({ '': null });
  });

  test('decodePayload() does not trust a quality that it does not know', () => {
    const quality = (text: string): unknown => itemsOf(`{"value":1,"quality":${text}}`)[0]?.quality;
    expect(quality('"uncertain"')).toBe('suspect');
    expect(quality('"good"')).toBe('good');
    expect(quality('null')).toBeNull();
    for (const text of ['"great"', '192', 'true', '{}', '"__proto__"'])
      expect(quality(text)).toBe('bad');
  });

  test('decodePayload() takes a value beside other metrics for one of them', () => {
    expect(valuesOf('{"value":1,"temperature":2}')).toEqual({ value: 1, temperature: 2 });
    expect(valuesOf('{"value":{"a":1}}')).toEqual({ 'value.a': 1 });
  });
});

describe('decodePayload() of an object', () => {
  test('decodePayload() joins nested names with a dot, and counts arrays', () => {
    expect(valuesOf('{"a":1,"b":{"c":2,"d":{"e":"x"}},"f":[3,true]}')).toEqual({
      a: 1,
      'b.c': 2,
      'b.d.e': 'x',
      'f.0': 3,
      'f.1': true,
    });
  });

  test('decodePayload() takes no envelope key for a metric, at any depth and in any case', () => {
    const payload =
      '{"temperature":1,"id":2,"RSSI":-70,"seq":4,"time":"x","Uptime":9,"meta":{"ts":1,"hum":5}}';
    expect(valuesOf(payload)).toEqual({ temperature: 1, 'meta.hum': 5 });
    expect(reasonOf('{"id":2,"rssi":-70}')).toBe('no metric in the object');
    expect(reasonOf('{}')).toBe('no metric in the object');
  });

  test('decodePayload() gives the time of the object to every metric', () => {
    const items = itemsOf('{"a":1,"b":2,"at":1763900000}');
    expect(items.map(({ atMs }) => atMs)).toEqual([1_763_900_000_000, 1_763_900_000_000]);
  });

  test('decodePayload() reads names of the prototype like any other', () => {
    const payload = '{"__proto__":1,"constructor":2,"toString":{"__proto__":3}}';
    const items = itemsOf(payload).map(({ metric, word }) => [metric, word]);
    expect(items).toEqual([
      ['__proto__', { kind: 'number', value: 1 }],
      ['constructor', { kind: 'number', value: 2 }],
      ['toString.__proto__', { kind: 'number', value: 3 }],
    ]);
    expect(itemsOf('{"a":1,"__proto__":{"quality":"bad","at":1763900000}}')[0]).toMatchObject({
      quality: null,
      atMs: null,
    });
  });

  test('decodePayload() takes the last of two equal keys, and the nearest double of a huge number', () => {
    expect(valuesOf('{"a":1,"a":2}')).toEqual({ a: 2 });
    expect(valuesOf('{"a":9007199254740993}')).toEqual({ a: 9_007_199_254_740_992 });
    expect(valuesOf('{"a":1e999,"b":-1e999}')).toEqual({ a: null, b: null });
  });

  test('decodePayload() refuses what is not JSON or not an object', () => {
    for (const text of ['{"a":NaN}', '{"a":1', "{'a':1}", '{"a":1}}', '{a:1}', '{"a":1}\u0000'])
      expect(reasonOf(text)).toBe('not valid JSON');
    for (const text of ['[1,2]', '[]', '[{"a":1}]'])
      expect(reasonOf(text)).toBe('JSON, but not an object');
  });

  test('decodePayload() refuses what nests too deep or holds too many metrics', () => {
    const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(valuesOf(nested(limits.payloadDepthMax))).toEqual({ 'a.a.a.a.a.a.a.a': 1 });
    expect(reasonOf(nested(limits.payloadDepthMax + 1))).toBe('nested too deep');
    expect(reasonOf('['.repeat(100_000))).toBe('not valid JSON');
    expect(reasonOf(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)).toBe('nested too deep');
    const wide = (count: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i])));
    expect(itemsOf(wide(limits.payloadMetricsMax))).toHaveLength(limits.payloadMetricsMax);
    expect(reasonOf(wide(limits.payloadMetricsMax + 1))).toBe('too many metrics in one payload');
  });
});

describe('decodePayload() of anything', () => {
  const inside = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.json({ maxDepth: 12 }).map((text) => Buffer.from(text)),
    fc
      .string({ unit: fc.constantFrom(...'{}[]",:0123eE+-.nulltrue\u0000 '.split('')) })
      .map((t) => Buffer.from(t)),
  );

  test('decodePayload() never throws, and gives finite numbers or a reason', () => {
    fc.assert(
      fc.property(inside, (bytes) => {
        const decoded = decodePayload(bytes);
        if (!decoded.ok) {
          expect(decoded.reason).not.toBe('');
          return;
        }
        expect(decoded.items.length).toBeGreaterThan(0);
        for (const { word } of decoded.items)
          if (word.kind === 'number') expect(Number.isFinite(word.value)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test('decodePayload() of a word is what readWord() says of it', () => {
    const word = fc.string().filter((text) => !/^[\s\uFEFF]*["{[]/.test(text) && text.length < 300);
    fc.assert(
      fc.property(word, (text) => {
        expect(itemsOf(text)[0]?.word).toEqual(readWord(text));
      }),
    );
  });
});
