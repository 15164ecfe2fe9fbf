import type { SerialFormat } from '../domain/serial.ts';
import { CsvDecoder } from './csv.ts';
import { cutOff, type Cutter } from './cutter.ts';
import { decodeFrame } from './frames.ts';
import { decodeKeyValue } from './key-value.ts';
import { LineCutter } from './line-cutter.ts';
import type { compileLinePattern } from './line-pattern.ts';
import { MarkCutter } from './mark-cutter.ts';
import { decodeJsonLine } from './ndjson.ts';
import { decodeNmea } from './nmea.ts';
import type { Decoded } from './payload.ts';
import { SizedCutter } from './sized-cutter.ts';

/** What a frame says; null: nothing that a reading could be, such as a header line. */
export type DecodeFrame = (frame: Buffer) => Decoded | null;

/** Takes a frame, valid during the call only, and what it says; null: it is sound and says nothing. */
export type TakeDecoded = (frame: Buffer, decoded: Decoded | null) => void;

/** A serial line as a stream of readings: bytes in, in any split; what they say out. */
export interface SerialDecoder {
  push(bytes: Uint8Array, take: TakeDecoded): void;
  /** The port was opened anew: the first frame that follows may have lost its beginning. */
  reset(): void;
}

/**
 * The decoder of a format. `compile` is passed in because its library takes memory that only a line with a pattern
 * needs.
 */
export function createSerialDecoder(
  format: SerialFormat,
  compile: typeof compileLinePattern | null = null,
): SerialDecoder {
  const cutter = createCutter(format);
  const csv = format.kind === 'csv' ? new CsvDecoder(format) : null;
  const decode: DecodeFrame =
    format.kind === 'csv' ? (line) => csv?.decode(line) ?? null : decoderOf(format, compile);
  return {
    push(bytes, take) {
      cutter.push(bytes, (frame, fault) => {
        if (fault === null) take(frame, decode(frame));
        else if (fault === cutOff && csv?.noteHeader(frame) === true) take(frame, null);
        else take(frame, { ok: false, reason: fault });
      });
    },
    reset: () => cutter.reset(),
  };
}

function createCutter(format: SerialFormat): Cutter {
  if (format.kind !== 'frames') return new LineCutter();
  const { framing, check } = format;
  return framing.kind === 'sized'
    ? new SizedCutter(framing, check)
    : new MarkCutter(framing, check);
}

function decoderOf(
  format: Exclude<SerialFormat, { kind: 'csv' }>,
  compile: typeof compileLinePattern | null,
): DecodeFrame {
  switch (format.kind) {
    case 'ndjson':
      return decodeJsonLine;
    case 'key_value':
      return decodeKeyValue;
    case 'nmea':
      return decodeNmea;
    case 'regex': {
      const compiled = compile?.(format.pattern);
      if (compiled?.ok !== true) throw new Error(`the pattern ${format.pattern} does not compile`);
      return compiled.decode;
    }
    case 'frames':
      return (frame) => decodeFrame(frame, format.fields);
    default:
      return format satisfies never;
  }
}
