// Writes config/limen.schema.json, config/limen-test.schema.json and the list of keys in config/README.md from the schema; --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { createJsonSchema, createTestJsonSchema } from '../src/config/text/json-schema.ts';
import { createReference } from '../src/config/text/reference.ts';

const isCheck = process.argv.includes('--check');
const schema = createJsonSchema();
const testSchema = createTestJsonSchema();
const stale = [
  update(new URL('../config/limen.schema.json', import.meta.url), () => schema),
  update(new URL('../config/limen-test.schema.json', import.meta.url), () => testSchema),
  update(new URL('../config/README.md', import.meta.url), (readme) =>
    fill(fill(readme, 'keys', createReference(schema)), 'test keys', createReference(testSchema)),
  ),
];
if (isCheck && stale.includes(true)) {
  console.error('config/ is out of date: run `node scripts/config-schema.ts`');
  process.exitCode = 1;
}

/** Replaces what stands between the two marks of a part. */
function fill(readme: string, part: string, text: string): string {
  const [open, close] = [`<!-- ${part} -->\n`, `<!-- /${part} -->`];
  const [before = '', rest = ''] = readme.split(open);
  return `${before}${open}${text}${close}${rest.slice(rest.indexOf(close) + close.length)}`;
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
