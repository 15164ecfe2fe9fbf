import type { OutputLevel } from './output-level.ts';

/** A pin as the board's print names it: `7`, `A0`. */
export type PinName = string;

/**
 * What stands at a pin that is driven. Only `relay` can be driven by a board with Limen's firmware; the others need
 * Firmata. `on` and `off` are what the device is set to at each level.
 */
export type PinDevice =
  | { readonly kind: 'relay' }
  /** Brightness, 0 to 255. */
  | { readonly kind: 'led'; readonly on: number; readonly off: number }
  /** Degrees, 0 to 180. */
  | { readonly kind: 'servo'; readonly on: number; readonly off: number }
  /** The board's own tone while on: that of its PWM, some 490 or 980 Hz. */
  | { readonly kind: 'piezo' }
  /** Shows the message of the alert that owns the output while on, nothing while off. */
  | {
      readonly kind: 'lcd';
      readonly pins: readonly PinName[];
      readonly columns: number;
      readonly rows: number;
    };

/** The devices that a config can name. */
export const pinDevices = [
  'relay',
  'led',
  'servo',
  'piezo',
  'lcd',
] as const satisfies readonly PinDevice['kind'][];

/** A pin that is driven, as its board has to know it before anything is commanded. */
export interface DrivenPin {
  readonly pin: PinName;
  readonly device: PinDevice;
  /** The board goes there by itself where it can: at its start, and when its lease is over. */
  readonly safe: OutputLevel;
  /** The pin is low while the device is on. */
  readonly inverted: boolean;
}

/** One command to a board: a level, not a pulse; sent again it changes nothing. */
export interface PinCommand {
  readonly board: string;
  readonly pin: PinName;
  readonly level: OutputLevel;
  /** For a device that shows text; null: it shows none. */
  readonly text: string | null;
  /** The journal row of the command: a lower one than the last has no effect. */
  readonly seq: number;
}

/** Told of boards, in the main thread; whatever stands behind them: a serial line with Limen's protocol, or Firmata. */
export interface BoardListener {
  /** It answers, and every driven pin is at its safe level. Nothing that was commanded before holds any more. */
  up(board: string): void;
  /** It is unplugged, does not answer or began anew; `problem`: in words. What its pins do is not known. */
  down(board: string, problem: string): void;
  /** What a driven pin shows, read back at the board; null: it cannot tell. */
  shows(board: string, pin: PinName, level: OutputLevel | null): void;
  /** A command was not carried out; `problem`: in words. */
  refused(board: string, pin: PinName, problem: string): void;
}

/** Drives the pins of boards. */
export interface BoardDriver {
  /** Declares what each board drives; a board whose pins changed goes safe and comes up anew. */
  configure(boards: ReadonlyMap<string, readonly DrivenPin[]>): void;
  /** Dropped where the board is not up: no old command is ever sent. */
  drive(command: PinCommand): void;
}

/** Who a board with Limen's firmware is, and how it stands. */
export interface BoardFacts {
  readonly id: string;
  readonly firmware: string;
  /** Its kind: `uno`. */
  readonly board: string;
  readonly leaseMs: number;
  /** Why it started last: `power`, `button`, `watchdog`, ... */
  readonly why: string;
  /** Lines that it could not read, and readings that it had no room to send. */
  readonly badLines: number;
  readonly dropped: number;
}

/** What a session with a board tells. */
export type BoardEvent =
  /** `facts`: null where the board does not say. */
  | { readonly kind: 'up'; readonly facts: BoardFacts | null }
  | { readonly kind: 'down'; readonly problem: string }
  | { readonly kind: 'shows'; readonly pin: PinName; readonly level: OutputLevel | null }
  | { readonly kind: 'refused'; readonly pin: PinName; readonly problem: string };
