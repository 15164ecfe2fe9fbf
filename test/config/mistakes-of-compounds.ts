import type { MistakeCase } from './mistake-case.ts';

const comparators = 'above, below, outside, inside, equals';

function rule(text: string): string {
  return `points:\n  a/b: { unit: °C }\nrules:\n  x: { ${text} }\n`;
}

/** Rules over several points at once. */
export const compounds: readonly MistakeCase[] = [
  {
    text: rule('¦points: a/b, all: [{ points: a/b, above: 5 }]'),
    message: 'points: has no meaning beside all:',
    allowed: 'points in its members',
  },
  {
    text: rule('above: 5, ¦all: [{ points: a/b, above: 5 }]'),
    message: 'a second condition: above and all',
    allowed: 'one condition in a rule',
  },
  {
    text: rule('all: [{ points: a/b, above: 5 }], ¦any: [{ points: a/b, above: 5 }]'),
    message: 'a second condition: all and any',
    allowed: 'one condition in a rule',
  },
  {
    text: rule('all: [{ points: a/b, above: 5 }], ¦deadband: 1'),
    message: 'deadband: has no meaning beside all:',
    allowed: 'deadband in its members',
  },
  {
    text: rule('all: [{ points: a/b, above: 5 }], ¦window: 5m'),
    message: 'window: has no meaning beside all:',
    allowed: 'window in its members',
  },
  {
    text: rule('all: [{ points: a/b, above: 5 }], on_delay: ¦{ warning: 5m }'),
    message: 'found a delay for each severity',
    allowed: 'one duration: the rule has one severity',
  },
  {
    text: rule('all: [{ points: a/b, above: ¦{ warning: 5 } }]'),
    message: 'found a map',
    allowed: 'a number, or a number and a unit such as -18 °C',
  },
  {
    text: rule('all: [{ points: a/b, above: ¦5 % }]'),
    message: '% does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: rule('all: [{ points: a/b, outside: ¦[2, 4], deadband: 3 }]'),
    message: 'the deadband 3 leaves nothing of [2, 4]: the alert would never clear',
    allowed: 'a deadband of at most half the range',
  },
  {
    text: rule('all: [{ points: a/b, equals: 5, ¦deadband: 3 }]'),
    message: 'a deadband has no meaning beside equals:',
    allowed: 'deadband beside above, below, outside or inside',
  },
  {
    text: rule('all: [{ points: a/b, above: 5, ¦below: 3 }]'),
    message: 'a second condition: above and below',
    allowed: 'one condition in a member',
  },
  {
    text: rule('all: [¦{ points: a/b }]'),
    message: 'a member without a condition',
    allowed: `points with one of ${comparators}; or all, any, at_least`,
  },
  {
    text: rule('all: [¦{ above: 5 }]'),
    message: 'the key "points" is missing',
    allowed: null,
  },
  {
    text: rule('all: [{ points: a/b, ¦silent_for: 5m }]'),
    message: 'unknown key "silent_for"',
    allowed: 'points, above, below',
  },
  {
    text: rule('all: [{ any: [{ points: a/b, ¦abuve: 5 }] }]'),
    message: 'unknown key "abuve"',
    allowed: 'points, above, below',
    suggestion: 'above',
  },
  {
    text: rule('all: [{ ¦points: a/b, any: [{ points: a/b, above: 5 }] }]'),
    message: 'points: has no meaning beside any:',
    allowed: 'points in its members',
  },
  { text: rule('all: ¦[]'), message: 'found an empty list', allowed: 'at least one member' },
  { text: rule('all: ¦5'), message: 'found the number 5', allowed: 'a list of conditions' },
  {
    text: rule('all: [{ any: [{ all: [{ any: [{ ¦all: [{ points: a/b, above: 5 }] }] }] }] }]'),
    message: 'conditions nest more than 4 deep',
    allowed: 'fewer levels of all, any and at_least',
  },
  {
    text: rule('at_least: { n: ¦3, of: [{ points: a/b, above: 5 }, { points: a/c, above: 5 }] }'),
    message: '3 of 2 can never be reached',
    allowed: 'a whole number from 1 to 2',
  },
  {
    text: rule('at_least: { n: ¦0, of: [{ points: a/*, above: 5 }] }'),
    message: 'found 0',
    allowed: 'a whole number from 1',
  },
  {
    text: rule('¦at_least: { of: [{ points: a/*, above: 5 }] }'),
    message: 'the key "n" is missing',
    allowed: null,
  },
  {
    text: rule('points: a/b, above: 5, ¦about: room'),
    message: 'about: has no meaning without several points',
    allowed: 'about beside all, any, at_least, expression',
  },
  {
    text: rule('points: a/b, above: 5, ¦inputs: { t: a/b }'),
    message: 'inputs: has no meaning without an expression',
    allowed: 'inputs beside expression',
  },
  {
    text: rule('expression: ¦t - 5, inputs: { t: a/b }'),
    message: 'the expression is a number: it is neither true nor false',
    allowed: 'a comparison such as flow < 2, or this expression as a point of its own in points:',
  },
  {
    text: rule('expression: t > 5, inputs: { t: ¦a/b % }'),
    message: '% does not fit a/b, which is in °C',
    allowed: 'a unit like °C',
  },
  {
    text: rule('expression: t > 5, ¦points: a/b, inputs: { t: a/b }'),
    message: 'points: has no meaning beside expression:',
    allowed: 'limits in the expression, points in inputs:',
  },
];
