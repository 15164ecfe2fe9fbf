import five from 'johnny-five';
import type { DrivenPin } from '../../src/domain/board.ts';
import type { OutputLevel } from '../../src/domain/output-level.ts';
import { pinNumber, type FirmataLink } from './firmata-link.ts';
import { createTextDisplay } from './text-display.ts';

/** A device at a board, as it is driven. */
export interface FirmataDevice {
  readonly driven: DrivenPin;
  /** The pin that can be read back; null: nothing can tell what the device does. */
  readonly pin: number | null;
  set(level: OutputLevel, text: string | null): void;
  /** What the state that was read back means; null: neither level. */
  shown(state: number): OutputLevel | null;
}

/** Half of the time high: the board's own tone. */
const toneDuty = 128;

/** Makes a device; johnny-five sets its pins up. */
export function createDevice(link: FirmataLink, driven: DrivenPin): FirmataDevice {
  const { device, inverted } = driven;
  const { board, io } = link;
  const pin = pinNumber(io, driven.pin) ?? 0;
  switch (device.kind) {
    case 'relay': {
      const relay = new five.Relay({ board, pin, type: inverted ? 'NC' : 'NO' });
      return readable(link, driven, pin, (level) =>
        level === 'on' ? relay.close() : relay.open(),
      );
    }
    case 'led': {
      const led = new five.Led({ board, pin, isAnode: inverted });
      return readable(link, driven, pin, (level) => led.brightness(device[level]));
    }
    case 'servo': {
      const servo = new five.Servo({ board, pin });
      return readable(link, driven, pin, (level) => servo.to(device[level]));
    }
    case 'piezo': {
      // johnny-five's Piezo makes its tone by toggling the pin over the wire, at a processor's full load.
      io.pinMode(pin, io.MODES.PWM);
      return readable(link, driven, pin, (level) =>
        io.analogWrite(pin, level === 'on' ? toneDuty : 0),
      );
    }
    case 'lcd': {
      const { columns, rows, pins } = device;
      const numbers = pins.map((name) => pinNumber(io, name) ?? 0);
      const display = createTextDisplay(
        new five.LCD({ board, pins: numbers, rows, cols: columns }),
        { columns, rows },
      );
      const set = (level: OutputLevel, text: string | null): void =>
        display.show(level === 'on' ? (text ?? '') : '');
      return { driven, pin: null, set, shown: () => null };
    }
  }
}

// What the library wrote for a level is what the board must say of the pin.
function readable(
  { io }: FirmataLink,
  driven: DrivenPin,
  pin: number,
  write: (level: OutputLevel) => void,
): FirmataDevice {
  const levels = new Map<number, OutputLevel>();
  return {
    driven,
    pin,
    set(level) {
      write(level);
      levels.set(io.pins[pin]?.value ?? 0, level);
    },
    shown: (state) => levels.get(state) ?? null,
  };
}

/** The modes that the pins of a device must be capable of, by their names. */
export function pinsOf({
  pin,
  device,
}: DrivenPin): readonly (readonly [pin: string, mode: 'OUTPUT' | 'PWM' | 'SERVO'])[] {
  switch (device.kind) {
    case 'relay':
      return [[pin, 'OUTPUT']];
    case 'led':
    case 'piezo':
      return [[pin, 'PWM']];
    case 'servo':
      return [[pin, 'SERVO']];
    case 'lcd':
      return device.pins.map((each) => [each, 'OUTPUT'] as const);
  }
}
