import type { PortSettings } from '../../src/domain/serial.ts';
import type { Clock, Timer } from '../../src/host/clock.ts';
import { lookAtNode, portProblem } from './port-problem.ts';
import { openSerialPort, type PortConnection } from './serial-port.ts';

/** What a supervised port tells. */
export interface SupervisedListener {
  /** It was opened: what comes next may begin in the middle of a frame. */
  opened(): void;
  /** The bytes are valid during the call only. */
  data(bytes: Uint8Array): void;
  /** It is not open, and why; told again only if the reason is another. */
  lost(problem: string): void;
}

/** What a supervised port needs of its surroundings. */
export interface SupervisedOptions {
  readonly settings: PortSettings;
  readonly clock: Clock;
  readonly listener: SupervisedListener;
  /** 0 to 1: so that ports that were lost together do not come back together. */
  random(): number;
  readonly open?: typeof openSerialPort;
}

/** A port that is opened again whenever it is lost, until it is closed. */
export interface SupervisedPort {
  readonly isOpen: boolean;
  /** Closing was asked for so long ago that it will not end by itself. */
  readonly isStuck: boolean;
  /** Bytes that were read since it was opened. */
  readonly bytes: number;
  pause(): void;
  resume(): void;
  /** Sends some text, if it is open: nothing is kept for later. */
  write(text: string): void;
  /** Closes it, and opens it anew. */
  reopen(reason: string): void;
  /** Looks whether it is still there and says something; to be called about twice a second. */
  look(): void;
  /** Resolves when it is closed, or stuck. */
  close(): Promise<void>;
}

const backoffMinMs = 500;
const backoffMaxMs = 10_000;
const steadyAfterMs = 10_000;
const closeWithinMs = 2_000;
// A driver may wait for its device, some for good: the other ports must not suffer from that.
const openWithinMs = 20_000;
// What says nothing: opening resets a board, which then needs its time to speak. So each vain attempt waits longer.
const silenceMinMs = 10_000;
const silenceFirstMs = 60_000;
const silenceMaxMs = 3_600_000;
const usualPauses = 5;
// Between two looks; one that waits for bytes is read a few times, one that hung up some ten thousand times.
const vainReadsMax = 1_000;
// Bytes that come sooner are of one line.
const pauseMinMs = 20;

/**
 * Keeps one port open: a new connection each time, sooner or later by a growing pause. It does not trust the port to
 * tell: a hang-up can leave it open and busy for ever, and a paused port hears of none. So it looks at the device node.
 */
