import { setTimeout as leave } from 'node:timers/promises';
import type { BoardWants } from '../../firmware-bridge/host/board-settings.ts';
import { supervisePort, type SupervisedPort } from '../../firmware-bridge/ports/supervised-port.ts';
import type { Decoded } from '../codecs/payload.ts';
import { createSerialDecoder, type SerialDecoder } from '../codecs/serial-decoder.ts';
import { limits } from '../domain/limits.ts';
import type { PortStatus, SerialFormat, SerialSource } from '../domain/serial.ts';
import { systemClock } from '../host/clock.ts';
import { BoardLine } from './board-line.ts';
import type { FrameMark, PortsReply, PortsRequest } from './start-ports.ts';

// The thread of all serial ports: bytes in, decoded frames out. It keeps nothing that matters and may be killed at any
// time: start-ports.ts does so when it does not answer any more.

const lookMs = 500;
// So long the last line needs to leave before a port is closed.
const lastWordsMs = 30;
const markBytes = 64;

interface Line {
  readonly source: SerialSource;
  readonly port: SupervisedPort;
  /** null: a board is at its end, and what it says is for its session. */
  readonly decoder: SerialDecoder | null;
  readonly board: BoardLine | null;
  problem: string | null;
  bytes: number;
  frames: number;
  readonly badFrames: Map<string, number>;
  openings: number;
  /** Since it was opened, and whether it was told that they are of no use. */
  bytesUnread: number;
  isUnreadTold: boolean;
  /** Frames that are still to be sent on. */
  frameParts: Buffer[];
  frameBytes: number;
  marks: FrameMark[];
}

const lines = new Map<string, Line>();
let bytesWaiting = 0;
let isPaused = false;

const reply = (message: PortsReply): void => {
  if (process.connected) process.send?.(message);
};

/** Ports are opened and closed one after the other: the same one may be closed and opened anew. */
let turn = Promise.resolve();

// A terminal tells every process of Limen to end, systemd too: Limen itself does it, when the outputs are safe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('message', handle);
// Limen is gone: the boards go safe at once, and not only when their lease is over.
process.on('disconnect', () => void end());
const timer = setInterval(look, lookMs);

function handle(request: PortsRequest): void {
  switch (request.type) {
    case 'open':
      turn = turn.then(() => openLine(request.source, request.wants));
      break;
    case 'wants': {
      const { path, wants } = request;
      turn = turn.then(() => lines.get(path)?.board?.session.configure(wants));
      break;
    }
    case 'drive': {
      const { path, pin, level, seq, untilMs } = request;
      lines.get(path)?.board?.session.drive(pin, level, seq, untilMs);
      break;
    }
    case 'lives':
      for (const { board } of lines.values()) board?.session.lives();
      break;
    case 'close':
      turn = turn.then(() => closeLine(request.path));
      break;
    case 'taken':
      bytesWaiting -= request.weight;
      if (isPaused && bytesWaiting < limits.serialBytesWaitingMax / 2) pauseAll(false);
      break;
    case 'end':
      turn = turn.then(() => end());
      break;
    default:
      request satisfies never;
  }
}

async function closeLine(path: string): Promise<void> {
  const line = lines.get(path);
  lines.delete(path);
  await closePort(line);
  if (line?.port.isStuck === true) reply({ type: 'stuck', path });
}

async function closePort(line: Line | undefined): Promise<void> {
  if (line === undefined) return;
  line.board?.session.end();
  if (line.board !== null && line.port.isOpen) await leave(lastWordsMs);
  await line.port.close();
}

async function end(): Promise<void> {
  clearInterval(timer);
  await Promise.all([...lines.values()].map(closePort));
  reply({ type: 'ended' });
  if (process.connected) process.disconnect();
  process.exit();
}

