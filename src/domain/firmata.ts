import type { PinName } from './board.ts';
import type { ReadPin } from './board-pins.ts';
import type { SensorBus, SensorKind } from './sensors.ts';
import type { DurationMs } from './time.ts';

/** A sensor that johnny-five knows by name: one point of the board's device. */
export interface BoardSensor {
  readonly kind: SensorKind;
  /** As johnny-five names it: `TMP36`, `BME280`. */
  readonly controller: string;
  readonly bus: SensorBus;
  /** null: it is on the I2C bus. */
  readonly pin: PinName | null;
  /** On the I2C bus; null: the usual one of the controller. */
  readonly address: number | null;
  readonly metric: string;
  readonly everyMs: DurationMs;
}

/** A board with StandardFirmata as a source of readings. */
export interface FirmataSource {
  readonly kind: 'firmata';
  readonly path: string;
  readonly baud: number;
  readonly device: string;
  readonly reads: readonly ReadPin[];
  readonly sensors: readonly BoardSensor[];
}
