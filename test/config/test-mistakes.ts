import type { MistakeCase } from './mistake-case.ts';

const config = `config:
  rules: { warm: { points: a/b, above: 5 } }
  outputs: { siren: { mqtt: { topic: x/siren } } }
  notifiers: { kitchen: { webhook: { url: "http://a/b" } } }
`;
const stepKeys =
  'at, every, from, to, clock, payload, acknowledge, set, reset, shelve, for, one_shot, unshelve, ' +
  'out_of_service, in_service, by, comment, refused, disconnect, connect, reload, restart, ' +
  'expect, device/metric';
const moments = 'a time since the start of the test such as 0s, 30s, 11m or 1h30m';
const durations = 'a duration such as 250ms, 30s, 5m, 2h or 7d';
const rules =
  'a rule or rule/device/metric: warm, limen.stale, limen.never_heard, limen.bad, limen.was_down, limen.source_lost, limen.flood, limen.output_failed, limen.notifier_failed, limen.storage, limen.clock';

/** A test file with these steps. */
function steps(...lines: readonly string[]): string {
  return `${config}tests:\n  - name: x\n    steps:\n${lines.map((line) => `      - ${line}\n`).join('')}`;
}

/** A test file with a sound step and this after it. */
function after(text: string): string {
  return `${steps('{ at: 1m, a/b: 1 }')}    ${text}\n`;
}