async function openLine(source: SerialSource, wants: BoardWants | null): Promise<void> {
  const { path, format } = source;
  const decoder = format.kind === 'limen' ? null : await decoderOf(format);
  const board =
    wants === null
      ? null
      : new BoardLine({
          wants,
          write: (text) => line.port.write(text),
          tell: (event) => reply({ type: 'board', path, event }),
          take(frame, decoded) {
            collect(line, frame, decoded);
            // A reading may have waited for the settings of the board, and come at another time than its bytes.
            setImmediate(() => send(line));
          },
        });
  const line: Line = {
    source,
    decoder,
    board,
    problem: null,
    bytes: 0,
    frames: 0,
    badFrames: new Map(),
    openings: 0,
    bytesUnread: 0,
    isUnreadTold: false,
    frameParts: [],
    frameBytes: 0,
    marks: [],
    port: supervisePort({
      settings: source,
      clock: systemClock,
      random: Math.random,
      listener: {
        opened() {
          line.problem = null;
          line.openings++;
          line.bytesUnread = 0;
          line.isUnreadTold = false;
          line.decoder?.reset();
          reply({ type: 'link', path, isOpen: true, problem: null });
          line.board?.opened();
        },
        data: (bytes) => take(line, bytes),
        lost(problem) {
          line.problem = problem;
          line.board?.session.closed(problem);
          reply({ type: 'link', path, isOpen: false, problem });
        },
      },
    }),
  };
  lines.set(path, line);
  if (isPaused && board === null) line.port.pause();
  line.port.look();
}

async function decoderOf(format: SerialFormat): Promise<SerialDecoder> {
  // Only a line with a pattern needs what knows patterns.
  const compile =
    format.kind === 'regex' ? (await import('../codecs/line-pattern.ts')).compileLinePattern : null;
  return createSerialDecoder(format, compile);
}

function take(line: Line, bytes: Uint8Array): void {
  line.bytes += bytes.length;
  line.bytesUnread += bytes.length;
  line.decoder?.push(bytes, (frame, decoded) => {
    line.frames++;
    if (decoded === null || decoded.ok) line.bytesUnread = 0;
    if (decoded === null) return;
    collect(line, frame, decoded);
    if (!decoded.ok) countBad(line, decoded.reason, 1);
  });
  if (line.board !== null) {
    const { frames } = line.board.counts;
    line.board.session.push(bytes);
    if (line.board.counts.frames > frames) line.bytesUnread = 0;
  }
  send(line);
}

function countBad({ badFrames }: Line, reason: string, count: number): void {
  badFrames.set(reason, (badFrames.get(reason) ?? 0) + count);
}

function collect(line: Line, frame: Buffer, decoded: Decoded): void {
  // Its bytes are valid during the call only.
  line.frameParts.push(Buffer.from(frame));
  line.frameBytes += frame.length;
  line.marks.push({ end: line.frameBytes, decoded });
}

function send(line: Line): void {
  const { marks, frameParts, frameBytes } = line;
  if (marks.length === 0) return;
  line.marks = [];
  line.frameParts = [];
  line.frameBytes = 0;
  if (isPaused && line.board !== null) {
    countBad(line, 'no room', marks.length);
    return;
  }
  const joined = new Uint8Array(frameBytes);
  let at = 0;
  for (const part of frameParts) {
    joined.set(part, at);
    at += part.length;
  }
  // A frame takes room, too, if it is empty.
  const weight = frameBytes + marks.length * markBytes;
  bytesWaiting += weight;
  if (bytesWaiting >= limits.serialBytesWaitingMax && !isPaused) pauseAll(true);
  reply({ type: 'frames', path: line.source.path, bytes: joined, marks, weight });
}

function pauseAll(pauses: boolean): void {
  isPaused = pauses;
  for (const line of lines.values()) {
    // A board that is not listened to goes safe.
    if (line.board !== null) continue;
    if (pauses) line.port.pause();
    else line.port.resume();
  }
}

function look(): void {
  for (const line of lines.values()) line.port.look();
  for (const line of lines.values()) {
    if (line.port.isStuck) reply({ type: 'stuck', path: line.source.path });
    if (line.bytesUnread < limits.serialFrameBytesMax || line.isUnreadTold) continue;
    line.isUnreadTold = true;
    reply({ type: 'unread', path: line.source.path, bytes: line.bytesUnread });
  }
  reply({ type: 'alive', statuses: [...lines.values()].map(statusOf) });
}

function statusOf(line: Line): PortStatus {
  const { source, problem, bytes, openings, board } = line;
  const frames = board?.counts.frames ?? line.frames;
  const badFrames = { ...Object.fromEntries(line.badFrames), ...board?.counts.badFrames };
  const { path } = source;
  const isOpen = line.port.isOpen;
  return { path, isOpen, problem, bytes, frames, badFrames, openings };
}
