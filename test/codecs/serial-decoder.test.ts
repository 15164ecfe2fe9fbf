import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileLinePattern } from '../../src/codecs/line-pattern.ts';
import { createSerialDecoder } from '../../src/codecs/serial-decoder.ts';
import type { Word } from '../../src/codecs/word.ts';
import { limits } from '../../src/domain/limits.ts';
import type { FrameField, SerialFormat } from '../../src/domain/serial.ts';

const csv: SerialFormat = { kind: 'csv', columns: null, separator: null };
const named: SerialFormat = { kind: 'csv', columns: [null, 'temp', 'hum'], separator: null };
const regex: SerialFormat = { kind: 'regex', pattern: 'T=(?P<temp>[-0-9.]+)' };
const sds011: SerialFormat = {
  kind: 'frames',
  framing: { kind: 'sized', start: [0xaa, 0xc0], length: 10, lengthAt: 0, lengthPlus: 0 },
  check: { kind: 'sum8', at: 8, from: 2, endian: 'big' },
  fields: [field('pm25', 2), field('pm10', 4)],
};
const plantower: SerialFormat = {
  kind: 'frames',
  framing: { kind: 'sized', start: [0x42, 0x4d], length: null, lengthAt: 3, lengthPlus: 4 },
  check: { kind: 'sum16', at: -2, from: 0, endian: 'big' },
  fields: [{ ...field('pm25', 12), endian: 'big', scale: 1 }],
};
const slip = between('slip');
const cobs = between('cobs');
const marked = between([0x7e, 0x7e]);

const formats: Readonly<Record<string, SerialFormat>> = {
  ndjson: { kind: 'ndjson' },
  csv,
  'csv with columns': named,
  key_value: { kind: 'key_value' },
  nmea: { kind: 'nmea' },
  regex,
  'frames by start and length': sds011,
  'frames by a length byte': plantower,
  'frames in SLIP': slip,
  'frames in COBS': cobs,
  'frames between marks': marked,
};

/** One good frame of each format, and what it says. */
const goodFrames: Readonly<Record<string, readonly [frame: string | Buffer, says: string]>> = {
  ndjson: ['{"temp":21.5,"hum":40}\n', 'temp=21.5 hum=40'],
  csv: ['21.5,40\r\n', 'value_1=21.5 value_2=40'],
  'csv with columns': ['1000,21.5,40\n', 'temp=21.5 hum=40'],
  key_value: ['temp=21.5 hum=40\r\n', 'temp=21.5 hum=40'],
  nmea: ['$WIMTW,17.9,C*02\r\n', 'MTW.water_temperature=17.9°C'],
  regex: ['12:30 T=21.5\n', 'temp=21.5'],
  'frames by start and length': [
    Buffer.from('aac00600060058d93dab', 'hex'),
    'pm25=0.6µg/m³ pm10=0.6µg/m³',
  ],
  'frames by a length byte': [
    Buffer.from('Qk0AHAAAAAgACAAAAAgACADSAEYALQAeAAAAAJcAAsU=', 'base64'),
    'pm25=8µg/m³',
  ],
  'frames in SLIP': [Buffer.from([0x15, 0xdb, 0xdc, 0x02, 0xd7, 0xc0]), 'level=-16363'],
  'frames in COBS': [Buffer.from([0x05, 0x15, 0xc0, 0x02, 0xd7, 0x00]), 'level=-16363'],
  'frames between marks': [Buffer.from([0x15, 0xc0, 0x02, 0xd7, 0x7e, 0x7e]), 'level=-16363'],
};

function field(metric: string, at: number): FrameField {
  const unit = 'µg/m³';
  return { metric, at, type: 'u16', endian: 'little', scale: 0.1, offset: 0, unit };
}

function between(mark: readonly number[] | 'slip' | 'cobs'): SerialFormat {
  const level: FrameField = { ...field('level', 0), type: 'i16', scale: 1, unit: null };
  return {
    kind: 'frames',
    framing: { kind: 'between', mark, length: 4 },
    check: { kind: 'sum8', at: 3, from: 0, endian: 'big' },
    fields: [level],
  };
}

