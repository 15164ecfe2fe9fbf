import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { deviceCount, deviceName } from './load-job.ts';

/** A program under test that was spawned and may not be ready yet. */
export interface Launched {
  readonly port: number;
  readonly pid: number;
  /** Resolves when the port accepts, with the milliseconds since the spawn; fails if the program ends before. */
  listening(): Promise<number>;
  /** Asks it to stop (SIGTERM) and waits; fails if it does not within 20 s. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** A program under test that is ready. */
export interface Server extends Launched {
  /** From spawn until the port accepts. */
  readonly listeningMs: number;
}

/** Which build runs: `dist`, the source itself, or the folder of another one. */
export type Build = 'dist' | 'src' | { readonly folder: string };

export interface LimenOptions {
  /** Holds the config, the data and the log; made if it is not there. */
  readonly folder: string;
  readonly from: Build;
  /** The `rules:` of its config, as YAML; default: those of the load. */
  readonly rules?: string;
}

const root = join(import.meta.dirname, '../..');
const startWithinMs = 20_000;
const stopWithinMs = 20_000;

/** The command of a build. */
export function launcherOf(build: Build): string {
  if (typeof build === 'object') return resolve(build.folder, 'src/limen');
  return join(root, build === 'dist' ? 'dist/src/limen' : 'src/limen');
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Spawns Limen on a free port. A folder that has data goes on with it. */
export async function launchLimen(options: LimenOptions): Promise<Launched> {
  const { folder, from, rules = loadRules() } = options;
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  let httpPort = port;
  while (httpPort === port) httpPort = await freePort();
  const config = join(folder, 'limen.yaml');
  writeFileSync(config, configText({ folder, port, httpPort, rules }));
  return launch(launcherOf(from), ['run', '--config', config], port, folder);
}

/** Spawns Limen and waits until it listens. */
export async function startLimen(options: LimenOptions): Promise<Server> {
  return ready(await launchLimen(options));
}

/** Starts mosquitto without persistence and without its usual limits on messages in flight. */
export async function startMosquitto(folder: string): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
`,
  );
  return ready(launch('mosquitto', ['-c', config], port, folder));
}

async function ready(launched: Launched): Promise<Server> {
  return { ...launched, listeningMs: await launched.listening() };
}

function launch(command: string, args: readonly string[], port: number, folder: string): Launched {
  const logFile = join(folder, 'log.txt');
  const log = openSync(logFile, 'a');
  const start = performance.now();
  const child = spawn(command, [...args], { stdio: ['ignore', log, log] });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  const exited = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {
    port,
    pid,
    async listening() {
      await untilAccepting(port, child, logFile);
      return performance.now() - start;
    },
    async stop() {
      child.kill('SIGTERM');
      const deadline = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await exited();
      clearTimeout(deadline);
      if (child.signalCode === 'SIGKILL') {
        throw new Error(`${command} did not stop:\n${tail(logFile)}`);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await exited();
    },
  };
}

async function untilAccepting(port: number, child: ChildProcess, logFile: string): Promise<void> {
  const end = performance.now() + startWithinMs;
  while (performance.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await wait(2);
  }
  child.kill('SIGKILL');
  throw new Error(`nothing listens on port ${port}:\n${tail(logFile)}`);
}

function tail(logFile: string): string {
  return readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
}

const levels = [
  ['hot', 'above: 40'],
  ['hotter', 'above: 60'],
  ['hottest', 'above: 80'],
  ['cold', 'below: 0'],
  ['colder', 'below: -20'],
] as const;

/** Further rules on points that the load does not touch. */
export interface FurtherRules {
  readonly count: number;
  /** They wait for a week before they raise: a limit that is passed is a timer that runs. */
  readonly areDelayed: boolean;
}

/** Points that further rules are on, and a value that passes the limit of each. */
export function furtherReadings({
  count,
}: FurtherRules): readonly [topic: string, value: string][] {
  const points = Math.ceil(count / levels.length);
  return Array.from({ length: points }, (_, point) => [`sensors/o${point}/t`, '99']);
}

/** Five rules on each point of the load, and further ones. */
export function loadRules(further: FurtherRules = { count: 0, areDelayed: false }): string {
  const rule = (name: string, device: string, limit: string): string =>
    `  ${name}-${device}: { points: ${device}/temperature, ${limit}, severity: warning, deadband: 2, acknowledge: not_required }\n`;
  let rules = 'rules:\n';
  for (let index = 0; index < deviceCount; index += 1) {
    for (const [name, limit] of levels) rules += rule(name, deviceName(index), limit);
  }
  // Short lines: so many rules must stay below the largest config that is read.
  for (let index = 0; index < further.count; index += 1) {
    const passed = levels[index % levels.length]?.[1] ?? '';
    const limit = further.areDelayed ? `above: ${index % 90}, on_delay: 7d` : passed;
    rules += `  x${index}: {points: o${Math.floor(index / levels.length)}/t, ${limit}}\n`;
  }
  return rules;
}

interface ConfigOptions {
  readonly folder: string;
  readonly port: number;
  readonly httpPort: number;
  readonly rules: string;
}

function configText({ folder, port, httpPort, rules }: ConfigOptions): string {
  return `site: bench
broker:
  listen: [mqtt://127.0.0.1:${port}]
http: { listen: http://127.0.0.1:${httpPort} }
storage: { directory: ${join(folder, 'data')} }
${rules}`;
}
