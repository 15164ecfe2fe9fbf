import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeLines } from '../../src/cli/test-report.ts';
import { formatProblem } from '../../src/config/text/problem.ts';
import { parseTestFile } from '../../src/config/tests/test-file.ts';
import type { Outcome } from '../../src/domain/rehearsal.ts';
import { rehearse } from '../../src/rehearsal/rehearse.ts';

const root = join(import.meta.dirname, '../..');
const config = `config:
  points: { "*/temperature": { unit: °C, expect_every: 1m } }
  rules:
    warm:
      points: "*/temperature"
      above: 8
      on_delay: 2m
      then: [{ output: siren }, { notify: cook }]
  outputs: { siren: { mqtt: { topic: x/siren }, max_on: 5m } }
  notifiers: { cook: { webhook: { url: "http://a/b" } } }
`;

async function run(test: string): Promise<Outcome> {
  const text = `${config}tests:\n  - name: x\n${test.replaceAll(/^/gm, '    ')}`;
  const loaded = await parseTestFile(text, '/nowhere/x.test.yaml');
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const script = loaded.file.tests[0];
  if (script === undefined) throw new Error('there is no test');
  return rehearse(loaded.file.config, script);
}

function told({ failures }: Outcome): string[] {
  return failures.flatMap(({ subject, differences }) =>
    differences.map(({ what, expected, actual }) => `${subject} ${what}: ${expected} / ${actual}`),
  );
}

