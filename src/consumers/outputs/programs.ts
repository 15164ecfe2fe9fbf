import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type { OutputLevel } from '../../domain/output.ts';
import type { Clock } from '../../host/clock.ts';
import type { Log } from '../../host/log.ts';

/** A program that is to switch an output. */
export interface ProgramRun {
  readonly output: string;
  readonly level: OutputLevel;
  /** It makes the output safe: it does not wait for one that switches it on. */
  readonly isSafe: boolean;
  /** The output is driven elsewhere from now on, so no newer command takes the place of this one. */
  readonly isLast: boolean;
  /** Program and arguments; no shell reads them. */
  readonly program: readonly string[];
  /** Called once when it is over, never at once; null: exit code 0. Not called if a newer one took its place. */
  done(problem: string | null): void;
}

/** Runs the programs of outputs: aside, one at a time for each output, the newest command for each device only. */
export interface Programs {
  run(run: ProgramRun): void;
  /** Resolves when none runs or waits, or after the longest time one may take. */
  idle(): Promise<void>;
}

export interface ProgramsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The environment the programs inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

// What a program said last may still be in the pipe when it has ended.
const lastWordsMs = 100;

interface Lane {
  running: { readonly run: ProgramRun; kill(why: string): void } | null;
  /** At most one for the device of now: no old command is ever sent. Before it the last ones of former devices. */
  next: readonly ProgramRun[];
}

export function createPrograms(options: ProgramsOptions): Programs {
  const { clock, log } = options;
  const lanes = new Map<string, Lane>();
  const waiting = new Set<() => void>();

  const go = (lane: Lane): void => {
    const [run, ...later] = lane.next;
    lane.next = later;
    if (run === undefined) {
      if (![...lanes.values()].some(({ running }) => running !== null))
        for (const resolve of waiting) resolve();
      return;
    }
    const kill = start(options, run, (problem, said) => {
      lane.running = null;
      const fields = { output: run.output, commanded: run.level, said: said === '' ? null : said };
      if (problem !== null) log.warn('the program of an output failed', { ...fields, problem });
      else log.info('the program of an output has run', fields);
      // A newer command has its own result.
      if (lane.next.length === 0) run.done(problem);
      go(lane);
    });
    lane.running = { run, kill };
  };

  return {
    run(run) {
      const lane = lanes.get(run.output) ?? { running: null, next: [] };
      lanes.set(run.output, lane);
      lane.next = [...lane.next.filter(({ isLast }) => isLast), run];
      if (lane.running === null) go(lane);
      else if (run.isSafe && !lane.running.run.isSafe)
        lane.running.kill('killed: the output is to be safe');
    },
    idle() {
      if (![...lanes.values()].some(({ running }) => running !== null)) return Promise.resolve();
      return new Promise((resolve) => {
        const end = (): void => {
          timer.cancel();
          waiting.delete(end);
          resolve();
        };
        const timer = clock.after(options.timeoutMs ?? limits.outputProgramTimeoutMs, end);
        waiting.add(end);
      });
    },
  };
}

// Returns what kills it. `over` is called once, never at once, when it has ended: the next one never runs beside it.
function start(
  { clock, environment, timeoutMs = limits.outputProgramTimeoutMs }: ProgramsOptions,
  { output, level, program: [program = '', ...args] }: ProgramRun,
  over: (problem: string | null, said: string) => void,
): (why: string) => void {
  let said = '';
  let killed: string | null = null;
  let isOver = false;
  const finish = (problem: string | null): void => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    over(killed ?? problem, said.trim());
  };
  const kill = (why: string): void => {
    killed ??= why;
    if (child !== null) killGroup(child);
  };
  const timer = clock.after(timeoutMs, () => kill(`killed: not done within ${timeoutMs / 1000} s`));
  let child: ChildProcess | null = null;
  try {
    child = spawn(program, args, {
      shell: false,
      // A group of its own: what the program started is killed with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, LIMEN_OUTPUT: output, LIMEN_LEVEL: level },
    });
  } catch (error) {
    clock.after(0, () => finish(messageOf(error)));
    return kill;
  }
  const hear = (text: string): void => {
    said = (said + text).slice(-limits.outputSaidCharsMax);
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  child.on('error', (error) => finish(error.message));
  child.on('close', (code, by) => finish(problemOf(code, by)));
  // Something it left behind may hold the pipe open: then `close` does not come.
  child.on('exit', (code, by) => {
    clock.after(lastWordsMs, () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      finish(problemOf(code, by));
    });
  });
  return kill;
}

function problemOf(code: number | null, by: string | null): string | null {
  if (code === 0) return null;
  return code === null ? `ended by ${by ?? 'a signal'}` : `exit code ${code}`;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
