import type { MistakeCase } from './mistake-case.ts';

const ruleKeys =
  'points, above, below, outside, inside, equals, changes_to, silent_for, stuck_for, tolerance, rate_above, rate_below, all, any, at_least, expression, inputs, about, window, of, severity, deadband, on_delay, ' +
  'off_delay, acknowledge, acknowledge_with, latch, unknown, shelve_max, late, late_after, active_when, settle, message, then';
const durations = 'a duration such as 250ms, 30s, 5m, 2h or 7d';
const quantities = 'a number, or a number and a unit such as -18 °C';

/** Everything that can be wrong with the text itself. */
export const syntax: readonly MistakeCase[] = [
  {
    text: 'points:\n  ¦*/temperature: {}\n',
    message: '"*/temperature" without quotes is an alias in YAML',
    allowed: 'a glob that begins with * in quotes',
    suggestion: '"*/temperature"',
  },
  {
    text: 'rules:\n  hot:\n    above: 5\n    points: ¦*/temperature\n',
    message: '"*/temperature" without quotes is an alias in YAML',
    allowed: 'a glob that begins with * in quotes',
    suggestion: '"*/temperature"',
  },
  {
    text: 'rules:\n  hot: { above: 5, points: [a/b, ¦*/c] }\n',
    message: '"*/c" without quotes is an alias in YAML',
    allowed: 'a glob that begins with * in quotes',
    suggestion: '"*/c"',
  },
  {
    text: 'sources: &b\n  - ¦*b\n',
    message: 'the alias "*b" names no anchor',
    allowed: 'the name of an anchor further up, or text in quotes',
  },
  {
    text: 'site: a\nclock: ntp\n¦site: b\n',
    message: 'duplicate key "site"',
    allowed: 'each key once in its map; join the two',
  },
  {
    text: 'storage:\n¦\tdirectory: x\n',
    message: 'not valid YAML: Tabs are not allowed as indentation',
    allowed: 'spaces; replace the tab',
  },
  {
    text: 'points:\n  a/b: { unit: ¦% }\n',
    message: 'not valid YAML: Plain value cannot start with directive indicator character %',
    allowed: 'such a text in quotes',
  },
  {
    text: 'sources: [{ mqtt: ¦sensors/{device}/{metric} }]\nsite: a\nrules: { r: { points: a/b, above: 5 } }\n',
    message: 'not valid YAML: sensors/{device}/{metric} without quotes, in which { begins a map',
    allowed: 'a text with {names} in quotes',
    suggestion: '"sensors/{device}/{metric}"',
  },
  {
    text: 'sources:\n  - mqtt: ¦{device}/{metric}\n',
    message: 'not valid YAML: {device}/{metric} without quotes, in which { begins a map',
    allowed: 'a text with {names} in quotes',
    suggestion: '"{device}/{metric}"',
  },
  {
    text: 'site: a\nrules:\n  r:\n    points: a/b\n    message: ¦{device} is warm, at {value} {unit}\n    above: 5\n',
    message:
      'not valid YAML: {device} is warm, at {value} {unit} without quotes, in which { begins a map',
    allowed: 'a text with {names} in quotes',
    suggestion: '"{device} is warm, at {value} {unit}"',
  },
  {
    text: 'site: a\n¦---\nsite: b\n',
    message: 'not valid YAML: a second document begins',
    allowed: 'one document; remove the --- line and join the parts',
  },
  {
    text: 'site: ¦!secret x\n',
    message: 'not valid YAML: Unresolved tag: !secret',
    allowed: 'values without a YAML tag',
  },
  {
    text: 'site: "a¦',
    message: 'not valid YAML: Missing closing "quote',
    allowed: null,
  },
  { text: '¦- a\n', message: 'found a list', allowed: 'a map such as site: greenhouse' },
  { text: '¦hello', message: 'found "hello"', allowed: 'a map such as site: greenhouse' },
  {
    text: 'rules:\n  ¦constructor: { points: a/b, above: 5 }\n',
    message: '"constructor" cannot be a key or a name',
    allowed: 'any other name',
  },
  {
    text: '? ¦[a, b]\n: c\n',
    message: 'a key that is not plain text',
    allowed: 'text; quote it if it begins with *',
  },
  {
    text: `site: ${'['.repeat(31)}¦${'['.repeat(40)}${']'.repeat(71)}\n`,
    message: 'maps and lists nest too deeply',
    allowed: 'at most 32 levels',
  },
  { text: 'site: caf¦\ufffd\n', message: 'the file is not UTF-8 text', allowed: 'UTF-8' },
];

