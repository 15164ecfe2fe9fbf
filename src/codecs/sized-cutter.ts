import { limits } from '../domain/limits.ts';
import type { FrameCheck, Framing } from '../domain/serial.ts';
import { isSound } from './checksum.ts';
import type { Cutter, TakeFrame } from './cutter.ts';

type Sized = Extract<Framing, { kind: 'sized' }>;

/**
 * Finds frames by their first bytes and their length. Where the sum is wrong, it looks for the next beginning one byte
 * further on: a false start costs no good frame behind it.
 */
export class SizedCutter implements Cutter {
  readonly #framing: Sized;
  readonly #check: FrameCheck | null;
  readonly #start: Buffer;
  readonly #held = Buffer.alloc(2 * limits.serialFrameBytesMax);
  #length = 0;
  /** Up to here what is held was told to be wrong. */
  #toldTo = 0;

  constructor(framing: Sized, check: FrameCheck | null) {
    this.#framing = framing;
    this.#check = check;
    this.#start = Buffer.from(framing.start);
  }

  reset(): void {
    this.#length = 0;
    this.#toldTo = 0;
  }

  push(bytes: Uint8Array, take: TakeFrame): void {
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + this.#held.length - this.#length);
      this.#held.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      this.#cut(take);
    }
  }

  // What is left is shorter than the longest frame, so that there is always room for more.
  #cut(take: TakeFrame): void {
    let at = 0;
    for (;;) {
      at = this.#find(at);
      const size = this.#sizeAt(at);
      if (size === null || at + size > this.#length) break;
      const frame = this.#held.subarray(at, at + size);
      if (size < this.#start.length || size > limits.serialFrameBytesMax) {
        at++;
      } else if (isSound(frame, this.#check)) {
        take(frame, null);
        at += size;
      } else {
        // Told once: in bytes that are all a beginning each would be a frame that is wrong.
        if (at >= this.#toldTo) {
          this.#toldTo = at + size;
          take(frame, 'a wrong checksum');
        }
        at++;
      }
    }
    this.#held.copyWithin(0, at, this.#length);
    this.#length -= at;
    this.#toldTo = Math.max(0, this.#toldTo - at);
  }

  /** Where a frame begins, or may begin with the next bytes. */
  #find(from: number): number {
    const held = this.#held.subarray(0, this.#length);
    const found = held.indexOf(this.#start, from);
    if (found >= 0) return found;
    for (let at = Math.max(from, this.#length - this.#start.length + 1); at < this.#length; at++) {
      const tail = held.subarray(at);
      if (tail.equals(this.#start.subarray(0, tail.length))) return at;
    }
    return this.#length;
  }

  #sizeAt(at: number): number | null {
    const { length, lengthAt, lengthPlus } = this.#framing;
    if (this.#length - at < this.#start.length) return null;
    if (length !== null) return length;
    return at + lengthAt < this.#length ? (this.#held[at + lengthAt] ?? 0) + lengthPlus : null;
  }
}
