import {
  decodeBoardMessage,
  decodeHeader,
  type BoardMessage,
  type Header,
} from './board-message.ts';
import { FrameReader, type FrameCounts } from './frame-reader.ts';

/** What came from a board so far, and what did not. */
export interface BoardCounts extends Readonly<FrameCounts> {
  /** Lines with a right CRC that say nothing this version knows. */
  readonly unknown: number;
  /** Lines that are missing, by their numbers. */
  readonly lost: number;
  /** Times the board began anew. */
  readonly restarts: number;
}

// A board that runs has a clock that goes on; 49.7 days wrap it once, from near the end to near the beginning.
const wrapWithinMs = 3_600_000;
const clockMs = 2 ** 32;

/**
 * Bytes from a board, split anyhow, to its messages, with gaps and restarts noticed. `onRestart` comes before the first
 * message of the new life: nothing that was commanded or known before holds any more.
 */
export class BoardStream {
  readonly #reader: FrameReader;
  readonly #onMessage: (message: BoardMessage, text: string) => void;
  readonly #onRestart: () => void;
  #last: { readonly seq: number; readonly ms: number } | null = null;
  #unknown = 0;
  #lost = 0;
  #restarts = 0;

  /** `text`: the line of the message, without start and CRC. */
  constructor(
    onMessage: (message: BoardMessage, text: string) => void,
    onRestart: () => void = () => {},
  ) {
    this.#onMessage = onMessage;
    this.#onRestart = onRestart;
    this.#reader = new FrameReader('board', (body) => this.#take(body));
  }

  get counts(): BoardCounts {
    const [unknown, lost, restarts] = [this.#unknown, this.#lost, this.#restarts];
    return { ...this.#reader.counts, unknown, lost, restarts };
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  #take(body: string): void {
    const header = decodeHeader(body);
    if (header !== null) this.#follow(header);
    const message = decodeBoardMessage(body);
    if (message === null) this.#unknown += 1;
    else this.#onMessage(message, body);
  }

  #follow(header: Header): void {
    const last = this.#last;
    this.#last = header;
    if (last === null) return;
    const missing = (header.seq - last.seq - 1) & 0xffff;
    // Numbers that go back are a new beginning, too: one so soon that the clock alone does not tell.
    if (hasGoneBack(last.ms, header.ms) || missing >= 0x8000) {
      this.#restarts += 1;
      this.#onRestart();
    } else this.#lost += missing;
  }
}

function hasGoneBack(lastMs: number, ms: number): boolean {
  const isWrap = lastMs > clockMs - wrapWithinMs && ms < wrapWithinMs;
  return ms < lastMs && !isWrap;
}
