import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { Ptmx } from '../../firmware-bridge/emulator/ptmx.ts';

/**
 * A device at the end of a real serial line that says what a test lets it say. Its `path` stays over `unplug` and `plug`,
 * as a link in `/dev/serial/by-id` does; it goes away with the test.
 */
export class SerialDevice {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'limen-line-'));
  #line: Ptmx | null = null;

  constructor() {
    this.path = join(this.#folder, 'port');
    this.plug();
    onTestFinished(() => {
      this.unplug();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  plug(): void {
    this.#line = new Ptmx();
    symlinkSync(this.#line.path, this.path);
  }

  unplug(): void {
    rmSync(this.path, { force: true });
    this.#line?.close();
    this.#line = null;
  }

  /** Resolves as soon as somebody has the line open. */
  async opened(): Promise<void> {
    while ((this.#line?.poll() ?? null) === null) await wait(5);
  }

  /** Says something; lost where nobody has the line open, as on a real one. */
  say(bytes: string | Buffer): void {
    if ((this.#line?.poll() ?? null) === null) return;
    this.#line?.write(Buffer.from(bytes));
  }

  /** Says it again and again until the promise is there: what was said while the line was down is lost. */
  async sayUntil<T>(bytes: string | Buffer, found: Promise<T>, everyMs = 50): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    found.then(over, over);
    while (!isOver) {
      this.say(bytes);
      await wait(everyMs);
    }
    return found;
  }
}
