import { expect, test } from 'vitest';
import { checksum } from '../../src/codecs/checksum.ts';
import type { CheckKind } from '../../src/domain/serial.ts';

// The check values of the catalogue of CRCs, each of these nine bytes.
const digits = Buffer.from('123456789');

test.each<[CheckKind, number]>([
  ['sum8', 0xdd],
  ['negative_sum8', 0x23],
  ['sum16', 0x01dd],
  ['xor8', 0x31],
  ['crc8', 0xf4],
  ['crc16_modbus', 0x4b37],
  ['crc16_ccitt', 0x29b1],
])('checksum() of the kind %s has its known value', (kind, known) => {
  expect(checksum(kind, digits)).toBe(known);
});
