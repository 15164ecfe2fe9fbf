import { limits } from '../domain/limits.ts';
import { cutOff, type Cutter, type TakeFrame } from './cutter.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nul = 0x00;
const allOnes = 0xff;

/**
 * Cuts lines at CR and LF. An endless line is dropped up to its end; NUL and 0xff between lines, which a plug or a break
 * leaves behind, are skipped. It never holds more than one line.
 */
export class LineCutter implements Cutter {
  readonly #line = Buffer.alloc(limits.serialFrameBytesMax);
  #length = 0;
  #isOverlong = false;
  #isFirst = true;

  reset(): void {
    this.#length = 0;
    this.#isOverlong = false;
    this.#isFirst = true;
  }

  push(bytes: Uint8Array, take: TakeFrame): void {
    for (const byte of bytes) {
      if (byte === lineFeed || byte === carriageReturn) this.#end(take);
      else if (this.#length === 0 && (byte === nul || byte === allOnes)) continue;
      else if (this.#length < this.#line.length) this.#line[this.#length++] = byte;
      else this.#isOverlong = true;
    }
  }

  #end(take: TakeFrame): void {
    const length = this.#length;
    const isFirst = this.#isFirst;
    const fault = this.#isOverlong ? 'longer than a line may be' : null;
    this.#length = 0;
    this.#isOverlong = false;
    this.#isFirst = false;
    if (length === 0) return;
    take(this.#line.subarray(0, length), isFirst ? cutOff : fault);
  }
}
