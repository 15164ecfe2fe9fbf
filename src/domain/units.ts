/**
 * One unit: `(value + shift) * numerator / denominator` is the value in the base unit of its dimension. Two whole
 * numbers instead of one factor keep common conversions exact: 1500 mV is 1.5 V, 212 °F is 100 °C.
 */
interface Unit {
  readonly canonical: string;
  readonly dimension: string;
  readonly shift: number;
  readonly numerator: number;
  readonly denominator: number;
}

/** Canonical spelling, factor to the base unit, other spellings. */
type Row = readonly [canonical: string, scale: number, ...aliases: string[]];

// Units of one dimension convert into each other; everything else is incompatible. `%` and ppm are apart on purpose: a
// relative humidity is not a concentration. So are W, VA and var, and Hz and rpm.
const dimensions: Readonly<Record<string, readonly Row[]>> = {
  pressure: [
    ['Pa', 1, 'pascal'],
    ['hPa', 100, 'hectopascal'],
    ['kPa', 1_000, 'kilopascal'],
    ['MPa', 1_000_000],
    ['mbar', 100, 'millibar'],
    ['bar', 100_000],
    ['psi', 6_894.757293168],
    ['mmHg', 133.322387415, 'torr'],
    ['inHg', 3_386.389],
  ],
  percent: [['%', 1, 'pct', 'percent', '%RH', '% RH', '%rh', '%EL', '%VWC']],
  concentration: [
    ['ppb', 1],
    ['ppm', 1_000],
  ],
  'mass concentration': [
    ['µg/m³', 1, 'ug/m3', 'ug_m3', 'µg/m3', 'ug/m³'],
    ['mg/m³', 1_000, 'mg/m3'],
    ['g/m³', 1_000_000, 'g/m3'],
  ],
  'number concentration': [
    ['1/cm³', 1, '#/cm³', '1/cm3', '#/cm3'],
    ['1/m³', 1e-6, '1/m3'],
  ],
  voltage: [
    ['µV', 1e-6, 'uV'],
    ['mV', 0.001, 'millivolt'],
    ['V', 1, 'volt', 'volts'],
    ['kV', 1_000],
  ],
  current: [
    ['µA', 1e-6, 'uA'],
    ['mA', 0.001],
    ['A', 1, 'amp', 'amps', 'ampere'],
  ],
  resistance: [
    ['Ω', 1, '\u2126', 'ohm', 'ohms'],
    ['kΩ', 1_000, 'k\u2126', 'kohm'],
    ['MΩ', 1_000_000, 'M\u2126'],
  ],
  power: [
    ['mW', 0.001],
    ['W', 1, 'watt', 'watts'],
    ['kW', 1_000, 'kilowatt'],
    ['MW', 1_000_000],
  ],
  'apparent power': [
    ['VA', 1],
    ['kVA', 1_000],
  ],
  'reactive power': [
    ['var', 1, 'VAr'],
    ['kvar', 1_000, 'kVAr'],
  ],
  energy: [
    ['J', 1, 'joule'],
    ['kJ', 1_000],
    ['MJ', 1_000_000],
    ['W·min', 60, 'Wmin'],
    ['Wh', 3_600],
    ['kWh', 3_600_000],
    ['MWh', 3_600_000_000],
  ],
  charge: [
    ['mAh', 0.001],
    ['Ah', 1],
  ],
  frequency: [
    ['Hz', 1, 'hertz'],
    ['kHz', 1_000],
    ['MHz', 1_000_000],
  ],
  rotation: [['rpm', 1, 'r/min', '1/min']],
  illuminance: [['lx', 1, 'lux']],
  irradiance: [['W/m²', 1, 'W/m2']],
  'ultraviolet index': [['UVI', 1, 'UV index']],
  speed: [
    ['mm/s', 0.001, 'mm_s'],
    ['m/s', 1, 'm_s', 'mps'],
    ['km/h', 1 / 3.6, 'km_h', 'kmh', 'kph'],
    ['mph', 0.44704, 'mi/h', 'mi_h'],
    ['kn', 1_852 / 3_600, 'kt', 'knot', 'knots'],
  ],
  acceleration: [['m/s²', 1, 'm/s2']],
  flow: [
    ['L/h', 1 / 3_600, 'l/h'],
    ['L/min', 1 / 60, 'l/min', 'lpm'],
    ['L/s', 1, 'l/s'],
    ['m³/h', 1_000 / 3_600, 'm3/h'],
  ],
  length: [
    ['mm', 0.001],
    ['cm', 0.01],
    ['m', 1, 'meter', 'metre', 'meters', 'metres'],
    ['km', 1_000],
    ['in', 0.0254, 'inch', 'inches'],
    ['ft', 0.3048, 'foot', 'feet'],
  ],
  rainfall: [
    ['mm/h', 1],
    ['in/h', 25.4],
  ],
  time: [
    ['ms', 0.001],
    ['s', 1, 'sec', 'second', 'seconds'],
    ['min', 60, 'minute', 'minutes'],
    ['h', 3_600, 'hour', 'hours'],
    ['d', 86_400, 'day', 'days'],
  ],
  mass: [
    ['mg', 1e-6],
    ['g', 0.001, 'gram', 'grams'],
    ['kg', 1],
    ['t', 1_000, 'tonne'],
    ['lb', 0.45359237, 'lbs'],
  ],
  volume: [
    ['mL', 0.001, 'ml'],
    ['L', 1, 'l', 'liter', 'litre', 'liters', 'litres'],
    ['m³', 1_000, 'm3'],
    ['gal', 3.785411784, 'gallon'],
  ],
  angle: [['°', 1, '\u00ba', 'deg', 'degree', 'degrees']],
  conductivity: [
    ['µS/cm', 1, 'uS/cm'],
    ['mS/cm', 1_000],
  ],
  radiation: [
    ['µSv/h', 1, 'uSv/h'],
    ['mSv/h', 1_000],
  ],
  radioactivity: [['Bq/m³', 1, 'Bq/m3']],
  data: [
    ['B', 1, 'byte', 'bytes'],
    ['kB', 1_000, 'KB'],
    ['MB', 1_000_000],
    ['GB', 1_000_000_000],
  ],
  level: [['dB', 1, 'dBA', 'dB(A)']],
  'signal level': [['dBm', 1]],
  'link quality': [['lqi', 1]],
  acidity: [['pH', 1, 'ph']],
};

