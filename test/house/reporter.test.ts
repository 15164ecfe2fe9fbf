import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, scratchFolder } from './shell.ts';

/** Runs the suite's own config over a folder with one test file. */
function runSuite(body: string): { status: number | null; lines: string[] } {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'test'));
  writeFileSync(join(folder, 'test/sample.test.ts'), body);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = join(root, 'test/vitest.config.ts');
  const args = [vitest, 'run', '--config', config, '--root', folder, '--globals'];
  const ended = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status: ended.status, lines: ended.stdout.trimEnd().split('\n') };
}

test('a run ends with its counts and names what each skipped test lacks', () => {
  const { status, lines } = runSuite(`
    test('good', () => {});
    test('bad', () => { throw new Error('no'); });
    test('needs a tool', (context) => { context.skip('no mosquitto'); });
    test('needs it too', (context) => { context.skip('no mosquitto'); });
  `);
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 2 skipped');
  expect(lines.at(-2)).toBe('skipped 2 in test/sample.test.ts: no mosquitto');
});

test('what ran out of time is tried once more and named; what went wrong is not', () => {
  const { status, lines } = runSuite(`
    const tries = { late: 0, wrong: 0, hung: 0 };
    test('late', () => { if (tries.late++ === 0) throw new Error('not within 5 ms: a reading'); });
    test('wrong', () => { if (tries.wrong++ === 0) throw new Error('no'); });
    test('hung', async () => { if (tries.hung++ === 0) await new Promise(() => {}); }, 50);
    test('for ever', async () => { await new Promise(() => {}); }, 50);
  `);
  expect(status).toBe(1);
  expect(lines.slice(-3)).toEqual([
    'ran out of time once in test/sample.test.ts: late',
    'ran out of time once in test/sample.test.ts: hung',
    '2 passed, 2 failed, 0 skipped',
  ]);
});

test('a file that cannot be loaded counts as failed', () => {
  const { status, lines } = runSuite(`throw new Error('broken file');`);
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});

test('an error outside of every test counts as failed', () => {
  const { status, lines } = runSuite(`
    test('good', async () => {
      setTimeout(() => { throw new Error('late'); }, 1);
      await new Promise((done) => { setTimeout(done, 100); });
    });
  `);
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
});
