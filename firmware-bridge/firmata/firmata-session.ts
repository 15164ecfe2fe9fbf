import type { DrivenPin, PinName } from '../../src/domain/board.ts';
import type { FirmataSource } from '../../src/domain/firmata.ts';
import { messageOf } from '../../src/domain/error.ts';
import type { OutputLevel } from '../../src/domain/output-level.ts';
import type { Clock, Timer } from '../../src/host/clock.ts';
import { createDevice, pinsOf, type FirmataDevice } from './firmata-devices.ts';
import { Heard } from './firmata-heard.ts';
import { readPin, readSensor, type FirmataReading } from './firmata-inputs.ts';
import { createLink, pinNumber, writeSinglePins, type FirmataLink } from './firmata-link.ts';
import { portProblem } from '../ports/port-problem.ts';

/** What a session with a board tells. */
export interface FirmataListener {
  /** The board answers, and every driven pin is at its safe level. */
  up(): void;
  /** The connection is of no use any more; `problem`: in words. Said once, last of all. */
  down(problem: string): void;
  shows(pin: PinName, level: OutputLevel | null): void;
  refused(pin: PinName, problem: string): void;
  /** `text`: what the board said. */
  reading(reading: FirmataReading, text: string): void;
}

export interface FirmataSessionOptions {
  readonly source: FirmataSource;
  readonly drives: readonly DrivenPin[];
  readonly clock: Clock;
  readonly listener: FirmataListener;
}

// Boot loader, and two seconds in which the firmware blinks its version.
const readyWithinMs = 12_000;
const lookMs = 500;
const answerWithinMs = 3_000;
/** Firmata has no lease: without a word of Limen for so long, its outputs are sent safe. */
const lifeMs = 10_000;
const lastWordsMs = 300;
const firstBytesMax = 400;
/** An output is read back after a command when its bytes have been there for so long. */
const readBackMs = 20;

/**
 * One connection to a board with StandardFirmata, from the opening of the port to its end: a board that is lost or begins
 * anew needs a new one, in a new process. Outputs are sent safe before anything else. It looks twice a second whether the
 * board answers, for Firmata has no heartbeat.
 */
export class FirmataSession {
  readonly #options: FirmataSessionOptions;
  readonly #link: FirmataLink;
  readonly #devices = new Map<PinName, FirmataDevice>();
  readonly #lastSeq = new Map<PinName, number>();
  readonly #asked = new Map<number, number>();
  #state: 'opening' | 'greeting' | 'safing' | 'up' | 'over' = 'opening';
  #firstBytes = '';
  #bytes = 0;
  #livesAtMs: number;
  #timer: Timer | null = null;
  #deadline: Timer | null = null;

