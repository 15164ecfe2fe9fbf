import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Each row of the table of rule keys: its keys, and the folders of its cases. */
const rows = [
  ...readme.matchAll(/^\| (`[a-z_]+`(?: `[a-z_]+`)*) \| .+ \| (\[.+\]\(test\/cases\/.+\)) \|$/gm),
].map(([, keys = '', cases = '']) => ({
  keys: [...keys.matchAll(/`(.+?)`/g)].map(([, key = '']) => key),
  cases: [...cases.matchAll(/\((.+?)\)/g)].map(([, folder = '']) => folder),
}));

// The table of all keys in config/README.md is written from the schema.
const known = [
  ...readFileSync(join(root, 'config/README.md'), 'utf8').matchAll(
    /^\| `rules\.<name>\.([a-z_]+)` \|/gm,
  ),
].map(([, key = '']) => key);

test('README tells each key of a rule once', () => {
  expect(known.length).toBeGreaterThan(30);
  expect(rows.flatMap(({ keys }) => keys).toSorted()).toEqual(known.toSorted());
});

test('README links each key of a rule to a case that has it', () => {
  const missing = rows.flatMap(({ keys, cases }) => {
    const configs = cases.map((folder) => readFileSync(join(root, folder, 'limen.yaml'), 'utf8'));
    return keys.filter((key) => !configs.some((text) => new RegExp(`\\b${key}:`).test(text)));
  });
  expect(missing).toEqual([]);
});

test('README tells each key of an output once', () => {
  const rowsOfOutputs = readme.split('| key of an output')[1]?.split('\n\n')[0] ?? '';
  const told = [...rowsOfOutputs.matchAll(/`([a-z_]+)`(?=[^|]*\|.*\|$)/gm)].map(([, key]) => key);
  const keys = readFileSync(join(root, 'config/README.md'), 'utf8').matchAll(
    /^\| `outputs\.<name>\.([a-z_]+)` \|/gm,
  );
  expect(told.length).toBeGreaterThan(10);
  expect(new Set(told)).toEqual(new Set(Array.from(keys, ([, key]) => key)));
});

test('links of README lead to something', () => {
  const links = [...readme.matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('each case says in its config, in plain words, what it is about', () => {
  const silent = globSync('test/cases/*/limen.yaml', { cwd: root }).filter(
    (file) => !/^# [A-Z].{20,}/.test(readFileSync(join(root, file), 'utf8').split('\n')[1] ?? ''),
  );
  expect(silent).toEqual([]);
});
