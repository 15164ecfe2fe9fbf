import type { MistakeCase } from './mistake-case.ts';

/** A board with StandardFirmata and these keys. */
function board(keys: string): string {
  return `sources:\n  - { firmata: /dev/ttyUSB0, device: bed, ${keys} }\n`;
}

function pin(keys: string, name = 'A0'): string {
  return board(`pins: { ${name}: { metric: soil, ${keys} } }`);
}

function output(keys: string, pins = ''): string {
  return `${board(`pins: {${pins}}`)}outputs:\n  lamp: { pin: { board: bed, ${keys} } }\n`;
}

const sixPins = 'pins: [12, 11, 5, 4, 3, 2]';

/** What can be wrong with a board with StandardFirmata, and with what is at its pins. */
export const firmataMistakes: readonly MistakeCase[] = [
  {
    text: 'sources:\n  - { firmata: ¦ttyUSB0, device: bed }\n',
    message: '"ttyUSB0" is not the path of a serial port',
    allowed: 'a path such as /dev/serial/by-id/usb-Arduino_Nano-if00; limen ports lists them',
  },
  {
    text: 'sources:\n  - ¦{ firmata: /dev/ttyUSB0 }\n',
    message: 'a board without a device',
    allowed: 'device: and the name that its readings get',
  },
  {
    text: board('¦format: ndjson'),
    message: '"format" has no meaning with firmata:',
    allowed: 'firmata, device, baud, pins, i2c',
  },
  {
    text: 'sources:\n  - { mqtt: "a/{device}/{metric}", ¦i2c: [] }\n',
    message: '"i2c" is for boards with StandardFirmata',
    allowed: 'firmata: with the port of the board',
  },
  {
    text: pin('kind: ¦count', '2'),
    message: 'this board cannot do "count"',
    allowed: 'analog, in',
  },
  {
    text: pin('¦samples: 4'),
    message: '"samples" has no meaning with Firmata: a reading is the mean of its interval',
    allowed: 'the pin without it',
  },
  {
    text: pin('pull: ¦down', '2'),
    message: 'a board with Firmata has no resistors to ground',
    allowed: 'up, none',
  },
  {
    text: pin('sensor: thermometer, controller: ¦LM53'),
    message: 'there is no thermometer "LM53"',
    allowed: 'LM35, LM335, TMP36, GROVE, TINKERKIT',
    suggestion: 'LM35',
  },
  {
    text: pin('sensor: thermometer, controller: ¦BME280'),
    message: 'the BME280 is on the I2C bus',
    allowed: 'it under i2c:',
  },
  {
    text: pin('sensor: thermometer, controller: LM35, ¦unit: °F'),
    message: '"unit" has no meaning with sensor:',
    allowed: 'metric, sensor, controller, every',
  },
  {
    text: board('pins: { ¦3: { metric: t, sensor: thermometer, controller: LM35 } }'),
    message: 'the LM35 gives volts, and 3 is not an analog pin',
    allowed: 'a pin such as A0',
  },
  {
    text: board('i2c: [{ sensor: light, controller: ¦LM35, metric: light }]'),
    message: 'there is no light "LM35"',
    allowed: 'BH1750, TSL2561',
  },
  {
    text: board('i2c: [{ sensor: light, controller: BH1750, metric: light, address: ¦0x99 }]'),
    message: 'found 153',
    allowed: 'from 0x03 to 0x77',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyUSB0, device: b, format: limen, pins: { A0: { metric: t, ¦sensor: thermometer, controller: LM35 } } }\n',
    message: '"sensor" is for boards with StandardFirmata',
    allowed: 'firmata: instead of serial:',
  },
  {
    text: 'sources:\n  - { firmata: /dev/ttyUSB0, device: a }\n  - ¦{ serial: /dev/ttyUSB0, device: b, format: csv }\n',
    message: 'this port stands twice',
    allowed: 'each source once',
  },
  {
    text: output('pin: 6, device: led, on: ¦300'),
    message: 'found 300',
    allowed: 'from 0 to 255',
  },
  {
    text: output('pin: 6, device: piezo, ¦on: 3'),
    message: '"on" has no meaning with device: piezo',
    allowed: 'board, pin, device',
  },
  {
    text: output(`¦pin: 6, device: lcd, ${sixPins}`),
    message: '"pin" has no meaning with device: lcd',
    allowed: 'pins: and six of them',
  },
  {
    text: output('device: lcd, pins: [12, 11, 5, 4, 3, ¦2]', '2: { metric: door }'),
    message: 'the pin 2 of "bed" is read as "door"',
    allowed: 'a pin that is not in the pins: of the board',
  },
  {
    text: `${output(`device: lcd, ${sixPins}`)}  fan: { pin: { board: bed, pin: ¦4 } }\n`,
    message: 'the output "lamp" already drives the pin 4 of "bed"',
    allowed: 'one output for each pin',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyUSB0, device: b, format: limen }\noutputs:\n  lamp: { pin: { board: b, pin: 6, device: ¦servo } }\n',
    message: 'a board with the firmware of Limen drives no "servo"',
    allowed: 'relay, or a firmata: board',
  },
];
