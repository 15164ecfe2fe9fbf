import * as v from 'valibot';
import { sensorKinds } from '../../domain/sensors.ts';
import { pinEdges, pinKinds, pinPulls } from '../../domain/board-pins.ts';
import {
  choice,
  durationUpTo,
  flag,
  key,
  list,
  namedMap,
  number,
  strictMap,
  text,
  whole,
} from '../text/schema-parts.ts';
import { configLimits } from '../limits.ts';

const pinShape = strictMap({
  metric: v.pipe(text, v.description('Metric of its readings.')),
  sensor: key(choice(sensorKinds), 'firmata: a sensor that johnny-five knows by name.'),
  controller: key(text, 'firmata: which one: LM35, TMP36, PIR, ...'),
  kind: key(
    choice(pinKinds),
    'analog volts, in a contact, count pulses (default: A0 analog, 7 in).',
  ),
  unit: key(text, 'Unit of the value.'),
  scale: key(
    list(number, 'four numbers such as [0, 1023, 0, 100]'),
    'Two numbers at the pin, then what they stand for: [0, 1023, 0, 100].',
  ),
  every: key(
    durationUpTo(configLimits.pinEveryMsMax),
    'How often it is read (default 1s); a contact at each change, too.',
  ),
  samples: key(whole, 'analog: the mean of so many samples is one reading (default 16).'),
  pull: key(choice(pinPulls), 'in, count: resistor in the board (default up).'),
  debounce: key(
    durationUpTo(configLimits.debounceMsMax),
    'in, count: a change must last so long (default 20ms; count: 0).',
  ),
  inverted: key(flag, 'in: true while the pin is low (default false).'),
  edge: key(choice(pinEdges), 'count: what counts as a pulse (default falling).'),
});

const i2cShape = strictMap({
  sensor: v.pipe(choice(sensorKinds), v.description('What it measures.')),
  controller: v.pipe(text, v.description('Which one: BME280, SHT31D, BH1750, ...')),
  metric: v.pipe(text, v.description('Metric of its readings.')),
  address: key(whole, 'Its address on the bus: 0x76 (default: the usual one).'),
  every: key(durationUpTo(configLimits.pinEveryMsMax), 'How often it is read (default 1s).'),
});

/** `i2c:` of a source. */
export const i2cSensors = list(i2cShape, 'a list of sensors');

/** `pins:` of a source. */
export const boardPins = namedMap(pinShape, 'a map from pins to what is read there');
