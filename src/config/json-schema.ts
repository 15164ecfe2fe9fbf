import { toJsonSchema } from '@valibot/to-json-schema';
import { isMap } from './schema-parts.ts';
import { configSchema } from './schema.ts';

/** The JSON schema of the config, as text: editors complete and check `limen.yaml` with it. */
export function createJsonSchema(): string {
  const schema: unknown = toJsonSchema(configSchema, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === 'loose_object' ? { ...jsonSchema, additionalProperties: false } : null,
  });
  const definitions = isMap(schema) && isMap(schema['$defs']) ? schema['$defs'] : {};
  const root = isMap(schema) ? { ...schema, $defs: undefined } : {};
  const inlined = inline({ ...root, title: 'Limen' }, definitions);
  return `${JSON.stringify(inlined, null, 2)}\n`;
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
