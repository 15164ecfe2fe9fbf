import binding, { type Firmata } from 'firmata-io';
import five from 'johnny-five';
import { SerialPort } from 'serialport';

/** A board as johnny-five has it: one object for each connection, none is ever used again. */
export interface FirmataLink {
  readonly port: SerialPort;
  readonly io: Firmata;
  readonly board: InstanceType<typeof five.Board>;
}

// A board that is not reset by opening says its version only when it is asked.
const reportVersionTimeout = 3_000;
/** SET_DIGITAL_PIN_VALUE of the Firmata protocol 2.5. */
const setPinValue = 0xf5;

/** Makes what a connection needs; nothing is opened yet. Opens without a reset of its own, and leaves the process alone. */
export function createLink(path: string, baud: number, samplingMs: number): FirmataLink {
  const port = new SerialPort({ path, baudRate: baud, lock: true, autoOpen: false });
  const io = new binding.Firmata(port, { reportVersionTimeout, samplingInterval: samplingMs });
  // Its own timeout comes after ours.
  const board = new five.Board({ io, repl: false, debug: false, sigint: false, timeout: 60_000 });
  return { port, io, board };
}

/**
 * Writes single pins. The library writes ports of eight pins from what it believes of them: that would drive a neighbour
 * that nobody commanded, and switch pull-ups on at inputs.
 */
export function writeSinglePins({ port, io }: FirmataLink): void {
  io.digitalWrite = (pin, value) => {
    const record = io.pins[pin];
    if (record !== undefined) record.value = value;
    port.write(Buffer.from([setPinValue, pin, value]));
  };
}

/** The number under which a board has a pin that its print names `7` or `A0`; null: it has none. */
export function pinNumber(io: Firmata, name: string): number | null {
  const digits = Number(name.replace(/^A/, ''));
  const found = name.startsWith('A') ? io.analogPins[digits] : digits;
  return found !== undefined && io.pins[found] !== undefined ? found : null;
}
