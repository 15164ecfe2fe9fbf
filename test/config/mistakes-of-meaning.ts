import type { MistakeCase } from './mistake-case.ts';

const topics = 'levels separated by /, without + and #, not beginning with $';

/** What each value alone allows, but not all of them together. */
export const meaning: readonly MistakeCase[] = [
  {
    text: 'points:\n  a/b: { unit: ¦°X }\n',
    message: 'unknown unit "°X"',
    allowed: '°C °F K Pa',
    suggestion: '°C',
  },
  {
    text: 'points:\n  a/b: { valid: ¦[5, 2] }\n',
    message: 'the low limit 5 is not below the high limit 2',
    allowed: '[low, high] with low < high',
  },
  {
    text: 'points:\n  a/b: { unit: °C, valid: [¦2 %, 5 %] }\n',
    message: '% cannot be converted to °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ from: 2026-03-01 }, { from: ¦2026-02-01 }] }\n',
    message: '2026-02-01 is earlier than the calibration before it, 2026-03-01',
    allowed: 'each calibration later than the one before',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ from: 2026-03-01 }, { from: ¦2026-03-01T01:00+01:00 }] }\n',
    message: '2026-03-01T01:00+01:00 is the date of the calibration before it, 2026-03-01',
    allowed: 'each calibration later than the one before',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ offset: 1 }, ¦{ offset: 2 }] }\n',
    message: 'a later calibration without a date',
    allowed: 'from: beside scale and offset',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ from: ¦2026-02-30, offset: 1 }] }\n',
    message: 'there is no "2026-02-30"',
    allowed: 'a day or a time of the calendar',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ scale: ¦0 }] }\n',
    message: 'found 0',
    allowed: 'any number but 0, which would make all readings alike',
  },
  {
    text:
      'points:\n  a/*: { ¦calibrations: [{ offset: 1 }] }\n' +
      'rules:\n  open: { points: a/door, equals: open }\n',
    message: '"a/door" has states, as the rule "open" says, and nothing to correct',
    allowed: 'calibrations of points with numbers',
  },
  {
    text: 'points:\n  a/*: { unit: °C }\nrules:\n  hot: { points: a/b, above: ¦5 % }\n',
    message: '% does not fit a/b, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5 °C, deadband: ¦2 % }\n',
    message: '% does not fit °C in the same rule',
    allowed: 'a unit like °C',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: { warning: -15 °C, critical: ¦-18 °C } }\n',
    message: '-18 °C does not lie further out than -15 °C of warning',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: { warning: 40 °F, critical: ¦4 °C } }\n',
    message: '4 °C does not lie further out than 40 °F of warning',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: 'rules:\n  cold: { points: a/b, below: { info: 5, critical: ¦5 } }\n',
    message: '5 does not lie further out than 5 of info',
    allowed: 'a lower limit for the more severe level',
  },
  {
    text: 'rules:\n  x: { points: a/b, outside: { warning: [2, 8], critical: ¦[1, 7] } }\n',
    message: '[1, 7] does not lie further out than [2, 8] of warning',
    allowed: 'a wider range for the more severe level',
  },
  {
    text: 'rules:\n  x: { points: a/b, inside: { warning: [2, 8], critical: ¦[1, 9] } }\n',
    message: '[1, 9] does not lie further out than [2, 8] of warning',
    allowed: 'a narrower range for the more severe level',
  },
  {
    text: 'rules:\n  x: { points: a/b, silent_for: { warning: 5m, critical: ¦300s } }\n',
    message: '5m does not lie further out than 5m of warning',
    allowed: 'a longer time for the more severe level',
  },
  {
    text: 'rules:\n  x: { points: a/b, equals: { warning: open, critical: ¦open } }\n',
    message: 'open does not lie further out than open of warning',
    allowed: 'another value for each level',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, deadband: ¦-2 }\n',
    message: 'found -2',
    allowed: 'a deadband of 0 or more',
  },
  {
    text: 'rules:\n  x: { points: a/b, outside: ¦[2, 8], deadband: 4 }\n',
    message: 'the deadband 4 leaves nothing of [2, 8]: the alert would never clear',
    allowed: 'a deadband of at most half the range',
  },
  {
    text: 'rules:\n  x: { points: a/b, equals: open, ¦deadband: 2 }\n',
    message: 'a deadband has no meaning beside equals:',
    allowed: 'deadband beside above, below, outside, inside or a rate',
  },
  {
    text: 'rules:\n  x: { points: a/b, silent_for: ¦0 }\n',
    message: 'found 0',
    allowed: 'whole milliseconds from 1ms to 3650d',
  },
  {
    text: 'rules:\n  ¦hot: { points: a/b }\n',
    message: 'a rule without a condition',
    allowed:
      'one of above, below, outside, inside, equals, changes_to, silent_for, stuck_for, rate_above, rate_below',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, ¦below: 2 }\n',
    message: 'a second condition: above and below',
    allowed: 'one condition in a rule',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: { warning: 5 }, ¦severity: critical }\n',
    message: 'severity: beside a limit for each severity',
    allowed: 'severity: beside a single limit',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, on_delay: { ¦critical: 5m } }\n',
    message: 'the rule has no limit for critical',
    allowed: 'warning',
  },
  {
    text: 'rules:\n  hot: { points: ¦[], above: 5 }\n',
    message: 'found an empty list',
    allowed: 'at least one point',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, message: ¦"{devise} is hot" }\n',
    message: 'unknown field "{devise}"',
    allowed: '{device} {metric} {value}',
    suggestion: '{device}',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, then: [{ output: ¦siren }] }\n',
    message: 'there is no output "siren"',
    allowed: 'a name from outputs:, which is empty',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, then: [{ notify: ¦me }] }\n',
    message: 'there is no notifier "me"',
    allowed: 'a name from notifiers:, which is empty',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, chain: [{ after: 5m, notify: ¦me }] }\n',
    message: 'there is no notifier "me"',
    allowed: 'a name from notifiers:, which is empty',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, repeat: [5m, ¦5m] }\n',
    message: '5m does not come after 5m',
    allowed: 'times since the raise, each later than the one before',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, repeat: ¦[] }\n',
    message: 'found an empty list',
    allowed: 'at least one duration',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, re_alarm: ¦0 }\n',
    message: 'found 0',
    allowed: 'whole milliseconds from 1s to',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, then: [¦{}] }\n',
    message: 'an action that does nothing',
    allowed: 'one of output, notify',
  },
  {
    text:
      'outputs: { fan: { mqtt: { topic: fan } } }\n' +
      'rules:\n  hot: { points: a/b, above: 5, then: [{ output: fan, ¦on: [active] }] }\n',
    message: 'on: has no meaning beside output:',
    allowed: 'set, while',
  },
  {
    text: 'outputs:\n  a: { mqtt: { topic: fan } }\n' + '  b: { mqtt: { topic: ¦fan } }\n',
    message: 'the output "a" already drives the topic "fan"',
    allowed: 'one output for each topic of a broker',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: fan, broker: ¦home } }\n',
    message: 'there is no broker "home"',
    allowed: 'embedded',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: ¦limen/fan } }\n',
    message: '"limen/fan" belongs to Limen',
    allowed: 'a topic that does not begin with limen/',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: ¦fan/# } }\n',
    message: 'a wildcard in "fan/#"',
    allowed: topics,
  },
  {
    text: 'outputs:\n  fan: { ¦mqtt: { topic: fan, on: x, off: x } }\n',
    message: 'on and off both send "x"',
    allowed: 'two payloads that differ',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: fan, on: ¦"on {lease_s}" } }\n',
    message: 'found {lease_s} without a lease',
    allowed: 'lease: beside mqtt:',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: fan }, lease: ¦2500ms }\n',
    message: 'found 2500ms',
    allowed: 'whole seconds',
  },
  {
    text: 'notifiers:\n  ¦me: {}\n',
    message: 'a notifier without a way',
    allowed: 'one of webhook, command',
  },
  {
    text: 'notifiers:\n  me: { command: ¦[] }\n',
    message: 'found no program',
    allowed: 'a list such as [/usr/bin/notify, kitchen]',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, acknowledge_with: ¦panel/* }\n',
    message: '"panel/*" may match several points',
    allowed: 'one point as device/metric',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, acknowledge_with: { point: ¦button } }\n',
    message: '"button" has no slash',
    allowed: 'device/metric; * stands for any text within one part',
    suggestion: '"button/*"',
  },
];
