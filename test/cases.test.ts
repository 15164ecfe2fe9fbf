import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outcomeLines } from '../src/cli/test-report.ts';
import { formatProblem } from '../src/config/problem.ts';
import { loadTestFile } from '../src/config/test-file.ts';
import { rehearse } from '../src/rehearsal/rehearse.ts';

// One runner for every case: a new case is a folder with a config and a *.test.yaml. The shipped examples run here, too.

const root = join(import.meta.dirname, '..');
const paths = globSync(['test/cases/*/*.test.yaml', 'config/**/*.test.yaml'], {
  cwd: root,
}).toSorted();

test('there are at least 20 cases, and each shipped example has its tests', () => {
  expect(paths.filter((path) => path.startsWith('test/cases/')).length).toBeGreaterThanOrEqual(20);
  const configs = globSync('config/**/*.yaml', { cwd: root }).filter(
    (path) => !path.endsWith('.test.yaml'),
  );
  const tested = paths.map((path) => path.replace('.test.yaml', '.yaml'));
  expect(configs.filter((path) => !tested.includes(path))).toEqual([]);
});

for (const path of paths) {
  const loaded = await loadTestFile(join(root, path));
  describe(relative('test/cases', path), () => {
    if (!loaded.ok) {
      test('is a sound test file', () => {
        expect(loaded.problems.map(formatProblem)).toEqual([]);
      });
      return;
    }
    const { config, tests } = loaded.file;
    test.each(tests.map((script) => [script.name, script] as const))('%s', (_, script) => {
      const outcome = rehearse(config, script);
      const options = { tookMs: 0, isVerbose: false, file: path };
      if (outcome.failures.length > 0) {
        expect.fail(outcomeLines(outcome, options, { hasColors: false }));
      }
    });
  });
}
