/** MQTT 3.1.1 control packet types (section 2.2.1) that the wire treats by name. */
export const packetType = { connect: 1, publish: 3, pubrel: 6 } as const;

/** The fixed header of a packet (section 2.2). */
export interface FixedHeader {
  /** Bytes of the fixed header. */
  headerBytes: number;
  /** Bytes after it. */
  remainingBytes: number;
}

/**
 * Reads the remaining length at `start` into `header`. False: more bytes are needed. A length of more than four bytes
 * is malformed (section 2.2.3) and is given as Infinity.
 */
export function readFixedHeader(
  bytes: Buffer,
  start: number,
  end: number,
  header: FixedHeader,
): boolean {
  let remaining = 0;
  let factor = 1;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    remaining += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      header.headerBytes = at + 1 - start;
      header.remainingBytes = remaining;
      return true;
    }
    if (at - start === 4) {
      header.remainingBytes = Infinity;
      return true;
    }
    factor *= 128;
  }
  return false;
}
