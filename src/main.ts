import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { constants, setPriority, userInfo } from 'node:os';
import { join } from 'node:path';
import type { CliHost, ExitCode } from './cli/cli-host.ts';

// Before any other module of ours is loaded: each of them then starts from its compiled form.
enableCompileCache();

const { createTerminal } = await import('./cli/terminal.ts');
const { systemClock } = await import('./host/clock.ts');
const { createLog, logLevels } = await import('./host/log.ts');

const packageDirectory = join(import.meta.dirname, '..');
const out = createTerminal(process.stdout, process.env);
const err = createTerminal(process.stderr, process.env);
const log = createLog(
  {
    write: (line) => void process.stderr.write(line),
    isTerminal: err.isTerminal,
    hasColors: err.hasColors,
    levelMin: logLevels.find((level) => level === process.env['LIMEN_LOG']) ?? 'info',
  },
  () => systemClock.wallMs(),
);

// Who reads may have enough (limen readings | head): that is no failure, and nothing is left to print to.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// A log that nobody reads any more must not stop an alarm system.
process.stderr.on('error', () => undefined);

const host: CliHost = {
  clock: systemClock,
  log,
  version: readVersion(),
  cwd: process.cwd(),
  packageDirectory,
  out,
  err,
  stdin: process.stdin,
  userName: readUserName(),
  setExitCode(code) {
    process.exitCode = code;
  },
  exit: (code: ExitCode) => process.exit(code),
  onSignal: (name, callback) => void process.on(name, callback),
  async createLimen() {
    const { createApp } = await import('./app.ts');
    const { createHost } = await import('./host/host.ts');
    return createApp(createHost({ clock: systemClock, log, version: host.version }));
  },
  async loadSimulator() {
    const { runScenario } = await import('./producers/simulator.ts');
    const { scenarioNames } = await import('./producers/scenarios.ts');
    const { boardScenarios } = await import('./producers/board-scenarios.ts');
    return {
      scenarios: scenarioNames(),
      boards: boardScenarios(),
      run: (options) => runScenario({ ...options, clock: systemClock, log: log.area('simulator') }),
      async plugIn(options) {
        const { runBoardScenario } = await import('./producers/board-simulator.ts');
        return runBoardScenario({ ...options, clock: systemClock });
      },
    };
  },
  async listPorts() {
    const { listPorts } = await import('../firmware-bridge/ports/port-list.ts');
    return listPorts();
  },
  loadHistory: () => import('./app-history.ts'),
  async whyNot(directory, query) {
    const { whyNot } = await import('./app-why-not.ts');
    const now = { nowMs: systemClock.wallMs(), isRunning: false };
    return whyNot(directory, query, now, log.warn);
  },
  async loadConfigApart(path) {
    const { loadConfigApart } = await import('./threads/start-config.ts');
    return loadConfigApart({ path, scenarios: await host.scenarioNames() });
  },
  async watchFile(path, onChange) {
    const { watchFile } = await import('./host/watch-file.ts');
    // As long as the process: the end of it is the end of the watch.
    watchFile(path, systemClock, onChange);
  },
  async scenarioNames() {
    const { scenarioNames } = await import('./producers/scenarios.ts');
    return scenarioNames().map(({ name }) => name);
  },
  async rehearse(config, script) {
    const { rehearse } = await import('./rehearsal/rehearse.ts');
    return rehearse(config, script);
  },
  async backtest(request) {
    // A live Limen beside it must not feel it: what it leaves of the processor is enough for looking back.
    setPriority(constants.priority.PRIORITY_LOW);
    const { backtest } = await import('./rehearsal/backtest.ts');
    return backtest(request);
  },
  async createCredential(password) {
    const { createCredential } = await import('./host/credential.ts');
    return createCredential(password);
  },
};

const { runCommandLine } = await import('./cli/program.ts');
await runCommandLine(process.argv.slice(2), host);

function readVersion(): string {
  const text = readFileSync(join(packageDirectory, 'package.json'), 'utf8');
  const { version }: { version?: unknown } = JSON.parse(text);
  return String(version);
}

// A user id without an entry in the password file is usual in containers.
function readUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
