import type { QuarantineRecord } from './api.ts';
import type { PointMemory } from './engine.ts';
import type { ErrorCode } from './error.ts';
import type { Group, Projection } from './group.ts';
import type { JournalRow, RowKind } from './journal.ts';
import type { Point, PointIndex } from './point.ts';
import type { ClockStamp } from './time.ts';

/** What the disk says at start: everything the main thread needs to go on. */
export interface Recovery {
  /** Random, made with the data folder: tells installations apart. */
  readonly installationId: string;
  /** The first number that was never handed out. */
  readonly nextSeq: number;
  /** The clock at the last commit; null: the first start on this folder. */
  readonly stamp: ClockStamp | null;
  /** The newest day; groups never go to an older file. */
  readonly dayMs: number;
  readonly points: readonly Point[];
  readonly pointMemories: readonly PointMemory[];
  readonly projections: readonly Projection[];
  readonly users: readonly (readonly [name: string, credential: string])[];
  readonly quarantine: readonly QuarantineRecord[];
}

/** A question to the storage thread about committed rows. */
export interface RowsQuery {
  readonly kind: RowKind;
  readonly afterSeq: number;
  /** Only alert events that this notifier is to tell. */
  readonly notifier: string | null;
  readonly rowsMax: number;
}

/** A question for the readings that windows need at a start: engine time of the first one wanted of each point. */
export interface RecentQuery {
  readonly since: readonly (readonly [point: PointIndex, from: number])[];
}

/** Good and suspect readings in the order they came, as columns. */
export interface RecentReadings {
  readonly points: Uint32Array<ArrayBuffer>;
  readonly engineMs: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  /** Source time of a reading that was late or out of order; NaN: it was neither. */
  readonly lateAtMs: Float64Array<ArrayBuffer>;
  /** 1: no newer one was judged before. */
  readonly news: Uint8Array<ArrayBuffer>;
}

/** Messages to the storage thread, handled in order. */
export type StoreRequest =
  | { readonly type: 'group'; readonly group: Group }
  | { readonly type: 'quarantine'; readonly records: readonly QuarantineRecord[] }
  | {
      readonly type: 'user';
      readonly call: number;
      readonly name: string;
      readonly credential: string | null;
    }
  | { readonly type: 'rows'; readonly call: number; readonly query: RowsQuery }
  | { readonly type: 'recent'; readonly call: number; readonly query: RecentQuery }
  | { readonly type: 'close' };

/** Messages from the storage thread. */
export type StoreReply =
  | { readonly type: 'opened'; readonly recovery: Recovery }
  | { readonly type: 'committed'; readonly group: number; readonly buffer: ArrayBuffer }
  | { readonly type: 'problem'; readonly problem: StoreProblem }
  /** The group could not be written and is tried again; said once per change. */
  | { readonly type: 'waiting'; readonly reason: string }
  | {
      readonly type: 'answer';
      readonly call: number;
      readonly ok: boolean;
      readonly rows: readonly JournalRow[];
      /** null: they were not asked for. */
      readonly recent: RecentReadings | null;
    }
  /** Instead of the answer: what was asked could not be done, and the thread goes on. */
  | { readonly type: 'refused'; readonly call: number; readonly message: string }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly type: 'closed' };

/** What the store found wrong on disk and goes on without: an error for the log. */
export interface StoreProblem {
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** What the storage thread is started with. */
export interface StoreOptions {
  readonly directory: string;
  readonly bootId: string;
}
