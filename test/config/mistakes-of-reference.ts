import type { MistakeCase } from './mistake-case.ts';

const names = '1 to 100 characters, no control characters';
const sourceTopics = 'levels separated by /, {device} and at most one {metric}, each a whole level';
const topics = 'levels separated by /, without + and #, not beginning with $';
const webUrls = 'http://host/path or https://host/path';
const listenUrls = 'mqtt://host:port or ws://host:port, such as mqtt://127.0.0.1:1883';
const httpUrls = 'http://host:port, such as http://127.0.0.1:8080';
const brokerUrls = 'mqtt://host:port, such as mqtt://homeassistant.local:1883';

/** Addresses, topics, names and references. */
export const references: readonly MistakeCase[] = [
  {
    text: 'broker: { listen: [¦"mqtts://127.0.0.1"] }\n',
    message: 'mqtts:// is not in this version of Limen',
    allowed: listenUrls,
  },
  {
    text: 'broker: { listen: [¦127.0.0.1] }\n',
    message: '"127.0.0.1" is not an address',
    allowed: listenUrls,
    suggestion: 'mqtt://127.0.0.1',
  },
  {
    text: 'broker: { listen: [mqtt://127.0.0.1, ¦"mqtt://127.0.0.1:70000"] }\n',
    message: 'there is no port 70000',
    allowed: listenUrls,
  },
  {
    text: 'broker: { listen: [¦"ws://127.0.0.1"] }\n',
    message: '"ws://127.0.0.1" has no port',
    allowed: 'ws://host:port, such as ws://127.0.0.1:9001',
  },
  {
    text: 'broker: { listen: [¦"mqtt://127.0.0.1:8080"] }\n',
    message: '127.0.0.1:8080 is taken by another listener',
    allowed: 'a port of its own',
  },
  {
    text: 'broker: { listen: ["mqtt://0.0.0.0:1883", ¦"ws://127.0.0.1:1883"] }\n',
    message: '0.0.0.0:1883 is taken by another listener',
    allowed: 'a port of its own',
  },
  {
    text: 'http: { listen: ¦http://0.0.0.0:8080 }\n',
    message: '"0.0.0.0" can be reached from other machines: not in this version of Limen',
    allowed: 'an address of this machine alone: 127.0.0.1, [::1] or localhost',
    suggestion: 'http://127.0.0.1:8080',
  },
  {
    text: 'http: { listen: ¦https://127.0.0.1 }\n',
    message: 'https:// is not in this version of Limen',
    allowed: httpUrls,
  },
  {
    text: 'brokers: { home: { url: ¦mqtts://ha.local } }\n',
    message: 'mqtts:// is not in this version of Limen',
    allowed: brokerUrls,
  },
  {
    text: 'brokers: { home: { url: ¦mqtt://me@ha.local } }\n',
    message: 'a user name has no place in the address',
    allowed: brokerUrls,
  },
  {
    text: 'brokers: { ¦embedded: { url: mqtt://ha.local } }\n',
    message: 'the name "embedded" is taken by the broker inside Limen',
    allowed: 'any other name',
  },
  {
    text: 'brokers:\n  ¦home: { url: mqtt://ha, password: x }\n',
    message: 'a password without a user name',
    allowed: 'username beside it: MQTT has no password alone',
  },
  {
    text: 'brokers:\n  home: { url: mqtt://ha, username: u, password: x, ¦password_file: y }\n',
    message: 'both password and password_file are given',
    allowed: 'one of them',
  },
  {
    text: 'brokers:\n  home: { url: mqtt://ha, username: u, password_file: ¦. }\n',
    message: '"." is not a file',
    allowed: 'a file with the password',
  },
  {
    text: 'publish: { to: [embedded, ¦hom] }\nbrokers: { home: { url: mqtt://ha } }\n',
    message: 'there is no broker "hom"',
    allowed: 'embedded, home',
    suggestion: 'home',
  },
  { text: 'publish: { prefix: ¦a/# }\n', message: 'a wildcard in "a/#"', allowed: topics },
  {
    text: 'storage: { commit_delay: ¦2h }\n',
    message: 'found 2h',
    allowed: 'whole milliseconds from 0ms to 1m',
  },
  {
    text: 'site: ¦"a\\u0007b"\n',
    message: 'found a control character in "a\\u0007b"',
    allowed: names,
  },
  { text: `site: ¦${'x'.repeat(101)}\n`, message: 'found 101 characters', allowed: names },
  {
    text: 'sources:\n  - mqtt: ¦sensors/{metric}\n',
    message: '{device} is missing in "sensors/{metric}"',
    allowed: sourceTopics,
  },
  {
    text: 'sources:\n  - mqtt: ¦sensors/{device}/{device}\n',
    message: '{device} stands twice',
    allowed: sourceTopics,
  },
  {
    text: 'sources:\n  - mqtt: ¦sensors/dev-{device}\n',
    message: '{device} is only a part of a level',
    allowed: sourceTopics,
  },
  {
    text: 'sources:\n  - mqtt: ¦sensors/{devise}\n',
    message: 'unknown capture "{devise}"',
    allowed: sourceTopics,
  },
  {
    text: 'sources:\n  - mqtt: ¦sensors/+/{device}\n',
    message: 'the wildcards + and # are not in this version of Limen: "sensors/+/{device}"',
    allowed: sourceTopics,
  },
  {
    text: 'sources:\n  - mqtt: ¦limen/{device}\n',
    message: '"limen/{device}" also matches the topics that Limen publishes below "limen"',
    allowed: 'a topic with a first level of its own, or another publish.prefix',
  },
  ...['limen/room/{device}', '{device}/{metric}', '{metric}/outputs/{device}'].map((topic) => ({
    text: `sources:\n  - { mqtt: ¦"${topic}" }\n`,
    message: `"${topic}" also matches the topics that Limen publishes below "limen"`,
    allowed: 'a topic with a first level of its own, or another publish.prefix',
  })),
  ...['sensors//{device}', '{device}/', '//{device}'].map((topic) => ({
    text: `sources:\n  - { mqtt: ¦"${topic}" }\n`,
    message: `an empty level in "${topic}"`,
    allowed: sourceTopics,
  })),
  {
    text: 'sources:\n  - ¦broker: embedded\n',
    message: 'a source without a kind',
    allowed: 'one of mqtt, serial, firmata, simulate',
  },
  {
    text: 'sources:\n  - simulate: ¦cold-rom\n',
    message: 'there is no scripted device "cold-rom"',
    allowed: 'cold-room, boiler',
    suggestion: 'cold-room',
  },
  {
    text: 'points:\n  ¦temperature: {}\n',
    message: '"temperature" has no slash',
    allowed: 'device/metric; * stands for any text within one part',
    suggestion: '"temperature/*"',
  },
  {
    text: 'rules:\n  hot: { above: 5, points: ¦"freezer-*" }\n',
    message: '"freezer-*" has no slash',
    allowed: 'device/metric; * stands for any text within one part',
    suggestion: '"freezer-*/*"',
  },
  {
    text: 'points:\n  a/b: { ¦at_least: 2 }\n',
    message: '"a/b" names one point',
    allowed: 'at_least beside a glob with *',
  },
  {
    text: 'rules:\n  ¦limen.stal: { severity: critical }\n',
    message: 'the name "limen.stal" is reserved',
    allowed: 'any name that does not begin with limen., or limen.stale, ',
    suggestion: 'limen.stale',
  },
  {
    text: 'rules:\n  limen.stale: { ¦on_delay: 5m, severity: critical }\n',
    message: "on_delay: cannot be set here: the judgement of this rule is Limen's own",
    allowed: 'severity, acknowledge, shelve_max, message, then, group, chain, repeat, re_alarm',
  },
  {
    text: 'rules:\n  limen.*: { then: [{ notify: ¦nobody }] }\n',
    message: 'there is no notifier "nobody"',
    allowed: 'a name from notifiers:, which is empty',
  },
  {
    text: 'heartbeat: { url: ¦watcher.lan/limen }\n',
    message: '"watcher.lan/limen" is not a web address',
    allowed: webUrls,
    suggestion: 'http://watcher.lan/limen',
  },
];