  constructor(options: FirmataSessionOptions) {
    const { source, clock } = options;
    this.#options = options;
    this.#livesAtMs = clock.monotonicMs();
    this.#link = createLink(source.path, source.baud, samplingMs(source));
    const { port, io, board } = this.#link;
    // Both tell errors, and one that nobody hears would end the process.
    for (const each of [io, board]) each.on('error', (error) => this.#failed(error));
    port.on('close', () => this.#over(`${source.path} was unplugged`));
    port.on('data', (bytes: Buffer) => this.#heard(bytes));
    board.once('ready', () => this.#ready());
    port.open((error) => {
      if (error === null || error === undefined) this.#greet();
      else this.#over(portProblem(source.path, error));
    });
  }

  /** A level for a device; ignored unless the board is up, and if a later one was given before. */
  drive(pin: PinName, level: OutputLevel, text: string | null, seq: number): void {
    const device = this.#devices.get(pin);
    if (this.#state !== 'up') return;
    if (device === undefined) {
      this.#options.listener.refused(pin, `its pin ${pin} is not driven`);
      return;
    }
    if (seq < (this.#lastSeq.get(pin) ?? 0)) return;
    this.#lastSeq.set(pin, seq);
    device.set(level, text);
    if (device.pin === null) this.#options.listener.shows(pin, null);
    else this.#options.clock.after(readBackMs, () => this.#ask(device.pin));
  }

  /** Limen lives. */
  lives(): void {
    this.#livesAtMs = this.#options.clock.monotonicMs();
  }

  /** Sends every output safe and closes the port, as far as that can still be done. */
  async end(): Promise<void> {
    const { port } = this.#link;
    const wasSet = this.#devices.size > 0;
    this.#stop();
    if (!port.isOpen) return;
    this.#sendSafe();
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(lastWordsMs, resolve);
      port.drain(() => {
        timer.cancel();
        // The last byte is still on its way through the board.
        this.#options.clock.after(wasSet ? readBackMs : 0, resolve);
      });
    });
  }

  #greet(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'greeting';
    this.#deadline = this.#options.clock.after(readyWithinMs, () =>
      this.#over(this.#whyNotReady()),
    );
  }

  #whyNotReady(): string {
    const { path } = this.#options.source;
    if (/\bhello limen\b/.test(this.#firstBytes))
      return "this board speaks Limen's protocol, not Firmata: use serial: with format: limen";
    if (this.#bytes === 0) return `the board at ${path} says nothing: is StandardFirmata on it?`;
    return `what the board at ${path} says is not Firmata: is StandardFirmata on it, and its baud 57600?`;
  }

  #ready(): void {
    if (this.#state !== 'greeting') return;
    const problem = this.#inability();
    if (problem !== null) return this.#over(problem);
    const { io } = this.#link;
    writeSinglePins(this.#link);
    // After this a greeting is that of a board that began anew. Either of the two may be cut off by the reset.
    for (const name of ['reportversion', 'queryfirmware'])
      io.on(name, () => this.#over('the board began anew'));
    this.#state = 'safing';
    try {
      for (const driven of this.#options.drives)
        this.#devices.set(driven.pin, createDevice(this.#link, driven));
    } catch (error) {
      return this.#over(`johnny-five cannot drive it: ${messageOf(error)}`);
    }
    this.#sendSafe();
    for (const { pin } of this.#devices.values()) this.#ask(pin);
    this.#look();
    this.#upWhenSafe();
  }

  // What the board itself says it can do.
  #inability(): string | null {
    const { io } = this.#link;
    const { major = 0, minor = 0 } = io.version;
    if (major < 2 || (major === 2 && minor < 5))
      return `its firmware speaks Firmata ${major}.${minor}: flash StandardFirmata 2.5 or newer`;
    const { reads, sensors } = this.#options.source;
    const wanted = [
      ...reads.map(({ pin, input }) => {
        if (input.kind === 'analog') return [pin, 'ANALOG'] as const;
        return [pin, input.kind === 'in' && input.pull === 'up' ? 'PULLUP' : 'INPUT'] as const;
      }),
      ...sensors.flatMap(({ pin, bus }) =>
        pin === null ? [] : [[pin, bus === 'analog' ? 'ANALOG' : 'INPUT'] as const],
      ),
      ...this.#options.drives.flatMap(pinsOf),
    ];
    const problems = wanted.flatMap(([pin, mode]) => {
      const number = pinNumber(io, pin);
      if (number === null) return [`it has no pin ${pin}`];
      return io.pins[number]?.supportedModes.includes(io.MODES[mode]) === true
        ? []
        : [`its pin ${pin} cannot be ${abilityWords[mode]}`];
    });
    const busPins = io.pins.flatMap(({ supportedModes }, number) =>
      supportedModes.includes(io.MODES.I2C) ? [number] : [],
    );
    const onBus = sensors.some(({ bus }) => bus === 'i2c')
      ? wanted.filter(([pin]) => busPins.includes(pinNumber(io, pin) ?? -1))
      : [];
    for (const [pin] of onBus) problems.push(`its pin ${pin} belongs to the I2C bus`);
    return problems.length === 0 ? null : problems.join('; ');
  }

  #upWhenSafe(): void {
    if (this.#state !== 'safing' || this.#asked.size > 0) return;
    this.#deadline?.cancel();
    this.#state = 'up';
    this.lives();
    try {
      this.#startInputs();
    } catch (error) {
      return this.#over(`johnny-five cannot read it: ${messageOf(error)}`);
    }
    this.#options.listener.up();
    for (const device of this.#devices.values()) this.#tell(device);
  }

  #startInputs(): void {
    const { source, clock, listener } = this.#options;
    const inputs = {
      link: this.#link,
      clock,
      heard: new Heard(this.#link.io),
      take: (reading: FirmataReading, text: string) => {
        if (this.#state === 'up') listener.reading(reading, text);
      },
    };
    for (const pin of source.reads) readPin(inputs, pin);
    for (const sensor of source.sensors) readSensor(inputs, sensor);
  }

  #sendSafe(): void {
    for (const device of this.#devices.values()) device.set(device.driven.safe, null);
  }

  #ask(pin: number | null): void {
    if (pin === null || this.#isOver || this.#asked.has(pin)) return;
    this.#asked.set(pin, this.#options.clock.monotonicMs());
    this.#link.io.queryPinState(pin, () => {
      this.#asked.delete(pin);
      for (const device of this.#devices.values())
        if (device.pin === pin && this.#state === 'up') this.#tell(device);
      this.#upWhenSafe();
    });
  }

  #tell(device: FirmataDevice): void {
    const { pin, driven } = device;
    const state = pin === null ? undefined : this.#link.io.pins[pin]?.state;
    this.#options.listener.shows(driven.pin, state === undefined ? null : device.shown(state));
  }

  #look(): void {
    this.#timer = this.#options.clock.after(lookMs, () => this.#look());
    const nowMs = this.#options.clock.monotonicMs();
    for (const askedMs of this.#asked.values())
      if (nowMs - askedMs > answerWithinMs) return this.#over('the board does not answer');
    if (nowMs - this.#livesAtMs > lifeMs) {
      this.#sendSafe();
      return this.#over('nothing was heard of Limen: its outputs were sent safe');
    }
    const pins = [...this.#devices.values()].flatMap(({ pin }) => (pin === null ? [] : [pin]));
    for (const pin of pins.length === 0 ? [0] : pins) this.#ask(pin);
  }

  #heard(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#firstBytes.length < firstBytesMax) this.#firstBytes += bytes.toString('latin1');
  }

  #failed(error: unknown): void {
    this.#over(messageOf(error));
  }

  get #isOver(): boolean {
    return this.#state === 'over';
  }

  #stop(): void {
    this.#state = 'over';
    this.#timer?.cancel();
    this.#deadline?.cancel();
  }

  #over(problem: string): void {
    if (this.#isOver) return;
    this.#stop();
    this.#options.listener.down(problem);
  }
}

const abilityWords = {
  OUTPUT: 'switched',
  PWM: 'dimmed or sound',
  SERVO: 'a servo',
  ANALOG: 'read in volts',
  INPUT: 'read',
  PULLUP: 'read with a pull-up',
} as const;

// Often enough for the shortest interval, and no more: each sample of each pin is three bytes on the wire.
function samplingMs({ reads, sensors }: FirmataSource): number {
  const shortest = Math.min(
    1_000,
    ...reads.map(({ everyMs }) => everyMs),
    ...sensors.map(({ everyMs }) => everyMs),
  );
  return Math.min(100, Math.max(10, Math.floor(shortest / 4)));
}
