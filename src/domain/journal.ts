import type { Seq } from './reading.ts';
import type { EngineMs, WallMs } from './time.ts';

/**
 * Kinds of journal rows beside readings. Inputs: `started stopped config clock schedule point act source learned fault`. Events:
 * `alert output command notification answer`. For the record: `user`, a user who was added, changed or removed, and
 * `board`, a board that is another one than before. The last
 * row of each (kind, key) is kept as a projection in `state.db`.
 */
export const rowKinds = [
  'started',
  'stopped',
  'config',
  'clock',
  'schedule',
  'point',
  'act',
  'source',
  'learned',
  'fault',
  'alert',
  'output',
  'command',
  'notification',
  'answer',
  'drill',
  'user',
  'board',
] as const;
export type RowKind = (typeof rowKinds)[number];

/** One journal row as it is stored; `body` is plain JSON. */
export interface JournalRow {
  readonly seq: Seq;
  readonly atMs: WallMs;
  readonly engineMs: EngineMs;
  readonly kind: RowKind;
  /** What the row is about within its kind: an alert key, an output, a notifier, a point name. */
  readonly key: string;
  readonly body: unknown;
}

/** What consumers and the app may do with the journal: append rows and learn when they are on disk. */
export interface RowWriter {
  /** The number the next row will get. */
  readonly nextSeq: Seq;
  /** Every row up to this number is on disk. */
  readonly committedSeq: Seq;
  /**
   * Appends a row to the open group and closes the group at once: events, acts and commands do not wait for
   * `commit_delay`. Never waits, never throws.
   */
  append(kind: RowKind, key: string, body: unknown): Seq;
  /** Calls back once when every row appended so far is on disk. */
  afterCommit(callback: () => void): void;
}
