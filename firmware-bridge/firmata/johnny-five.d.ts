// What Limen uses of two libraries that bring no types.

declare module 'firmata-io' {
  import type { EventEmitter } from 'node:events';
  import type { SerialPort } from 'serialport';

  export interface FirmataPin {
    readonly supportedModes: readonly number[];
    mode?: number;
    /** As last written or reported. */
    value?: number;
    /** As last read back. */
    state?: number;
  }

  export class Firmata extends EventEmitter {
    constructor(
      port: SerialPort,
      options: { readonly reportVersionTimeout: number; readonly samplingInterval?: number },
    );
    readonly version: { readonly major?: number; readonly minor?: number };
    readonly firmware: { readonly name?: string };
    readonly pins: readonly FirmataPin[];
    /** The pin of each analog channel. */
    readonly analogPins: readonly number[];
    readonly MODES: Readonly<
      Record<'INPUT' | 'OUTPUT' | 'ANALOG' | 'PWM' | 'SERVO' | 'I2C' | 'PULLUP', number>
    >;
    pinMode(pin: number, mode: number): void;
    digitalWrite(pin: number, value: number): void;
    analogWrite(pin: number, value: number): void;
    analogRead(channel: number, read: (value: number) => void): void;
    digitalRead(pin: number, read: (value: number) => void): void;
    queryPinState(pin: number, answered: () => void): void;
    i2cConfig(...values: readonly unknown[]): unknown;
    i2cWrite(...values: readonly unknown[]): unknown;
    i2cWriteReg(...values: readonly unknown[]): unknown;
    i2cRead(...values: readonly unknown[]): unknown;
    i2cReadOnce(...values: readonly unknown[]): unknown;
  }

  const binding: { readonly Firmata: typeof Firmata };
  export default binding;
}

declare module 'johnny-five' {
  import type { EventEmitter } from 'node:events';
  import type { Firmata } from 'firmata-io';

  interface SensorOptions {
    readonly board: Board;
    readonly controller: string;
    readonly freq: number;
    readonly pin?: number | string;
    readonly address?: number;
  }

  class Board extends EventEmitter {
    constructor(options: {
      readonly io: Firmata;
      readonly repl: false;
      readonly debug: false;
      readonly sigint: false;
      readonly timeout: number;
    });
  }

  class Relay {
    constructor(options: {
      readonly board: Board;
      readonly pin: number | string;
      readonly type: 'NO' | 'NC';
    });
    open(): void;
    close(): void;
  }

  class Led {
    constructor(options: {
      readonly board: Board;
      readonly pin: number | string;
      readonly isAnode: boolean;
    });
    brightness(value: number): void;
  }

  class Servo {
    constructor(options: { readonly board: Board; readonly pin: number | string });
    to(degrees: number): void;
  }

  class LCD {
    constructor(options: {
      readonly board: Board;
      readonly pins: readonly (number | string)[];
      readonly rows: number;
      readonly cols: number;
    });
    clear(): void;
    cursor(row: number, column: number): void;
    write(code: number): void;
  }

  type Sensor = new (options: SensorOptions) => EventEmitter;

  const five: {
    readonly Board: typeof Board;
    readonly Relay: typeof Relay;
    readonly Led: typeof Led;
    readonly Servo: typeof Servo;
    readonly LCD: typeof LCD;
    readonly Thermometer: Sensor;
    readonly Hygrometer: Sensor;
    readonly Barometer: Sensor;
    readonly Altimeter: Sensor;
    readonly Light: Sensor;
    readonly Proximity: Sensor;
    readonly Motion: Sensor;
  };
  export default five;
}