/** Everything that can be wrong with a test file. */
export const testMistakes: readonly MistakeCase[] = [
  { text: '¦[]', message: 'found a list', allowed: 'a map with the key tests' },
  {
    text: 'tests: [¦',
    message:
      'not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    allowed: null,
  },
  { text: `${config}tests: ¦[]`, message: 'no tests', allowed: 'a list of tests' },
  {
    text: `${config}tests: [{ name: x, steps: ¦[] }]`,
    message: 'nothing happens, and nothing is expected',
    allowed: 'steps, or events, flags or commands beside them',
  },
  {
    text: `${config}tests: [{ name: x, steps: ¦[{ at: 0s, oven/heat: 300 }], ignore: [limen.*] }]`,
    message: 'nothing is expected: it passes whatever the rules are',
    allowed: 'expect or an act in a step, or events, flags or commands beside the steps',
  },
  { text: `${config}tests: ¦x`, message: 'found "x"', allowed: 'a list of tests' },
  { text: `¦${config}`, message: 'the key "tests" is missing', allowed: null },
  {
    text: `config:
  points: { a/sum: { expression: x + y, inputs: { x: a/x, y: a/y } } }
tests:
  - { name: x, steps: [{ at: 1m, a/x: 1 }, { at: 2m, ¦a/sum: 1 }] }`,
    message: '"a/sum" is calculated',
    allowed: 'readings of a/x, a/y',
  },
  {
    text: 'config: ¦nowhere.yaml\ntests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }',
    message: 'there is no file "nowhere.yaml"',
    allowed: 'a config file, relative to this file, or a config as a map',
  },
  {
    text: 'config: ¦5\ntests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }',
    message: 'found the number 5',
    allowed: 'a config file, or a config as a map',
  },
  {
    text: '¦tests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }',
    message: 'there is no config beside this file',
    allowed: 'config: with a file or a map, or a file x.yaml or limen.yaml',
  },
  {
    text: 'config: { rules: { warm: { points: a/b, ¦abov: 5 } } }\ntests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }',
    message: 'unknown key "abov"',
    allowed: 'points, above, below',
    suggestion: 'above',
  },
  {
    text: 'config: { rules: { warm: { points: ¦*/b, above: 5 } } }\ntests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }',
    message: '"*/b" without quotes is an alias in YAML',
    allowed: 'a glob that begins with * in quotes',
    suggestion: '"*/b"',
  },
  {
    text: `${config}tests:\n  - { name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }\n  - { name: ¦x, steps: [{ at: 0s, a/b: 1 }] }`,
    message: 'a second test named "x"',
    allowed: 'each name once',
  },
  {
    text: `${config}tests:\n  - ¦{ name: x }`,
    message: 'the key "steps" is missing',
    allowed: null,
  },
  {
    text: steps('{ at: ¦5, a/b: 1 }'),
    message: 'found the number 5',
    allowed: moments,
    suggestion: '5s',
  },
  {
    text: steps('{ at: ¦5 minutes, a/b: 1 }'),
    message: 'found "5 minutes"',
    allowed: moments,
    suggestion: '5m',
  },
  {
    text: steps('{ at: ¦11000d, a/b: 1 }'),
    message: 'found 11000d',
    allowed: 'whole milliseconds, at most ten years',
  },
  { text: steps('¦{ a/b: 1 }'), message: 'a step without a time', allowed: 'at, or every' },
  {
    text: steps('¦{ at: 5m }'),
    message: 'a step in which nothing happens',
    allowed: 'device/metric, clock, payload, acknowledge, reset, shelve, unshelve, out_of_service',
  },
  {
    text: steps('{ at: 5m, a/b: 1 }', '{ at: ¦4m, a/b: 1 }'),
    message: '4m lies before 5m of the step above',
    allowed: 'steps in the order of time',
  },
  {
    text: steps('{ at: 1m, ¦acknowlege: warm }'),
    message: 'unknown key "acknowlege"',
    allowed: stepKeys,
    suggestion: 'acknowledge',
  },
  {
    text: steps('{ at: 1m, ¦temperature: 5 }'),
    message: 'unknown key "temperature"',
    allowed: stepKeys,
  },
  {
    text: steps('{ at: 1m, ¦from: 1m, a/b: 1 }'),
    message: 'from: has no meaning without every:',
    allowed: 'at',
  },
  {
    text: steps('{ every: 1m, ¦at: 1m, a/b: 1 }'),
    message: 'at: has no meaning beside every:',
    allowed: 'from, to',
  },
  {
    text: steps('{ every: ¦0s, a/b: 1 }'),
    message: 'found 0s',
    allowed: 'whole milliseconds from 1ms to 3650d',
  },
  {
    text: steps('¦{ every: 1m }'),
    message: 'every: without a reading',
    allowed: 'readings as device/metric: value',
  },
  {
    text: steps('{ every: 1m, from: 5m, to: ¦1m, a/b: 1 }'),
    message: '1m lies before 5m, where it begins',
    allowed: 'a later time',
  },
  {
    text: steps('{ every: 1m, a/b: 1, ¦expect: { warm: active } }'),
    message: 'expect: has no meaning beside every:',
    allowed: 'a step of its own',
  },
  {
    text: steps('{ every: ¦1ms, to: 1h, a/b: 1 }'),
    message: 'more than 200000 readings in one test',
    allowed: 'a longer time',
  },
  {
    text: steps('{ at: 1m, expect: { ¦warn: active } }'),
    message: 'there is no rule "warn"',
    allowed: `${rules}, outputs, points, notified, open`,
    suggestion: 'warm',
  },
  {
    text: steps('{ at: 1m, expect: { ¦warm/a/c: normal } }'),
    message: 'the rule "warm" has no point "a/c"',
    allowed: 'a/b',
  },
  {
    text: steps('{ at: 1m, expect: { warm: ¦activ } }'),
    message: 'found "activ"',
    allowed: 'normal or pending or active or acknowledged or returned',
    suggestion: 'active',
  },
  {
    text: steps('{ at: 1m, expect: { warm: { ¦stat: active } } }'),
    message: 'unknown key "stat"',
    allowed: 'state, condition, quality',
    suggestion: 'state',
  },
  {
    text: steps('{ at: 1m, expect: { outputs: { ¦sirn: on } } }').replace('¦sirn: ', 'sirn: ¦'),
    message: 'there is no output "sirn"',
    allowed: 'siren',
    suggestion: 'siren',
  },
  {
    text: steps('{ at: 1m, expect: { outputs: { siren: ¦maybe } } }'),
    message: 'found "maybe"',
    allowed: 'on or off',
  },
  {
    text: steps('{ at: 1m, set: { siren: ¦maybe } }'),
    message: 'found "maybe"',
    allowed: 'on, off or auto',
  },
  {
    text: steps('{ at: 1m, expect: { notified: { kitchn: ¦1 } } }'),
    message: 'there is no notifier "kitchn"',
    allowed: 'kitchen',
    suggestion: 'kitchen',
  },
  {
    text: steps('{ at: 1m, expect: { points: { ¦b: 1 } } }'),
    message: '"b" is not a point',
    allowed: 'device/metric, without *',
  },
  {
    text: steps('{ at: 1m, expect: ¦{} }'),
    message: 'an expectation of nothing',
    allowed: 'alerts by their rule, outputs, points, notified or open',
  },
  ...[
    ['warm', 'the state of the alert, or what else is expected of it'],
    ['outputs', 'outputs, each on or off'],
    ['points', 'points, each with its value'],
    ['notified', 'notifiers, each with how often they were told'],
  ].map(([name = '', allowed = '']) => ({
    text: steps(`{ at: 0s, expect: { ${name}: ¦{} } }`),
    message: 'an expectation of nothing',
    allowed,
  })),
  {
    text: steps('{ at: 1m, acknowledge: ¦warm/x }'),
    message: '"warm/x" is not an alert',
    allowed: rules,
    suggestion: 'warm',
  },
  {
    text: steps('{ at: 1m, ¦for: 1h, a/b: 1 }'),
    message: 'for: has no meaning without shelve: or set:',
    allowed: 'shelve, set',
  },
  {
    text: steps('{ at: 1m, shelve: ¦warm }'),
    message: 'a shelf without an end',
    allowed: 'for, or one_shot: true',
  },
  {
    text: steps('{ at: 1m, shelve: ¦warm, for: 1h, one_shot: yes }'),
    message: 'shelve: with for: and one_shot:',
    allowed: 'for, or one_shot: true',
  },
  {
    text: steps('{ at: 1m, disconnect: ¦home }'),
    message: 'there is no broker "home"',
    allowed: 'a broker of brokers:',
  },
  {
    text: steps('{ at: 1m, reload: ¦nowhere.yaml }'),
    message: 'there is no file "nowhere.yaml"',
    allowed: 'a config file, relative to this file, or a config as a map',
  },
  {
    text: steps(
      '{ at: 1m, reload: { rules: { warm: { points: a/b, ¦abov: 6 } } }, expect: { warm: normal } }',
    ),
    message: 'unknown key "abov"',
    allowed: 'points, above, below',
    suggestion: 'above',
  },
  {
    text: steps('{ at: 1m, reload: ¦{ site: elsewhere } }'),
    message: 'a change of site needs a restart',
    allowed: 'a config that differs in what a reload can change',
  },
  {
    text: steps('{ at: 1m, ¦by: anna, a/b: 1 }'),
    message: 'by: has no meaning without an act',
    allowed: 'acknowledge, reset',
  },
  {
    text: steps('{ at: 1m, restart: { down: ¦5 } }'),
    message: 'found the number 5',
    allowed: durations,
    suggestion: '5s',
  },
  {
    text: steps('{ at: 1m, ¦restart: {}, a/b: 1 }'),
    message: 'restart: with something else in its step',
    allowed: 'a step of its own: what comes after it needs a time after it',
  },
  {
    text: steps('{ at: 1m, restart: { down: 5m } }', '{ at: ¦2m, expect: { warm: active } }'),
    message: 'Limen is down at 2m',
    allowed: 'a time after it has started again',
  },
  {
    text: steps('{ at: 1m, clock: ¦1h }'),
    message: 'found "1h"',
    allowed: 'how far the wall clock is set, such as +1h or -10m, or found',
    suggestion: '+1h',
  },
  {
    text: steps('{ at: 1m, ¦payload: { topic: a } }'),
    message: 'the key "text" is missing',
    allowed: null,
  },
  {
    text: steps('{ at: 1m, payload: { topic: a, text: b, broker: ¦hom } }'),
    message: 'there is no broker "hom"',
    allowed: 'embedded',
  },
  { text: steps('{ at: 1m, a/b: ¦[] }'), message: 'found an empty list', allowed: 'values' },
  {
    text: steps('{ at: 1m, a/b: { value: 1, quality: ¦goood } }'),
    message: 'found "goood"',
    allowed: 'good or suspect or bad or stale',
    suggestion: 'good',
  },
  {
    text: steps('{ at: 1m, ¦"a/*": 1 }'),
    message: '"a/*" is not a point',
    allowed: 'device/metric, without *',
  },
  {
    text: steps('{ at: 1m, a/b: ¦1 °X }'),
    message: 'unknown unit "°X"',
    allowed: '°C °F K',
    suggestion: '°C',
  },
  {
    text: after('events: [{ alert: ¦warn, to: active }]'),
    message: 'there is no rule "warn"',
    allowed: rules,
    suggestion: 'warm',
  },
  {
    text: after('events: [{ alert: warm, to: active, notify: [¦kitchn] }]'),
    message: 'there is no notifier "kitchn"',
    allowed: 'kitchen',
    suggestion: 'kitchen',
  },
  {
    text: after('events: [¦{ at: 1m, to: active }]'),
    message: 'the key "alert" is missing',
    allowed: null,
  },
  {
    text: after('commands: [{ output: ¦sirn, to: on }]'),
    message: 'there is no output "sirn"',
    allowed: 'siren',
    suggestion: 'siren',
  },
  {
    text: after('ignore: [¦limen.stal]'),
    message: 'there is no rule "limen.stal"',
    allowed: 'warm, limen.stale',
    suggestion: 'limen.stale',
  },
  {
    text: after('¦evnts: []'),
    message: 'unknown key "evnts"',
    allowed: 'name, steps, events, flags, commands, ignore',
    suggestion: 'events',
  },
];
