import { avrInstruction, EEPROMMemoryBackend } from 'avr8js';
import { Chip, clockHz, type PinShows, type ResetCause } from './chip.ts';
import type { I2cDevice } from './i2c-bus.ts';
import { loadHex } from './intel-hex.ts';

export { clockHz, type PinShows, type ResetCause };

/** What a pin did: `cycle` counts from the first power-on, over resets. */
export interface PinEvent {
  readonly pin: number;
  readonly shows: PinShows;
  readonly cycle: number;
}

/** An endless loop (`rjmp .-2`): every program of avr-gcc ends in one. */
const endlessLoop = 0xcfff;
const sleepInstruction = 0x9588;

/**
 * An Arduino Uno with real firmware in it, in emulated time: nothing happens but in `run`. Pins are Arduino's numbers,
 * A0 to A5 are 14 to 19. EEPROM, volts and what is connected to the pins stay over resets.
 */
export class Board {
  /** Every byte that the firmware sends. */
  onTransmit: (byte: number) => void = () => {};
  /** Every change of a pin as the outside sees it. */
  onPin: (event: PinEvent) => void = () => {};
  resets = 0;
  readonly #program: Uint16Array;
  readonly #eeprom: CountedMemory;
  readonly #volts = new Float64Array(8);
  readonly #driven = new Map<number, boolean>();
  readonly #i2c = new Map<number, I2cDevice>();
  #cyclesBefore = 0;
  #isAsleep = false;
  #chip: Chip;

  /** `hex`: the text of an Intel HEX file. `eeprom`: what the last life of this board left, for a power cut. */
  constructor(hex: string, eeprom?: Uint8Array) {
    this.#program = loadHex(hex);
    this.#eeprom = new CountedMemory(1024);
    if (eeprom !== undefined) this.#eeprom.memory.set(eeprom);
    this.#chip = this.#start('power');
  }

  /** Cycles since the first power-on. */
  get cycle(): number {
    return this.#cyclesBefore + this.#chip.cpu.cycles;
  }

  get eeprom(): Uint8Array {
    return this.#eeprom.memory;
  }

  /** Bytes that were written to the EEPROM since the first power-on: it wears out by them. */
  get eepromWrites(): number {
    return this.#eeprom.writes;
  }

  /** The chip's memory as the program sees it, registers first. For tests that look under the bonnet. */
  get memory(): Uint8Array {
    return this.#chip.cpu.data;
  }

  get baudRate(): number {
    return this.#chip.usart.baudRate;
  }

  /** False when every byte put on the line to the board has arrived or was lost. */
  get isReceiving(): boolean {
    return this.#chip.isReceiving;
  }

  run(cycles: number): void {
    const end = this.cycle + cycles;
    while (this.cycle < end) {
      this.#runLife(end - this.#cyclesBefore);
      if (this.#chip.isOver) this.reset('watchdog');
    }
  }

  runMs(ms: number): void {
    this.run((ms * clockHz) / 1000);
  }

  /** Puts bytes on the line to the board. They take their time, and are lost while its port is not open. */
  receive(bytes: Iterable<number>): void {
    this.#chip.receive(bytes);
  }

  /** Volts at analog input `channel` (0 is A0). */
  setVolts(channel: number, volts: number): void {
    this.#volts[channel] = volts;
  }

  /** Connects a pin to a level, whatever the chip drives there; null takes the wire off again. */
  setPin(pin: number, level: boolean | null): void {
    if (level === null) this.#driven.delete(pin);
    else this.#driven.set(pin, level);
    this.#chip.drivenAnew(pin);
  }

  /** Puts a device on the I2C bus with these bytes from register `first` on; null takes it off again. */
  setI2c(address: number, first: number, bytes: readonly number[] | null): void {
    const device = this.#i2c.get(address) ?? new Uint8Array(256);
    if (bytes === null) this.#i2c.delete(address);
    else this.#i2c.set(address, device);
    device.set(bytes ?? [], first);
  }

  shows(pin: number): PinShows {
    return this.#chip.shows(pin);
  }

  /** A new life of the same board: pins float, RAM is empty, EEPROM stays. */
  reset(cause: ResetCause): void {
    this.resets += 1;
    const before = this.cycle;
    const shown = Array.from({ length: 20 }, (_, pin) => this.shows(pin));
    this.#cyclesBefore = before;
    this.#isAsleep = false;
    this.#chip = this.#start(cause);
    for (const [pin, shows] of shown.entries()) {
      if (shows !== 'input') this.onPin({ pin, shows: 'input', cycle: before });
    }
  }

  /** The program runs into an endless loop with interrupts off, as after a bug or a disturbance. */
  hang(): void {
    const { cpu } = this.#chip;
    const at = this.#program.indexOf(endlessLoop);
    if (at < 0) throw new Error('this program has no endless loop to hang in');
    cpu.data[95] = (cpu.data[95] ?? 0) & 0x7f;
    cpu.pc = at;
    this.#isAsleep = false;
  }

  #start(cause: ResetCause): Chip {
    const pins = {
      driven: (pin: number) => this.#driven.get(pin) ?? null,
      volts: (channel: number) => this.#volts[channel] ?? 0,
      i2c: (address: number) => this.#i2c.get(address) ?? null,
      onShow: (pin: number, shows: PinShows, cycle: number) => {
        if (isStarted) this.onPin({ pin, shows, cycle: this.#cyclesBefore + cycle });
      },
    };
    let isStarted = false;
    const chip = new Chip(this.#program, this.#eeprom, pins, cause);
    isStarted = true;
    chip.onTransmit = (byte) => this.onTransmit(byte);
    return chip;
  }

  // One straight loop: it runs sixteen million times for each second of the board that it does not sleep.
  #runLife(endCycle: number): void {
    const chip = this.#chip;
    const program = this.#program;
    const { cpu } = chip;
    if (this.#isAsleep) this.#sleep(endCycle);
    while (cpu.cycles < endCycle && !chip.isOver) {
      const isSleep = program[cpu.pc] === sleepInstruction;
      avrInstruction(cpu);
      cpu.tick();
      if (isSleep) this.#sleep(endCycle);
    }
  }

  // avr8js goes on at once. A chip waits for an interrupt, and nothing else happens to it meanwhile but its clocks.
  #sleep(endCycle: number): void {
    const chip = this.#chip;
    const { cpu } = chip;
    const at = cpu.pc;
    const isAsleep = (): boolean => cpu.nextInterrupt < 0 && cpu.pc === at && !chip.isOver;
    while (isAsleep() && cpu.cycles < endCycle) {
      // Private in the types of avr8js alone.
      const next = cpu['nextClockEvent']?.cycles ?? endCycle;
      cpu.cycles = Math.min(Math.max(next, cpu.cycles + 1), endCycle);
      cpu.tick();
    }
    this.#isAsleep = isAsleep();
  }
}

class CountedMemory extends EEPROMMemoryBackend {
  writes = 0;

  override writeMemory(address: number, value: number): void {
    this.writes += 1;
    super.writeMemory(address, value);
  }
}
