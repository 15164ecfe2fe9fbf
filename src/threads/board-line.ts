import { BoardSession } from '../../firmware-bridge/host/board-session.ts';
import type { BoardWants } from '../../firmware-bridge/host/board-settings.ts';
import type { Decoded } from '../codecs/payload.ts';
import { decodePinReading } from '../codecs/pin-reading.ts';
import type { BoardEvent } from '../domain/board.ts';
import { systemClock } from '../host/clock.ts';

/** What a board line needs of its thread. */
export interface BoardLineOptions {
  readonly wants: BoardWants;
  write(line: string): void;
  tell(event: BoardEvent): void;
  /** Takes a line of the board that is a reading. */
  take(frame: Buffer, decoded: Decoded): void;
}

const boardReasons = {
  badLines: 'not read by the board',
  dropped: 'no room in the board',
} as const;

/** Frames so far, and those that were none, by reason. */
export interface BoardLineCounts {
  readonly frames: number;
  readonly badFrames: Readonly<Record<string, number>>;
}

/** A serial line with a board with Limen's firmware at its end: one session over all its connections. */
export class BoardLine {
  readonly session: BoardSession;
  #framesBefore = 0;
  readonly #badBefore = new Map<string, number>();

  constructor({ wants, write, tell, take }: BoardLineOptions) {
    this.session = new BoardSession({
      clock: systemClock,
      wants,
      write,
      random: Math.random,
      listener: {
        up: (facts) => tell({ kind: 'up', facts }),
        down: (problem) => tell({ kind: 'down', problem }),
        shows: (pin, level) => tell({ kind: 'shows', pin, level }),
        refused: (pin, problem) => tell({ kind: 'refused', pin, problem }),
        reading: (reading, text) =>
          take(
            Buffer.from(text, 'latin1'),
            decodePinReading(reading, reading.isContinuous ? null : 'suspect'),
          ),
      },
    });
  }

  /** A new connection begins: what the last one counted is kept. */
  opened(): void {
    const { frames, badFrames } = this.counts;
    this.#framesBefore = frames;
    for (const [reason, count] of Object.entries(badFrames)) this.#badBefore.set(reason, count);
    for (const reason of Object.values(boardReasons)) this.#badBefore.delete(reason);
    this.session.opened();
  }

  get counts(): BoardLineCounts {
    const { frames, badCrc, tooLong, garbage, broken, unknown, lost } = this.session.counts;
    const present = {
      'wrong checksum': badCrc,
      'line too long': tooLong,
      'byte that is no text': garbage,
      'line cut off': broken,
      'unknown message': unknown,
      'lines lost on the way': lost,
    };
    const badFrames = Object.entries(present).flatMap(([reason, count]) => {
      const all = count + (this.#badBefore.get(reason) ?? 0);
      return all === 0 ? [] : [[reason, all] as const];
    });
    // What the board counts by itself begins anew with it.
    const { badLines = 0, dropped = 0 } = this.session.facts ?? {};
    if (badLines > 0) badFrames.push([boardReasons.badLines, badLines]);
    if (dropped > 0) badFrames.push([boardReasons.dropped, dropped]);
    return { frames: frames + this.#framesBefore, badFrames: Object.fromEntries(badFrames) };
  }
}