export function supervisePort(options: SupervisedOptions): SupervisedPort {
  const { settings, clock, listener, open = openSerialPort } = options;
  const { path, reopenAfterMs } = settings;
  let connection: PortConnection | null = null;
  let node: string | null = null;
  let triedPlug: string | null = null;
  let isOpen = false;
  let isPaused = false;
  let isClosing = false;
  let closingSinceMs: number | null = null;
  let told: string | null = null;
  let reason: string | null = null;
  let backoffMs = backoffMinMs;
  let retryAtMs = clock.monotonicMs();
  let attemptedAtMs = 0;
  let openedAtMs = 0;
  let heardAtMs = 0;
  let longestPauseMs = 0;
  let silenceFirst = silenceFirstMs;
  let bytes = 0;
  let vainReads = 0;
  let deadline: Timer | null = null;
  const ended = Promise.withResolvers<void>();

  const tell = (problem: string): void => {
    if (problem === told) return;
    told = problem;
    listener.lost(problem);
  };
  const attempt = (): void => {
    retryAtMs = Infinity;
    triedPlug = pluggedAt(path);
    attemptedAtMs = clock.monotonicMs();
    const opened = open(settings, {
      opened() {
        isOpen = true;
        node = nodeOf(path);
        told = null;
        bytes = 0;
        vainReads = 0;
        openedAtMs = clock.monotonicMs();
        heardAtMs = openedAtMs;
        if (isPaused) opened.pause();
        listener.opened();
      },
      data(chunk) {
        if (!isOpen) return;
        heard(chunk.length);
        listener.data(chunk);
      },
      closed(cause) {
        lost(cause);
      },
    });
    connection = opened;
  };
  const heard = (length: number): void => {
    const nowMs = clock.monotonicMs();
    const pauseMs = nowMs - heardAtMs;
    // The time until the first byte is the board's start, not its habit.
    if (bytes > 0 && pauseMs >= pauseMinMs) {
      longestPauseMs = Math.max(pauseMs, longestPauseMs);
      silenceFirst = silenceFirstMs;
    }
    heardAtMs = nowMs;
    bytes += length;
  };
  const lost = (cause: Error | null): void => {
    const wasOpen = isOpen;
    const nowMs = clock.monotonicMs();
    if (wasOpen && nowMs - openedAtMs >= steadyAfterMs) backoffMs = backoffMinMs;
    connection = null;
    isOpen = false;
    closingSinceMs = null;
    if (isClosing) {
      deadline?.cancel();
      ended.resolve();
      return;
    }
    tell(reason ?? (wasOpen ? hangUp(cause) : portProblem(path, cause)));
    reason = null;
    retryAtMs = nowMs + backoffMs * (0.75 + options.random() / 2);
    backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
  };
  const reopen = (why: string): void => {
    if (!isOpen || closingSinceMs !== null) return;
    reason = why;
    closingSinceMs = clock.monotonicMs();
    connection?.close();
  };
  const unplugged = `${path} was unplugged`;
  const driverSilent = `the driver of ${path} does not answer: pull the plug and put it in again`;
  const hangUp = (cause: Error | null): string => {
    const isThere = nodeOf(path) === node;
    return isThere ? `${path} hung up (${cause?.message ?? 'no cause'})` : unplugged;
  };
  const silenceMs = (): number => {
    if (reopenAfterMs === 0) return Infinity;
    if (reopenAfterMs !== null) return reopenAfterMs;
    if (longestPauseMs === 0) return silenceFirst;
    return Math.min(Math.max(silenceMinMs, usualPauses * longestPauseMs), silenceMaxMs);
  };
  const lookAtOpen = (nowMs: number): void => {
    if (nodeOf(path) !== node) return reopen(unplugged);
    const vainReadsBefore = vainReads;
    vainReads = connection?.vainReads ?? 0;
    if (vainReads - vainReadsBefore > vainReadsMax)
      return reopen(`${path} hung up without a word: opened anew`);
    const silentMs = nowMs - heardAtMs;
    if (isPaused || silentMs < silenceMs()) return;
    if (bytes === 0) silenceFirst = Math.min(silenceFirst * 2, silenceMaxMs);
    reopen(`${path} has said nothing for ${Math.round(silentMs / 1000)} s: opened anew`);
  };
  const lookAtClosed = (nowMs: number): void => {
    const plugged = pluggedAt(path);
    // Plugged in again, perhaps between two looks: no need to wait any longer.
    if (plugged !== null && plugged !== triedPlug) {
      backoffMs = backoffMinMs;
      retryAtMs = Math.min(retryAtMs, nowMs);
    }
    if (plugged === null) tell(portProblem(path, null));
    else if (nowMs >= retryAtMs) attempt();
  };

  return {
    get isOpen() {
      return isOpen && closingSinceMs === null;
    },
    get isStuck() {
      return closingSinceMs !== null && clock.monotonicMs() - closingSinceMs >= closeWithinMs;
    },
    get bytes() {
      return bytes;
    },
    pause() {
      isPaused = true;
      if (isOpen) connection?.pause();
    },
    resume() {
      isPaused = false;
      // It may have spoken meanwhile.
      heardAtMs = clock.monotonicMs();
      if (isOpen) connection?.resume();
    },
    write(text) {
      if (isOpen && closingSinceMs === null) connection?.write(text);
    },
    reopen,
    look() {
      const nowMs = clock.monotonicMs();
      if (isClosing) return;
      if (isOpen) lookAtOpen(nowMs);
      else if (connection === null) lookAtClosed(nowMs);
      else if (nowMs - attemptedAtMs > openWithinMs) tell(driverSilent);
    },
    close() {
      if (isClosing) return ended.promise;
      isClosing = true;
      if (connection === null) {
        ended.resolve();
      } else {
        closingSinceMs = clock.monotonicMs();
        deadline = clock.after(closeWithinMs, () => ended.resolve());
        connection.close();
      }
      return ended.promise;
    },
  };
}

/** What a path leads to at present; null: nothing. A device that is plugged in again is another node. */
function nodeOf(path: string): string | null {
  const status = lookAtNode(path);
  if (status === null || status instanceof Error) return null;
  return `${status.dev}:${status.ino}:${status.rdev}`;
}

// A node that is made anew may be given the number of the old one; it is younger.
function pluggedAt(path: string): string | null {
  const status = lookAtNode(path);
  if (status === null || status instanceof Error) return null;
  return `${status.dev}:${status.ino}:${status.rdev} ${status.ctimeMs}`;
}
