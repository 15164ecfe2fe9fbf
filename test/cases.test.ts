import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcomeLines } from '../src/cli/test-report.ts';
import { formatProblem } from '../src/config/text/problem.ts';
import { loadTestFile } from '../src/config/tests/test-file.ts';
import { rehearse } from '../src/rehearsal/rehearse.ts';

// One runner for every case: a new case is a folder with a config and a *.test.yaml. The shipped examples run here, too.

const root = join(import.meta.dirname, '..');
const paths = globSync(['test/cases/*/*.test.yaml', 'config/**/*.test.yaml'], {
  cwd: root,
}).toSorted();

/** Each test of a file, and what is wrong with its outcome; a file that cannot be read is one test that fails. */
async function casesOf(path: string): Promise<readonly (readonly [string, () => string])[]> {
  const loaded = await loadTestFile(join(root, path));
  if (!loaded.ok) return [[path, () => loaded.problems.map(formatProblem).join('\n')]];
  const { config, tests } = loaded.file;
  return tests.map((script) => [
    `${path}: ${script.name}`,
    () => {
      const outcome = rehearse(config, script);
      const options = { tookMs: 0, isVerbose: false, file: path };
      return outcome.failures.length === 0 ? '' : outcomeLines(outcome, options, paper);
    },
  ]);
}

const paper = { hasColors: false };
const cases = (await Promise.all(paths.map(casesOf))).flat();

test.each(cases)('%s', (_, run) => {
  expect(run()).toBe('');
});

test('there are at least 20 cases, and each shipped config has its tests', () => {
  expect(paths.filter((path) => path.startsWith('test/cases/')).length).toBeGreaterThanOrEqual(20);
  const configs = globSync('config/**/*.yaml', { cwd: root }).filter(
    (path) => !path.endsWith('.test.yaml'),
  );
  const tested = paths.map((path) => path.replace('.test.yaml', '.yaml'));
  expect(configs.filter((path) => !tested.includes(path))).toEqual([]);
});
