import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

const endings: Readonly<Record<string, RegExp>> = {
  counter: /_total$/,
  gauge: /_(?:count|rows|bytes|seconds)$/,
  histogram: /_(?:bytes|seconds)$/,
};

// Declarations: `metrics.gauge('limen_...'`, and `metrics.collect('limen_...', help, 'counter'`.
const declaration =
  /\b(gauge|counter|histogram|collect|count)\(\s*'(limen_[^']*)'(?:,\s*(?:'[^']*'|"[^"]*")(?:,\s*'(gauge|counter)')?)?/g;

const declared = globSync('{src,firmware-bridge}/**/*.ts', { cwd: root }).flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(declaration)].map(
    ([, call = '', name = '', type]) => ({
      file,
      name,
      type: type ?? (call === 'count' ? 'counter' : call),
    }),
  ),
);

test('a metric is named limen_<noun>_<unit>: counters end in _total, the others in their unit', () => {
  expect(declared.length).toBeGreaterThan(30);
  const wrong = declared.filter(
    ({ name, type }) => !/^limen(?:_[a-z0-9]+)+$/.test(name) || !endings[type]?.test(name),
  );
  expect(wrong).toEqual([]);
});

test('no metric is left out of the check of names', () => {
  const mentioned = globSync('{src,firmware-bridge}/**/*.ts', { cwd: root }).flatMap(
    (file) => readFileSync(join(root, file), 'utf8').match(/'limen_[a-z0-9_]+'/g) ?? [],
  );
  const known = new Set(declared.map(({ name }) => `'${name}'`));
  expect(mentioned.filter((name) => !known.has(name))).toEqual([]);
});
