import { onTestFinished } from 'vitest';
import type { BoardEvent, DrivenPin, PinDevice } from '../../src/domain/board.ts';
import type { ReadPin } from '../../src/domain/board-pins.ts';
import type { FirmataSource } from '../../src/domain/firmata.ts';
import type { OutputLevel } from '../../src/domain/output-level.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createFirmataBoards, type FirmataBoards } from '../../src/threads/start-firmata.ts';
import { memoryLog } from '../consumers/fixtures.ts';

type Told =
  | BoardEvent
  | { readonly kind: 'reading'; readonly metric: string; readonly value: number | boolean };
type EventOf<Kind extends Told['kind']> = Extract<Told, { kind: Kind }>;

/** Limen's end of Firmata boards, with all that it is told. */
export class FirmataRig {
  readonly boards: FirmataBoards;
  readonly told: Told[] = [];
  readonly #source: FirmataSource;
  readonly #waiting = new Set<() => void>();
  #seq = 0;

  constructor(path: string, reads: readonly ReadPin[] = [], more: Partial<FirmataSource> = {}) {
    this.#source = {
      kind: 'firmata',
      path,
      baud: 57_600,
      device: 'bed',
      reads,
      sensors: [],
      ...more,
    };
    this.boards = createFirmataBoards({
      clock: systemClock,
      log: memoryLog(),
      random: Math.random,
      listener: {
        reading: (_, __, decoded, taken) => {
          taken();
          for (const { metric, word } of decoded.ok ? decoded.items : [])
            if (word.kind === 'number' || word.kind === 'boolean')
              this.#take({ kind: 'reading', metric: metric ?? '', value: word.value });
        },
        link() {},
        board: (_, event) => this.#take(event),
      },
    });
    this.boards.configure([this.#source]);
    const alive = setInterval(() => this.boards.lives(), 250);
    onTestFinished(async () => {
      clearInterval(alive);
      await this.boards.close();
    });
  }

  /** Declares what is driven. */
  drives(...drives: readonly DrivenPin[]): this {
    this.boards.configureBoards(new Map([['bed', drives]]));
    return this;
  }

  drive(pin: string, level: OutputLevel, text: string | null = null): void {
    this.boards.drive({ board: 'bed', pin, level, text, seq: ++this.#seq });
  }

  /** Takes the first event of a kind that fits, or waits for it; what came before it of the same kind is forgotten. */
  async next<Kind extends Told['kind']>(
    kind: Kind,
    fits: (event: EventOf<Kind>) => boolean = () => true,
  ): Promise<EventOf<Kind>> {
    for (;;) {
      const at = this.told.findIndex((event) => event.kind === kind);
      if (at < 0) {
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
        continue;
      }
      const [event] = this.told.splice(at, 1);
      if (isKind(event, kind) && fits(event)) return event;
    }
  }

  /** The next value of a metric that fits. */
  async value(
    metric: string,
    fits: (value: number | boolean) => boolean,
  ): Promise<number | boolean> {
    const { value } = await this.next(
      'reading',
      (event) => event.metric === metric && fits(event.value),
    );
    return value;
  }

  /** All that is told from now on is new. */
  forget(): void {
    this.told.length = 0;
  }

  #take(event: Told): void {
    this.told.push(event);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function isKind<Kind extends Told['kind']>(
  event: Told | undefined,
  kind: Kind,
): event is EventOf<Kind> {
  return event?.kind === kind;
}

export function volts(pin: string, metric: string, more: Partial<ReadPin> = {}): ReadPin {
  const input = { kind: 'analog', samples: 1 } as const;
  return { pin, metric, unit: null, everyMs: 100, scale: null, input, ...more };
}

export function contact(pin: string, metric: string): ReadPin {
  const input = { kind: 'in', pull: 'up', debounceMs: 20, inverted: true } as const;
  return { pin, metric, unit: null, everyMs: 1_000, scale: null, input };
}

export function driven(
  pin: string,
  device: PinDevice = { kind: 'relay' },
  more: Partial<DrivenPin> = {},
): DrivenPin {
  return { pin, device, safe: 'off', inverted: false, ...more };
}
