import type { PresentCommand } from '../domain/output.ts';

/** Takes the payloads of one topic whose messages are readings. */
export interface ReadingSink {
  /** Takes the bytes between `start` and `end`, which are only valid during the call; returns the rows it made. */
  take(bytes: Buffer, start: number, end: number): number;
}

/** Who publishes. */
export interface Publisher {
  readonly clientId: string;
  /** null: anonymous. */
  readonly username: string | null;
}

/** Somebody with rows in a group of the journal, told when the group is on disk. */
export interface GroupHolder {
  release(group: number): void;
}

/**
 * What the broker asks of the rest of Limen. All calls are synchronous and never throw: the socket is read in them.
 */
export interface Door {
  /** What a topic is for: readings, Limen's own topics, or a message that is only relayed. The wire remembers it. */
  sink(topic: string): ReadingSink | 'own' | 'relay';
  /** Called before the messages of a chunk of bytes are taken: stamps their time and who brings them. */
  begin(publisher: Publisher | null): void;
  /** A client was accepted, or its connection ended. */
  client(id: string, connected: boolean): void;
  /** A message on one of Limen's own topics: an act, or an attempt to forge a state. True if it waits for a commit. */
  command(topic: string, payload: Buffer, retain: boolean, publisher: Publisher): boolean;
  /**
   * Somebody listens, anew or again, on the topics that `isHeard` takes: what devices there are to do now, for they may
   * have missed when it was said.
   */
  present(isHeard: (topic: string) => boolean): readonly PresentCommand[];
  /** The group of the journal that rows go to now. */
  readonly openGroup: number;
  /** Rows accepted and not yet on disk, over all connections. */
  readonly unstoredRows: number;
  /** Registers for the release of the open group. */
  hold(holder: GroupHolder): void;
  /** Says that somebody waits for the open group. */
  wait(): void;
}
