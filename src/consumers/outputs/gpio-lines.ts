import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type { GpioSetting } from '../../domain/output.ts';
import type { Clock } from '../../host/clock.ts';
import type { Log } from '../../host/log.ts';

/** Holds lines of GPIO chips by the `gpioset` of libgpiod, which gives a line back when it ends. */
export interface GpioLines {
  /**
   * Gives a line its value and keeps it there. `done` is called when it is so (null), when it cannot be, and when it is
   * not so any more: never at once, and not once a newer setting has taken its place.
   */
  hold(setting: GpioSetting, done: (problem: string | null) => void): void;
  /** Resolves when every line has its value or has failed, or after a while. */
  idle(): Promise<void>;
  /** Gives the lines back, at their safe values. */
  close(): Promise<void>;
}

export interface GpioLinesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Holder = ChildProcessByStdio<Writable, Readable, Readable>;

interface Lane {
  /** The process that holds the line, or that is being killed. */
  holder: Holder | null;
  wanted: { readonly setting: GpioSetting; readonly done: (problem: string | null) => void } | null;
  isHeld: boolean;
}

// The end of standard input is the end of Limen, a kill too: then the line gets its safe value for the last time, for
// kernels that leave a line as it was (Raspberry Pi). Its arguments: chip, line, value, safe value.
const watch = (hold: string, once: string): string =>
  `exec 3<&0
${hold} </dev/null 3<&- & held=$!
{ cat <&3 >/dev/null; kill "$held"; } 2>/dev/null & watch=$!
exec 3<&-
wait "$held"; code=$?
kill "$watch" 2>/dev/null
[ "$code" -gt 128 ] && ${once}
exit "$code"`;

const scripts = {
  1: watch('gpioset --mode=signal "$1" "$2=$3"', 'gpioset "$1" "$2=$4"'),
  2: watch('gpioset --banner --chip "$1" "$2=$3"', 'gpioset --toggle 0 --chip "$1" "$2=$4"'),
} as const;

export function createGpioLines({ clock, log, environment }: GpioLinesOptions): GpioLines {
  const lanes = new Map<string, Lane>();
  const waiting = new Set<() => void>();
  let version: Promise<1 | 2> | null = null;
  let isClosed = false;

  const tellIdle = (): void => {
    if ([...lanes.values()].some(({ wanted, isHeld }) => wanted !== null && !isHeld)) return;
    for (const resolve of waiting) resolve();
    waiting.clear();
  };

  const start = async (lane: Lane): Promise<void> => {
    const { wanted } = lane;
    if (wanted === null || lane.holder !== null || isClosed) return;
    const { chip, line, value, safeValue } = wanted.setting;
    const settle = (problem: string | null): void => {
      if (lane.wanted !== wanted) return;
      lane.isHeld = problem === null;
      if (problem !== null) {
        lane.wanted = null;
        log.warn('a GPIO line is not held', { chip, line, problem });
      }
      wanted.done(problem);
      tellIdle();
    };
    let major: 1 | 2;
    try {
      version ??= readVersion(environment);
      major = await version;
    } catch (error) {
      version = null;
      return settle(messageOf(error));
    }
    // Something else may be wanted by now.
    if (lane.wanted !== wanted || lane.holder !== null || isClosed) return;
    const settings = [chip, line, value, safeValue].map(String);
    const holder = spawn('/bin/sh', ['-c', scripts[major], 'sh', ...settings], {
      // A group of its own: gpioset ends with it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment },
    });
    lane.holder = holder;
    let said = '';
    holder.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-limits.outputSaidCharsMax);
    });
    // Version 2 says when the line is its own; version 1 does not, and would have ended by then.
    if (major === 2) holder.stdout.once('data', () => settle(null));
    else clock.after(limits.gpioHoldMs, () => lane.holder === holder && settle(null));
    holder.stdin.on('error', () => undefined);
    let isOver = false;
    const over = (why: string): void => {
      if (isOver) return;
      isOver = true;
      lane.holder = null;
      holder.stdin.destroy();
      if (lane.wanted === wanted)
        settle(`gpioset ended: ${said.trim() === '' ? why : said.trim()}`);
      else void start(lane);
    };
    holder.on('error', (error) => over(error.message));
    holder.on('exit', (code, signal) => clock.after(0, () => over(signal ?? `exit code ${code}`)));
  };

  return {
    hold(setting, done) {
      const name = `${setting.chip} ${setting.line}`;
      const lane = lanes.get(name) ?? { holder: null, wanted: null, isHeld: false };
      lanes.set(name, lane);
      const before = lane.wanted;
      lane.wanted = { setting, done };
      if (before !== null && lane.isHeld && before.setting.value === setting.value) {
        // It is so already, and is watched under the new name of it.
        lane.wanted = before;
        clock.after(0, () => done(null));
        return;
      }
      lane.isHeld = false;
      if (lane.holder === null) void start(lane);
      else killGroup(lane.holder);
    },
    idle() {
      return new Promise((resolve) => {
        const timer = clock.after(limits.outputProgramTimeoutMs, () => resolve());
        waiting.add(() => {
          timer.cancel();
          resolve();
        });
        tellIdle();
      });
    },
    async close() {
      isClosed = true;
      const holders = [...lanes.values()].flatMap(({ holder }) => holder ?? []);
      for (const lane of lanes.values()) lane.wanted = null;
      await Promise.all(
        holders.map(
          (holder) =>
            new Promise<void>((resolve) => {
              const timer = clock.after(limits.gpioHoldMs * 5, () => {
                killGroup(holder);
                resolve();
              });
              holder.once('exit', () => {
                timer.cancel();
                resolve();
              });
              holder.stdin.end();
            }),
        ),
      );
    },
  };
}

function readVersion(environment: GpioLinesOptions['environment']): Promise<1 | 2> {
  return new Promise((resolve, reject) => {
    const child = spawn('gpioset', ['--version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...environment },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      reject(new Error(isMissing ? 'there is no gpioset here: apt install gpiod' : error.message));
    });
    child.on('close', () => {
      const major = /\bv([12])\./.exec(said)?.[1];
      if (major === undefined) reject(new Error(`gpioset of an unknown version: ${said.trim()}`));
      else resolve(major === '1' ? 1 : 2);
    });
  });
}

function killGroup({ pid }: Holder): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
