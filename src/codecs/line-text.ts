import { isUtf8 } from 'node:buffer';

// What boards print in Latin-1: the degree sign and its likeness, micro, squared and cubed.
const latinSigns: ReadonlySet<number> = new Set([0xb0, 0xb2, 0xb3, 0xb5, 0xba]);

/** The text of a line, without spaces around it; null: it is noise. Signs of units may be Latin-1. */
export function readLineText(line: Buffer): string | null {
  if (line.some((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f)) return null;
  if (isUtf8(line)) return line.toString('utf8').trim();
  return line.every((byte) => byte < 0x80 || latinSigns.has(byte))
    ? line.toString('latin1').trim()
    : null;
}

/** Why a line that has no text cannot be read. */
export const noise = { ok: false, reason: 'noise: bytes that are no text' } as const;
