import * as v from 'valibot';
import { pinEdges, pinKinds, pinPulls } from '../domain/board-pins.ts';
import {
  choice,
  duration,
  flag,
  key,
  list,
  namedMap,
  number,
  strictMap,
  text,
  whole,
} from './schema-parts.ts';

const pinShape = strictMap({
  metric: v.pipe(text, v.description('Metric of its readings.')),
  kind: key(
    choice(pinKinds),
    'analog volts, in a contact, count pulses (default: A0 analog, 7 in).',
  ),
  unit: key(text, 'Unit of the value.'),
  scale: key(
    list(number, 'four numbers such as [0, 1023, 0, 100]'),
    'Two numbers at the pin, then what they stand for: [0, 1023, 0, 100].',
  ),
  every: key(duration, 'How often it is read (default 1s); a contact at each change, too.'),
  samples: key(whole, 'analog: the mean of so many samples is one reading (default 16).'),
  pull: key(choice(pinPulls), 'in, count: resistor in the board (default up).'),
  debounce: key(duration, 'in, count: a change must last so long (default 20ms; count: 0).'),
  inverted: key(flag, 'in: true while the pin is low (default false).'),
  edge: key(choice(pinEdges), 'count: what counts as a pulse (default falling).'),
});

/** `pins:` of a source. */
export const boardPins = namedMap(pinShape, 'a map from pins to what is read there');
