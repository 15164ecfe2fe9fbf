import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onFileFinished } from './clean-up.ts';

const root = join(import.meta.dirname, '../..');
const sourceMain = join(root, 'src/main.ts');
const startWithinMs = 20_000;
const lookEveryMs = 10;

/** What a finished command left behind. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** A running `limen run`. */
export interface LimenProcess {
  readonly pid: number;
  /** Where the embedded broker listens; changes with each start. */
  readonly url: string;
  readonly port: number;
  readonly httpUrl: string;
  /** What it has logged since its start. */
  log(): LogLine[];
  /** Resolves with the first line, logged already or later, whose message holds the text. */
  logged(text: string): Promise<LogLine>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  /** Resolves with the signal or the exit code once the process has ended by itself. */
  ended(): Promise<NodeJS.Signals | number | null>;
}

/** An installation: a folder with a config and, after the first start, data. */
export interface Installation {
  readonly folder: string;
  readonly config: string;
  readonly data: string;
  /** Starts `limen run` and waits until it listens. */
  start(environment?: Readonly<Record<string, string>>): Promise<LimenProcess>;
  /** Starts `limen run` without waiting for anything. */
  spawn(environment?: Readonly<Record<string, string>>): ChildProcess;
  /** Runs another command of the CLI to its end. */
  cli(...argv: readonly string[]): Promise<Ended>;
  /** The same with `--json`; fails unless it exits with 0. */
  json(...argv: readonly string[]): Promise<unknown>;
  /** Readings as `limen readings --json` prints them. */
  readings(point?: string): Promise<StoredReading[]>;
  /** Writes another config; takes effect at the next start. */
  configure(yaml: string): void;
}

/** A line of `limen readings --json`. */
export interface StoredReading {
  readonly seq: number;
  readonly at_ms: number;
  readonly device: string;
  readonly metric: string;
  readonly value: number | boolean | string | null;
  readonly unit: string | null;
  readonly quality: string;
}

export interface InstallOptions {
  /** Keys of the config beside those that place it: rules, points, outputs... */
  readonly yaml: string;
  /** The `main` to run; default: the source. */
  readonly main?: string;
  /** Further keys of `storage:`, as YAML. */
  readonly storage?: string;
}

/** Makes an installation in a scratch folder that goes away with the test, and what runs in it too. */
export function install({ yaml, main = sourceMain, storage = '' }: InstallOptions): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'limen-flow-'));
  mkdirSync(join(folder, 'config'));
  const config = join(folder, 'config/limen.yaml');
  const configure = (text: string): void =>
    writeFileSync(
      config,
      `site: flow
broker: { listen: ['mqtt://127.0.0.1:0'] }
http: { listen: 'http://127.0.0.1:0' }
storage: { directory: ../data${storage === '' ? '' : `, ${storage}`} }
clock: always
${text}`,
    );
  configure(yaml);
  const children = new Set<ChildProcess>();
  onFileFinished(async () => {
    for (const child of children) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  });

  let starts = 0;
  const launch = (environment: Readonly<Record<string, string>>): [ChildProcess, string] => {
    const logFile = join(folder, `log-${++starts}.ndjson`);
    const log = openSync(logFile, 'w');
    const child = spawn(process.execPath, [main, 'run', '--config', config], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...environment },
    });
    closeSync(log);
    children.add(child);
    return [child, logFile];
  };
  const cli = async (...argv: readonly string[]): Promise<Ended> => {
    const args = [main, ...argv, '--config', config];
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
        maxBuffer: 1 << 28,
      });
      return { status: 0, out: stdout, err: stderr };
    } catch (error) {
      return failedCommand(error);
    }
  };
  const json = async (...argv: readonly string[]): Promise<unknown> => {
    const ended = await cli(...argv, '--json');
    if (ended.status !== 0) throw new Error(`limen ${argv.join(' ')}: ${ended.err}${ended.out}`);
    return JSON.parse(ended.out);
  };
  return {
    folder,
    config,
    data: join(folder, 'data'),
    configure,
    start: (environment = {}) => ready(...launch(environment)),
    spawn: (environment = {}) => launch(environment)[0],
    cli,
    json,
    async readings(point) {
      const ended = await cli('readings', '--json', ...(point === undefined ? [] : ['-p', point]));
      if (ended.status !== 0) throw new Error(ended.err);
      return lines(ended.out).map((line): StoredReading => JSON.parse(line));
    },
  };
}

/** Builds the program into a scratch folder, as it is installed on a device; resolves with its `main`. */
export async function buildProgram(folder: string): Promise<string> {
  const target = join(folder, 'built');
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts'), target]);
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  return join(target, 'src/main.js');
}

/** As if midnight had passed while Limen was down: what is stored so far is the file of another day. */
export function ageHistory(data: string): void {
  const folder = join(data, 'history');
  for (const name of readdirSync(folder)) {
    const day = new Date(Date.parse(`${name.slice(0, 10)}T00:00:00Z`) - 86_400_000);
    renameSync(
      join(folder, name),
      join(folder, `${day.toISOString().slice(0, 10)}${name.slice(10)}`),
    );
  }
}

/** Polls until something that tells no event is so; fails after a while. */
export async function eventually<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await wait(lookEveryMs);
  }
}

async function ready(child: ChildProcess, logFile: string): Promise<LimenProcess> {
  const log = (): LogLine[] => parseLog(readFileSync(logFile, 'utf8'));
  const logged = (text: string): Promise<LogLine> =>
    eventually(`"${text}" in the log`, () => log().find(({ message }) => message.includes(text)));
  const running = await eventually(
    'Limen runs',
    () => {
      if (hasEnded(child)) throw new Error(`Limen ended:\n${readFileSync(logFile, 'utf8')}`);
      return log().find(({ message }) => message === 'running');
    },
    startWithinMs,
  );
  const { message } = await logged('listening on mqtt://');
  const url = message.replace(/^.*listening on /, '');
  const { pid } = child;
  if (pid === undefined) throw new Error('Limen has no process');
  return {
    pid,
    url,
    port: Number(new URL(url).port),
    httpUrl: String(running['http']),
    log,
    logged,
    kill: () => kill(child),
    async stop() {
      const start = performance.now();
      child.kill('SIGTERM');
      const code = await ended(child);
      return {
        code: typeof code === 'number' ? code : null,
        tookMs: performance.now() - start,
      };
    },
    ended: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<NodeJS.Signals | number | null> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

// The last line may be half written.
function parseLog(text: string): LogLine[] {
  return lines(text).flatMap((line) => {
    try {
      const parsed: unknown = JSON.parse(line);
      if (typeof parsed !== 'object' || parsed === null) return [];
      const fields: Record<'message', unknown> & Record<string, unknown> = {
        message: undefined,
        ...parsed,
      };
      const { message } = fields;
      return typeof message === 'string' ? [{ ...fields, message }] : [];
    } catch {
      return [];
    }
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function failedCommand(error: unknown): Ended {
  const failed: Record<string, unknown> = typeof error === 'object' ? { ...error } : {};
  const { code } = failed;
  if (typeof code !== 'number') throw error;
  return { status: code, out: String(failed['stdout']), err: String(failed['stderr']) };
}
