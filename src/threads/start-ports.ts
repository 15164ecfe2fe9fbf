import { fork, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BoardWants } from '../../firmware-bridge/host/board-settings.ts';
import type { Decoded } from '../codecs/payload.ts';
import type { BoardEvent, DrivenPin, PinCommand, PinName } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import type { OutputLevel } from '../domain/output.ts';
import type { PortStatus, SerialSource } from '../domain/serial.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log } from '../host/log.ts';

/** Where a frame ends among the bytes that came, and what it says. */
export interface FrameMark {
  readonly end: number;
  readonly decoded: Decoded;
}

/** Messages to the ports thread. */
export type PortsRequest =
  /** `wants`: what a board at its end is to do; null: none is. */
  | { readonly type: 'open'; readonly source: SerialSource; readonly wants: BoardWants | null }
  | { readonly type: 'wants'; readonly path: string; readonly wants: BoardWants }
  | {
      readonly type: 'drive';
      readonly path: string;
      readonly pin: PinName;
      readonly level: OutputLevel;
      readonly seq: number;
      /** Monotonic time after which it is too late. */
      readonly untilMs: number;
    }
  /** The engine of Limen lives: the leases of boards are renewed for a moment. */
  | { readonly type: 'lives' }
  | { readonly type: 'close'; readonly path: string }
  /** Frames of this weight have been taken over: as many more may come. */
  | { readonly type: 'taken'; readonly weight: number }
  | { readonly type: 'end' };

/** Messages from the ports thread. */
export type PortsReply =
  | {
      readonly type: 'frames';
      readonly path: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly marks: readonly FrameMark[];
      /** What it counts for among all that is on its way. */
      readonly weight: number;
    }
  | {
      readonly type: 'link';
      readonly path: string;
      readonly isOpen: boolean;
      readonly problem: string | null;
    }
  | { readonly type: 'board'; readonly path: string; readonly event: BoardEvent }
  /** Bytes come in, and none of them is of a frame. */
  | { readonly type: 'unread'; readonly path: string; readonly bytes: number }
  /** A port cannot be closed: only the end of the thread ends it. */
  | { readonly type: 'stuck'; readonly path: string }
  | { readonly type: 'alive'; readonly statuses: readonly PortStatus[] }
  | { readonly type: 'ended' };

/** Told of what comes from serial ports. */
export interface PortsListener {
  /** Frames of a port, in the order of their bytes; `taken` is to be called once, now or later. */
  frames(path: string, bytes: Buffer, marks: readonly FrameMark[], taken: () => void): void;
  /** A port was opened, or cannot be read; one with a board at its end is there when the board answers. */
  link(path: string, isOpen: boolean): void;
  /** What a board tells, by the device of its source. */
  board(device: string, event: BoardEvent): void;
}

/** All serial ports, read by one thread of their own. */
export interface SerialPorts {
  /** Opens and closes ports until these are read; one that is the same goes on. */
  configure(sources: readonly SerialSource[]): void;
  /** What each board drives, by the device of its source. One whose pins changed goes safe and comes up anew. */
  configureBoards(drives: ReadonlyMap<string, readonly DrivenPin[]>): void;
  /** Dropped where the board is not up. */
  drive(command: Omit<PinCommand, 'text'>): void;
  /** Limen's engine lives: to be called several times a second, or boards go safe by themselves. */
  lives(): void;
  statuses(): readonly PortStatus[];
  close(): Promise<void>;
}

export interface PortsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: PortsListener;
}

const lookMs = 1_000;
// The thread says twice a second that it is alive, once it runs: a small computer that boots takes its time for that.
const silentMs = 4_000;
const startWithinMs = 60_000;
const endWithinMs = 3_000;
// A thread that ends again and again, whatever a line does to it, must not keep a core busy, nor reset every board at once.
const restartFirstMs = 250;
const restartMaxMs = 10_000;
const steadyAfterMs = 30_000;

/**
 * Creates the main thread's end; the thread starts with the first port and ends with the last one. A thread that does
 * not answer, or cannot close a port, is killed, and its ports are opened by a new one.
 */
