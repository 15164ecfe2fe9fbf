import type { PointMemory } from '../domain/engine.ts';
import type { Point, PointIndex } from '../domain/point.ts';
import { qualityCodes, type Quality, type Seq } from '../domain/reading.ts';
import type { Rule } from '../domain/rule.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import type { AlertCell } from './alert-cell.ts';
import type { ClauseLink } from './clauses/clause-tree.ts';

/** What the engine holds of a point beside its numbers. */
export interface PointSlot {
  point: Point;
  /** Alerts of the configured rules, in the order of rule names. */
  readonly cells: AlertCell[];
  /** Clauses over several points that this one is a member of, in the order in which they are heeded. */
  readonly clauses: ClauseLink[];
  /** Limen's own alerts about this point; null while there is none. */
  stale: AlertCell | null;
  bad: AlertCell | null;
  neverHeard: AlertCell | null;
  /** Set, or learned; null: neither. */
  expectEveryMs: number | null;
  /** null: it acknowledges nothing. */
  button: Button | null;
  /** null: the point is not derived, and nothing is derived from it. */
  link: DerivedLink | null;
  /** What it comes through; null: nothing that is known. */
  source: SourceState | null;
}

/** A point among those that are calculated from each other (contract 1, `expression:`). */
export interface DerivedLink {
  /** null: not declared yet. */
  slot: PointSlot | null;
  /** Empty for a point that comes from a source. */
  readonly inputs: DerivedLink[];
  readonly dependents: DerivedLink[];
}

/** What a point is as a button: the rules whose alerts it acknowledges. */
export interface Button {
  readonly rules: readonly Rule[];
  /** The last good value since the start; NaN: there was none. */
  previous: number;
}

/** What points come through: when it is lost, they are lost together. */
export interface SourceState {
  readonly name: string;
  /** Key of the alert `limen.source_lost` about it. */
  readonly key: string;
  readonly children: Set<PointSlot>;
  /** Another broker. */
  isBridge: boolean;
  /** Engine time at which its connection was lost; NaN: it is there, or nobody knows. */
  lostAt: number;
  /** It was not seen to be connected since the start. */
  awaitsLink: boolean;
  /** null: it was never lost. */
  cell: AlertCell | null;
}

const staleCode = qualityCodes.stale;

/**
 * The last reading of every point, as columns: a reading that changes nothing writes a few numbers and allocates
 * nothing. NaN stands for "there is none".
 */
export class PointTable {
  /** Last value of quality good or suspect. */
  value = new Float64Array(64).fill(NaN);
  /** Quality of the last reading. */
  quality = new Uint8Array(64).fill(staleCode);
  seq = new Float64Array(64).fill(NaN);
  heardAt = new Float64Array(64).fill(NaN);
  atMs = new Float64Array(64).fill(NaN);
  badSince = new Float64Array(64).fill(NaN);
  /** 1 while the point is stale. */
  stale = new Uint8Array(64);
  /** Strictly between these two a reading changes no verdict of this point; NaN: every reading is judged. */
  quietLow = new Float64Array(64).fill(NaN);
  quietHigh = new Float64Array(64).fill(NaN);
  readonly #slots: (PointSlot | undefined)[] = [];

  slot(index: number): PointSlot | undefined {
    return this.#slots[index];
  }

  /** Every declared point, by index. */
  *slots(): Iterable<PointSlot> {
    for (const slot of this.#slots) if (slot !== undefined) yield slot;
  }

  setSlot(slot: PointSlot): void {
    this.#reserve(slot.point.index);
    this.#slots[slot.point.index] = slot;
  }

  /** A point goes on under another index, with all that is known of it. */
  move(from: number, point: Point): void {
    const { index: to } = point;
    const slot = this.#slots[from];
    this.#reserve(Math.max(from, to));
    for (const column of [this.value, this.seq, this.heardAt, this.atMs, this.badSince]) {
      column[to] = column[from]!;
      column[from] = NaN;
    }
    this.quality[to] = this.quality[from]!;
    this.quality[from] = staleCode;
    this.stale[to] = this.stale[from]!;
    this.stale[from] = 0;
    this.disturb(from);
    this.disturb(to);
    if (slot === undefined) return;
    slot.point = point;
    this.#slots[from] = undefined;
    this.#slots[to] = slot;
  }

  /** There is no last value any more that could be judged. */
  forgetQuality(index: number): void {
    if (this.quality[index]! <= qualityCodes.suspect) this.quality[index] = staleCode;
  }

  /** After the clock went back no reading can be newer than the present: those that follow must count as news. */
  forgetFuture(wallMs: number): void {
    for (const [index, atMs] of this.atMs.entries()) if (atMs > wallMs) this.atMs[index] = wallMs;
  }

  /** The next reading of the point is judged by every rule. */
  disturb(index: number): void {
    this.quietLow[index] = NaN;
  }

  disturbAll(): void {
    this.quietLow.fill(NaN);
  }

  /** Quality as it is shown with an alert. */
  shownQuality(index: number): Quality {
    if (this.stale[index] === 1) return 'stale';
    switch (this.quality[index]) {
      case qualityCodes.good:
        return 'good';
      case qualityCodes.suspect:
        return 'suspect';
      case qualityCodes.bad:
        return 'bad';
      default:
        return 'stale';
    }
  }

  /** Whether the last value may be judged: good or suspect, and fresh. */
  isUsable(index: number): boolean {
    return this.stale[index] === 0 && this.quality[index]! <= qualityCodes.suspect;
  }

  memory(index: PointIndex): PointMemory {
    return {
      index,
      value: orNull(this.value[index]!),
      quality: this.quality[index]!,
      seq: orNull(this.seq[index]!) as Seq | null,
      heardAt: orNull(this.heardAt[index]!) as EngineMs | null,
      atMs: orNull(this.atMs[index]!) as WallMs | null,
      badSince: orNull(this.badSince[index]!) as EngineMs | null,
    };
  }

  restore(memory: PointMemory): void {
    const { index } = memory;
    this.#reserve(index);
    this.value[index] = memory.value ?? NaN;
    this.quality[index] = memory.quality;
    this.seq[index] = memory.seq ?? NaN;
    this.heardAt[index] = memory.heardAt ?? NaN;
    this.atMs[index] = memory.atMs ?? NaN;
    this.badSince[index] = memory.badSince ?? NaN;
  }

  #reserve(index: number): void {
    let length = this.value.length;
    if (index < length) return;
    while (length <= index) length *= 2;
    this.value = widen(this.value, length);
    this.seq = widen(this.seq, length);
    this.heardAt = widen(this.heardAt, length);
    this.atMs = widen(this.atMs, length);
    this.badSince = widen(this.badSince, length);
    this.quietLow = widen(this.quietLow, length);
    this.quietHigh = widen(this.quietHigh, length);
    const quality = new Uint8Array(length).fill(staleCode);
    quality.set(this.quality);
    this.quality = quality;
    const stale = new Uint8Array(length);
    stale.set(this.stale);
    this.stale = stale;
  }
}

function widen(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(length).fill(NaN);
  wider.set(column);
  return wider;
}

/** NaN, which JSON does not know, as null. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
