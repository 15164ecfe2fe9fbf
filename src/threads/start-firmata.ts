import { fork, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FirmataReading } from '../../firmware-bridge/firmata/firmata-inputs.ts';
import { lookAtNode, portProblem } from '../../firmware-bridge/ports/port-problem.ts';
import type { Decoded } from '../codecs/payload.ts';
import { decodePinReading } from '../codecs/pin-reading.ts';
import type { BoardEvent, DrivenPin, PinCommand, PinName } from '../domain/board.ts';
import type { FirmataSource } from '../domain/firmata.ts';
import { limits } from '../domain/limits.ts';
import type { OutputLevel } from '../domain/output-level.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log } from '../host/log.ts';

/** Messages to the process of a board. */
export type FirmataRequest =
  | {
      readonly type: 'open';
      readonly source: FirmataSource;
      readonly drives: readonly DrivenPin[];
    }
  | {
      readonly type: 'drive';
      readonly pin: PinName;
      readonly level: OutputLevel;
      readonly text: string | null;
      readonly seq: number;
      /** Monotonic time after which it is too late. */
      readonly untilMs: number;
    }
  /** The engine of Limen lives: without this the outputs are sent safe. */
  | { readonly type: 'lives' }
  /** So many readings have been taken over: as many more may come. */
  | { readonly type: 'taken'; readonly readings: number }
  | { readonly type: 'end' };

/** Messages from the process of a board. After `down` it ends by itself. */
export type FirmataReply =
  | { readonly type: 'board'; readonly event: BoardEvent }
  /** `text`: what the board said. */
  | { readonly type: 'reading'; readonly reading: FirmataReading; readonly text: string }
  | { readonly type: 'alive' };

/** Told of what comes from boards with Firmata. */
export interface FirmataBoardsListener {
  /** `text`: what the board said; `taken` is to be called once, now or later. */
  reading(path: string, text: Buffer, decoded: Decoded, taken: () => void): void;
  /** A board answers, or does not any more. */
  link(path: string, isOpen: boolean): void;
  /** What a board tells, by the device of its source. */
  board(device: string, event: BoardEvent): void;
}

/** All boards with Firmata, each in processes of its own. */
export interface FirmataBoards {
  /** Leaves boards and takes on others until these are read; one that is the same goes on. */
  configure(sources: readonly FirmataSource[]): void;
  /** What each board drives, by the device of its source. One whose pins changed goes safe and comes up anew. */
  configureBoards(drives: ReadonlyMap<string, readonly DrivenPin[]>): void;
  /** Dropped where the board is not up. */
  drive(command: PinCommand): void;
  /** Limen's engine lives: to be called several times a second, or outputs are sent safe. */
  lives(): void;
  close(): Promise<void>;
}

export interface FirmataBoardsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: FirmataBoardsListener;
  /** 0 to 1: so that boards that were lost together do not come back together. */
  random(): number;
}

const lookMs = 500;
const silentMs = 5_000;
// A small computer that boots takes its time to start a process.
const startWithinMs = 60_000;
const endWithinMs = 2_000;
const backoffMinMs = 500;
const backoffMaxMs = 10_000;
const steadyAfterMs = 10_000;

/** Creates the main thread's end. A board that is lost gets a new process, sooner or later by a growing pause. */
export function createFirmataBoards(options: FirmataBoardsOptions): FirmataBoards {
  const { clock } = options;
  const lines = new Map<string, FirmataLine>();
  const ending = new Set<Promise<void>>();
  let drives: ReadonlyMap<string, readonly DrivenPin[]> = new Map();
  let watch: Timer | null = null;
  let isTelling = false;
  let lookedAtMs = clock.monotonicMs();

  const look = (): void => {
    watch = lines.size === 0 ? null : clock.after(lookMs, look);
    const nowMs = clock.monotonicMs();
    // Limen itself stood still: what the processes said meanwhile is still to be heard.
    const stoodStill = nowMs - lookedAtMs > 2 * lookMs;
    lookedAtMs = nowMs;
    for (const line of lines.values()) line.look(stoodStill);
  };
  const leave = (path: string): void => {
    const line = lines.get(path);
    lines.delete(path);
    if (line === undefined) return;
    const ended = line.close();
    ending.add(ended);
    void ended.then(() => ending.delete(ended));
  };
  // A config says in two steps what its boards read and what they drive: they are told both at once.
  const tell = (): void => {
    if (isTelling) return;
    isTelling = true;
    clock.after(0, () => {
      isTelling = false;
      for (const line of lines.values()) line.want(drives.get(line.source.device) ?? []);
      if (watch !== null) return;
      lookedAtMs = clock.monotonicMs();
      watch = clock.after(0, look);
    });
  };
  return {
    configure(sources) {
      const found = new Map(sources.map((source) => [source.path, source]));
      for (const [path, { source }] of lines)
        if (JSON.stringify(found.get(path)) !== JSON.stringify(source)) leave(path);
      for (const [path, source] of found) {
        if (lines.has(path)) continue;
        // Its port may still be open in the process of the last config.
        lines.set(path, new FirmataLine(source, options, Promise.all(ending)));
      }
      tell();
    },
    configureBoards(next) {
      drives = next;
      tell();
    },
    drive({ board, pin, level, text, seq }) {
      const untilMs = clock.monotonicMs() + limits.pinCommandMs;
      for (const line of lines.values())
        if (line.source.device === board)
          line.send({ type: 'drive', pin, level, text, seq, untilMs });
    },
    lives() {
      for (const line of lines.values()) line.send({ type: 'lives' });
    },
    async close() {
      watch?.cancel();
      for (const path of lines.keys()) leave(path);
      await Promise.all(ending);
    },
  };
}

