import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHttpServer } from '../../src/http/server.ts';
import {
  createFakeApi,
  createTestLog,
  temporaryDirectory,
  type FakeApi,
} from '../http/fake-api.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

/** What a finished command left behind. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with a config in it, and commands run in it. */
export interface Site extends AsyncDisposable {
  readonly directory: string;
  readonly api: FakeApi;
  /** Serves the fake API where the commands look for a running Limen. */
  start(): Promise<void>;
  /** Runs `limen ...` as a process of its own; `input` goes to its standard input. */
  limen(argv: readonly string[], input?: string): Promise<Ended>;
  /** Starts `limen ...` and leaves the process to the test. */
  spawn(argv: readonly string[]): ReturnType<typeof spawnLimen>;
}

export function createSite(config = ''): Site {
  const folder = temporaryDirectory();
  const directory = folder.path;
  mkdirSync(join(directory, 'config'));
  mkdirSync(join(directory, 'data'));
  writeFileSync(join(directory, 'config/limen.yaml'), `storage: { directory: ../data }\n${config}`);
  const api = createFakeApi();
  let close = async (): Promise<void> => undefined;
  return {
    directory,
    api,
    async start() {
      const server = createHttpServer({ api, log: createTestLog().log });
      const listener = await server.listen({ socketPath: join(directory, 'data/limen.sock') });
      close = () => listener.close();
    },
    async limen(argv, input = '') {
      const child = spawnLimen(argv, directory);
      child.stdin.end(input);
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { status, out, err };
    },
    spawn: (argv) => spawnLimen(argv, directory),
    async [Symbol.asyncDispose]() {
      await close();
      folder[Symbol.dispose]();
    },
  };
}

function spawnLimen(argv: readonly string[], cwd: string) {
  return spawn(process.execPath, [main, ...argv], {
    cwd,
    stdio: 'pipe',
    env: { ...process.env, TZ: 'UTC' },
  });
}
