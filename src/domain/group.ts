import type { PointMemory } from './engine.ts';
import type { RowKind } from './journal.ts';
import type { ClockStamp } from './time.ts';

/** The readings of one group as columns over one buffer, which travels between the threads without a copy. */
export interface GroupColumns {
  readonly buffer: ArrayBuffer;
  readonly seq: Float64Array<ArrayBuffer>;
  /** Wall time of the reading: source time if it was accepted, else arrival. */
  readonly atMs: Float64Array<ArrayBuffer>;
  /** `atMs` minus engine time at arrival: gives the engine time back when the rows are replayed. */
  readonly lagMs: Float64Array<ArrayBuffer>;
  readonly value: Float64Array<ArrayBuffer>;
  /** The value before conversion; NaN: the same as `value`. */
  readonly raw: Float64Array<ArrayBuffer>;
  readonly point: Uint32Array<ArrayBuffer>;
  readonly quality: Uint8Array<ArrayBuffer>;
}

const bytesPerRow = 5 * 8 + 4 + 1;

/** Bytes that the columns of `rows` readings take. */
export function groupBytes(rows: number): number {
  return rows * bytesPerRow;
}

/** The column views over a buffer made for `rows` readings. */
export function groupColumns(buffer: ArrayBuffer, rows: number): GroupColumns {
  return {
    buffer,
    seq: new Float64Array(buffer, 0, rows),
    atMs: new Float64Array(buffer, rows * 8, rows),
    lagMs: new Float64Array(buffer, rows * 16, rows),
    value: new Float64Array(buffer, rows * 24, rows),
    raw: new Float64Array(buffer, rows * 32, rows),
    point: new Uint32Array(buffer, rows * 40, rows),
    quality: new Uint8Array(buffer, rows * 44, rows),
  };
}

/** A journal row that is not a reading, ready to be stored. */
export interface Entry {
  readonly seq: number;
  readonly atMs: number;
  readonly lagMs: number;
  readonly kind: RowKind;
  readonly key: string;
  /** JSON. */
  readonly body: string;
}

/** One transaction on its way to the disk: every row up to the sequence number of its stamp. */
export interface Group {
  readonly id: number;
  /** Start of the day (UTC) whose file the group goes to. */
  readonly dayMs: number;
  readonly buffer: ArrayBuffer;
  /** Rows the buffer was made for, and rows used. */
  readonly capacity: number;
  readonly count: number;
  readonly entries: readonly Entry[];
  /** Points whose memory changed since it was last stored; empty in most groups. */
  readonly points: readonly PointMemory[];
  /** The last number of the group, and the clock at that moment. */
  readonly stampSeq: number;
  readonly stamp: ClockStamp;
  /** Numbers up to here may be handed out before the next commit. */
  readonly reservedSeq: number;
}

/** The last state of one (kind, key) of journal rows. */
export interface Projection {
  readonly kind: RowKind;
  readonly key: string;
  readonly seq: number;
  readonly body: unknown;
}
