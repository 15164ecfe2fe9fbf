import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSerialDecoder, type SerialDecoder } from '../../src/codecs/serial-decoder.ts';
import type { Item } from '../../src/codecs/payload.ts';
import type { FrameField, SerialFormat } from '../../src/domain/serial.ts';
import { convert } from '../../src/domain/units.ts';

// What other people's devices say on serial lines, kept beside the project: see their README for how they are scored.
const folder = process.env['LIMEN_SAMPLES'] ?? join(import.meta.dirname, '../../../shared/samples');
const isAbsent = !existsSync(folder);
const why = `there is no folder ${folder}`;

interface Expected {
  readonly metric: string;
  readonly value: unknown;
  readonly unit: string | null;
  readonly optional?: boolean;
  readonly aliases?: readonly string[];
  readonly tolerance?: number;
}

interface Sample {
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
  readonly expect: readonly Expected[];
  /** Samples of one group are said one after the other on one line. */
  readonly group?: string;
  readonly decoded?: string;
}

const keyValue: SerialFormat = { kind: 'key_value' };
const csv: SerialFormat = { kind: 'csv', columns: null, separator: null };
const lineFormats: readonly SerialFormat[] = [keyValue, csv, { kind: 'ndjson' }, { kind: 'nmea' }];

const particles = (metric: string, at: number): FrameField => ({
  metric,
  at,
  type: 'u16',
  endian: 'big',
  scale: 1,
  offset: 0,
  unit: 'µg/m³',
});
const tenths = { endian: 'little', scale: 0.1 } as const;

/** Frames as a user would describe them, by the name of their sensor. */
const sensors: Readonly<Record<string, SerialFormat>> = {
  pms: {
    kind: 'frames',
    framing: { kind: 'sized', start: [0x42, 0x4d], length: null, lengthAt: 3, lengthPlus: 4 },
    check: { kind: 'sum16', at: -2, from: 0, endian: 'big' },
    fields: [particles('pm1', 4), particles('pm25', 6), particles('pm10', 8)],
  },
  sds: {
    kind: 'frames',
    framing: { kind: 'sized', start: [0xaa, 0xc0], length: 10, lengthAt: 0, lengthPlus: 0 },
    check: { kind: 'sum8', at: 8, from: 2, endian: 'big' },
    fields: [
      { ...particles('pm25', 2), ...tenths },
      { ...particles('pm10', 4), ...tenths },
    ],
  },
  mhz19: {
    kind: 'frames',
    framing: { kind: 'sized', start: [0xff, 0x86], length: 9, lengthAt: 0, lengthPlus: 0 },
    check: { kind: 'negative_sum8', at: 8, from: 1, endian: 'big' },
    fields: [{ ...particles('co2', 2), unit: 'ppm' }],
  },
};

function samplesOf(file: string): Sample[] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Sample => JSON.parse(line));
}

function bytesOf(payload: string): Buffer {
  return payload.startsWith('base64:')
    ? Buffer.from(payload.slice('base64:'.length), 'base64')
    : Buffer.from(payload);
}

/** Decoders of one file: one for each line, which a reader has heard from its beginning on. */
class Lines {
  readonly #decoders = new Map<string, SerialDecoder>();

  itemsOf({ id, group, payload }: Sample, format: SerialFormat, lead = '\n'): readonly Item[] {
    const line = group ?? id;
    const decoder = this.#decoders.get(line) ?? createSerialDecoder(format);
    if (!this.#decoders.has(line)) decoder.push(Buffer.from(lead), () => undefined);
    this.#decoders.set(line, decoder);
    const items: Item[] = [];
    decoder.push(bytesOf(payload), (_frame, decoded) => {
      if (decoded?.ok === true) items.push(...decoded.items);
    });
    return items;
  }
}

function isSame({ word, unit }: Item, wanted: Expected): boolean {
  if (word.kind !== 'number' || typeof wanted.value !== 'number') return false;
  const value =
    unit === null || wanted.unit === null ? word.value : convert(word.value, unit, wanted.unit);
  return value !== null && Math.abs(value - wanted.value) <= (wanted.tolerance ?? 1e-9);
}

/** What is wanted and not found in this order: two lines of one metric are two readings. */
function missed(sample: Sample, items: readonly Item[]): readonly string[] {
  const left = [...items];
  return sample.expect.flatMap((wanted) => {
    if (wanted.optional === true) return [];
    const names = [wanted.metric, ...(wanted.aliases ?? [])];
    const at = left.findIndex(({ metric }) => names.includes(metric ?? ''));
    const found = at < 0 ? undefined : left.splice(at, 1)[0];
    if (found !== undefined && isSame(found, wanted)) return [];
    return [`${sample.id}: ${wanted.metric} = ${String(wanted.value)} ${wanted.unit ?? ''}`];
  });
}

const isValue = ({ word }: Item): boolean => word.kind === 'number' || word.kind === 'boolean';

test.for<[string, SerialFormat]>([
  ['csv-lines.ndjson', csv],
  ['key-value-lines.ndjson', keyValue],
  ['serial-plotter.ndjson', keyValue],
  ['json-lines.ndjson', { kind: 'ndjson' }],
  ['nmea0183.ndjson', { kind: 'nmea' }],
])('every measurement of %s is read, and nothing out of its noise', ([file, format], { skip }) => {
  skip(isAbsent, why);
  const lines = new Lines();
  for (const sample of samplesOf(file)) {
    const items = lines.itemsOf(sample, format);
    expect(missed(sample, items)).toEqual([]);
    // A number that a library says for "no value" is one all the same: `valid:` is what refuses it.
    const isErrorValue = sample.payload.includes('-999');
    if (sample.kind === 'noise' && !isErrorValue)
      expect([sample.id, items.filter(isValue)]).toEqual([sample.id, []]);
  }
});

test('every frame of an air sensor is read as described, and a damaged one is not', ({ skip }) => {
  skip(isAbsent, why);
  for (const sample of samplesOf('air-sensor-frames.ndjson')) {
    const name = Object.keys(sensors).find((each) => sample.id.includes(each)) ?? '';
    const format = sensors[name];
    if (format === undefined) throw new Error(`no sensor of the sample ${sample.id}`);
    const items = new Lines().itemsOf(sample, format, '');
    expect(missed(sample, items)).toEqual([]);
    if (sample.kind === 'noise') expect(items).toEqual([]);
  }
});

test('the frames of COBS and SLIP are decoded to their content', ({ skip }) => {
  skip(isAbsent, why);
  for (const { id, payload, decoded = '' } of samplesOf('framing.ndjson')) {
    const mark = id.includes('slip') ? 'slip' : 'cobs';
    const framing = { kind: 'between', mark, length: null } as const;
    const decoder = createSerialDecoder({ kind: 'frames', framing, check: null, fields: [] });
    const frames: string[] = [];
    decoder.push(Buffer.from([mark === 'slip' ? 0xc0 : 0]), () => undefined);
    decoder.push(bytesOf(payload), (frame) => frames.push(frame.toString('hex')));
    expect([id, frames]).toEqual([id, [bytesOf(decoded).toString('hex')]]);
  }
});

test('a boot banner is a reading in no format of lines', ({ skip }) => {
  skip(isAbsent, why);
  for (const sample of samplesOf('serial-noise.ndjson'))
    for (const format of lineFormats)
      expect([sample.id, new Lines().itemsOf(sample, format).filter(isValue)]).toEqual([
        sample.id,
        [],
      ]);
});
