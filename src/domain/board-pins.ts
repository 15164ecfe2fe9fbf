import type { PinName } from './board.ts';
import type { DurationMs } from './time.ts';

/** What is read at a pin. */
export const pinKinds = ['analog', 'in', 'count'] as const;
export type PinKind = (typeof pinKinds)[number];

export const pinPulls = ['none', 'up', 'down'] as const;
export type PinPull = (typeof pinPulls)[number];

export const pinEdges = ['rising', 'falling', 'both'] as const;
export type PinEdge = (typeof pinEdges)[number];

/** How a pin is read. */
export type PinInput =
  /** The mean of so many samples, spread over the interval. */
  | { readonly kind: 'analog'; readonly samples: number }
  /** A contact: true while the pin is high, or low if it is inverted. Told at each change, too. */
  | {
      readonly kind: 'in';
      readonly pull: PinPull;
      readonly debounceMs: DurationMs;
      readonly inverted: boolean;
    }
  /** The pulses since the board started. */
  | {
      readonly kind: 'count';
      readonly pull: PinPull;
      readonly edge: PinEdge;
      readonly debounceMs: DurationMs;
    };

/** Two numbers at the pin and what they stand for: a straight line. */
export interface PinScale {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** A pin of a board that is read: one point of its device. */
export interface ReadPin {
  readonly pin: PinName;
  readonly metric: string;
  readonly unit: string | null;
  readonly everyMs: DurationMs;
  /** null: the number is as it comes. */
  readonly scale: PinScale | null;
  readonly input: PinInput;
}

/** What a number at a pin stands for. */
export function scaled(value: number, scale: PinScale | null): number {
  if (scale === null) return value;
  const { from, to } = scale;
  return to[0] + ((value - from[0]) * (to[1] - to[0])) / (from[1] - from[0]);
}
