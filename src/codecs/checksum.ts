import type { CheckKind, FrameCheck } from '../domain/serial.ts';

type Sum = (bytes: Uint8Array, start: number, end: number) => number;

// What eight steps make of each byte: a line that is full of false beginnings is summed up again and again.
const crc8Table = tableOf((byte) => eightSteps(byte, (crc) => shiftLeft(crc, 0x80, 0x07) & 0xff));
const ccittTable = tableOf((byte) =>
  eightSteps(byte << 8, (crc) => shiftLeft(crc, 0x8000, 0x1021) & 0xffff),
);
const modbusTable = tableOf((byte) =>
  eightSteps(byte, (crc) => ((crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xa001)),
);

const sums: Readonly<Record<CheckKind, Sum>> = {
  sum8: (bytes, start, end) => add(bytes, start, end) & 0xff,
  negative_sum8: (bytes, start, end) => -add(bytes, start, end) & 0xff,
  sum16: (bytes, start, end) => add(bytes, start, end) & 0xffff,
  xor8: (bytes, start, end) => {
    let sum = 0;
    for (let at = start; at < end; at++) sum ^= bytes[at] ?? 0;
    return sum;
  },
  crc8: (bytes, start, end) => {
    let crc = 0;
    for (let at = start; at < end; at++) crc = crc8Table[crc ^ (bytes[at] ?? 0)] ?? 0;
    return crc;
  },
  crc16_ccitt: (bytes, start, end) => {
    let crc = 0xffff;
    for (let at = start; at < end; at++)
      crc = ((crc << 8) & 0xff00) ^ (ccittTable[(crc >>> 8) ^ (bytes[at] ?? 0)] ?? 0);
    return crc;
  },
  crc16_modbus: (bytes, start, end) => {
    let crc = 0xffff;
    for (let at = start; at < end; at++)
      crc = (crc >>> 8) ^ (modbusTable[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
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

function tableOf(valueOf: (byte: number) => number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => valueOf(byte));
}

function eightSteps(start: number, step: (crc: number) => number): number {
  let crc = start;
  for (let bit = 0; bit < 8; bit++) crc = step(crc);
  return crc;
}

function shiftLeft(crc: number, top: number, polynomial: number): number {
  return (crc & top) === 0 ? crc << 1 : (crc << 1) ^ polynomial;
}
