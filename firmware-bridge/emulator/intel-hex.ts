/** The program memory of an ATmega328P with an Intel HEX file in it. Throws on a bad record or checksum. */
export function loadHex(text: string): Uint16Array {
  const words = new Uint16Array(0x4000).fill(0xffff);
  const bytes = new Uint8Array(words.buffer);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const record = Buffer.from(line.slice(1), 'hex');
    const sum = record.reduce((total, byte) => total + byte, 0);
    if (!line.startsWith(':') || record.length < 5 || (sum & 0xff) !== 0) {
      throw new Error(`not a record of an Intel HEX file: ${line}`);
    }
    // Type 0 is data; 1 ends the file; the rest is of no use in 32 KiB.
    if (record[3] === 0) bytes.set(record.subarray(4, -1), record.readUInt16BE(1));
  }
  return words;
}
