import { decodePayload, type Decoded } from './payload.ts';

const brace = 0x7b;

/** One JSON object a line, as `decodePayload` reads it; anything else that a board prints is no reading. */
export function decodeJsonLine(line: Buffer): Decoded {
  const first = line.find((byte) => byte > 0x20);
  return first === brace ? decodePayload(line) : { ok: false, reason: 'not a JSON object' };
}