/** One board: the process of its present connection, and what becomes of it. */
class FirmataLine {
  readonly source: FirmataSource;
  readonly #options: FirmataBoardsOptions;
  #drives: readonly DrivenPin[] | null = null;
  #child: ChildProcess | null = null;
  #isUp = false;
  #isFree = false;
  #isClosed = false;
  /** The present process has said that its connection is over. */
  #isOver = false;
  #told: string | null = null;
  #aliveAtMs = 0;
  #hasSpoken = false;
  #upAtMs = 0;
  #retryAtMs = 0;
  #backoffMs = backoffMinMs;
  #wasThere = false;

  constructor(source: FirmataSource, options: FirmataBoardsOptions, free: Promise<unknown>) {
    this.source = source;
    this.#options = options;
    void free.then(() => {
      this.#isFree = true;
    });
  }

  /** Takes over what the board drives. Other pins need another connection. */
  want(drives: readonly DrivenPin[]): void {
    const isSame = JSON.stringify(drives) === JSON.stringify(this.#drives);
    this.#drives = drives;
    if (isSame || this.#child === null) return;
    this.#down('its pins have another config');
    this.#retryAtMs = 0;
    void this.#endChild();
  }

  send(request: FirmataRequest): void {
    if (this.#isUp || request.type === 'lives') send(this.#child, request);
  }

  /** Looks whether there is something to be done; to be called twice a second. `stoodStill`: it was not. */
  look(stoodStill: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#child !== null) {
      if (stoodStill) this.#aliveAtMs = nowMs;
      const withinMs = this.#hasSpoken ? silentMs : startWithinMs;
      if (nowMs - this.#aliveAtMs > withinMs) this.#child.kill('SIGKILL');
      return;
    }
    if (!this.#isFree || this.#drives === null) return;
    const { path } = this.source;
    const status = lookAtNode(path);
    const isThere = status !== null && !(status instanceof Error);
    // Plugged in again: no need to wait any longer.
    if (isThere && !this.#wasThere) {
      this.#backoffMs = backoffMinMs;
      this.#retryAtMs = Math.min(this.#retryAtMs, nowMs);
    }
    this.#wasThere = isThere;
    if (!isThere) this.#tellDown(portProblem(path, null));
    else if (nowMs >= this.#retryAtMs) this.#start(this.#drives);
  }

  /** Ends the connection, outputs sent safe. Resolves when the port is free. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#endChild();
  }

  #start(drives: readonly DrivenPin[]): void {
    const file = new URL(`./firmata${extname(import.meta.filename)}`, import.meta.url);
    const child = fork(fileURLToPath(file), [], { execArgv: [] });
    this.#child = child;
    this.#isOver = false;
    this.#hasSpoken = false;
    this.#aliveAtMs = this.#options.clock.monotonicMs();
    child.on('message', (message: FirmataReply) => {
      if (child === this.#child) this.#take(message);
    });
    child.on('error', (error) => this.#ended(child, error.message));
    child.on('exit', (code, signal) =>
      this.#ended(child, `its process ended (${signal ?? code ?? 'unknown'})`),
    );
    send(child, { type: 'open', source: this.source, drives });
  }

  #take(message: FirmataReply): void {
    this.#aliveAtMs = this.#options.clock.monotonicMs();
    this.#hasSpoken = true;
    switch (message.type) {
      case 'alive':
        break;
      case 'reading': {
        const child = this.#child;
        const taken = (): void => send(child, { type: 'taken', readings: 1 });
        const decoded = decodePinReading(message.reading, null);
        const text = Buffer.from(message.text);
        if (this.#isClosed) taken();
        else this.#options.listener.reading(this.source.path, text, decoded, taken);
        break;
      }
      case 'board':
        this.#board(message.event);
        break;
      default:
        message satisfies never;
    }
  }

  #board(event: BoardEvent): void {
    if (this.#isClosed) return;
    if (event.kind === 'down') return this.#down(event.problem);
    const { listener, log, clock } = this.#options;
    const { path, device } = this.source;
    if (event.kind === 'up') {
      this.#isUp = true;
      this.#told = null;
      this.#upAtMs = clock.monotonicMs();
      log.info('Firmata board up', { path, device });
      listener.link(path, true);
    }
    listener.board(device, event);
  }

  #down(problem: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#isUp && nowMs - this.#upAtMs >= steadyAfterMs) this.#backoffMs = backoffMinMs;
    this.#tellDown(problem);
    this.#isOver = true;
    this.#isUp = false;
    const { random } = this.#options;
    this.#retryAtMs = nowMs + this.#backoffMs * (0.75 + random() / 2);
    this.#backoffMs = Math.min(this.#backoffMs * 2, backoffMaxMs);
  }

  #tellDown(problem: string): void {
    if (problem === this.#told || this.#isClosed) return;
    this.#told = problem;
    const { listener } = this.#options;
    const { path, device } = this.source;
    listener.link(path, false);
    listener.board(device, { kind: 'down', problem });
  }

  #ended(child: ChildProcess, problem: string): void {
    if (child !== this.#child) return;
    this.#child = null;
    if (!this.#isOver) this.#down(problem);
  }

  async #endChild(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      const deadline = this.#options.clock.after(endWithinMs, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        deadline.cancel();
        resolve();
      });
      if (child.connected) child.send({ type: 'end' } satisfies FirmataRequest);
    });
  }
}

function send(child: ChildProcess | null, request: FirmataRequest): void {
  if (child?.connected === true) child.send(request);
}
