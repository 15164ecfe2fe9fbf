import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { deviceCount, deviceName } from './load-job.ts';

/** A program under test. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** From spawn until the port accepts. */
  readonly listeningMs: number;
  /** Asks it to stop (SIGTERM) and waits; fails if it does not within 20 s. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface LimenOptions {
  /** Holds the config, the data and the log; made if it is not there. */
  readonly folder: string;
  /** Which build runs: `dist`, or the source itself. */
  readonly from: 'dist' | 'src';
  /** Rules on points that the load does not touch. */
  readonly furtherRules?: number;
}

const root = join(import.meta.dirname, '../..');
const startWithinMs = 20_000;
const stopWithinMs = 20_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts Limen on a free port with 1,000 rules on 200 points. A folder that has data goes on with it. */
export async function startLimen(options: LimenOptions): Promise<Server> {
  const { folder, from } = options;
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'limen.yaml');
  writeFileSync(config, configText(folder, port, await freePort(), options.furtherRules ?? 0));
  const main = join(root, from === 'dist' ? 'dist/src/main.js' : 'src/main.ts');
  return startServer(process.execPath, [main, 'run', '--config', config], port, folder);
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
  return startServer('mosquitto', ['-c', config], port, folder);
}

async function startServer(
  command: string,
  args: readonly string[],
  port: number,
  folder: string,
): Promise<Server> {
  const logFile = join(folder, 'log.txt');
  const log = openSync(logFile, 'a');
  const start = performance.now();
  const child = spawn(command, [...args], { stdio: ['ignore', log, log] });
  await untilAccepting(port, child, logFile);
  const listeningMs = performance.now() - start;
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process`);
  const exited = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {
    port,
    pid,
    listeningMs,
    async stop() {
      child.kill('SIGTERM');
      const isOver = await Promise.race([
        exited().then(() => true),
        wait(stopWithinMs, false, { ref: false }),
      ]);
      if (isOver) return;
      child.kill('SIGKILL');
      throw new Error(`${command} did not stop:\n${tail(logFile)}`);
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
    if (child.exitCode !== null) break;
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

function configText(folder: string, mqttPort: number, httpPort: number, further: number): string {
  const rule = (name: string, device: string, limit: string): string =>
    `  ${name}: { points: ${device}/temperature, ${limit}, severity: warning, deadband: 2, acknowledge: not_required }\n`;
  let rules = '';
  for (let index = 0; index < deviceCount; index += 1) {
    const device = deviceName(index);
    for (const [name, limit] of levels) rules += rule(`${name}-${device}`, device, limit);
  }
  for (let index = 0; index < further; index += 1) {
    const [name, limit] = levels[index % levels.length] ?? levels[0];
    const device = `other-${Math.floor(index / levels.length)}`;
    rules += rule(`${name}-${device}`, device, limit);
  }
  return `site: bench
broker:
  listen: [mqtt://127.0.0.1:${mqttPort}]
http: { listen: http://127.0.0.1:${httpPort} }
storage: { directory: ${join(folder, 'data')} }
rules:
${rules}`;
}