function decoderOf(format: SerialFormat) {
  const decoder = createSerialDecoder(format, compileLinePattern);
  const found: string[] = [];
  let lengthMax = 0;
  return {
    found,
    reset: () => decoder.reset(),
    get lengthMax() {
      return lengthMax;
    },
    push(bytes: string | Uint8Array): void {
      const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      decoder.push(chunk, (frame, decoded) => {
        lengthMax = Math.max(lengthMax, frame.length);
        if (decoded !== null) found.push(decoded.ok ? said(decoded.items) : `(${decoded.reason})`);
      });
    },
  };
}

type Said = readonly {
  readonly metric: string | null;
  readonly unit: string | null;
  readonly word: Word;
}[];

function said(items: Said): string {
  return items
    .map(({ metric, word, unit }) => {
      const text = 'value' in word ? String(word.value) : word.text;
      return `${metric}=${text}${unit ?? ''}`;
    })
    .join(' ');
}

/** What a whole line says, once the reader is in step. */
function read(format: SerialFormat, ...lines: string[]): readonly string[] {
  const decoder = decoderOf(format);
  decoder.push('\n');
  for (const line of lines) decoder.push(`${line}\r\n`);
  return decoder.found;
}

test.each(Object.entries(goodFrames))('%s: a good frame is read', (name, [frame, says]) => {
  const decoder = decoderOf(formats[name] ?? csv);
  decoder.push(frame);
  decoder.push(frame);
  expect(decoder.found.at(-1)).toBe(says);
});

test.each(Object.entries(goodFrames))(
  '%s: how bytes are split makes no difference',
  (name, [frame]) => {
    const format = formats[name] ?? csv;
    const noisy = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constant(Uint8Array.from(Buffer.from(frame)))),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(noisy, fc.array(fc.integer({ min: 1, max: 9 })), (parts, sizes) => {
        const bytes = Buffer.concat(parts);
        const whole = decoderOf(format);
        whole.push(bytes);
        const pieces = decoderOf(format);
        let at = 0;
        for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
        pieces.push(bytes.subarray(at));
        expect(pieces.found).toEqual(whole.found);
      }),
    );
  },
);

/** From the second frame on each is read; a false length only delays them, and claims no more bytes than it can say. */
function expectInStep(decoder: ReturnType<typeof decoderOf>, name: string): void {
  const [frame, says] = goodFrames[name] ?? ['', ''];
  const from = decoder.found.length;
  const falseLengthMax = 260;
  const count = Math.ceil(
    2 + (name === 'frames by a length byte' ? falseLengthMax : 0) / frame.length,
  );
  for (let sent = 0; sent < count; sent++) decoder.push(frame);
  const read = decoder.found.slice(from).filter((each) => each === says);
  expect(read.length).toBeGreaterThanOrEqual(count - 1);
}

test.each(Object.keys(goodFrames))('%s: after noise the second frame is read', (name) => {
  const noise = fc.uint8Array({ maxLength: 3 * limits.serialFrameBytesMax });
  fc.assert(
    fc.property(noise, (bytes) => {
      const decoder = decoderOf(formats[name] ?? csv);
      decoder.push(bytes);
      expectInStep(decoder, name);
    }),
    { numRuns: 30 },
  );
});

test.each(Object.entries(formats))('%s: a million random bytes do no harm', (name, format) => {
  const decoder = decoderOf(format);
  // A linear congruential generator: the same bytes in every run.
  let state = 42;
  const chunk = Buffer.alloc(1_000);
  for (let count = 0; count < 1_000; count++) {
    for (let at = 0; at < chunk.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      chunk[at] = state >>> 24;
    }
    decoder.push(chunk);
    decoder.found.length = Math.min(decoder.found.length, 10);
  }
  expect(decoder.lengthMax).toBeLessThanOrEqual(limits.serialFrameBytesMax);
  expectInStep(decoder, name);
});

test.each(Object.entries(formats))(
  '%s: of what never ends no more is kept than a frame',
  (name, format) => {
    const decoder = decoderOf(format);
    const [frame] = goodFrames[name] ?? [''];
    // As it begins, so that whoever waits for the end of a frame waits for that of this one.
    decoder.push(Buffer.from(frame).subarray(0, 4));
    const chunk = Buffer.alloc(65_536, 0x35);
    decoder.push(chunk);
    const before = bytesInUse();
    for (let count = 0; count < 128; count++) decoder.push(chunk);
    expect(bytesInUse() - before).toBeLessThan(1_000_000);
    expectInStep(decoder, name);
  },
);

