import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Loaded } from '../config/parse.ts';
import { formatProblem } from '../config/text/problem.ts';
import type { Config } from '../domain/config.ts';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';

export interface ConfigOption {
  readonly config?: string;
}

const defaultPath = 'config/limen.yaml';
const defaultDirectory = '../data';

/** Adds `--config`. */
export function withConfigOption(command: Command): Command {
  return command.option('-c, --config <file>', `the config file (default: ${defaultPath})`);
}

/** The path of the config file as it was typed; throws `invalid` with what to type if there is none. */
export function findConfig(host: CliHost, options: ConfigOption): string {
  const path = options.config ?? defaultPath;
  if (existsSync(path)) return path;
  if (options.config !== undefined) {
    throw new LimenError('invalid', `There is no config file "${options.config}"`);
  }
  const shipped = join(host.packageDirectory, defaultPath);
  const advice = existsSync(shipped) ? `, such as --config ${shipped}` : '';
  throw new LimenError(
    'invalid',
    `There is no ${defaultPath} in ${host.cwd}: go to the folder that has it, or add --config FILE${advice}`,
  );
}

/** Reads and checks a config; throws `invalid` with a line for each problem. */
export async function readConfig(path: string, host: CliHost): Promise<Config> {
  return configOf(await checkConfig(path, host));
}

/** The same for the program that runs on: it keeps nothing of the reading. */
export async function readConfigApart(path: string, host: CliHost): Promise<Config> {
  return configOf(await host.loadConfigApart(path));
}

function configOf(loaded: Loaded): Config {
  if (loaded.ok) return loaded.config;
  const lines = loaded.problems.map((problem) => `\n${formatProblem(problem)}`);
  throw new LimenError('invalid', `the config has mistakes; nothing was done${lines.join('')}`);
}

/** Reads and checks a config with all that Limen knows. */
export async function checkConfig(path: string, host: CliHost): Promise<Loaded> {
  const { loadConfig } = await import('../config/parse.ts');
  return loadConfig(path, { scenarios: await host.scenarioNames() });
}

/**
 * The data folder a config names. A config that is being edited and has mistakes is good enough for that: an alert must
 * be acknowledged all the same.
 */
export async function readDirectory(path: string, host: CliHost): Promise<string> {
  const loaded = await checkConfig(path, host);
  if (loaded.ok) return loaded.config.storage.directory;
  const { readDocument } = await import('../config/text/document.ts');
  const { tree, brokenFrom } = readDocument(readFileSync(path, 'utf8'));
  const directory = directoryIn(tree.value);
  // A text that breaks before it names a folder may have meant to name one.
  if (directory === null && brokenFrom !== null) await readConfig(path, host);
  await host.err.write('limen: the config has mistakes (limen check lists them)\n');
  return resolve(dirname(path), directory ?? defaultDirectory);
}

function directoryIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('storage' in value)) return null;
  const { storage } = value;
  if (typeof storage !== 'object' || storage === null || !('directory' in storage)) return null;
  return typeof storage.directory === 'string' ? storage.directory : null;
}
