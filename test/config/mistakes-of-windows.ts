import type { MistakeCase } from './mistake-case.ts';

const aggregates = 'mean, min, max, count, { percentile: 95 } or { time_above: 8 °C }';
const rate = 'a rate such as 2 °C/min or 30 %/h';

function rule(text: string): string {
  return `points:\n  a/b: { unit: °C }\nrules:\n  x: { points: a/b, ${text} }\n`;
}

/** Rates, windows and stuck values. */
export const windows: readonly MistakeCase[] = [
  { text: rule('rate_above: ¦5, window: 10m'), message: 'found the number 5', allowed: rate },
  { text: rule('rate_above: ¦5 °C, window: 10m'), message: 'found "5 °C"', allowed: rate },
  {
    text: rule('rate_below: ¦-5 °C/minute, window: 10m'),
    message: 'found "-5 °C/minute"',
    allowed: rate,
    suggestion: '-5 °C/min',
  },
  {
    text: rule('rate_below: ¦0.5 °C/s, window: 10m'),
    message: 'found "0.5 °C/s"',
    allowed: rate,
    suggestion: '30 °C/min',
  },
  {
    text: rule('rate_above: ¦2 %/h, window: 10m'),
    message: '% does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: rule('rate_above: ¦2 zorg/h, window: 10m'),
    message: 'unknown unit "zorg"',
    allowed: '°C °F K Pa',
  },
  {
    text: rule('¦rate_above: 2 °C/min'),
    message: 'rate_above: without a window',
    allowed: 'window: 10m beside it',
  },
  {
    text: rule('rate_above: 2 °C/min, window: 10m, ¦of: mean'),
    message: 'of: has no meaning beside rate_above:',
    allowed: 'of beside above, below, outside or inside',
  },
  {
    text: rule('rate_above: { info: 2 °C/min, warning: ¦100 °C/h }, window: 10m'),
    message: '100 °C/h does not lie further out than 2 °C/min of info',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: rule('rate_below: { info: -2 °C/min, warning: ¦-3 °F/min }, window: 10m'),
    message: '-3 °F/min does not lie further out than -2 °C/min of info',
    allowed: 'a lower limit for the more severe level',
  },
  {
    text: rule('rate_above: 2 °C/min, window: 10m, deadband: ¦1 °C'),
    message: 'found "1 °C"',
    allowed: `a number, or ${rate}`,
  },
  {
    text: rule('rate_above: 2 °C/min, window: 10m, deadband: ¦1 %/min'),
    message: '% does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: rule('above: 2, window: ¦500ms, of: mean'),
    message: 'found 500ms',
    allowed: 'whole milliseconds from 1s to 31d',
  },
  {
    text: rule('above: 2, ¦window: 10m'),
    message: 'a window without of:',
    allowed: `of: ${aggregates}`,
  },
  {
    text: rule('above: 2, ¦of: mean'),
    message: 'of: without a window',
    allowed: 'window: 10m beside it',
  },
  {
    text: rule('equals: open, ¦window: 10m'),
    message: 'window: has no meaning beside equals:',
    allowed: 'window beside above, below, outside, inside, rate_above or rate_below',
  },
  {
    text: rule('above: 2, window: 10m, of: ¦maen'),
    message: 'found "maen"',
    allowed: aggregates,
    suggestion: 'mean',
  },
  {
    text: rule('above: 2, window: 10m, of: { ¦percentle: 95 }'),
    message: 'unknown key "percentle"',
    allowed: 'percentile, time_above',
    suggestion: 'percentile',
  },
  {
    text: rule('above: 2, window: 10m, of: { percentile: ¦101 }'),
    message: 'found 101',
    allowed: 'a number from 0 to 100',
  },
  {
    text: rule('above: 2, window: 10m, of: ¦{}'),
    message: 'found an empty map',
    allowed: aggregates,
  },
  {
    text: rule('above: 2, window: 10m, of: ¦{ percentile: 9, time_above: 8 }'),
    message: 'found two aggregates',
    allowed: aggregates,
  },
  {
    text: rule('above: 2, window: 10m, of: { time_above: ¦8 hPa }'),
    message: 'hPa does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: rule('above: ¦2 °C, window: 10m, of: { time_above: 8 }'),
    message: '°C does not fit time_above, which is in s',
    allowed: 'a number, or a unit like s',
  },
  {
    text: rule('above: ¦2 °C, window: 10m, of: count'),
    message: '°C does not fit a count',
    allowed: 'a number without a unit',
  },
  {
    text: rule('above: 5, ¦tolerance: 1'),
    message: 'tolerance: has no meaning beside above:',
    allowed: 'tolerance beside stuck_for',
  },
  {
    text: rule('stuck_for: 30m, tolerance: ¦-1'),
    message: 'found -1',
    allowed: 'a tolerance of 0 or more',
  },
  {
    text: rule('stuck_for: 30m, tolerance: ¦1 hPa'),
    message: 'hPa does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: rule('stuck_for: 30m, ¦deadband: 1'),
    message: 'a deadband has no meaning beside stuck_for:',
    allowed: 'deadband beside above, below, outside, inside or a rate',
  },
  {
    text: rule('stuck_for: 30m, ¦window: 10m'),
    message: 'window: has no meaning beside stuck_for:',
    allowed: 'window beside above, below, outside, inside, rate_above or rate_below',
  },
  {
    text: rule('changes_to: open, ¦deadband: 1'),
    message: 'a deadband has no meaning beside changes_to:',
    allowed: 'deadband beside above, below, outside, inside or a rate',
  },
  {
    text: rule('changes_to: { info: open, warning: ¦open }'),
    message: 'open does not lie further out than open of info',
    allowed: 'another value for each level',
  },
  {
    text: rule('stuck_for: { info: 30m, warning: ¦1m }'),
    message: '1m does not lie further out than 30m of info',
    allowed: 'a longer time for the more severe level',
  },
  {
    text: rule('above: { info: 5 min, warning: ¦200 }, window: 10m, of: { time_above: 8 }'),
    message: '200 does not lie further out than 5 min of info',
    allowed: 'a higher limit for the more severe level',
  },
];
