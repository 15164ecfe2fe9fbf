import type { PinShows } from './board.ts';

/** What a test asks of a board in its own process. */
export type BoardRequest =
  | { readonly kind: 'volts'; readonly channel: number; readonly volts: number }
  /** Connects a pin to a level; null takes the wire off. */
  | { readonly kind: 'pin_in'; readonly pin: number; readonly level: boolean | null }
  /** A device on the I2C bus with these bytes from register `first` on; null takes it off. */
  | {
      readonly kind: 'i2c';
      readonly address: number;
      readonly first: number;
      readonly bytes: readonly number[] | null;
    }
  /** The button on the board. */
  | { readonly kind: 'reset' }
  /** The crystal stands still: not even the watchdog runs. */
  | { readonly kind: 'freeze' }
  | { readonly kind: 'thaw' }
  /** The program hangs; the watchdog runs. */
  | { readonly kind: 'hang' }
  /** The USB plug is pulled: no power, no port. */
  | { readonly kind: 'unplug' }
  | { readonly kind: 'plug' }
  /** Bytes out of nowhere. */
  | { readonly kind: 'noise'; readonly to: 'host' | 'board'; readonly bytes: readonly number[] }
  /** One bit of each so many bytes is wrong from now on; 0: none. */
  | { readonly kind: 'damage'; readonly to: 'host' | 'board'; readonly every: number }
  | { readonly kind: 'stats' };

/** What a board in its own process reports. Times are `process.hrtime()` in ms, the same for every process. */
export type BoardReport =
  | { readonly kind: 'plugged'; readonly path: string }
  | { readonly kind: 'unplugged' }
  | { readonly kind: 'open' }
  | { readonly kind: 'closed' }
  /** A request was carried out that has no report of its own. */
  | { readonly kind: 'done'; readonly request: BoardRequest['kind'] }
  | {
      readonly kind: 'pin';
      readonly pin: number;
      readonly shows: PinShows;
      readonly cycle: number;
      readonly atMs: number;
    }
  | {
      readonly kind: 'stats';
      readonly cycle: number;
      readonly resets: number;
      readonly baudRate: number;
      readonly bytesToHost: number;
      readonly bytesToBoard: number;
      readonly bytesLost: number;
      /** Board time over time while it was plugged and not frozen; 1 is real time. */
      readonly pace: number;
      readonly eeprom: readonly number[];
    };

export function hrtimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
