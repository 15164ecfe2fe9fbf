import { onTestFinished } from 'vitest';
import type { BoardEvent, DrivenPin } from '../../src/domain/board.ts';
import type { ReadPin } from '../../src/domain/board-pins.ts';
import type { OutputLevel } from '../../src/domain/output.ts';
import type { PortStatus, SerialSource } from '../../src/domain/serial.ts';
import { systemClock } from '../../src/host/clock.ts';
import type { Log } from '../../src/host/log.ts';
import { limits } from '../../src/domain/limits.ts';
import { createPorts, type SerialPorts } from '../../src/threads/start-ports.ts';

/** A value that came from a board. */
export interface Heard {
  readonly metric: string;
  readonly value: number | boolean | string;
  readonly atMs: number;
}

/** The serial ports of Limen with one board, for real: what it tells, and what can be commanded. */
export class PortsWithBoard {
  readonly ports: SerialPorts;
  readonly events: BoardEvent[] = [];
  readonly heard: Heard[] = [];
  /** Limen's engine proves that it lives. */
  isAlive = true;
  #seq = 0;
  readonly #waiting = new Set<() => void>();

  constructor(
    path: string,
    reads: readonly ReadPin[],
    drives: readonly DrivenPin[],
    leaseMs: number,
  ) {
    this.ports = createPorts({
      clock: systemClock,
      log: silentLog,
      listener: {
        frames: (_path, _bytes, marks, taken) => {
          for (const { decoded } of marks) {
            for (const { metric, word } of decoded.ok ? decoded.items : []) {
              const value =
                word.kind === 'number' || word.kind === 'boolean' ? word.value : word.text;
              this.heard.push({ metric: metric ?? '', value, atMs: systemClock.monotonicMs() });
            }
          }
          taken();
          this.#wake();
        },
        link() {},
        board: (_device, event) => {
          this.events.push(event);
          this.#wake();
        },
      },
    });
    this.ports.configureBoards(new Map([['bench', drives]]));
    this.ports.configure([sourceOf(path, reads, leaseMs)]);
    const proof = setInterval(() => {
      if (this.isAlive) this.ports.lives();
    }, limits.boardProofMs);
    onTestFinished(async () => {
      clearInterval(proof);
      await this.ports.close();
    });
  }

  get status(): PortStatus | undefined {
    return this.ports.statuses()[0];
  }

  drive(pin: string, level: OutputLevel): void {
    this.#seq += 1;
    this.ports.drive({ board: 'bench', pin, level, seq: this.#seq });
  }

  /** Takes the next event of a kind; what came before it is forgotten. */
  async next<Kind extends BoardEvent['kind']>(
    kind: Kind,
    fits: (event: Extract<BoardEvent, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<BoardEvent, { kind: Kind }>> {
    for (;;) {
      for (let event = this.events.shift(); event !== undefined; event = this.events.shift())
        if (isKind(event, kind) && fits(event)) return event;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The next value of a metric that comes from now on. */
  async value(metric: string): Promise<Heard['value']> {
    const from = this.heard.length;
    for (;;) {
      const found = this.heard.slice(from).find((each) => each.metric === metric);
      if (found !== undefined) return found.value;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

function sourceOf(path: string, reads: readonly ReadPin[], leaseMs: number): SerialSource {
  return {
    kind: 'serial',
    path,
    device: 'bench',
    baud: 115_200,
    dataBits: 8,
    parity: 'none',
    stopBits: 1,
    reopenAfterMs: null,
    format: { kind: 'limen', reads, leaseMs, id: null },
  };
}

const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  area: () => silentLog,
};

function isKind<Kind extends BoardEvent['kind']>(
  event: BoardEvent,
  kind: Kind,
): event is Extract<BoardEvent, { kind: Kind }> {
  return event.kind === kind;
}