const temperature = { dimension: 'temperature', shift: 0, numerator: 1, denominator: 1 };
const temperatures: readonly Unit[] = [
  { ...temperature, canonical: '°C' },
  { ...temperature, canonical: '°F', shift: -32, numerator: 5, denominator: 9 },
  { ...temperature, canonical: 'K', shift: -273.15 },
];

const temperatureAliases: Readonly<Record<string, readonly string[]>> = {
  K: ['kelvin'],
  '°C': ['C', '*C', 'degC', 'deg C', 'Cel', 'celsius', '℃', '\u00baC', '° C', 'degrees C'],
  '°F': ['F', '*F', 'degF', 'deg F', 'fahrenheit', '℉', '\u00baF', '° F', 'degrees F'],
};

// Maps, not objects: `constructor` and `__proto__` are texts like any other.
const unitsBySpelling = new Map<string, Unit>();
/** Null marks a lower-case spelling that two units share (mW and MW): it names neither. */
const unitsByLowerCase = new Map<string, Unit | null>();

for (const unit of temperatures) addUnit(unit, temperatureAliases[unit.canonical] ?? []);
for (const [dimension, rows] of Object.entries(dimensions)) {
  for (const [canonical, scale, ...aliases] of rows) {
    // A decimal fraction such as 0.001 is not exact in binary; 1/1000 is.
    const inverse = Math.round(1 / scale);
    const isFraction = scale < 1 && Math.abs(inverse * scale - 1) < 1e-12;
    const ratio = isFraction
      ? { numerator: 1, denominator: inverse }
      : { numerator: scale, denominator: 1 };
    addUnit({ canonical, dimension, shift: 0, ...ratio }, aliases);
  }
}

function addUnit(unit: Unit, aliases: readonly string[]): void {
  for (const spelling of [unit.canonical, ...aliases]) {
    unitsBySpelling.set(spelling, unit);
    const lowerCase = spelling.toLowerCase();
    const present = unitsByLowerCase.get(lowerCase);
    unitsByLowerCase.set(lowerCase, present === undefined || present === unit ? unit : null);
  }
}

/** Canonical spellings of every unit, in the order of the table. */
export const unitNames: readonly string[] = [
  ...new Set([...unitsBySpelling.values()].map((unit) => unit.canonical)),
];

/** The canonical spelling of a unit as people and devices write it; null if the table does not know it. */
export function parseUnit(text: string): string | null {
  return findUnit(text)?.canonical ?? null;
}

/** Whether values of the two units can be converted into each other. */
export function compatible(a: string, b: string): boolean {
  const first = findUnit(a);
  return first !== null && first.dimension === findUnit(b)?.dimension;
}

/** A place on the scale of `from`, on the scale of `to`: 0 °C is 32 °F. Null: incompatible. */
export function convert(value: number, from: string, to: string): number | null {
  return convertWith(value, from, to, (unit) => unit.shift);
}

/** A difference in `from`, in `to`: 2 °C is 3.6 °F. Null: incompatible. */
export function convertDifference(value: number, from: string, to: string): number | null {
  return convertWith(value, from, to, () => 0);
}

function convertWith(
  value: number,
  from: string,
  to: string,
  shift: (unit: Unit) => number,
): number | null {
  const source = findUnit(from);
  const target = findUnit(to);
  if (source === null || target === null || source.dimension !== target.dimension) return null;
  // The same unit stays the same number to the last bit: a limit must not move by rounding.
  if (source === target) return value;
  const base = (value + shift(source)) * source.numerator * target.denominator;
  return base / (source.denominator * target.numerator) - shift(target);
}

function findUnit(text: string): Unit | null {
  const asWritten = unitsBySpelling.get(text);
  if (asWritten !== undefined) return asWritten;
  // Greek mu and micro sign look alike; so do the two ways to write a cube.
  const spelling = text
    .trim()
    .replaceAll('\u03bc', 'µ')
    .replaceAll('^3', '³')
    .replaceAll('^2', '²');
  const exact = unitsBySpelling.get(spelling);
  if (exact !== undefined) return exact;
  // One letter means what it says (k, M, f...), and a capital M is mega, never milli.
  if (spelling.length < 2 || spelling.startsWith('M')) return null;
  return unitsByLowerCase.get(spelling.toLowerCase()) ?? null;
}
