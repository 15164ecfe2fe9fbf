import type { CheckKind, FrameCheck } from '../domain/serial.ts';

type Sum = (bytes: Uint8Array, start: number, end: number) => number;

const sums: Readonly<Record<CheckKind, Sum>> = {
  sum8: (bytes, start, end) => add(bytes, start, end) & 0xff,
  negative_sum8: (bytes, start, end) => -add(bytes, start, end) & 0xff,
  sum16: (bytes, start, end) => add(bytes, start, end) & 0xffff,
  xor8: (bytes, start, end) => {
    let sum = 0;
    for (let at = start; at < end; at++) sum ^= bytes[at] ?? 0;
    return sum;
  },
  crc8: (bytes, start, end) =>
    shiftLeft(bytes, start, end, { width: 8, polynomial: 0x07, init: 0 }),
  crc16_ccitt: (bytes, start, end) =>
    shiftLeft(bytes, start, end, { width: 16, polynomial: 0x1021, init: 0xffff }),
  crc16_modbus: (bytes, start, end) => {
    let crc = 0xffff;
    for (let at = start; at < end; at++) {
      crc ^= bytes[at] ?? 0;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa001;
    }
    return crc;
  },
};

/** Bytes that a checksum takes. */
export function checkBytes(kind: CheckKind): 1 | 2 {
  return kind === 'sum16' || kind.startsWith('crc16') ? 2 : 1;
}

/** Calculates a checksum over the bytes from `start` up to `end`. */
export function checksum(
  kind: CheckKind,
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): number {
  return sums[kind](bytes, start, end);
}

/** Whether a frame carries the sum of its bytes; true where none is asked for. */
export function isSound(frame: Uint8Array, check: FrameCheck | null): boolean {
  if (check === null) return true;
  const { kind, from, endian } = check;
  const at = check.at < 0 ? frame.length + check.at : check.at;
  const size = checkBytes(kind);
  if (at < from || at + size > frame.length) return false;
  const [first = 0, second = 0] = frame.subarray(at, at + size);
  const carried =
    size === 1 ? first : endian === 'big' ? first * 256 + second : second * 256 + first;
  return carried === checksum(kind, frame, from, at);
}

function add(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += bytes[at] ?? 0;
  return sum;
}

function shiftLeft(
  bytes: Uint8Array,
  start: number,
  end: number,
  { width, polynomial, init }: { readonly width: 8 | 16; polynomial: number; init: number },
): number {
  const top = 1 << (width - 1);
  const mask = width === 8 ? 0xff : 0xffff;
  let crc = init;
  for (let at = start; at < end; at++) {
    crc ^= (bytes[at] ?? 0) << (width - 8);
    for (let bit = 0; bit < 8; bit++)
      crc = ((crc & top) === 0 ? crc << 1 : (crc << 1) ^ polynomial) & mask;
  }
  return crc;
}
