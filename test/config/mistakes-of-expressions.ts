import type { MistakeCase } from './mistake-case.ts';

const inputs = 'inputs: { t: shed/temperature °C, rh: shed/humidity % }';
const example = 'such as t - (100 - rh) / 5';
const operators = '+ - * / % ** < <= > >= == != && || ! ? :';
const functions = 'if, abs, ceil, clamp, exp, floor, ln, log10, max, min, pow, round, sqrt';

function dewPoint(text: string): string {
  return `points:\n  shed/temperature: { unit: °F }\n  shed/dew_point: { ${text} }\n`;
}

/** `expression:` and `inputs:`. */
export const expressions: readonly MistakeCase[] = [
  {
    text: dewPoint(`expression: t - (100 - ¦hr) / 5, ${inputs}`),
    message: 'there is no input "hr"',
    allowed: 't, rh',
    suggestion: 'rh',
  },
  {
    text: dewPoint(`expression: "t - ¦mim(rh, t)", ${inputs}`),
    message: 'there is no function "mim"',
    allowed: functions,
    suggestion: 'min',
  },
  {
    text: dewPoint(`expression: t - ¦(rh > 5), ${inputs}`),
    message: 'true or false where a number is expected',
    allowed: 'if(condition, 1, 0)',
  },
  {
    text: dewPoint(`expression: t > rh && ¦100, ${inputs}`),
    message: 'a number where true or false is expected',
    allowed: 'a comparison: a > 0',
  },
  {
    text: dewPoint(`expression: t ¦and rh, ${inputs}`),
    message: 'found "and"',
    allowed: operators,
    suggestion: '"&&"',
  },
  {
    text: dewPoint(`expression: t ¦= rh, ${inputs}`),
    message: 'found "="',
    allowed: 'comparisons: ==',
    suggestion: '"=="',
  },
  {
    text: dewPoint(`expression: t - (100 - rh¦, ${inputs}`),
    message: 'not an expression: unclosed ( at the end',
    allowed: example,
  },
  {
    text: dewPoint(`expression: 'rh > 0 ? t : ¦"dry"', ${inputs}`),
    message: 'found "\\"dry\\""',
    allowed: 'numbers; a text state is judged by equals: of a rule',
  },
  {
    text: dewPoint(`expression: 't + ¦rh.value', ${inputs}`),
    message: 'found a part of a value',
    allowed: 'inputs by their names',
  },
  {
    text: dewPoint('expression: ¦t - 5'),
    message: 'there is no input "t"',
    allowed: 'a name from inputs:, which is empty',
  },
  {
    text: dewPoint(`expression: ¦100 / 5, ${inputs}`),
    message: 'no input is used',
    allowed: 'at least one of inputs:',
  },
  {
    text: dewPoint(`¦${inputs}`),
    message: 'inputs: without an expression',
    allowed: 'expression: beside it',
  },
  {
    text: dewPoint('expression: t, inputs: { t: ¦shed/temperature % }'),
    message: '% does not fit shed/temperature, which is in °F',
    allowed: 'a unit like °F',
  },
  {
    text: dewPoint('expression: t, inputs: { t: ¦shed/temperature °X }'),
    message: 'unknown unit "°X"',
    allowed: 'device/metric and a unit',
    suggestion: '°C',
  },
  {
    text: dewPoint('expression: t, inputs: { t: ¦temperature °C }'),
    message: '"temperature °C" has no slash',
    allowed: 'device/metric and a unit, such as shed/temperature °C',
  },
  {
    text: dewPoint('expression: t, inputs: { t: ¦shed/temp* °C }'),
    message: '"shed/temp*" may be many points',
    allowed: 'one point, without *',
  },
  {
    text: dewPoint('expression: t, inputs: { t: shed/temperature, ¦min: shed/humidity }'),
    message: 'an input cannot be called "min"',
    allowed: 'letters, digits and _, and no word that an expression knows',
  },
  {
    text: dewPoint('expression: t, inputs: { t: { point: shed/temperature, ¦unt: °C } }'),
    message: 'unknown key "unt"',
    allowed: 'point, unit',
    suggestion: 'unit',
  },
  {
    text: `points:\n  ¦shed/dew_*: { expression: t, ${inputs} }\n`,
    message: '"shed/dew_*" may be many points, and an expression gives one',
    allowed: 'the point in full, as device/metric',
  },
  {
    text: dewPoint(`expression: t > 5, ${inputs}, ¦unit: °C`),
    message: 'unit: of a point that is true or false',
    allowed: 'an expression that gives a number, or no unit:',
  },
  {
    text: dewPoint(`expression: t, ${inputs}, ¦expect_every: 1m`),
    message: 'expect_every: of a point that is calculated',
    allowed: 'expect_every: of its inputs',
  },
  {
    text: dewPoint(`expression: t, ${inputs}, ¦via: gateway`),
    message: 'via: of a point that is calculated',
    allowed: 'via: of its inputs',
  },
  {
    text: 'points:\n  a/x: { expression: y, inputs: { y: a/y } }\n  a/y: { expression: x, inputs: { x: ¦a/x } }\n',
    message: 'a circle: a/x from a/y from a/x',
    allowed: 'points that come from a source in the end',
  },
  {
    text: 'points:\n  a/x: { expression: x + 1, inputs: { x: ¦a/x } }\n',
    message: 'a circle: a/x from a/x',
    allowed: 'points that come from a source in the end',
  },
];
