import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Loaded } from '../config/parse.ts';
import type { Config, PointEntry } from '../domain/config.ts';
import { compilePattern } from '../domain/point.ts';
import type { Rule } from '../domain/rule.ts';

/** What the config thread is asked to read. */
export interface ConfigRequest {
  readonly path: string;
  readonly scenarios: readonly string[];
}

/** A config on its way between threads: functions do not travel, so patterns are their texts. */
type PackedConfig = Omit<Config, 'points' | 'rules'> & {
  readonly points: readonly (Omit<PointEntry, 'pattern'> & { readonly pattern: string })[];
  readonly rules: readonly (Omit<Rule, 'points'> & { readonly points: readonly string[] })[];
};
type PackedLoaded =
  | Extract<Loaded, { ok: false }>
  | (Omit<Extract<Loaded, { ok: true }>, 'config'> & { readonly config: PackedConfig });

/** What was read, fit to be sent. */
export function packLoaded(loaded: Loaded): PackedLoaded {
  if (!loaded.ok) return loaded;
  const { config } = loaded;
  return {
    ...loaded,
    config: {
      ...config,
      points: config.points.map((entry) => ({ ...entry, pattern: entry.pattern.text })),
      rules: config.rules.map((rule) => ({
        ...rule,
        points: rule.points.map(({ text }) => text),
      })),
    },
  };
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
  return unpackLoaded(packed as PackedLoaded);
}

function unpackLoaded(packed: PackedLoaded): Loaded {
  if (!packed.ok) return packed;
  const { config } = packed;
  return {
    ...packed,
    config: {
      ...config,
      points: config.points.map((entry) => ({ ...entry, pattern: compilePattern(entry.pattern) })),
      rules: config.rules.map((rule) => ({ ...rule, points: rule.points.map(compilePattern) })),
    },
  };
}
