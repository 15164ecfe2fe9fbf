/** Columns of a row of sums: what is added up over the readings of one block. */
export const column = {
  /** Time that is covered: each reading covers the time until the next one. */
  totalMs: 0,
  /** Value times covered time. */
  area: 1,
  /** Covered time above the limit. */
  aboveMs: 2,
  /** The longest time until the next reading. */
  gapMsMax: 3,
  low: 4,
  high: 5,
  /** How many readings they stand for, and how many they are. */
  weight: 6,
  count: 7,
  /** Means, with times from the beginning of the block, and sums of products of differences from them. */
  meanTime: 8,
  meanValue: 9,
  together: 10,
  spread: 11,
} as const;
const columnCount = 12;

/** Below so many readings the straight loop is the faster one. */
const blocksFrom = 512;
const bucketsPerBlock = 32;

/** As many blocks as a window can touch, and some: a power of two, because a remainder of doubles is slow. */
const placeCount = 64;

/**
 * Sums over blocks of time, kept so that a long window need not be added up reading by reading each time. Blocks lie at
 * multiples of their length in engine time, and whether there are blocks follows from the number of readings in the
 * window: so two windows with the same readings have the same blocks and add up to the same number, to the last bit, whatever was
 * before. A block is kept once a later reading has closed it.
 */
export class BlockSums {
  blockMs = Infinity;
  /** A row for each kept block; typed, because it is read at every judgement. */
  rows = new Float64Array(0);
  readonly #bucketMs: number;
  readonly #ids = new Float64Array(placeCount).fill(NaN);
  #limit = NaN;

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  /** Cuts time into blocks, or into none if there are few readings in the window. */
  cutFor(readings: number, limit: number): void {
    const blockMs = readings < blocksFrom ? Infinity : bucketsPerBlock * this.#bucketMs;
    if (blockMs === this.blockMs && Object.is(limit, this.#limit)) return;
    this.blockMs = blockMs;
    this.#limit = limit;
    this.forget();
  }

  /** The block of a time. */
  idOf(at: number): number {
    return Math.floor(at / this.blockMs);
  }

  /** Where a block begins. */
  startOf(id: number): number {
    return id === 0 ? 0 : id * this.blockMs;
  }

  /** Where the row of a block begins; -1: its sums have to be made. */
  find(id: number): number {
    const place = placeOf(id);
    return this.#ids[place] === id ? place * columnCount : -1;
  }

  /** Where the row of a block begins that is to be made; what is in it is old. */
  make(id: number): number {
    if (this.rows.length === 0) this.rows = new Float64Array(placeCount * columnCount);
    const place = placeOf(id);
    this.#ids[place] = id;
    return place * columnCount;
  }

  /** The readings of closed blocks have changed. */
  forget(): void {
    this.#ids.fill(NaN);
  }
}

function placeOf(id: number): number {
  return id & (placeCount - 1);
}
