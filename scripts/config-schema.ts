// Writes config/limen.schema.json, config/limen-test.schema.json and the list of keys in config/README.md from the schema; --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { createJsonSchema, createTestJsonSchema } from '../src/config/json-schema.ts';
import { createReference } from '../src/config/reference.ts';

const isCheck = process.argv.includes('--check');
const schema = createJsonSchema();
const stale = [
  update(new URL('../config/limen.schema.json', import.meta.url), () => schema),
  update(new URL('../config/limen-test.schema.json', import.meta.url), createTestJsonSchema),
  update(new URL('../config/README.md', import.meta.url), (readme) =>
    readme.replace(
      /(<!-- keys -->\n)[^]*(<!-- \/keys -->)/,
      (_, open: string, close: string) => `${open}${createReference(schema)}${close}`,
    ),
  ),
];
if (isCheck && stale.includes(true)) {
  console.error('config/ is out of date: run `node scripts/config-schema.ts`');
  process.exitCode = 1;
}

/** Brings one file up to date; true if it was not. */
function update(url: URL, render: (present: string) => string): boolean {
  const present = readIfThere(url);
  const wanted = render(present);
  if (wanted === present) return false;
  if (!isCheck) writeFileSync(url, wanted);
  return true;
}

function readIfThere(url: URL): string {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return '';
  }
}
