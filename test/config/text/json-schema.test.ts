import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createJsonSchema, createTestJsonSchema } from '../../../src/config/text/json-schema.ts';
import { createReference } from '../../../src/config/text/reference.ts';

const folder = resolve(import.meta.dirname, '../../../config');
const schema: unknown = JSON.parse(createJsonSchema());
const testSchema: unknown = JSON.parse(createTestJsonSchema());

describe('createJsonSchema()', () => {
  it('gives what is committed; else run `node scripts/config-schema.ts`', () => {
    expect(readFileSync(join(folder, 'limen.schema.json'), 'utf8')).toBe(createJsonSchema());
  });

  it.each([
    readFileSync(join(folder, 'limen.yaml'), 'utf8'),
    'rules:\noutputs:\n',
    'rules: { hot: { points: [a/b], outside: { warning: [2, 8 C] }, on_delay: 0 } }',
    'rules: { hot: { points: a/b, equals: open, deadband: 2 °C, latch: on } }',
  ])('accepts a sound config', (text) => {
    expect(accepts(schema, parse(text))).toBe(true);
  });

  it.each([
    'siet: x',
    'rules: { hot: { points: a/b, above: warm } }',
    'rules: { hot: { points: a/b, above: { warm: 5 } } }',
    'rules: { hot: { points: a/b, above: 5, on_delay: 5 } }',
    'rules: { hot: { points: a/b, outside: [1, 2, 3] } }',
    'storage: { keep_readings: 30d }',
    'clock: gps',
    'outputs: { fan: { mqtt: {} } }',
    'broker: []',
  ])('refuses %s', (text) => {
    expect(accepts(schema, parse(text))).toBe(false);
  });
});

describe('createTestJsonSchema()', () => {
  it('gives what is committed; else run `node scripts/config-schema.ts`', () => {
    const committed = readFileSync(join(folder, 'limen-test.schema.json'), 'utf8');
    expect(committed).toBe(createTestJsonSchema());
  });

  it.each(globSync('{config,test/cases}/**/*.test.yaml', { cwd: resolve(folder, '..') }))(
    'accepts %s',
    (path) => {
      const text = readFileSync(resolve(folder, '..', path), 'utf8');
      expect(accepts(testSchema, parse(text))).toBe(true);
      // Editors find the schema by the first line.
      const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
      expect(resolve(folder, '..', dirname(path), named)).toBe(
        join(folder, 'limen-test.schema.json'),
      );
    },
  );

  it.each([
    'test: []',
    'tests: [{ name: x, steps: [{ at: 5, a/b: 1 }] }]',
    'tests: [{ name: x, steps: [{ at: 5s, temperature: 1 }] }]',
    'tests: [{ name: x, steps: [{ at: 5s, a/b: { valu: 1 } }] }]',
    'tests: [{ name: x, steps: [{ at: 5s, expect: { warm: activ } }] }]',
    'tests: [{ name: x, steps: [], events: [{ at: 1m }] }]',
  ])('refuses %s', (text) => {
    expect(accepts(testSchema, parse(text))).toBe(false);
  });
});

describe('createReference()', () => {
  it('gives the list of keys in README.md; else run `node scripts/config-schema.ts`', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    const parts = { keys: createJsonSchema(), 'test keys': createTestJsonSchema() };
    for (const [part, json] of Object.entries(parts))
      expect(readme).toContain(`<!-- ${part} -->\n${createReference(json)}<!-- /${part} -->`);
  });
});

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Just enough of JSON schema for ours; throws at a keyword it does not know. */
function accepts(rule: unknown, value: unknown): boolean {
  if (!isObject(rule)) throw new Error('not a schema');
  return Object.entries(rule).every(([keyword, wanted]) => holds(keyword, wanted, value, rule));
}

function holds(keyword: string, wanted: unknown, value: unknown, rule: Json): boolean {
  const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [];
  const properties = isObject(rule['properties']) ? rule['properties'] : {};
  const patternRules = isObject(rule['patternProperties']) ? rule['patternProperties'] : {};
  const patterns = Object.keys(patternRules);
  switch (keyword) {
    case '$schema':
    case 'title':
    case 'description':
    case 'propertyNames':
      return true;
    case 'type':
      return hasType(wanted, value);
    case 'const':
      return value === wanted;
    case 'enum':
      return list.includes(value);
    case 'anyOf':
      return list.some((branch) => accepts(branch, value));
    case 'pattern':
      return typeof value !== 'string' || new RegExp(String(wanted), 'u').test(value);
    case 'minItems':
      return !Array.isArray(value) || value.length >= Number(wanted);
    case 'maxItems':
      return !Array.isArray(value) || value.length <= Number(wanted);
    case 'items':
      return !Array.isArray(value) || value.every((item) => accepts(wanted, item));
    case 'required':
      return !isObject(value) || list.every((name) => Object.hasOwn(value, String(name)));
    case 'properties':
      return Object.entries(properties).every(
        ([name, part]) =>
          !isObject(value) || !Object.hasOwn(value, name) || accepts(part, value[name]),
      );
    case 'patternProperties':
      return Object.entries(isObject(value) ? value : {}).every(([name, part]) =>
        patterns.every((pattern) => !name.match(pattern) || accepts(patternRules[pattern], part)),
      );
    case 'additionalProperties': {
      const others = isObject(value) ? Object.entries(value) : [];
      return others
        .filter(
          ([name]) =>
            !Object.hasOwn(properties, name) && !patterns.some((part) => name.match(part)),
        )
        .every(([, part]) => wanted !== false && accepts(wanted, part));
    }
    default:
      throw new Error(`unknown keyword ${keyword}`);
  }
}

function hasType(type: unknown, value: unknown): boolean {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
