/** What is remembered of how people were told of an alert. Engine times. It never decides state, claims or history. */
export interface Telling {
  /** The last raises, the newest last. */
  raisedMs: readonly number[];
  /** null: it does not chatter. */
  chatter: Chatter | null;
  /** null: chain and repeat do not run. */
  calls: Calls | null;
  /** Calls of this alert that count towards a flood, the newest last. */
  countedMs: readonly number[];
  /** What people were not told of it in the flood that began then; null: nothing. */
  withheld: { readonly sinceMs: number; readonly count: number } | null;
  /** The acknowledgement from which `re_alarm` counts; null: it does not run. */
  seen: { fromMs: number; creditable: boolean; readonly seq: number } | null;
}

/** An alert that is raised so often that single raises are not told (ISA-18.2 16.5.4). */
export interface Chatter {
  /** Raises since it began, those that showed it included. */
  raises: number;
  /** It is over when no raise has come until then. */
  dueMs: number;
  /** People know of it. */
  isTold: boolean;
  /** The event that showed it. */
  seq: number;
}

/** A running chain and repetition. */
export interface Calls {
  /** The announcement from which their times count. */
  readonly fromMs: number;
  /** The event that announced it. */
  readonly seq: number;
  /** The time of the last step of the chain, and that of the last repetition, after `fromMs`; -1: none yet. */
  chainedMs: number;
  repeatedMs: number;
  /** What came due before, while Limen was down, is told then. */
  floorMs: number;
}
