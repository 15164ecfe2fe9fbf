import {
  adcConfig,
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRTimer,
  AVRTWI,
  AVRUSART,
  AVRWatchdog,
  clockConfig,
  CPU,
  PinState,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
  usart0Config,
  watchdogConfig,
  type EEPROMBackend,
} from 'avr8js';
import { wireI2c, type I2cDevice } from './i2c-bus.ts';

/** The crystal of an Uno. */
export const clockHz = 16_000_000;

/** What a pin shows to the outside: driven, or an input with or without its own pull-up. */
export type PinShows = 'low' | 'high' | 'input' | 'pullup';

/** Why a chip starts: a bit of MCUSR. */
export type ResetCause = 'power' | 'button' | 'watchdog';
const resetFlags: Readonly<Record<ResetCause, number>> = { power: 1, button: 2, watchdog: 8 };

export interface ChipPins {
  /** Level that the outside gives a pin; null: nothing is connected. */
  driven(pin: number): boolean | null;
  volts(channel: number): number;
  /** What answers on the I2C bus; null: nothing is there. */
  i2c(address: number): I2cDevice | null;
  onShow(pin: number, shows: PinShows, cycle: number): void;
}

const receiveComplete = 0x80;
const mcusr = 0x54;

/** One life of an ATmega328P, from a reset to the next: processor, ports, timers, converter, serial port, EEPROM. */
export class Chip {
  readonly cpu: CPU;
  readonly usart: AVRUSART;
  onTransmit: (byte: number) => void = () => {};
  /** The watchdog has bitten: this life is over. */
  isOver = false;
  readonly #ports: readonly (readonly [port: AVRIOPort, first: number, count: number])[];
  readonly #pins: ChipPins;
  readonly #shown: PinShows[] = [];
  #waiting: number[] = [];

  constructor(program: Uint16Array, eeprom: EEPROMBackend, pins: ChipPins, cause: ResetCause) {
    this.#pins = pins;
    const cpu = new CPU(program, 2048);
    this.cpu = cpu;
    for (const config of [timer0Config, timer1Config, timer2Config]) new AVRTimer(cpu, config);
    new AVREEPROM(cpu, eeprom);
    wireI2c(new AVRTWI(cpu, twiConfig, clockHz), (address) => pins.i2c(address));
    this.#ports = [
      [new AVRIOPort(cpu, portDConfig), 0, 8],
      [new AVRIOPort(cpu, portBConfig), 8, 6],
      [new AVRIOPort(cpu, portCConfig), 14, 6],
    ];
    for (const [port, first, count] of this.#ports) {
      port.addListener(() => this.#lookAt(port, first, count));
      this.#lookAt(port, first, count);
      this.#letOutsideWin(port.portConfig.PIN, first, count);
    }
    this.#addConverter();
    this.usart = this.#addUsart();
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, clockHz, clockConfig));
    cpu.data[mcusr] = resetFlags[cause];
    // The emulator's own reset leaves the ports as they were; a real one floats them. So a reset ends this chip.
    cpu.reset = () => {
      this.isOver = true;
    };
  }

  shows(pin: number): PinShows {
    return this.#shown[pin] ?? 'input';
  }

  /** The outside gives a pin another level. */
  drivenAnew(pin: number): void {
    for (const [port, first, count] of this.#ports) {
      if (pin >= first && pin < first + count) this.#connect(port, pin - first, pin);
    }
  }

  /** Puts bytes on the line to the chip; they arrive at its baud rate, and are lost while it does not listen. */
  receive(bytes: Iterable<number>): void {
    this.#waiting.push(...bytes);
    this.#feed();
  }

  get isReceiving(): boolean {
    return this.#waiting.length > 0 || this.usart.rxBusy;
  }

  #lookAt(port: AVRIOPort, first: number, count: number): void {
    for (let index = 0; index < count; index++) {
      const pin = first + index;
      const shows = showsOf(port.pinState(index));
      if (this.#shown[pin] === shows) continue;
      this.#shown[pin] = shows;
      this.#connect(port, index, pin);
      this.#pins.onShow(pin, shows, this.cpu.cycles);
    }
  }

  #connect(port: AVRIOPort, index: number, pin: number): void {
    port.setPin(index, this.#pins.driven(pin) ?? this.#shown[pin] === 'pullup');
  }

  // The emulated port reads back what it drives; at a real one a short circuit shows.
  #letOutsideWin(register: number, first: number, count: number): void {
    this.cpu.readHooks[register] = () => {
      let value = this.cpu.data[register] ?? 0;
      for (let index = 0; index < count; index++) {
        const level = this.#pins.driven(first + index);
        if (level !== null) value = level ? value | (1 << index) : value & ~(1 << index);
      }
      return value;
    };
  }

  #addConverter(): void {
    const converter = new AVRADC(this.cpu, adcConfig);
    converter.onADCRead = (input) => {
      const volts = 'channel' in input ? this.#pins.volts(input.channel) : 0;
      const value = Math.floor((volts / converter.referenceVoltage) * 1024);
      const clamped = Math.min(Math.max(value, 0), 1023);
      this.cpu.addClockEvent(() => converter.completeADCRead(clamped), converter.sampleCycles);
    };
  }

  // avr8js 0.21.1 clears "receive complete" at any write to UCSRA, and at one to UCSRB that leaves the receiver on; a
  // chip does not. Arduino's HardwareSerial writes both at each byte it sends, and so received bytes were lost.
  #addUsart(): AVRUSART {
    const { cpu } = this;
    const { UCSRA, UCSRB } = usart0Config;
    const usart = new AVRUSART(cpu, usart0Config, clockHz);
    // The description of the interrupt is private in the types of avr8js, and the same for every chip of the kind.
    const received = {
      address: usart0Config.rxCompleteInterrupt,
      flagRegister: UCSRA,
      flagMask: receiveComplete,
      enableRegister: UCSRB,
      enableMask: 0x80,
      constant: true,
    };
    for (const register of [UCSRA, UCSRB]) {
      const write = cpu.writeHooks[register];
      cpu.writeHooks[register] = (value, old, address, mask) => {
        const wasComplete = ((cpu.data[UCSRA] ?? 0) & receiveComplete) !== 0;
        const isDone = write?.(value, old, address, mask);
        if (wasComplete) cpu.setInterruptFlag(received);
        return isDone;
      };
    }
    usart.onByteTransmit = (byte) => this.onTransmit(byte);
    usart.onRxComplete = () => this.#feed();
    return usart;
  }

  // The emulated port takes one byte at a time and drops what comes while it is busy.
  #feed(): void {
    const { usart } = this;
    if (usart.rxBusy) return;
    if (!usart.rxEnable) this.#waiting = [];
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.shift();
    usart.writeByte(next);
  }
}

function showsOf(state: PinState): PinShows {
  switch (state) {
    case PinState.Low:
      return 'low';
    case PinState.High:
      return 'high';
    case PinState.InputPullUp:
      return 'pullup';
    case PinState.Input:
      return 'input';
  }
}
