/** A metric of a sentence: name, number, unit. */
export type NmeaMetric = readonly [metric: string, value: number, unit: string | null];

type Fields = readonly string[];
type ReadSentence = (fields: Fields) => readonly NmeaMetric[];

/** Speeds by their letter: knots, kilometres per hour, metres per second, statute miles per hour. */
const speedUnits: Readonly<Record<string, string>> = { N: 'kn', K: 'km/h', M: 'm/s', S: 'mph' };

/** Units of transducers by their letter. Letters that mean something else for another type are not in it. */
const transducerUnits: Readonly<Record<string, string>> = {
  C: '°C',
  F: '°F',
  K: 'K',
  B: 'bar',
  P: '%',
  D: '°',
  M: 'm',
  V: 'V',
  A: 'A',
  H: 'Hz',
};

/** The sentences that are read, by their three letters: fields as IEC 61162-1 counts them, from 0. */
export const sentences: Readonly<Record<string, ReadSentence>> = {
  MTW: ([value]) => number('water_temperature', value, '°C'),
  MTA: ([value]) => number('temperature', value, '°C'),
  MHU: ([relative]) => number('humidity', relative, '%'),
  MMB: (f) => number('pressure', f[2], 'bar'),
  MDA: (f) => [
    ...number('pressure', f[2], 'bar'),
    ...number('temperature', f[4], '°C'),
    ...number('water_temperature', f[6], '°C'),
    ...number('humidity', f[8], '%'),
    ...number('dew_point', f[10], '°C'),
    ...number('wind_direction', f[12], '°'),
    ...number('wind_speed', f[18], 'm/s'),
  ],
  MWD: (f) => [...number('wind_direction', f[0], '°'), ...number('wind_speed', f[6], 'm/s')],
  MWV: ([angle, reference, speed, unit = '', status]) => {
    if (status !== 'A') return [];
    const suffix = reference === 'T' ? 'true' : 'relative';
    return [
      ...number(`angle_${suffix}`, angle, '°'),
      ...number(`speed_${suffix}`, speed, speedUnits[unit] ?? null),
    ];
  },
  DBT: (f) => number('depth', f[2], 'm'),
  DBK: (f) => number('depth', f[2], 'm'),
  DBS: (f) => number('depth', f[2], 'm'),
  DPT: ([depth]) => number('depth', depth, 'm'),
  VHW: (f) => [...number('heading', f[0], '°'), ...number('speed', f[4], 'kn')],
  HDT: ([heading]) => number('heading', heading, '°'),
  HDM: ([heading]) => number('heading', heading, '°'),
  HDG: ([heading]) => number('heading', heading, '°'),
  VTG: (f) => [...number('course', f[0], '°'), ...number('speed', f[4], 'kn')],
  GSV: (f) => number('satellites_in_view', f[2], null),
  GLL: ([latitude, south, longitude, west, , status = 'A']) =>
    status === 'A' ? position(latitude, south, longitude, west) : [],
  GGA: (f) =>
    f[5] === '' || f[5] === '0'
      ? number('fix', f[5], null)
      : [
          ...position(f[1], f[2], f[3], f[4]),
          ...number('fix', f[5], null),
          ...number('satellites', f[6], null),
          ...number('hdop', f[7], null),
          ...number('altitude', f[8], 'm'),
        ],
  RMC: (f) =>
    f[1] === 'A'
      ? [
          ...position(f[2], f[3], f[4], f[5]),
          ...number('speed', f[6], 'kn'),
          ...number('course', f[7], '°'),
        ]
      : [],
  XDR: (f) => transducers(f),
};

/** Groups of four: type, value, unit, name. */
function transducers(fields: Fields): readonly NmeaMetric[] {
  const found: NmeaMetric[] = [];
  for (let at = 0; at + 2 < fields.length; at += 4) {
    const [type = '', value, letter = '', name = ''] = fields.slice(at, at + 4);
    // A pressure in pascals has the letter that is per cent elsewhere.
    const unit = type === 'P' && letter === 'P' ? 'Pa' : (transducerUnits[letter] ?? null);
    found.push(...number(name.trim() === '' ? `${type}${at / 4 + 1}` : name.trim(), value, unit));
  }
  return found;
}

function number(
  metric: string,
  text: string | undefined,
  unit: string | null,
): readonly NmeaMetric[] {
  if (text === undefined || !/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text.trim())) return [];
  return [[metric, Number(text), unit]];
}

function position(
  latitude: string | undefined,
  south: string | undefined,
  longitude: string | undefined,
  west: string | undefined,
): readonly NmeaMetric[] {
  return [
    ...degrees('latitude', latitude, south === 'S'),
    ...degrees('longitude', longitude, west === 'W'),
  ];
}

/** `ddmm.mmmm`: degrees and minutes in one number. */
function degrees(
  metric: string,
  text: string | undefined,
  isNegative: boolean,
): readonly NmeaMetric[] {
  const [, whole, minutes] = /^(\d{1,3})(\d\d(?:\.\d*)?)$/.exec(text ?? '') ?? [];
  if (whole === undefined || minutes === undefined) return [];
  const value = Number(whole) + Number(minutes) / 60;
  return [[metric, isNegative ? -value : value, '°']];
}
