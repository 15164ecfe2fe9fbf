import type { AVRTWI } from 'avr8js';

/** A device on the I2C bus: 256 registers, the first byte of a write says which one comes next. */
export type I2cDevice = Uint8Array;

/** Puts devices on the I2C bus of a chip; `find` gives the one at an address. Nobody else answers. */
export function wireI2c(bus: AVRTWI, find: (address: number) => I2cDevice | null): void {
  let device: I2cDevice | null = null;
  let register = 0;
  let isFirst = false;
  bus.eventHandler = {
    start: () => bus.completeStart(),
    stop: () => bus.completeStop(),
    connectToSlave(address, isWrite) {
      device = find(address);
      isFirst = isWrite;
      bus.completeConnect(device !== null);
    },
    writeByte(value) {
      if (isFirst) register = value;
      else if (device !== null) device[register++ & 0xff] = value;
      isFirst = false;
      bus.completeWrite(device !== null);
    },
    readByte: () => bus.completeRead(device?.[register++ & 0xff] ?? 0xff),
  };
}
