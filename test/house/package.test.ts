import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, root, run, scratchFolder, toolsFolder, writeNode } from './shell.ts';

// npm's words for "I could not reach the registry": nothing about the package is proved or disproved then.
const unreachable =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;

test('the package installs with npm and runs where node is 20', { timeout: 240_000 }, (context) => {
  const top = scratchFolder();
  const tools = toolsFolder(top);
  const npm = findNpm(tools);
  if (npm === undefined) return context.skip('npm is not installed');
  const built = join(top, 'built');
  execFileSync(process.execPath, [join(root, 'scripts/build.ts'), built]);
  expect(globSync('**/*.ts', { cwd: built })).toEqual([]);
  // What is flashed onto a board, and the emulator that runs it.
  const firmware = ['README.md', 'limen-board/limen-board.uno.hex', 'emulator/board-process.js'];
  expect(firmware.filter((file) => !existsSync(join(built, 'firmware-bridge', file)))).toEqual([]);

  const packed = npm(['pack', built, '--json'], top);
  expect(packed).toMatchObject({ status: 0 });
  const tarball = globSync('limen-*.tgz', { cwd: top })[0] ?? '';
  const prefix = join(top, 'prefix');
  const options = ['--prefer-offline', '--fetch-retries=0', '--no-fund', '--no-audit'];
  const installed = npm(['install', '-g', '--prefix', prefix, ...options, join(top, tarball)], top);
  if (installed.status !== 0 && unreachable.test(installed.err)) {
    return context.skip('the npm registry cannot be reached from here');
  }
  expect(installed).toMatchObject({ status: 0 });

  // The machine's own Node is too old and must not be used for anything.
  writeNode(join(top, 'old/node'), 'old', 'v20.19.2');
  const path = [join(top, 'old'), tools].join(delimiter);
  const limen = join(prefix, 'bin/limen');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(run(limen, ['--version'], path)).toMatchObject({ status: 0, out: `${version}\n` });
  const home = join(prefix, 'lib/node_modules/limen');
  const checked = run(limen, ['check', join(home, 'config/limen.yaml')], path);
  expect(checked).toMatchObject({ status: 0 });

  // The native part must load as it was downloaded: no compiler ran, no install script is needed.
  const [node = ''] = globSync('node_modules/node-linux-*/bin/node', { cwd: home });
  const query = `new (require('better-sqlite3'))(':memory:').prepare('SELECT 1').get()`;
  expect(run(join(home, node), ['-e', query], path, home)).toMatchObject({ status: 0, err: '' });
});

/**
 * The npm that runs this suite, else the one on PATH. It runs with this Node, free of what `npm run` sets, and sees
 * neither compiler nor python: an install that wanted to build something fails.
 */
function findNpm(tools: string): ((args: readonly string[], cwd: string) => Ended) | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  const cli = [process.env['npm_execpath'] ?? '', ...onPath].find((path) => existsSync(path));
  if (cli === undefined) return undefined;
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const path = [dirname(process.execPath), tools].join(delimiter);
  const env = { ...Object.fromEntries(outer), PATH: path };
  return (args, cwd) => {
    const command = [realpathSync(cli), ...args];
    const ended = spawnSync(process.execPath, command, { cwd, env, encoding: 'utf8' });
    return { status: ended.status, out: ended.stdout, err: ended.stderr };
  };
}
