import { fieldBytes, type FrameField } from '../domain/serial.ts';
import type { Decoded, Item } from './payload.ts';

/** Reads the numbers of a binary frame whose sum is right. */
export function decodeFrame(frame: Buffer, fields: readonly FrameField[]): Decoded {
  const items: Item[] = [];
  for (const field of fields) {
    const at = field.at < 0 ? frame.length + field.at : field.at;
    if (at < 0 || at + fieldBytes[field.type] > frame.length)
      return { ok: false, reason: 'a frame shorter than its fields' };
    const value = scaled(readNumber(frame, at, field), field);
    const word = Number.isFinite(value)
      ? ({ kind: 'number', value } as const)
      : ({ kind: 'none', text: String(value) } as const);
    items.push({ metric: field.metric, word, unit: field.unit, quality: null, atMs: null });
  }
  return { ok: true, items };
}

function readNumber(frame: Buffer, at: number, { type, endian }: FrameField): number {
  const isBig = endian === 'big';
  switch (type) {
    case 'u8':
      return frame.readUInt8(at);
    case 'i8':
      return frame.readInt8(at);
    case 'u16':
      return isBig ? frame.readUInt16BE(at) : frame.readUInt16LE(at);
    case 'i16':
      return isBig ? frame.readInt16BE(at) : frame.readInt16LE(at);
    case 'u32':
      return isBig ? frame.readUInt32BE(at) : frame.readUInt32LE(at);
    case 'i32':
      return isBig ? frame.readInt32BE(at) : frame.readInt32LE(at);
    case 'f32':
      return isBig ? frame.readFloatBE(at) : frame.readFloatLE(at);
    case 'f64':
      return isBig ? frame.readDoubleBE(at) : frame.readDoubleLE(at);
    default:
      return type satisfies never;
  }
}

// 6 tenths are 0.6, and 6 * 0.1 is not: a scale that is one part of a whole divides.
function scaled(number: number, { scale, offset }: FrameField): number {
  const parts = Math.round(1 / scale);
  const isPart = Math.abs(scale) < 1 && Math.abs(parts * scale - 1) < 1e-12;
  return (isPart ? number / parts : number * scale) + offset;
}
