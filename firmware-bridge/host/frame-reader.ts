import { crc16 } from './crc.ts';
import { protocol, startOf, type Speaker } from './protocol.ts';

/** What became of the bytes so far. Every byte is in a frame, in one of the faults, or in `noiseBytes`. */
export interface FrameCounts {
  /** Lines with a right CRC. */
  frames: number;
  /** Lines with a wrong CRC, or with none. */
  badCrc: number;
  tooLong: number;
  /** Lines with a byte that no line may contain. */
  garbage: number;
  /** Lines that had not ended when the next one began. */
  broken: number;
  /** Bytes outside of any line: a boot loader's chatter, the rest of a line that was cut. */
  noiseBytes: number;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const star = 0x2a;
const crcBytes = 5;
const bodyBytesMax = protocol.lineBytesMax - 2;

/**
 * Bytes of one speaker, split anyhow, to whole frames: `<body*CRC\n`. It keeps at most one line, whatever comes in, and
 * finds the first good frame after any garbage. `onFrame` gets the body, printable ASCII without start and CRC.
 */
export class FrameReader {
  readonly counts: FrameCounts = {
    frames: 0,
    badCrc: 0,
    tooLong: 0,
    garbage: 0,
    broken: 0,
    noiseBytes: 0,
  };
  readonly #start: number;
  readonly #onFrame: (body: string) => void;
  readonly #line = Buffer.alloc(bodyBytesMax);
  #length = 0;
  #isInLine = false;

  constructor(speaker: Speaker, onFrame: (body: string) => void) {
    this.#start = startOf[speaker].charCodeAt(0);
    this.#onFrame = onFrame;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  #take(byte: number): void {
    if (byte === this.#start) {
      if (this.#isInLine) this.counts.broken += 1;
      this.#isInLine = true;
      this.#length = 0;
    } else if (!this.#isInLine) this.counts.noiseBytes += 1;
    else if (byte === newline) this.#end();
    else if (byte !== carriageReturn) this.#keep(byte);
  }

  #keep(byte: number): void {
    const isText = byte >= 0x20 && byte <= 0x7e;
    if (isText && this.#length < bodyBytesMax) {
      this.#line[this.#length] = byte;
      this.#length += 1;
      return;
    }
    this.#isInLine = false;
    if (isText) this.counts.tooLong += 1;
    else this.counts.garbage += 1;
  }

  #end(): void {
    this.#isInLine = false;
    const bodyEnd = this.#length - crcBytes;
    if (bodyEnd < 0 || this.#line[bodyEnd] !== star || this.#crcSaid() !== this.#crc(bodyEnd)) {
      this.counts.badCrc += 1;
      return;
    }
    this.counts.frames += 1;
    this.#onFrame(this.#line.toString('latin1', 0, bodyEnd));
  }

  #crc(bodyEnd: number): number {
    return crc16(this.#line, 0, bodyEnd);
  }

  // NaN, and so unequal to any CRC, unless it is four upper-case digits.
  #crcSaid(): number {
    const text = this.#line.toString('latin1', this.#length - crcBytes + 1, this.#length);
    return /^[0-9A-F]{4}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  }
}
