import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { SerialFormat, SerialSource } from '../../src/domain/serial.ts';
import { systemClock } from '../../src/host/clock.ts';
import type { Log } from '../../src/host/log.ts';
import { createPorts, type SerialPorts } from '../../src/threads/start-ports.ts';

/** A line of the log of the serial ports. */
interface Logged {
  readonly message: string;
  readonly [field: string]: unknown;
}

/** The serial ports of Limen, for real, with what they read and log. */
export class LinesRig {
  readonly ports: SerialPorts;
  readonly logged: Logged[] = [];
  /** Frames so far, by path. */
  readonly frames = new Map<string, number>();
  /** Frames are not taken over, as with a disk that is behind. */
  isKeeping = false;
  readonly kept: (() => void)[] = [];
  /** When something was kept last. */
  keptAtMs = 0;

  constructor(sources: readonly SerialSource[]) {
    this.ports = createPorts({
      clock: systemClock,
      log: this.#log(),
      listener: {
        frames: (path, _bytes, marks, taken) => {
          this.frames.set(path, (this.frames.get(path) ?? 0) + marks.length);
          if (this.isKeeping) {
            this.keptAtMs = performance.now();
            this.kept.push(taken);
          } else taken();
        },
        link() {},
        board() {},
      },
    });
    this.ports.configure(sources);
    onTestFinished(() => this.ports.close());
  }

  /** Resolves with the first line of the log that holds the text and fits. */
  async told(text: string, fits: (line: Logged) => boolean = () => true): Promise<Logged> {
    for (;;) {
      const found = this.logged.find((line) => line.message.includes(text) && fits(line));
      if (found !== undefined) return found;
      await wait(10);
    }
  }

  /** Resolves when a line was read so many more times. */
  async read(path: string, count = 1): Promise<void> {
    const until = (this.frames.get(path) ?? 0) + count;
    while ((this.frames.get(path) ?? 0) < until) await wait(10);
  }

  /** Takes over what was kept. */
  goOn(): void {
    this.isKeeping = false;
    for (const taken of this.kept.splice(0)) taken();
  }

  #log(): Log {
    const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      this.logged.push({ ...fields, message });
    };
    const log: Log = { debug() {}, info: note, warn: note, error: note, area: () => log };
    return log;
  }
}

/** A serial line as a config says it. */
export function lineAt(path: string, format: SerialFormat = { kind: 'ndjson' }): SerialSource {
  return {
    kind: 'serial',
    path,
    device: path,
    baud: 115_200,
    dataBits: 8,
    parity: 'none',
    stopBits: 1,
    reopenAfterMs: null,
    format,
  };
}
