import { LimenError } from '../domain/error.ts';

/** Bytes of a request body; an act is some hundred bytes. */
export const bodyBytesMax = 16 * 1024;

/** What a request body may contain: each key with what it must be. A flag is true or false. */
export type BodyShape = Readonly<
  Record<string, 'required' | 'optional' | 'flag' | 'optional_flag'>
>;

interface FieldTypes {
  readonly required: string;
  readonly optional: string | null;
  readonly flag: boolean;
  readonly optional_flag: boolean | null;
}

/**
 * Reads a JSON object whose values are texts or flags; an optional key that is missing or null becomes null. Throws `invalid`
 * with every problem at once.
 */
export async function readBody<const S extends BodyShape>(
  request: Request,
  shape: S,
): Promise<{ readonly [K in keyof S]: FieldTypes[S[K]] }> {
  const body = parseObject(await readText(request));
  const problems: string[] = [];
  const fields: Record<string, string | boolean | null> = {};
  for (const [key, need] of Object.entries(shape)) {
    const value = body[key];
    if (need === 'flag' || need === 'optional_flag') {
      if (typeof value === 'boolean') fields[key] = value;
      else if (need === 'optional_flag' && (value ?? null) === null) fields[key] = null;
      else problems.push(`"${key}" must be true or false`);
    } else if (typeof value === 'string' && (value !== '' || need === 'optional'))
      fields[key] = value;
    else if (need === 'optional' && (value === undefined || value === null)) fields[key] = null;
    else
      problems.push(
        `"${key}" must be a text${need === 'required' ? ' that is not empty' : ' or null'}`,
      );
  }
  const known = Object.keys(shape);
  for (const key of Object.keys(body)) {
    if (!Object.hasOwn(shape, key))
      problems.push(`unknown key "${key}" (allowed: ${known.join(', ')})`);
  }
  if (problems.length > 0) throw new LimenError('invalid', `Request body: ${problems.join('; ')}`);
  return fields as { readonly [K in keyof S]: FieldTypes[S[K]] };
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) {
      throw new LimenError('invalid', `Request body is larger than ${bodyBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new LimenError('invalid', 'Request body must be a JSON object', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LimenError('invalid', 'Request body must be a JSON object');
  }
  return body as Readonly<Record<string, unknown>>;
}