export function createPorts({ clock, log, listener }: PortsOptions): SerialPorts {
  const sources = new Map<string, SerialSource>();
  const statuses = new Map<string, PortStatus>();
  let drives: ReadonlyMap<string, readonly DrivenPin[]> = new Map();
  /** What each board was told last to do, by its path. */
  const wanted = new Map<string, string>();
  let isTellingWants = false;
  const boardsUp = new Set<string>();
  let worker: ChildProcess | null = null;
  let watch: Timer | null = null;
  let restart: Timer | null = null;
  let restartMs = restartFirstMs;
  let startedAtMs = 0;
  let lookedAtMs = 0;
  let aliveAtMs = 0;
  let hasSpoken = false;
  let onEnded: (() => void) | null = null;

  const send = (to: ChildProcess | null, request: PortsRequest): void => {
    if (to?.connected === true) to.send(request);
  };

  const handle = (from: ChildProcess, message: PortsReply): void => {
    switch (message.type) {
      case 'frames': {
        const { path, bytes, marks, weight } = message;
        const taken = (): void => send(from, { type: 'taken', weight });
        if (sources.has(path))
          listener.frames(
            path,
            Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
            marks,
            taken,
          );
        else taken();
        break;
      }
      case 'link':
        tellLink(message.path, message.isOpen, message.problem);
        break;
      case 'board':
        tellBoard(message.path, message.event);
        break;
      case 'unread': {
        const { path, bytes } = message;
        const { baud, format } = sources.get(path) ?? { baud: 0, format: null };
        const cure = 'do baud and format fit the device?';
        log.warn('bytes come in, but nothing can be read', {
          path,
          bytes,
          baud,
          format: format?.kind,
          cure,
        });
        break;
      }
      case 'stuck':
        rebuild(`${message.path} cannot be closed`);
        break;
      case 'alive':
        aliveAtMs = clock.monotonicMs();
        hasSpoken = true;
        for (const status of message.statuses)
          if (sources.has(status.path)) statuses.set(status.path, status);
        break;
      case 'ended':
        onEnded?.();
        break;
      default:
        message satisfies never;
    }
  };
  const tellLink = (path: string, isOpen: boolean, problem: string | null): void => {
    if (!sources.has(path)) return;
    const before = statuses.get(path) ?? unknownStatus(path);
    statuses.set(path, { ...before, isOpen, problem });
    if (isOpen) log.info('serial port open', { path });
    if (wantsOf(path) !== null) return;
    // Of a port with a board at its end the board is told to be down, with the same reason.
    if (!isOpen) log.warn('serial port not open', { path, reason: problem });
    listener.link(path, isOpen);
  };
  const tellBoard = (path: string, event: BoardEvent): void => {
    const source = sources.get(path);
    if (source === undefined) return;
    if (event.kind === 'up') {
      boardsUp.add(path);
      listener.link(path, true);
    } else if (event.kind === 'down') {
      boardsUp.delete(path);
      listener.link(path, false);
    }
    listener.board(source.device, event);
  };
  const wantsOf = (path: string): BoardWants | null => {
    const { format, device = '' } = sources.get(path) ?? {};
    if (format?.kind !== 'limen') return null;
    const { leaseMs, id, reads } = format;
    return { leaseMs, id, reads, drives: drives.get(device) ?? [] };
  };
  const open = (to: ChildProcess | null, path: string, source: SerialSource): void => {
    const wants = wantsOf(path);
    wanted.set(path, JSON.stringify(wants));
    send(to, { type: 'open', source, wants });
  };
  // A config says in two steps what its boards read and what they drive: they are told both at once.
  const tellWants = (): void => {
    if (isTellingWants) return;
    isTellingWants = true;
    clock.after(0, () => {
      isTellingWants = false;
      for (const path of sources.keys()) {
        const wants = wantsOf(path);
        const text = JSON.stringify(wants);
        if (wants === null || wanted.get(path) === text) continue;
        wanted.set(path, text);
        send(worker, { type: 'wants', path, wants });
      }
    });
  };
  const start = (): void => {
    restart = null;
    const file = new URL(`./ports${extname(import.meta.filename)}`, import.meta.url);
    const started = fork(fileURLToPath(file), [], { serialization: 'advanced', execArgv: [] });
    started.on('message', (message: PortsReply) => {
      if (started === worker || message.type === 'ended') handle(started, message);
    });
    started.on('exit', (code, signal) => {
      if (started === worker) rebuild(`its process ended (${signal ?? code ?? 'unknown'})`);
    });
    started.on('error', (error) => {
      if (started === worker) rebuild(error.message);
    });
    worker = started;
    startedAtMs = clock.monotonicMs();
    aliveAtMs = startedAtMs;
    hasSpoken = false;
    lookedAtMs = startedAtMs;
    for (const [path, source] of sources) open(started, path, source);
    watch ??= clock.after(lookMs, look);
  };
  const look = (): void => {
    watch = clock.after(lookMs, look);
    const nowMs = clock.monotonicMs();
    // Limen itself stood still: what the thread said meanwhile is still to be heard.
    if (nowMs - lookedAtMs > 2 * lookMs) aliveAtMs = nowMs;
    lookedAtMs = nowMs;
    const withinMs = hasSpoken ? silentMs : startWithinMs;
    if (worker !== null && nowMs - aliveAtMs > withinMs) rebuild('the thread does not answer');
  };
  const rebuild = (reason: string): void => {
    const last = worker;
    worker = null;
    last?.kill('SIGKILL');
    if (clock.monotonicMs() - startedAtMs >= steadyAfterMs) restartMs = restartFirstMs;
    log.warn('the serial ports get a new thread', { reason, in_ms: restartMs });
    for (const path of sources.keys()) {
      const { isOpen, problem } = statuses.get(path) ?? unknownStatus(path);
      if (!isOpen && problem !== null && !boardsUp.has(path)) continue;
      tellLink(path, false, reason);
      if (wantsOf(path) !== null) tellBoard(path, { kind: 'down', problem: reason });
    }
    restart = clock.after(restartMs, start);
    restartMs = Math.min(restartMs * 2, restartMaxMs);
  };
  const stop = async (): Promise<void> => {
    watch?.cancel();
    watch = null;
    restart?.cancel();
    restart = null;
    const last = worker;
    worker = null;
    if (last === null) return;
    await new Promise<void>((resolve) => {
      const deadline = clock.after(endWithinMs, resolve);
      onEnded = () => {
        deadline.cancel();
        resolve();
      };
      last.once('exit', () => {
        deadline.cancel();
        resolve();
      });
      send(last, { type: 'end' });
    });
    last.kill('SIGKILL');
  };

  return {
    configure(next) {
      const found = new Map(next.map((source) => [source.path, source]));
      for (const [path, source] of sources) {
        if (portText(found.get(path)) === portText(source)) continue;
        sources.delete(path);
        statuses.delete(path);
        wanted.delete(path);
        // Its line is closed, and says nothing more of it.
        if (boardsUp.delete(path))
          listener.board(source.device, {
            kind: 'down',
            problem: 'its source in the config is another',
          });
        send(worker, { type: 'close', path });
      }
      for (const [path, source] of found) {
        const isNew = !sources.has(path);
        sources.set(path, source);
        if (isNew) open(worker, path, source);
      }
      tellWants();
      if (sources.size === 0) void stop();
      else if (worker === null && restart === null) start();
    },
    configureBoards(next) {
      drives = next;
      tellWants();
    },
    drive({ board, pin, level, seq }) {
      const path = [...sources].find(([, { device, format }]) => {
        return device === board && format.kind === 'limen';
      })?.[0];
      const untilMs = clock.monotonicMs() + limits.pinCommandMs;
      if (path !== undefined) send(worker, { type: 'drive', path, pin, level, seq, untilMs });
    },
    lives: () => send(worker, { type: 'lives' }),
    statuses: () => [...sources.keys()].map((path) => statuses.get(path) ?? unknownStatus(path)),
    close: stop,
  };
}

function unknownStatus(path: string): PortStatus {
  return {
    path,
    isOpen: false,
    problem: null,
    bytes: 0,
    frames: 0,
    badFrames: {},
    openings: 0,
  };
}

/** What a port must be opened anew for; what a board reads and drives it is told while it is open. */
function portText(source: SerialSource | undefined): string {
  if (source === undefined) return '';
  const { format } = source;
  return JSON.stringify(format.kind === 'limen' ? { ...source, format: format.kind } : source);
}
