/** The numbers of `protocol.md` that host and firmware share; the firmware's are in `limen-board/protocol.h`. */
export const protocol = {
  version: 1,
  /** 8 data bits, no parity, 1 stop bit. */
  baudRate: 115_200,
  /** One line with everything: start character, body, star, CRC, newline. */
  lineBytesMax: 120,
  leaseDefaultMs: 10_000,
  leaseMsMin: 1_000,
  leaseMsMax: 600_000,
  everyMsMin: 20,
  everyMsMax: 60_000,
  samplesMax: 64,
  debounceMsMax: 250,
  /** The board says this often that it lives. */
  beatEveryMs: 1_000,
} as const;

/** Who speaks is the first character of the line: an echo is never taken for an answer. */
export type Speaker = 'board' | 'host';

export const startOf: Readonly<Record<Speaker, string>> = { board: '<', host: '>' };

/** A pin as the board's print says it: `7`, `A0`. */
export type PinName = string;
export type Level = 0 | 1;
export type Pull = 'none' | 'up' | 'down';
export type Edge = 'rising' | 'falling' | 'both';

/** What a pin is for. Times in milliseconds. */
export type PinSetting =
  | { readonly kind: 'off' }
  | { readonly kind: 'out'; readonly safe: Level }
  | {
      readonly kind: 'in';
      readonly pull: Pull;
      readonly debounceMs: number;
      readonly everyMs: number;
    }
  | {
      readonly kind: 'count';
      readonly pull: Pull;
      readonly edge: Edge;
      readonly debounceMs: number;
      readonly everyMs: number;
    }
  /** One reading each `everyMs`: the mean of so many samples, spread evenly. */
  | { readonly kind: 'analog'; readonly everyMs: number; readonly samples: number };
