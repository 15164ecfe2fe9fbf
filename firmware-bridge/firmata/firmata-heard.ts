import type { Firmata } from 'firmata-io';
import type { SensorBus } from '../../src/domain/sensors.ts';

/** Whether there is something new of one sensor. */
export interface News {
  /** True once for each time it was heard, false while its last answer was none. */
  hasNews(): boolean;
}

const reply = /^I2C-reply-(\d+)-/;
const i2cMethods = ['i2cConfig', 'i2cWrite', 'i2cWriteReg', 'i2cRead', 'i2cReadOnce'] as const;

/**
 * Hears what a board says of its sensors. johnny-five repeats the last value of a sensor that does not answer any more,
 * and reads an empty answer as 0: so what it tells is worth something only if the sensor was heard.
 */
export class Heard {
  readonly #io: Firmata;
  readonly #counts = new Map<string, number>();
  readonly #failed = new Set<string>();
  readonly #addresses = new Map<string, number>();
  #isBadReply = false;
  #touched: number | null = null;

  constructor(io: Firmata) {
    this.#io = io;
    const emit = io.emit.bind(io);
    io.emit = (name, ...values: readonly unknown[]) => {
      this.#note(String(name), values[0]);
      return emit(name, ...values);
    };
    this.#watchAddresses();
  }

  /** A sensor at a pin, by its number; a digital one is heard when it changes. */
  pin(bus: SensorBus, number: number): News {
    if (bus === 'analog') return this.#newsOf(`analog-read-${number}`);
    return { hasNews: () => this.#counts.has(`digital-read-${number}`) };
  }

  /**
   * A sensor on the I2C bus, and what `make` returned. Which address it uses is seen while it is made; two of one `chip`
   * share it.
   */
  i2c<Made>(chip: string, make: () => Made): { readonly made: Made; readonly news: News } {
    this.#touched = null;
    const made = make();
    const address = this.#touched ?? this.#addresses.get(chip);
    if (address !== undefined) this.#addresses.set(chip, address);
    return { made, news: this.#newsOf(`I2C ${address ?? ''}`) };
  }

  #newsOf(key: string): News {
    let seen = this.#counts.get(key) ?? 0;
    return {
      hasNews: () => {
        const count = this.#counts.get(key) ?? 0;
        const isNew = count > seen && !this.#failed.has(key);
        seen = count;
        return isNew;
      },
    };
  }

  // The board says in a text of its own that the next answer is too short.
  #note(name: string, value: unknown): void {
    if (name === 'string') {
      if (String(value).includes('I2C: Too')) this.#isBadReply = true;
      return;
    }
    const address = reply.exec(name)?.[1];
    const key = address === undefined ? name : `I2C ${address}`;
    if (address === undefined && !/^(?:analog|digital)-read-\d/.test(name)) return;
    if (address !== undefined && this.#isBadReply) {
      this.#isBadReply = false;
      this.#failed.add(key);
      return;
    }
    this.#failed.delete(key);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #watchAddresses(): void {
    for (const name of i2cMethods) {
      const call = this.#io[name].bind(this.#io);
      this.#io[name] = (first, ...rest) => {
        if (typeof first === 'number') this.#touched ??= first;
        return call(first, ...rest);
      };
    }
  }
}
