import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSite, type Site } from './limen.ts';

const config = 'rules: { warm: { points: a/b, above: 5 } }\n';
const passing =
  '  - { name: passes, steps: [{ at: 0s, a/b: 6 }, { at: 1s, expect: { warm: active } }] }\n';
const failing =
  '  - { name: fails, steps: [{ at: 0s, a/b: 4 }, { at: 1s, expect: { warm: active } }] }\n';

function write(site: Site, name: string, text: string): void {
  writeFileSync(join(site.directory, name), text);
}

test('limen test runs the tests beside the config and exits with 0 when all pass', async () => {
  await using site = createSite(config);
  write(site, 'config/limen.test.yaml', `tests:\n${passing}`);
  const { status, out, err } = await site.limen(['test']);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toMatch(
    /^\nconfig\/limen\.test\.yaml {2}with config\/limen\.yaml\n {2}✓ passes {2}1s in \d+ ms\n/,
  );
  expect(out).toMatch(/\n1 test in 1 file: 1 passed, 1s of virtual time in \d+\.\d s\n$/);
});

test('limen test exits with 1 when one fails, and writes JUnit XML and JSON', async () => {
  await using site = createSite(config);
  write(site, 'config/limen.test.yaml', `tests:\n${passing}${failing}`);
  const { status, out } = await site.limen(['test', '--json', '--junit', 'results.xml']);
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    passed: 1,
    failed: 1,
    files: [
      {
        file: 'config/limen.test.yaml',
        config: 'config/limen.yaml',
        tests: [
          {
            name: 'passes',
            line: 2,
            ok: true,
            span_ms: 1_000,
            events: [{ at_ms: 0, to: 'active' }],
          },
          {
            name: 'fails',
            ok: false,
            failures: [
              {
                line: 3,
                at_ms: 1_000,
                subject: 'warm',
                differences: [{ expected: 'active', actual: 'normal' }],
              },
            ],
          },
        ],
      },
    ],
  });
  const xml = readFileSync(join(site.directory, 'results.xml'), 'utf8');
  expect(xml).toContain('<testsuites name="limen" tests="2" failures="1"');
});

test('limen test --filter runs what has the text in its name', async () => {
  await using site = createSite(config);
  write(site, 'config/limen.test.yaml', `tests:\n${passing}${failing}`);
  expect(await site.limen(['test', '--filter', 'PASS'])).toMatchObject({ status: 0 });
  const none = await site.limen(['test', '--filter', 'nothing']);
  expect(none).toEqual({ status: 2, out: '', err: 'limen: No test has "nothing" in its name\n' });
});

test('limen test exits with 2 and names every mistake of every file, and runs nothing', async () => {
  await using site = createSite(config);
  write(site, 'config/a.test.yaml', 'tests:\n  - { name: x, steps: [{ at: 0, expct: 5 }] }\n');
  write(site, 'config/b.test.yaml', `tests:\n${passing}  - { name: y }\n`);
  const { status, out } = await site.limen(['test', 'config']);
  expect(status).toBe(2);
  expect(out).toContain('config/a.test.yaml:2:33: tests[0].steps[0].expct: unknown key "expct"');
  expect(out).toContain('did you mean expect?\n');
  expect(out).toContain('config/b.test.yaml:3:5: tests[1].steps: the key "steps" is missing\n');
  expect(out).toContain('2 problems\n');
  expect(out).not.toContain('✓');
  const json = await site.limen(['test', 'config', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ line: 2 }, { line: 3 }] });
});

test('limen test gives each file the config of its own name, unless files are named with --config', async () => {
  await using site = createSite(config);
  const wants = (alert: string): string =>
    `tests: [{ name: x, steps: [{ at: 0s, a/b: 6 }, { at: 0s, expect: { ${alert}: active } }] }]\n`;
  write(site, 'config/shed.yaml', 'rules: { damp: { points: a/b, above: 5 } }\n');
  write(site, 'config/shed.test.yaml', wants('damp'));
  write(site, 'config/limen.test.yaml', wants('warm'));
  expect(await site.limen(['test', '--config', 'config/limen.yaml'])).toMatchObject({ status: 0 });
  const named = await site.limen(['test', 'config/shed.test.yaml', '-c', 'config/limen.yaml']);
  expect(named.status).toBe(2);
  expect(named.out).toContain('there is no rule "damp"');
});

test('limen test says what it looked for where there is nothing to run', async () => {
  await using site = createSite(config);
  expect(await site.limen(['test'])).toMatchObject({
    status: 2,
    err: 'limen: There is no *.test.yaml in config\n',
  });
  expect(await site.limen(['test', 'none.test.yaml'])).toMatchObject({
    status: 2,
    err: 'limen: There is no file "none.test.yaml"\n',
  });
});
