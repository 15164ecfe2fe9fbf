import { limits } from '../domain/limits.ts';
import type { FrameCheck, Framing } from '../domain/serial.ts';
import { isSound } from './checksum.ts';
import { cutOff, type Cutter, type TakeFrame } from './cutter.ts';

type Between = Extract<Framing, { kind: 'between' }>;

const slipEnd = 0xc0;
const slipEscape = 0xdb;
const slipEscapes: ReadonlyMap<number, number> = new Map([
  [0xdc, slipEnd],
  [0xdd, slipEscape],
]);

/** Cuts frames that stand between marks, and decodes SLIP (RFC 1055) and COBS. */
export class MarkCutter implements Cutter {
  readonly #framing: Between;
  readonly #check: FrameCheck | null;
  readonly #mark: readonly number[];
  readonly #held = Buffer.alloc(limits.serialFrameBytesMax);
  #length = 0;
  #isOverlong = false;
  #isFirst = true;

  constructor(framing: Between, check: FrameCheck | null) {
    this.#framing = framing;
    this.#check = check;
    const { mark } = framing;
    this.#mark = mark === 'slip' ? [slipEnd] : mark === 'cobs' ? [0] : mark;
  }

  reset(): void {
    this.#length = 0;
    this.#isOverlong = false;
    this.#isFirst = true;
  }

  push(bytes: Uint8Array, take: TakeFrame): void {
    for (const byte of bytes) {
      if (this.#length === this.#held.length) {
        // The end of an endless frame is kept: the mark may have begun in it.
        this.#isOverlong = true;
        const kept = this.#mark.length - 1;
        this.#held.copyWithin(0, this.#length - kept, this.#length);
        this.#length = kept;
      }
      this.#held[this.#length++] = byte;
      if (this.#endsWithMark()) this.#end(take);
    }
  }

  #endsWithMark(): boolean {
    const from = this.#length - this.#mark.length;
    return from >= 0 && this.#mark.every((byte, index) => this.#held[from + index] === byte);
  }

  #end(take: TakeFrame): void {
    const coded = this.#held.subarray(0, this.#length - this.#mark.length);
    const isFirst = this.#isFirst;
    const isOverlong = this.#isOverlong;
    this.#length = 0;
    this.#isOverlong = false;
    this.#isFirst = false;
    if (isOverlong) take(coded, 'longer than a frame may be');
    else if (coded.length > 0) this.#takeCoded(coded, isFirst, take);
  }

  #takeCoded(coded: Buffer, isFirst: boolean, take: TakeFrame): void {
    const { mark, length } = this.#framing;
    const frame = mark === 'slip' ? decodeSlip(coded) : mark === 'cobs' ? decodeCobs(coded) : coded;
    if (isFirst) take(coded, cutOff);
    else if (frame === null) take(coded, 'a wrong escape');
    else if (length !== null && frame.length !== length) take(frame, 'a wrong length');
    else take(frame, isSound(frame, this.#check) ? null : 'a wrong checksum');
  }
}

/** The bytes of a SLIP frame; null: an escape that means nothing. */
export function decodeSlip(coded: Uint8Array): Buffer | null {
  const decoded: number[] = [];
  let isEscaped = false;
  for (const byte of coded) {
    if (isEscaped) {
      const meant = slipEscapes.get(byte);
      if (meant === undefined) return null;
      decoded.push(meant);
      isEscaped = false;
    } else if (byte === slipEscape) {
      isEscaped = true;
    } else {
      decoded.push(byte);
    }
  }
  return isEscaped ? null : Buffer.from(decoded);
}

/** The bytes of a COBS frame without its zero; null: a count that leads beyond its end. */
export function decodeCobs(coded: Uint8Array): Buffer | null {
  const decoded: number[] = [];
  let at = 0;
  while (at < coded.length) {
    const count = coded[at] ?? 0;
    const end = at + count;
    if (count === 0 || end > coded.length) return null;
    decoded.push(...coded.subarray(at + 1, end));
    at = end;
    if (count < 0xff && at < coded.length) decoded.push(0);
  }
  return Buffer.from(decoded);
}
