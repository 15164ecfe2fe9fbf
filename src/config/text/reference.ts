import { isMap } from './schema-parts.ts';

/** The list of all keys in `config/README.md`, from the descriptions in the schema. */
export function createReference(jsonSchema: string): string {
  const schema: unknown = JSON.parse(jsonSchema);
  const told = new Set<string>();
  return `| key | value | meaning |\n|---|---|---|\n${rows(schema, '', told).join('\n')}\n`;
}

/** `told`: items of lists that have their rows already, under the first list of them. */
function rows(schema: unknown, path: string, told: Set<string>): readonly string[] {
  const map = mapOf(schema);
  if (map === null) return [];
  const required = Array.isArray(map['required']) ? map['required'] : [];
  return Object.entries(propertiesOf(map)).flatMap(([name, part]) => {
    const key = `${path}${name}`;
    const described = isMap(part) ? part : {};
    const inner = innerRows(part, key, told);
    const must = required.includes(name) ? 'required' : '';
    const cells = [
      `\`${key}\``,
      [valueText(described), must].filter(Boolean).join(', '),
      describe(described),
    ];
    return [`| ${cells.join(' | ')} |`, ...inner];
  });
}

function innerRows(schema: unknown, key: string, told: Set<string>): readonly string[] {
  const alternatives = branches(schema);
  for (const branch of alternatives) {
    if (isLevelMap(branch)) continue;
    if (isMap(branch['properties'])) return rows(branch, `${key}.`, told);
    if (isMap(branch['additionalProperties'])) {
      return rows(branch['additionalProperties'], `${key}.<name>.`, told);
    }
    if (isMap(branch['items'])) {
      const items = JSON.stringify(branch['items']);
      if (told.has(items)) return [];
      told.add(items);
      return rows(branch['items'], `${key}[].`, told);
    }
  }
  return [];
}

function branches(schema: unknown): readonly Record<string, unknown>[] {
  if (!isMap(schema)) return [];
  const { anyOf } = schema;
  return Array.isArray(anyOf) ? anyOf.flatMap(branches) : [schema];
}

function mapOf(schema: unknown): Record<string, unknown> | null {
  return branches(schema).find((branch) => isMap(branch['properties'])) ?? null;
}

function propertiesOf(schema: Record<string, unknown>): Record<string, unknown> {
  return isMap(schema['properties']) ? schema['properties'] : {};
}

function isLevelMap(branch: Record<string, unknown>): boolean {
  return Object.keys(propertiesOf(branch)).join(' ') === 'info warning critical';
}

function describe(schema: Record<string, unknown>): string {
  const own = schema['description'];
  if (typeof own === 'string') return own;
  const { anyOf } = schema;
  const inner = Array.isArray(anyOf)
    ? anyOf.find((part) => isMap(part) && 'description' in part)
    : null;
  return isMap(inner) ? describe(inner) : '';
}

function valueText(schema: Record<string, unknown>): string {
  const kinds = [...new Set(branches(schema).flatMap(branchText))];
  const text = kinds.join(' or ');
  // A switch and a text are told in one word; that a number or a boolean passes too would only confuse.
  if (text.startsWith('boolean or `on`')) return '`on` `off`';
  return text.replace('text or number or boolean', 'text');
}

function branchText(branch: Record<string, unknown>): readonly string[] {
  if (Array.isArray(branch['enum']))
    return [branch['enum'].map((word) => `\`${String(word)}\``).join(' ')];
  if (isLevelMap(branch)) return ['one per severity'];
  if (branch['const'] === 0) return ['0'];
  if (typeof branch['pattern'] === 'string') {
    const { pattern } = branch;
    if (pattern.includes('ms|s|m|h|d')) return ['duration'];
    if (pattern.includes('T(')) return ['date or time'];
    if (pattern.includes('24:00')) return ['time of day'];
    return [pattern.includes('(min|h)') ? 'rate' : 'number with unit'];
  }
  const texts: Readonly<Record<string, string>> = {
    object: 'map',
    array: 'list',
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'boolean',
  };
  const text = typeof branch['type'] === 'string' ? texts[branch['type']] : undefined;
  return text === undefined ? [] : [text];
}
