import { scaled, type ReadPin } from '../../src/domain/board-pins.ts';
import type { BoardMessage } from './board-message.ts';
import type { PinName } from './protocol.ts';

/** One value of a pin. */
export interface BoardReading {
  readonly metric: string;
  readonly unit: string | null;
  readonly value: number | boolean;
  /** It follows from what came before; else it begins anew, as a counter does with its board. */
  readonly isContinuous: boolean;
}

// What a scale makes of a number has no more digits that mean something than the number itself.
const digits = { analog: 7, count: 12 } as const;

/** What a board says of its inputs → readings. */
export class BoardReadings {
  readonly #pins: ReadonlyMap<PinName, ReadPin>;
  readonly #edges = new Map<PinName, number>();
  readonly #totals = new Map<PinName, number>();

  constructor(pins: readonly ReadPin[]) {
    this.#pins = new Map(pins.map((pin) => [pin.pin, pin]));
  }

  /** The readings of a message, in their order. */
  of(message: BoardMessage): readonly BoardReading[] {
    switch (message.kind) {
      case 'analog':
        return this.#number(message, 'analog', message.value, true);
      case 'count':
        return this.#number(message, 'count', message.total, this.#goesOn(message));
      case 'in':
        return this.#contact(message);
      default:
        return [];
    }
  }

  /** The board began anew: it counts from 0. */
  restarted(): void {
    this.#edges.clear();
  }

  #number(
    { pin }: { readonly pin: PinName },
    kind: 'analog' | 'count',
    number: number,
    isContinuous: boolean,
  ): readonly BoardReading[] {
    const read = this.#pins.get(pin);
    if (read?.input.kind !== kind) return [];
    const { metric, unit, scale } = read;
    const value = Number(scaled(number, scale).toPrecision(digits[kind]));
    return [{ metric, unit, value, isContinuous }];
  }

  // A total that went back is no flow backwards: the board was reset, or has new settings.
  #goesOn({ pin, total }: Extract<BoardMessage, { kind: 'count' }>): boolean {
    const before = this.#totals.get(pin) ?? 0;
    this.#totals.set(pin, total);
    return total >= before;
  }

  // A press that was over before it could be told: its two edges say that it was there.
  #contact(message: Extract<BoardMessage, { kind: 'in' }>): readonly BoardReading[] {
    const read = this.#pins.get(message.pin);
    if (read?.input.kind !== 'in') return [];
    const before = this.#edges.get(message.pin);
    this.#edges.set(message.pin, message.edges);
    const value = (message.level === 1) !== read.input.inverted;
    const { metric, unit } = read;
    const reading = { metric, unit, value, isContinuous: true };
    const isMissed = before !== undefined && message.edges - before >= 2;
    return isMissed ? [{ ...reading, value: !value }, reading] : [reading];
  }
}
