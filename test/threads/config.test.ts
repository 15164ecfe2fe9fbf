import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/parse.ts';
import { scenarioNames } from '../../src/producers/scenarios.ts';
import { loadConfigApart } from '../../src/threads/start-config.ts';

const folder = join(import.meta.dirname, '../../config');
const scenarios = scenarioNames().map(({ name }) => name);
const examples = readdirSync(join(folder, 'examples'))
  .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
  .map((name) => join('examples', name));

test.each(['limen.yaml', '../test/cases/overrides/limen.yaml', ...examples])(
  'loadConfigApart() reads %s as this thread would',
  async (name) => {
    const path = join(folder, name);
    const apart = await loadConfigApart({ path, scenarios });
    const here = await loadConfig(path, { scenarios });
    expect(JSON.stringify(apart)).toBe(JSON.stringify(here));
    if (!apart.ok || !here.ok) throw new Error('a shipped config has mistakes');
    const names = [
      'freezer-1/temperature',
      'freezer-3/temperature',
      'cold-room/temperature',
      'bed/soil',
      'x/y',
    ];
    const matched = (config: typeof apart.config): boolean[] =>
      config.rules.flatMap(({ points, variants }) =>
        [...points, ...variants.flatMap(({ patterns }) => patterns)].flatMap((pattern) =>
          names.map((each) => {
            const [device = '', metric = ''] = each.split('/');
            return pattern.matches(device, metric);
          }),
        ),
      );
    expect(matched(apart.config)).toEqual(matched(here.config));
  },
);

test('loadConfigApart() gives every problem with its place', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'limen-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'limen.yaml');
  writeFileSync(path, 'sight: home\nrules: { hot: { points: a/b, above: 3 kg/x } }\n');
  const apart = await loadConfigApart({ path, scenarios });
  expect(apart).toEqual(await loadConfig(path, { scenarios }));
  expect(apart).toMatchObject({ ok: false, problems: [{ line: 1 }, { line: 2 }] });
});
