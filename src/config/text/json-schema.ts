import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { isMap, pointValues } from './schema-parts.ts';
import { configSchema } from '../schema.ts';
import { testSchema } from '../tests/test-schema.ts';

/** The JSON schema of the config, as text: editors complete and check `limen.yaml` with it. */
export function createJsonSchema(): string {
  return `${JSON.stringify({ ...render(configSchema), title: 'Limen' }, null, 2)}\n`;
}

/** The JSON schema of test files, as text. The config that a test file holds is that of `limen.schema.json`. */
export function createTestJsonSchema(): string {
  return `${JSON.stringify({ ...render(testSchema), title: 'Limen tests' }, null, 2)}\n`;
}

function render(valibot: GenericSchema): Record<string, unknown> {
  const schema: unknown = toJsonSchema(valibot, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema({ valibotSchema, jsonSchema }) {
      if (valibotSchema.type !== 'loose_object') return null;
      const points = pointValues.get(valibotSchema);
      const patterns = points === undefined ? {} : { patternProperties: { '/': render(points) } };
      return { ...jsonSchema, ...patterns, additionalProperties: false };
    },
  });
  const definitions = isMap(schema) && isMap(schema['$defs']) ? schema['$defs'] : {};
  const root = isMap(schema) ? { ...schema, $defs: undefined } : {};
  const inlined = inline(root, definitions);
  return isMap(inlined) ? inlined : {};
}

// The branches that are chosen by what is there become numbered definitions, which are no help to a reader.
function inline(value: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => inline(item, definitions));
  if (!isMap(value)) return value;
  const { $ref: reference, ...rest } = value;
  if (typeof reference !== 'string') {
    const entries = Object.entries(rest).filter(([name, part]) => !isEmptyList(name, part));
    return Object.fromEntries(entries.map(([name, part]) => [name, inline(part, definitions)]));
  }
  const target = inline(definitions[reference.replace('#/$defs/', '')], definitions);
  return isMap(target) ? { ...target, ...rest } : target;
}

function isEmptyList(name: string, part: unknown): boolean {
  return name === 'required' && Array.isArray(part) && part.length === 0;
}