/** Keys and values of the wrong kind. */
export const shape: readonly MistakeCase[] = [
  {
    text: '¦siet: x\n',
    message: 'unknown key "siet"',
    allowed:
      'site, broker, brokers, publish, http, storage, clock, sources, points, rules, outputs, ' +
      'notifiers, heartbeat',
    suggestion: 'site',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, ¦deadban: 2 }\n',
    message: 'unknown key "deadban"',
    allowed: ruleKeys,
    suggestion: 'deadband',
  },
  {
    text: 'rules:\n  hot:\n    points: a/b\n    above: { ¦warnign: 5 }\n',
    message: 'unknown key "warnign"',
    allowed: 'info, warning, critical',
    suggestion: 'warning',
  },
  {
    text: 'storage: { ¦keep_readings: 30d }\n',
    message: '"keep_readings" is not in this version of Limen',
    allowed: null,
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ from: ¦March, offset: 1 }] }\n',
    message: 'found "March"',
    allowed: 'a date such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ offset: ¦0.4 °C }] }\n',
    message: 'found "0.4 °C"',
    allowed: 'a number',
  },
  {
    text: 'points:\n  a/b: { calibrations: [{ ¦gain: 2 }] }\n',
    message: 'unknown key "gain"',
    allowed: 'from, scale, offset',
  },
  {
    text: 'brokers:\n  home: { url: mqtt://ha, ¦ca_file: x }\n',
    message: '"ca_file" is not in this version of Limen',
    allowed: null,
  },
  { text: 'site: ¦[a]\n', message: 'found a list', allowed: 'text' },
  { text: '¦site:\n', message: 'found nothing', allowed: 'text' },
  {
    text: 'clock: ¦gps\n',
    message: 'found "gps"',
    allowed: 'ntp or rtc or always',
  },
  {
    text: 'broker: ¦5\n',
    message: 'found the number 5',
    allowed: 'a map with the keys listen, anonymous',
  },
  {
    text: 'broker: { listen: ¦mqtt://127.0.0.1 }\n',
    message: 'found "mqtt://127.0.0.1"',
    allowed: 'a list of texts',
  },
  { text: 'rules: ¦[a]\n', message: 'found a list', allowed: 'a map from names to rules' },
  {
    text: 'rules:\n  ¦hot: { above: 5 }\n',
    message: 'the key "points" is missing',
    allowed: null,
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, latch: ¦maybe }\n',
    message: 'found "maybe"',
    allowed: 'true or false',
  },
  {
    text: 'outputs:\n  fan: { mqtt: { topic: fan }, safe: ¦open }\n',
    message: 'found "open"',
    allowed: 'on or off',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, severity: ¦critcal }\n',
    message: 'found "critcal"',
    allowed: 'info or warning or critical',
    suggestion: 'critical',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, on_delay: ¦30 }\n',
    message: 'found the number 30',
    allowed: durations,
    suggestion: '30s',
  },
  {
    text: 'storage: { commit_delay: ¦250 }\n',
    message: 'found the number 250',
    allowed: `${durations}, at most 1m`,
    suggestion: '250ms',
  },
  {
    text: 'storage: { commit_delay: ¦30 }\n',
    message: 'found the number 30',
    allowed: `${durations}, at most 1m`,
    suggestion: '30s',
  },
  {
    text: 'storage: { commit_delay: ¦100000 }\n',
    message: 'found the number 100000',
    allowed: `${durations}, at most 1m`,
  },
  {
    text: 'storage: { commit_delay: ¦5 minutes }\n',
    message: 'found "5 minutes"',
    allowed: `${durations}, at most 1m`,
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: bench, format: limen, pins: { 7: { metric: door, debounce: ¦20 } } }\n',
    message: 'found the number 20',
    allowed: `${durations}, at most 10s`,
    suggestion: '20ms',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, window: ¦3000000, of: mean }\n',
    message: 'found the number 3000000',
    allowed: `${durations}, at most 31d`,
    suggestion: '3000000ms',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, on_delay: ¦864000000000 }\n',
    message: 'found the number 864000000000',
    allowed: durations,
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, on_delay: { warning: ¦5 minutes } }\n',
    message: 'found "5 minutes"',
    allowed: durations,
    suggestion: '5m',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, shelve_max: ¦8 hours }\n',
    message: 'found "8 hours"',
    allowed: 'a duration such as 250ms, 30s, 5m, 2h or 7d',
    suggestion: '8h',
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: 5, off_delay: ¦-5m }\n',
    message: 'found "-5m"',
    allowed: durations,
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: ¦warm }\n',
    message: 'found "warm"',
    allowed: quantities,
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: ¦"5,5 °C" }\n',
    message: 'found "5,5 °C"',
    allowed: quantities,
  },
  {
    text: 'rules:\n  hot: { points: a/b, above: ¦.inf }\n',
    message: 'found the number Infinity',
    allowed: quantities,
  },
  {
    text: 'rules:\n  hot: { points: a/b, outside: ¦[1, 2, 3] }\n',
    message: 'found a list',
    allowed: 'a pair of limits such as [2, 8] or [2 °C, 8 °C]',
  },
  {
    text: 'points:\n  a/*: { at_least: ¦2.5 }\n',
    message: 'found the number 2.5',
    allowed: 'a whole number',
  },
];
