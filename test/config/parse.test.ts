import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ownRules } from '../../src/domain/rule.ts';
import { loadConfig, parseConfig, type Loaded } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/text/problem.ts';
import type { Config } from '../../src/domain/config.ts';
import { mistakes } from './mistakes.ts';

const directory = mkdtempSync(join(tmpdir(), 'limen-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const shippedPath = resolve(import.meta.dirname, '../../config/limen.yaml');
const shipped = readFileSync(shippedPath, 'utf8');

function parse(text: string): Loaded {
  const scenarios = ['cold-room', 'boiler'];
  return parseConfig(text, { file: 'limen.yaml', directory, scenarios });
}

function sound(text: string): Config {
  const loaded = parse(text);
  if (loaded.ok) return loaded.config;
  throw new Error(loaded.problems.map(formatProblem).join('\n'));
}

function problemsOf(text: string): string[] {
  const loaded = parse(text);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

describe('parseConfig()', () => {
  it('takes an empty file, and one of empty sections, for all defaults', () => {
    for (const text of ['', '# nothing yet\n', 'rules:\noutputs:\nsources:\n', '\ufeff']) {
      const { text: _, hash: __, ...config } = sound(text);
      expect(config).toEqual({
        site: 'limen',
        broker: {
          listen: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883 }],
          anonymous: 'loopback',
        },
        brokers: [],
        publish: { prefix: 'limen', to: ['embedded'] },
        http: { host: '127.0.0.1', port: 8080 },
        storage: { directory: resolve(directory, '../data'), commitDelayMs: 250 },
        clock: 'ntp',
        sources: [
          { kind: 'mqtt', pattern: 'sensors/{device}/{metric}', broker: 'embedded' },
          { kind: 'mqtt', pattern: 'sensors/{device}', broker: 'embedded' },
        ],
        points: [],
        rules: [],
        ownRules: [],
        outputs: [],
        notifiers: [],
        heartbeat: null,
      });
    }
  });

  it('tells all mistakes at once, in the order of the file', () => {
    const text = mistakes
      .filter(
        (mistake) => mistake.text.startsWith('rules:\n') && !/\*\/|constructor/.test(mistake.text),
      )
      .map((mistake, index) =>
        mistake.text.replace('¦', '').replace('rules:\n', '').replace(/\w+:/, `r${index}:`),
      )
      .join('');
    const loaded = parse(`rules:\n${text}`);
    if (loaded.ok) throw new Error('accepted');
    const lines = loaded.problems.map(({ line }) => line);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
    expect(new Set(lines).size).toBeGreaterThan(25);
  });

  it('judges what stands before a syntax error, and no more', () => {
    expect(problemsOf('siet: x\nrules:\n  hot: [1\nclock: gps\n')).toEqual([
      expect.stringContaining('limen.yaml:1:1: siet: unknown key "siet"'),
      expect.stringContaining('limen.yaml:3:8: rules.hot: found a list'),
      expect.stringContaining('limen.yaml:4:1: not valid YAML'),
    ]);
  });

  it('does not call an output missing because the output itself is wrong', () => {
    const text =
      'outputs: { siren: 5 }\nrules: { hot: { points: a/b, above: 5, then: [{ output: siren }] } }\n';
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('1:19: outputs.siren: found the number 5'),
    ]);
  });

  it('reads limits, levels, delays and deadbands', () => {
    const [rule] = sound(`
rules:
  freezer-warm:
    points: ["freezer-*/temperature", "*/door"]
    above: { critical: "−15 C", warning: -18 degC }
    deadband: { warning: 2, critical: 3.6 °F }
    on_delay: { warning: 10m, critical: 1.5h }
    off_delay: 0
    acknowledge: required
    latch: "yes"
    unknown: raise
    shelve_max: 2h
    message: "{device} {value}"
    then: [{ output: fan, set: off, while: open }, { notify: me, on: [active, normal] }, { notify: me }]
outputs: { fan: { mqtt: { topic: fan } } }
notifiers: { me: { command: [echo, 5] } }
`).rules;
    expect(rule).toMatchObject({
      name: 'freezer-warm',
      points: [
        { text: 'freezer-*/temperature', exact: false },
        { text: '*/door', exact: false },
      ],
      levels: [
        {
          severity: 'warning',
          comparator: { kind: 'above', limit: { value: -18, unit: '°C' } },
          deadband: { value: 2, unit: null },
          onDelayMs: 600_000,
        },
        {
          severity: 'critical',
          comparator: { kind: 'above', limit: { value: -15, unit: '°C' } },
          deadband: { value: 3.6, unit: '°F' },
          onDelayMs: 5_400_000,
        },
      ],
      window: null,
      offDelayMs: 0,
      acknowledge: 'required',
      latch: true,
      unknown: 'raise',
      shelveMaxMs: 7_200_000,
      message: '{device} {value}',
      then: [
        { kind: 'claim', output: 'fan', level: 'off', span: 'open' },
        { kind: 'notify', notifier: 'me', on: ['active', 'normal'] },
        { kind: 'notify', notifier: 'me', on: ['active'] },
      ],
    });
  });

  it.each([
    ['above: 5', { kind: 'above', limit: { value: 5, unit: null } }],
    ['below: 5 pct', { kind: 'below', limit: { value: 5, unit: '%' } }],
    [
      'outside: [2 C, 8]',
      { kind: 'outside', low: { value: 2, unit: '°C' }, high: { value: 8, unit: null } },
    ],
    [
      'inside: [2, 8]',
      { kind: 'inside', low: { value: 2, unit: null }, high: { value: 8, unit: null } },
    ],
    ['equals: open', { kind: 'equals', value: 'open' }],
    ['equals: on', { kind: 'equals', value: true }],
    ['equals: "Off"', { kind: 'equals', value: false }],
    ['equals: false', { kind: 'equals', value: false }],
    ['equals: 3', { kind: 'equals', value: 3 }],
    ['equals: "3"', { kind: 'equals', value: 3 }],
    ['changes_to: open', { kind: 'changes_to', value: 'open' }],
    ['changes_to: no', { kind: 'changes_to', value: false }],
    ['silent_for: 5m', { kind: 'silent_for', forMs: 300_000 }],
  ])('reads %s', (condition, comparator) => {
    const [rule] = sound(`rules:\n  x:\n    points: a/b\n    ${condition}\n`).rules;
    expect(rule?.levels).toMatchObject([{ severity: 'warning', comparator }]);
  });

  it.each([
    ['mean', { kind: 'mean' }],
    ['count', { kind: 'count' }],
    ['{ percentile: 95 }', { kind: 'percentile', percent: 95 }],
    ['{ time_above: 8 C }', { kind: 'time_above', limit: { value: 8, unit: '°C' } }],
  ])('reads a window of %s', (of, aggregate) => {
    const [rule] = sound(`rules:\n  x: { points: a/b, above: 5, window: 10m, of: ${of} }\n`).rules;
    expect(rule?.window).toEqual({ spanMs: 600_000, of: aggregate });
  });

  it('reads the tolerance of a stuck value into every level', () => {
    const [rule] = sound(
      'rules:\n  x: { points: a/b, stuck_for: { info: 30m, critical: 2h }, tolerance: 0.1 K }\n',
    ).rules;
    const tolerance = { value: 0.1, unit: 'K' };
    expect(rule?.levels).toMatchObject([
      { comparator: { kind: 'stuck_for', forMs: 1_800_000, tolerance } },
      { comparator: { kind: 'stuck_for', forMs: 7_200_000, tolerance } },
    ]);
  });

  it.each([
    ['rate_above: 2 °C/min', 'rate_above', { value: 2, unit: '°C', perMs: 60_000 }],
    ['rate_below: -3e1 L/min / h', 'rate_below', { value: -30, unit: 'L/min', perMs: 3_600_000 }],
    ['rate_above: 2 /h', 'rate_above', { value: 2, unit: null, perMs: 3_600_000 }],
  ])('reads %s', (condition, kind, limit) => {
    const text = `{ points: a/b, ${condition}, window: 10m, deadband: 0.5 /min }`;
    const [rule] = sound(`rules:\n  x: ${text}\n`).rules;
    expect(rule?.window).toEqual({ spanMs: 600_000, of: { kind: 'rate' } });
    expect(rule?.levels).toMatchObject([
      {
        comparator: { kind, limit },
        deadband: { value: 0.5 * (limit.perMs / 60_000), unit: null },
      },
    ]);
  });

  it('reads outputs with their defaults, and text as it is written', () => {
    const [first, second] = sound(`
outputs:
  siren: { mqtt: { topic: a/siren } }
  heater:
    mqtt: { topic: a/heater, "on": 007, off: no }
    safe: yes
    on_unknown: safe
    max_on: 10m
    lease: 60s
`).outputs;
    expect(first).toEqual({
      name: 'siren',
      way: {
        kind: 'mqtt',
        broker: 'embedded',
        topic: 'a/siren',
        payloads: { on: 'on', off: 'off' },
      },
      safe: 'off',
      idle: 'off',
      onUnknown: null,
      maxOnMs: null,
      minOnMs: null,
      minOffMs: null,
      pulseMs: null,
      leaseMs: null,
      ttlMs: 60_000,
      neverWith: [],
      onlyWhile: null,
      feedback: null,
    });
    expect(second).toMatchObject({
      way: { payloads: { on: '007', off: 'no' } },
      safe: 'on',
      idle: 'on',
      onUnknown: 'safe',
      maxOnMs: 600_000,
      leaseMs: 60_000,
    });
  });

  it('reads listeners, brokers and the port that is left to the system', () => {
    const config = sound(`
site: 007
broker: { listen: ["mqtt://[::1]:0", "ws://0.0.0.0:9001", "mqtt://pi.local"], anonymous: never }
brokers: { home: { url: mqtt://ha.local, username: limen, password: 0123 } }
publish: { prefix: my/limen, to: [home] }
http: { listen: "http://[::1]:0" }
storage: { directory: /var/lib/limen, commit_delay: 1s }
sources: [{ mqtt: "{device}/{metric}", broker: home }, { simulate: boiler }]
`);
    expect(config.site).toBe('007');
    expect(config.broker.listen).toEqual([
      { scheme: 'mqtt', host: '::1', port: 0 },
      { scheme: 'ws', host: '0.0.0.0', port: 9001 },
      { scheme: 'mqtt', host: 'pi.local', port: 1883 },
    ]);
    expect(config.brokers).toEqual([
      { name: 'home', url: 'mqtt://ha.local:1883', username: 'limen', password: '0123' },
    ]);
    expect(config.http).toEqual({ host: '::1', port: 0 });
    expect(config.storage).toEqual({ directory: '/var/lib/limen', commitDelayMs: 1_000 });
  });

  it('reads a password from its file, without the newline at the end', () => {
    writeFileSync(join(directory, 'secret'), 'p w\n\n');
    const broker = (file: string) =>
      `brokers: { home: { url: mqtt://ha, username: u, password_file: ${file} } }\n`;
    expect(sound(broker('secret')).brokers[0]?.password).toBe('p w\n');
    expect(problemsOf(broker('nothing'))).toEqual([
      expect.stringMatching(
        /^limen.yaml:1:64: brokers.home.password_file: cannot read "nothing".*ENOENT/,
      ),
    ]);
  });

  it('merges nothing into objects and keeps names that objects also have', () => {
    const { rules } = sound(
      'rules: { toString: { points: a/b, above: 5 }, 12: { points: a/b, above: 5 } }\n',
    );
    expect(rules.map(({ name }) => name).toSorted()).toEqual(['12', 'toString']);
    expect(problemsOf('__proto__: { polluted: true }\n')).toHaveLength(1);
    expect('polluted' in {}).toBe(false);
  });

  it('refuses what is too large without looking at it for long', () => {
    const bomb = `a: &a [x, x]\n${Array.from({ length: 40 }, (_, index) => {
      const [own, before] = [`b${index}`, index === 0 ? 'a' : `b${index - 1}`];
      return `${own}: &${own} [*${before}, *${before}]`;
    }).join('\n')}`;
    expect(problemsOf(bomb).join()).toContain('too many values (allowed: at most 100000 values');
    expect(problemsOf('x'.repeat(1_100_000))[0]).toContain('holds 1100000 bytes; at most 1048576');
    expect(problemsOf('['.repeat(200_000)).join()).toContain('nest too deeply');
    expect(problemsOf('- '.repeat(100_000)).join()).toContain('nest too deeply');
  });

  it('says in short, and soon, what is wrong with a very long line', () => {
    const long = 'a'.repeat(200_000);
    expect(problemsOf(`site: "${long}" x\n`)).toEqual([
      'limen.yaml:1:200010: not valid YAML: Unexpected scalar at node end',
    ]);
    const [problem = ''] = problemsOf(`site: {device}/${long}\n`);
    expect(problem).toContain('aaa... without quotes, in which { begins a map');
    expect(problem.length).toBeLessThan(300);
  });

  it("merges what is said of Limen's own rules in file order, key by key", () => {
    const loaded = parse(`
rules:
  limen.*: { severity: critical, then: [{ notify: me }] }
  limen.bad: { severity: info, acknowledge: required, shelve_max: 1h, message: "{device} is broken" }
notifiers: { me: { webhook: { url: http://me } } }
`);
    const { config, warnings } = loaded.ok ? loaded : { config: null, warnings: null };
    const told = [{ kind: 'notify', notifier: 'me', on: ['active'] }];
    expect(config?.rules).toEqual([]);
    expect(config?.ownRules.map(({ name }) => name)).toEqual([...ownRules]);
    const [stale, bad] = ['limen.stale', 'limen.bad'].map((name) =>
      config?.ownRules.find((rule) => rule.name === name),
    );
    expect(stale).toMatchObject({ severity: 'critical', acknowledge: null, then: told });
    expect(bad).toMatchObject({
      severity: 'info',
      acknowledge: 'required',
      shelveMaxMs: 3_600_000,
      message: '{device} is broken',
      then: told,
    });
    expect(warnings).toEqual([]);
  });

  it('puts a chain in the order of time, and warns of a repetition that nobody hears', () => {
    const loaded = parse(`
rules:
  limen.*: { then: [{ notify: me }] }
  hot:
    points: a/b
    above: 5
    chain: [{ after: 1h, notify: me }, { after: 5m, notify: me }]
    repeat: [10m]
    re_alarm: 8h
sources: [{ mqtt: "x/{device}/{metric}" }]
notifiers: { me: { webhook: { url: http://me } } }
`);
    const [hot] = loaded.ok ? loaded.config.rules : [];
    expect(hot?.chain.map(({ afterMs }) => afterMs)).toEqual([300_000, 3_600_000]);
    expect(hot).toMatchObject({ repeatMs: [600_000], reAlarmMs: 28_800_000 });
    expect(loaded.ok ? loaded.warnings.map(formatProblem) : []).toEqual([
      expect.stringContaining('8:5: rules.hot.repeat: nobody is told again'),
    ]);
  });

  it('warns of an output whose commands a source takes for readings, and not where they never are readings', () => {
    const loaded = parse(`
sources: [{ mqtt: "home/{device}/{metric}" }]
rules: { hot: { points: a/b, above: 5, then: [{ output: lamp }, { output: fan }] } }
outputs:
  lamp: { mqtt: { topic: home/lamp/power }, lease: 1m, max_on: 1h }
  fan: { mqtt: { topic: home/fan/set }, lease: 1m, max_on: 1h }
`);
    expect(loaded.ok ? loaded.warnings.map(({ message }) => message) : []).toEqual([
      'the source "home/{device}/{metric}" takes the commands of "lamp" for readings',
    ]);
  });

  it('reads serial lines, each format with what it needs', () => {
    const { sources } = sound(`
sources:
  - { serial: /dev/ttyACM0, device: bench, format: ndjson, baud: 115200, bits: 7e1, reopen_after: 5m }
  - { serial: /dev/ttyS0, device: boat, format: nmea }
  - { serial: /dev/ttyS1, device: log, format: csv, columns: [_, temp], separator: ";" }
  - serial: /dev/ttyUSB0
    device: air
    format: frames
    frame: { start: aa c0, length: 10 }
    check: { kind: sum8, at: 8, from: 2 }
    fields: { pm25: { at: 2, type: u16, scale: 0.1, unit: ug/m3 } }
`);
    const common = {
      kind: 'serial',
      dataBits: 8,
      parity: 'none',
      stopBits: 1,
      reopenAfterMs: null,
    };
    expect(sources).toEqual([
      {
        ...common,
        path: '/dev/ttyACM0',
        device: 'bench',
        baud: 115_200,
        dataBits: 7,
        parity: 'even',
        reopenAfterMs: 300_000,
        format: { kind: 'ndjson' },
      },
      { ...common, path: '/dev/ttyS0', device: 'boat', baud: 4_800, format: { kind: 'nmea' } },
      {
        ...common,
        path: '/dev/ttyS1',
        device: 'log',
        baud: 9_600,
        format: { kind: 'csv', columns: [null, 'temp'], separator: ';' },
      },
      {
        ...common,
        path: '/dev/ttyUSB0',
        device: 'air',
        baud: 9_600,
        format: {
          kind: 'frames',
          framing: { kind: 'sized', start: [0xaa, 0xc0], length: 10, lengthAt: 0, lengthPlus: 0 },
          check: { kind: 'sum8', at: 8, from: 2, endian: 'big' },
          fields: [
            {
              metric: 'pm25',
              at: 2,
              type: 'u16',
              endian: 'little',
              scale: 0.1,
              offset: 0,
              unit: 'µg/m³',
            },
          ],
        },
      },
    ]);
  });

  it('warns of ports that share a device, and of frames that nothing proves', () => {
    const loaded = parse(`
sources:
  - { serial: /dev/ttyUSB0, device: a, format: ndjson }
  - { serial: /dev/ttyUSB1, device: a, format: csv }
  - serial: /dev/ttyUSB2
    device: b
    format: frames
    frame: { start: aa, length: 4 }
    fields: { level: { at: 1, type: u8 } }
  - { firmata: /dev/ttyUSB3, device: c, pins: { A0: { metric: soil } } }
rules: { dry: { points: c/soil, below: 200 } }
`);
    expect(loaded.ok ? loaded.warnings.map(formatProblem) : []).toEqual([
      expect.stringContaining(
        '4:37: sources[1].device: "/dev/ttyUSB0" gives its readings to "a" too: those of one metric are mixed',
      ),
      expect.stringContaining(
        '8:12: sources[2].frame: bytes of a frame that look like its start may be read as one',
      ),
    ]);
  });

  it('warns of what works but is not safe', () => {
    const loaded = parse(`
points: { a/b: { valid: [0, 10] } }
sources: [{ simulate: boiler }]
rules:
  hot: { points: a/b, above: 10 }
outputs: { siren: { mqtt: { topic: siren } } }
notifiers: { me: { webhook: { url: http://me } } }
`);
    const warnings = loaded.ok ? loaded.warnings.map(formatProblem) : [];
    expect(warnings).toEqual([
      expect.stringContaining('3:11: sources[0]: no source reads what "boiler" reports'),
      expect.stringContaining('5:18: rules.hot.points: no source can deliver "a/b"'),
      expect.stringContaining('5:23: rules.hot.above: 10 is never passed: a/b is bad beyond 10'),
      expect.stringContaining('6:12: outputs.siren: the output "siren" has no end'),
      expect.stringContaining('6:12: outputs.siren: the output "siren" is not fail-safe'),
      expect.stringContaining('6:12: outputs.siren: no rule claims the output "siren"'),
      expect.stringContaining('7:1: notifiers: nobody is told of limen.stale'),
      expect.stringContaining('7:14: notifiers.me: no rule uses the notifier "me"'),
    ]);
  });

  it('warns of a time above a limit that is longer than its window', () => {
    const of = 'window: 15m, of: { time_above: 8 }';
    const loaded = parse(`
rules:
  single: { points: a/b, above: 15 min, ${of} }
  levels: { points: a/b, above: { warning: 899, critical: 900 }, ${of} }
`);
    const warnings = loaded.ok ? loaded.warnings.map(formatProblem) : [];
    expect(warnings).toEqual([
      expect.stringContaining('rules.single.above: 15 min is never passed: the window is 15m long'),
      expect.stringContaining('rules.levels.above.critical: 900 is never passed'),
    ]);
  });

  it('finds the shipped config sound, and warns only that its siren has no timer', () => {
    const scenarios = ['cold-room'];
    const loaded = parseConfig(shipped, { file: 'limen.yaml', directory, scenarios });
    expect(loaded).toMatchObject({ ok: true });
    const messages = loaded.ok ? loaded.warnings.map(({ message }) => message) : [];
    expect(messages).toEqual([expect.stringContaining('not fail-safe')]);
    expect(shipped.split('\n')[0]).toBe('# yaml-language-server: $schema=./limen.schema.json');
  });

  it('finds the examples of README.md sound', () => {
    const readme = readFileSync(join(shippedPath, '../README.md'), 'utf8');
    const examples = Array.from(readme.matchAll(/```yaml\n([^]*?)```/g), (match) => match[1] ?? '');
    writeFileSync(join(directory, 'home'), 'secret');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) sound(example.replace('secrets/home', 'home'));
  });
});

describe('loadConfig()', () => {
  it('reads a file, and finds relative paths from its folder', async () => {
    const path = join(directory, 'limen.yaml');
    writeFileSync(path, 'storage: { directory: data }\n');
    expect(await loadConfig(path)).toMatchObject({
      ok: true,
      config: { storage: { directory: join(directory, 'data') } },
    });
  });

  it('tells of a file that is missing, too large, a folder, or not UTF-8', async () => {
    const large = join(directory, 'large.yaml');
    writeFileSync(large, '#'.repeat(1_100_000));
    const latin = join(directory, 'latin.yaml');
    writeFileSync(latin, Buffer.from('clock: ntp\nsite: caf\u00e9\n', 'latin1'));
    const expected = [
      [join(directory, 'missing.yaml'), 1, 'cannot read the config: ENOENT'],
      [large, 1, 'the file holds 1100000 bytes'],
      [directory, 1, 'cannot read the config: EISDIR'],
      [latin, 2, 'the file is not UTF-8 text'],
    ] as const;
    for (const [path, line, message] of expected) {
      expect(await loadConfig(path)).toMatchObject({
        ok: false,
        problems: [{ file: path, line, message: expect.stringContaining(message) }],
      });
    }
  });
});