/** What is left of the memory when all that nobody needs any more is given back. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('LineCutter drops the line it began in, and an endless one up to its end', () => {
  const decoder = decoderOf({ kind: 'ndjson' });
  decoder.push('elcius":28.1}\n{"t":1}\n');
  decoder.push('x'.repeat(100_000));
  decoder.push('\n{"t":2}\n');
  expect(decoder.found).toEqual([
    '(cut off at the start)',
    't=1',
    '(longer than a line may be)',
    't=2',
  ]);
  decoder.reset();
  decoder.push('"t":3}\n{"t":4}\n');
  expect(decoder.found.slice(4)).toEqual(['(cut off at the start)', 't=4']);
});

test('LineCutter skips what a plug leaves between lines, and refuses it within', () => {
  const decoder = decoderOf({ kind: 'key_value' });
  decoder.push(Buffer.from([0x0a, 0x00, 0xff, 0x00]));
  decoder.push('a=1\n');
  decoder.push(Buffer.from('b=\u00002\n'));
  expect(decoder.found).toEqual(['a=1', '(noise: bytes that are no text)']);
});

const allStarts: SerialFormat = {
  kind: 'frames',
  framing: { kind: 'sized', start: [0xaa], length: 1_000, lengthAt: 0, lengthPlus: 0 },
  check: { kind: 'crc16_modbus', at: -2, from: 0, endian: 'little' },
  fields: [field('level', 2)],
};

test.each(Object.entries({ ...formats, 'frames that begin anywhere': allStarts }))(
  '%s: what comes out of a line is never more than what went in',
  (_name, format) => {
    const run = fc.record({
      byte: fc.constantFrom(0xaa, 0xc0, 0x42, 0x4d, 0x7e, 0x00, 0x01, 0x0a, 0x24, 0x7b, 0x31),
      count: fc.integer({ min: 1, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 8 }), (runs) => {
        const decoder = createSerialDecoder(format, compileLinePattern);
        let [bytesIn, bytesOut] = [0, 0];
        for (const { byte, count } of runs) {
          bytesIn += count;
          decoder.push(Buffer.alloc(count, byte), (frame) => void (bytesOut += frame.length));
        }
        expect(bytesOut).toBeLessThanOrEqual(bytesIn);
      }),
      { numRuns: 30 },
    );
  },
);

test('SizedCutter finds the frame behind a false start', () => {
  const decoder = decoderOf(sds011);
  decoder.push(Buffer.from('aac0aac00600060058d93dab', 'hex'));
  expect(decoder.found).toEqual(['(a wrong checksum)', 'pm25=0.6µg/m³ pm10=0.6µg/m³']);
});

test.each<[SerialFormat, string[], string[]]>([
  [
    csv,
    ['t_s,temperature_C,humidity_pct', '0.0,24.6,48.0'],
    ['temperature_C=24.6°C humidity_pct=48%'],
  ],
  [csv, ['temp (°C);rh [%]', '21,5;40,0'], ['temp=21.5°C rh=40%']],
  [csv, ['1\t2\t'], ['value_1=1 value_2=2']],
  [csv, ['load 0x40100000, len 27688, room 16'], ['(not a line of values)']],
  [named, ['0,21.5,nan'], ['temp=21.5 hum=nan']],
  [named, ['0,21.5'], ['(not 3 columns)']],
  [named, ['ms,temperature,humidity', '5,1,2'], ['temp=1 hum=2']],
  [{ kind: 'key_value' }, ['T:21.5;H:40'], ['T=21.5 H=40']],
  [{ kind: 'key_value' }, ['label_1:3\tlabel_2:4\t'], ['label_1=3 label_2=4']],
  [{ kind: 'key_value' }, ['Temp: 23.0 C, Hum: 40 %'], ['Temp=23°C Hum=40%']],
  [
    { kind: 'key_value' },
    ['Humidity: 40.0%  Heat index: 21.5°C'],
    ['Humidity=40% Heat index=21.5°C'],
  ],
  [{ kind: 'key_value' }, ['lux=1.2e4 x=1e-05 p=1e3Pa'], ['lux=12000 x=0.00001 p=1000Pa']],
  [
    { kind: 'key_value' },
    ['Humidity: 45.00%  Temperature: 22.00°C 71.60°F  Heat index: 21.5°C 70.7°F'],
    ['Humidity=45% Temperature=22°C Heat index=21.5°C'],
  ],
  [
    { kind: 'key_value' },
    ['Humidity: 45.00 %\tTemperature: 22.00 *C 71.60 *F\tHeat index: 21.5 *C', 't=5 °C 40 %'],
    ['Humidity=45% Temperature=22°C Heat index=21.5°C', '(not a line of names and values)'],
  ],
  [{ kind: 'key_value' }, ['Temperature = -999.00'], ['Temperature=-999']],
  [{ kind: 'key_value' }, ['1 2'], ['value_1=1 value_2=2']],
  [{ kind: 'key_value' }, ['door=open temp="21.5"'], ['door=open temp=21.5']],
  [
    { kind: 'key_value' },
    [
      ' ets Jan  8 2013,rst cause:2, boot mode:(3,6)',
      'tail 8',
      'chksum 0xf7',
      'Failed to read from DHT sensor!',
    ],
    Array.from({ length: 4 }, () => '(not a line of names and values)'),
  ],
  [{ kind: 'nmea' }, ['$WIMTW,17.9,C*1E'], ['(a wrong checksum)']],
  [{ kind: 'nmea' }, ['$WIMTW,17.9,C'], ['(not a sentence with a checksum)']],
  [
    { kind: 'nmea' },
    ['$GPRMC,123519.00,V,4807.038,N,01131.000,E,,,230394,,*24', '$IIHDT,,T*0C'],
    [],
  ],
  [
    { kind: 'nmea' },
    ['$IIMWV,338,R,13.41,N,A*2C'],
    ['MWV.angle_relative=338° MWV.speed_relative=13.41kn'],
  ],
  [
    { kind: 'nmea' },
    [withSum('GPGLL,6005.070,S,02330.000,E,095559,A,D')],
    ['GLL.latitude=-60.0845° GLL.longitude=23.5°'],
  ],
  [
    { kind: 'nmea' },
    [withSum('WIXDR,C,21.5,C,AIR,P,1.013,B,,H,40,P,RH')],
    ['XDR.AIR=21.5°C XDR.P2=1.013bar XDR.RH=40%'],
  ],
  [
    { kind: 'nmea' },
    [withSum('WIMDA,30.1,I,1.02,B,20.5,C,,,45.0,,8.1,C,270.0,T,,M,9.7,N,5.0,M')],
    [
      'MDA.pressure=1.02bar MDA.temperature=20.5°C MDA.humidity=45% MDA.dew_point=8.1°C MDA.wind_direction=270° MDA.wind_speed=5m/s',
    ],
  ],
  [regex, ['no number here'], ['(the pattern is not found)']],
])('createSerialDecoder() reads %o', (format, lines, expected) => {
  expect(read(format, ...lines)).toEqual(expected);
});

test('CsvDecoder takes the header that a board prints when its port is opened', () => {
  const decoder = decoderOf(csv);
  decoder.push('ms,temp,hum\r\n5,21.5,40\r\n');
  expect(decoder.found).toEqual(['temp=21.5 hum=40']);
  decoder.reset();
  decoder.push('1.5,40\r\n9,22,41\r\n');
  expect(decoder.found.slice(1)).toEqual(['(cut off at the start)', 'temp=22 hum=41']);
});

test('key_value takes °C and µ in Latin-1, as many sketches print them', () => {
  const decoder = decoderOf({ kind: 'key_value' });
  decoder.push('\n');
  decoder.push(Buffer.from('t=21.5 \u00b0C\n', 'latin1'));
  expect(decoder.found).toEqual(['t=21.5°C']);
});

test.each([
  ['(?=a)b', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['T=(.*)', 'no named group'],
])('compileLinePattern() refuses %s: %s', (pattern, reason) => {
  expect(compileLinePattern(pattern)).toEqual({ ok: false, reason });
});

test('compileLinePattern() takes linear time where others take for ever', () => {
  const compiled = compileLinePattern('(?P<x>(a+)+)$');
  const line = Buffer.from(`${'a'.repeat(4_000)}!`);
  expect(compiled.ok && compiled.decode(line)).toEqual({
    ok: false,
    reason: 'the pattern is not found',
  });
});

function withSum(sentence: string): string {
  const sum = Buffer.from(sentence).reduce((before, byte) => before ^ byte, 0);
  return `$${sentence}*${sum.toString(16).padStart(2, '0').toUpperCase()}`;
}