describe('rehearse()', () => {
  it('tells every difference with its place and its time', async () => {
    const outcome = await run(`steps:
  - { every: 1m, to: 3m, a/temperature: 9 }
  - at: 3m
    expect:
      warm: { state: pending, severity: critical, value: 48.2 °F, condition: breached }
      outputs: { siren: off }
      notified: { cook: 2 }
      points: { a/temperature: 7 °C }
      open: []
`);
    expect(told(outcome)).toEqual([
      'warm state: pending / active',
      'warm severity: critical / warning',
      'output siren level: off / on (claim, warm/a/temperature)',
      'a/temperature value: 7 °C / 9 °C',
      'notifier cook told: 2 times / 1 time',
      'open alerts not normal: none / warm/a/temperature (active)',
    ]);
    expect(outcome.failures[0]).toMatchObject({ line: 17, column: 17, atMs: 180_000 });
  });

  it('says which alert is meant where a rule has several open ones', async () => {
    const outcome = await run(`steps:
  - { every: 1m, to: 3m, a/temperature: 9, b/temperature: 9, c/temperature: 1 }
  - { at: 3m, expect: { warm/a/temperature: active, warm/c/temperature: normal, warm: active } }
`);
    expect(told(outcome)).toEqual([
      'warm alert: one that is not normal / warm/a/temperature, warm/b/temperature',
    ]);
  });

  it('compares the flags, and tells by which act and config they came', async () => {
    const outcome = await run(`steps:
  - { at: 0s, a/temperature: 1 }
  - { at: 1m, shelve: warm, for: 1h, by: ann }
  - { at: 2m, out_of_service: warm }
  - { at: 3m, reload: { rules: { warm: { points: "*/temperature", above: 9 } } } }
flags:
  - { at: 1m, alert: warm, reason: shelved }
  - { at: 3m, alert: warm, reason: in_service }
`);
    const [{ diff, ...failure } = { diff: [] }] = outcome.failures;
    expect(failure).toMatchObject({ subject: 'flags', atMs: null });
    expect(diff.map(({ sign, text }) => `${sign} ${text}`)).toEqual([
      '  { at: 1m, alert: warm/a/temperature, reason: shelved }',
      '- { at: 3m, alert: warm, reason: in_service }',
      '+ { at: 2m, alert: warm/a/temperature, reason: out_of_service }',
    ]);
    expect(outcome.timeline.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        'ann: shelve for 1h warm',
        'somebody: take out of service warm',
        'another config goes into force',
      ]),
    );
  });

  it('compares the whole sequence of events, and says what is missing and what is too much', async () => {
    const outcome = await run(`steps:
  - { every: 30s, to: 3m, a/temperature: 9 }
events:
  - { at: 0s, alert: warm, to: pending }
  - { at: 3m, alert: warm, to: active }
commands: [{ output: siren, to: off }]
`);
    expect(outcome.failures.map(({ subject }) => subject)).toEqual(['events', 'commands']);
    expect(outcome.failures[0]?.diff.map(({ sign, text }) => `${sign} ${text}`)).toEqual([
      '  { at: 0s, alert: warm/a/temperature, to: pending, reason: breached, severity: warning }',
      '- { at: 3m, alert: warm, to: active }',
      '+ { at: 2m, alert: warm/a/temperature, to: active, reason: on_delay_over, severity: warning, notify: [cook] }',
    ]);
    expect(outcome.failures[1]?.diff.map(({ sign }) => sign)).toEqual(['-', '+']);
  });

  it('fails where an act is refused, or is not refused as expected', async () => {
    const outcome = await run(`steps:
  - { at: 0s, a/temperature: 9 }
  - { at: 1s, acknowledge: warm }
  - { at: 2m, acknowledge: warm, refused: yes }
  - { at: 2m, reset: warm/b/temperature }
`);
    expect(told(outcome)).toEqual([
      expect.stringMatching(/^acknowledge warm result: done \/ refused: /),
      'acknowledge warm result: refused / done',
      'reset warm/b/temperature result: one alert / no such alert',
    ]);
  });

  it('fails where no source brings the reading', async () => {
    const outcome = await run('steps:\n  - { at: 0s, a/x/temperature: 9 }\nevents: []\n');
    expect(told(outcome)).toEqual([
      'a/x/temperature result: a source that brings it: a topic, or a port, with its device / none',
    ]);
  });

  it('loses what is sent while Limen is down, and starts with what is on disk', async () => {
    const outcome = await run(
      `steps:
  - { every: 30s, to: 4m, a/temperature: 9 }
  - { at: 1m, restart: { down: 50s } }
  - { at: 3m, expect: { warm: active } }
`.replace(/( {2}- \{ every.*\n)( {2}- \{ at: 1m.*\n)/, '$1$2'),
    );
    expect(outcome.failures).toEqual([]);
    expect(outcome.timeline.map(({ text }) => text)).toContain('a/temperature 9 is lost');
    expect(outcome.events).toMatchObject([
      { atMs: 0, to: 'pending' },
      { atMs: 120_000, to: 'active', notify: ['cook'] },
    ]);
  });

  it('gives the same outcome each time', async () => {
    const test = `steps:
  - { every: 7s, to: 1h, a/temperature: [9, 7, 9, 9, nan] }
  - { at: 1h, restart: { down: 3m, clock: lost } }
  - { at: 65m, clock: found }
flags: []
`;
    expect(await run(test)).toEqual(await run(test));
  });

  it('runs a day of readings in seconds', async () => {
    const outcome = await run(
      'steps:\n  - { every: 10s, to: 1d, a/temperature: [5, 9] }\nflags: []\n',
    );
    expect(outcome.spanMs).toBe(86_400_000);
    expect(outcome.timeline.length).toBeGreaterThan(0);
  });

  it('passes the test in README.md', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, text = ''] = /## Test your rules[^]*?```yaml\n([^]*?)```/.exec(readme) ?? [];
    const loaded = await parseTestFile(text, join(root, 'config/examples/freezer.test.yaml'));
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    const outcomes = loaded.file.tests.map((script) => rehearse(loaded.file.config, script));
    expect(outcomes.map(({ failures }) => failures)).toEqual([[]]);
  });
});

describe('outcomeLines()', () => {
  it('prints what was expected, what was, and what happened around it', async () => {
    const outcome = await run(`steps:
  - { every: 10s, to: 3m, a/temperature: 9 }
  - { at: 3m, expect: { warm: pending } }
`);
    const options = { tookMs: 3, isVerbose: false, file: 'x.test.yaml' };
    expect(outcomeLines(outcome, options, { hasColors: false })).toBe(`  ✗ x  3m in 3 ms

      warm at 3m  x.test.yaml:15:35
        state  expected pending
               was      active

      what happened
               0s  reading  a/temperature 9
               0s  alert    warm/a/temperature: normal → pending (breached, warning)
              10s  reading  a/temperature 9  ×11 until 1m50s
               2m  alert    warm/a/temperature: pending → active (on_delay_over, warning) → cook
               2m  output   siren on (claim, warm/a/temperature)
               2m  reading  a/temperature 9  ×7 until 3m
      ✗        3m  failure  warm state: expected pending, was active
`);
  });
});
