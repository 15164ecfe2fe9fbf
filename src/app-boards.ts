import type { BoardStatus } from './domain/api.ts';
import type {
  BoardDriver,
  BoardEvent,
  BoardFacts,
  BoardListener,
  DrivenPin,
} from './domain/board.ts';
import type { RowWriter } from './domain/journal.ts';
import { limits } from './domain/limits.ts';
import type { Clock, Timer } from './host/clock.ts';
import type { Log } from './host/log.ts';

/** All boards of the program, whatever carries commands to them. */
export interface Boards extends BoardDriver {
  /** Gives it what carries commands to boards of one kind; one that does not know a board leaves it alone. */
  attach(way: BoardDriver): void;
  /** What a board tells. */
  told(board: string, event: BoardEvent): void;
  /** How the boards of these names are. */
  statuses(names: Iterable<string>): readonly BoardStatus[];
}

export interface BoardsOptions {
  readonly log: Log;
  readonly journal: Pick<RowWriter, 'append'>;
  /** The last rows of kind `board`, by name: who each board was. */
  readonly known: ReadonlyMap<string, unknown>;
  /** Who drives their pins. */
  listener(): BoardListener;
}

/** The body of a journal row of kind `board`. */
interface BoardRow {
  readonly id: string;
  readonly firmware: string;
}

interface Board {
  isUp: boolean;
  problem: string | null;
  facts: BoardFacts | null;
}

/** Stands between the outputs and what carries their commands: remembers who each board is, and how. */
export function createBoards({ log, journal, known, listener }: BoardsOptions): Boards {
  const boards = new Map<string, Board>();
  const ids = new Map<string, string>();
  // rows that Limen wrote
  for (const [name, row] of known) ids.set(name, (row as BoardRow).id);
  const ways: BoardDriver[] = [];
  let drives: ReadonlyMap<string, readonly DrivenPin[]> = new Map();

  const meet = (board: string, facts: BoardFacts): void => {
    const { id, firmware, why } = facts;
    const before = ids.get(board);
    log.info('board up', { board, id, firmware, started: why });
    if (before === id) return;
    // Who has put another one in its place wants it so; who has mixed up two plugs sees it here.
    if (before !== undefined) log.warn('another board than before', { board, before, id });
    ids.set(board, id);
    journal.append('board', board, { id, firmware } satisfies BoardRow);
  };

  return {
    attach(way) {
      ways.push(way);
      way.configure(drives);
    },
    configure(next) {
      drives = next;
      for (const way of ways) way.configure(drives);
    },
    drive(command) {
      for (const way of ways) way.drive(command);
    },
    told(board, event) {
      const present = boards.get(board) ?? { isUp: false, problem: null, facts: null };
      boards.set(board, present);
      switch (event.kind) {
        case 'up':
          Object.assign(present, { isUp: true, problem: null, facts: event.facts });
          if (event.facts !== null) meet(board, event.facts);
          listener().up(board);
          break;
        case 'down':
          Object.assign(present, { isUp: false, problem: event.problem });
          log.warn('board down', { board, reason: event.problem });
          listener().down(board, event.problem);
          break;
        case 'shows':
          listener().shows(board, event.pin, event.level);
          break;
        case 'refused':
          log.warn('a board refused a command', { board, pin: event.pin, reason: event.problem });
          listener().refused(board, event.pin, event.problem);
          break;
      }
    },
    statuses: (names) =>
      Array.from(names, (board) => {
        const { isUp = false, problem = null, facts = null } = boards.get(board) ?? {};
        return {
          board,
          up: isUp,
          problem,
          id: facts?.id ?? null,
          firmware: facts?.firmware ?? null,
          kind: facts?.board ?? null,
          lease_ms: facts?.leaseMs ?? null,
          started_by: facts?.why ?? null,
        };
      }),
  };
}

/** Lets the boards keep what they were commanded, for as long as this goes on. */
export interface Leases {
  /** There may be boards now, or none any more. */
  look(): void;
  stop(): void;
}

export interface LeasesOptions {
  readonly clock: Clock;
  hasBoards(): boolean;
  /** Has the engine do what it does at any moment, and tells the boards: what hangs before that tells nothing. */
  prove(): void;
}

/** Proves several times a second that the engine lives. With a main thread that hangs, boards go safe by themselves. */
export function keepLeases({ clock, hasBoards, prove }: LeasesOptions): Leases {
  let timer: Timer | null = null;
  const look = (): void => {
    timer?.cancel();
    timer = null;
    if (!hasBoards()) return;
    prove();
    timer = clock.after(limits.boardProofMs, look);
  };
  look();
  return { look, stop: () => timer?.cancel() };
}
