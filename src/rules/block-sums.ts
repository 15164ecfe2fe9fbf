/**
 * What is added up over some readings. A reading covers the time until the next one; `gapMsMax` is the longest of these
 * times. Times are relative to `originMs`; `together` and `spread` are sums of products of differences from the means.
 */
export interface Sums {
  totalMs: number;
  area: number;
  aboveMs: number;
  gapMsMax: number;
  low: number;
  high: number;
  weight: number;
  count: number;
  originMs: number;
  meanTime: number;
  meanValue: number;
  together: number;
  spread: number;
  /** Whether means and what follows from them are added up, which costs a division for each reading. */
  hasMoments: boolean;
}

/** Sums over nothing. */
export function createSums(): Sums {
  const sums = { totalMs: 0, area: 0, aboveMs: 0, gapMsMax: 0, low: 0, high: 0, weight: 0 };
  const moments = { count: 0, originMs: 0, meanTime: 0, meanValue: 0, together: 0, spread: 0 };
  return clearSums({ ...sums, ...moments, hasMoments: false }, 0, false);
}

export function clearSums(sums: Sums, originMs: number, hasMoments: boolean): Sums {
  sums.hasMoments = hasMoments;
  sums.totalMs = 0;
  sums.area = 0;
  sums.aboveMs = 0;
  sums.gapMsMax = 0;
  sums.low = Infinity;
  sums.high = -Infinity;
  sums.weight = 0;
  sums.count = 0;
  sums.originMs = originMs;
  sums.meanTime = 0;
  sums.meanValue = 0;
  sums.together = 0;
  sums.spread = 0;
  return sums;
}

/** Adds the time a reading covers. */
export function addCover(sums: Sums, lengthMs: number, value: number, limit: number): void {
  if (!(lengthMs > 0)) return;
  sums.totalMs += lengthMs;
  sums.area += value * lengthMs;
  if (value > limit) sums.aboveMs += lengthMs;
}

/** Adds a reading itself (Welford's way: no large squares that would eat the digits). */
export function addReading(sums: Sums, at: number, value: number, weight: number): void {
  if (value < sums.low) sums.low = value;
  if (value > sums.high) sums.high = value;
  sums.weight += weight;
  sums.count += 1;
  if (!sums.hasMoments) return;
  const time = at - sums.originMs - sums.meanTime;
  sums.meanTime += time / sums.count;
  const rise = value - sums.meanValue;
  sums.meanValue += rise / sums.count;
  sums.together += time * (value - sums.meanValue);
  sums.spread += time * (at - sums.originMs - sums.meanTime);
}

/** Adds what is added up already (Chan, Golub and LeVeque, 1979). */
export function addSums(sums: Sums, more: Sums): void {
  sums.totalMs += more.totalMs;
  sums.area += more.area;
  sums.aboveMs += more.aboveMs;
  if (more.low < sums.low) sums.low = more.low;
  if (more.high > sums.high) sums.high = more.high;
  sums.weight += more.weight;
  const count = sums.count + more.count;
  if (sums.hasMoments && more.count > 0) addMoments(sums, more, count);
  sums.count = count;
}

function addMoments(sums: Sums, more: Sums, count: number): void {
  const time = more.meanTime + (more.originMs - sums.originMs) - sums.meanTime;
  const rise = more.meanValue - sums.meanValue;
  const share = more.count / count;
  sums.together += more.together + time * rise * sums.count * share;
  sums.spread += more.spread + time * time * sums.count * share;
  sums.meanTime += time * share;
  sums.meanValue += rise * share;
}

/** As many blocks as a window can touch, and some. */
const placeCount = 40;

function placeOf(id: number): number {
  return ((id % placeCount) + placeCount) % placeCount;
}

/**
 * Sums over blocks of time, kept so that a long window need not be added up reading by reading each time. Blocks lie at
 * multiples of their length in engine time, and their length follows from the number of readings in the window: so two
 * windows with the same readings have the same blocks and add up to the same number, to the last bit, whatever was
 * before. A block is kept once a later reading has closed it.
 */
export class BlockSums {
  blockMs: number;
  readonly #bucketMs: number;
  #places: { id: number; limit: number; readonly sums: Sums }[] = [];

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
    this.blockMs = Infinity;
  }

  /** Cuts time into blocks as it pays for a window of so many readings; into none, if there are few. */
  cutFor(readings: number): void {
    const blockMs = readings < 64 ? Infinity : (readings < 512 ? 128 : 32) * this.#bucketMs;
    if (blockMs === this.blockMs) return;
    this.blockMs = blockMs;
    this.#places = [];
  }

  /** The block of a time. */
  idOf(at: number): number {
    return Math.floor(at / this.blockMs);
  }

  /** Where a block begins. */
  startOf(id: number): number {
    return id === 0 ? 0 : id * this.blockMs;
  }

  /** The kept sums of a block; null: they have to be made. */
  find(id: number, limit: number, hasMoments: boolean): Sums | null {
    const place = this.#places[placeOf(id)];
    if (place === undefined || place.id !== id || place.sums.hasMoments !== hasMoments) return null;
    return Object.is(place.limit, limit) ? place.sums : null;
  }

  /** A place for the sums of a block, cleared. */
  make(id: number, limit: number, hasMoments: boolean): Sums {
    while (this.#places.length < placeCount)
      this.#places.push({ id: NaN, limit: NaN, sums: createSums() });
    const place = this.#places[placeOf(id)];
    if (place === undefined) throw new Error(`block ${id} has no place`);
    place.id = id;
    place.limit = limit;
    return clearSums(place.sums, this.startOf(id), hasMoments);
  }

  /** A reading has come into a closed block. */
  forget(): void {
    this.#places = [];
  }
}
