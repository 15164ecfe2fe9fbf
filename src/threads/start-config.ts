import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Loaded } from '../config/parse.ts';
import { compilePattern, type PointPattern } from '../domain/point.ts';

/** What the config thread is asked to read. */
export interface ConfigRequest {
  readonly path: string;
  readonly scenarios: readonly string[];
}

/** What was read, fit to be sent between threads: functions do not travel, so patterns go as their texts. */
export function packLoaded(loaded: Loaded): unknown {
  return mapDeep(loaded, (value) => (isPattern(value) ? { [mark]: value.text } : null));
}

/**
 * Reads and checks a config in a thread of its own that ends with it. A start needs 20 MB to read 1,000 rules; in this
 * way the program that runs on does not keep them.
 */
export async function loadConfigApart(request: ConfigRequest): Promise<Loaded> {
  const file = new URL(`./config${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, { workerData: request });
  const exited = once(worker, 'exit');
  const [packed]: unknown[] = await once(worker, 'message');
  await exited;
  // the answer of our own thread
  return unpackLoaded(packed) as Loaded;
}

const mark = '$pattern';

function unpackLoaded(packed: unknown): unknown {
  return mapDeep(packed, (value) => {
    const text = value[mark];
    return typeof text === 'string' ? compilePattern(text) : null;
  });
}

type Plain = Readonly<Record<string, unknown>>;

function isPattern(value: Plain): value is Plain & PointPattern {
  return typeof value['matches'] === 'function';
}

/** A copy in which each object for which `replace` has another one is that one. */
function mapDeep(value: unknown, replace: (value: Plain) => object | null): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapDeep(item, replace));
  const plain = value as Plain;
  return (
    replace(plain) ??
    Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, mapDeep(item, replace)]))
  );
}
