// Real programs in real processes: what they do is seen in a file that they write.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPrograms,
  type ProgramRun,
  type Programs,
} from '../../../src/consumers/outputs/programs.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { memoryLog } from '../fixtures.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limen-programs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function programs(timeoutMs = 20_000): Programs & { readonly log: ReturnType<typeof memoryLog> } {
  const log = memoryLog();
  const environment = { PATH: process.env['PATH'], FOLDER: folder };
  return { ...createPrograms({ clock: systemClock, log, environment, timeoutMs }), log };
}

/** Runs a shell script; resolves with how it ended. */
function run(
  started: Programs,
  script: string,
  more: Partial<Omit<ProgramRun, 'done'>> = {},
): Promise<string | null> {
  return new Promise((resolve) =>
    started.run({
      output: 'pump',
      level: 'on',
      isSafe: false,
      isLast: false,
      program: ['/bin/sh', '-c', `cd "$FOLDER"; ${script}`],
      ...more,
      done: resolve,
    }),
  );
}

const seen = (): Promise<string> => readFile(join(folder, 'seen'), 'utf8').catch(() => '');

/** Resolves once a program has written that it runs: it has no other way to say so. */
async function isRunning(text: string): Promise<void> {
  while (!(await seen()).includes(text))
    await new Promise((resolve) => systemClock.after(5, () => resolve(null)));
}

describe('run()', () => {
  test('run() tells the program which output and which level, and takes exit code 0 for done', async () => {
    const started = programs();
    expect(await run(started, 'echo "$LIMEN_OUTPUT $LIMEN_LEVEL" > seen')).toBeNull();
    expect(await seen()).toBe('pump on\n');
  });

  test('run() hands arguments on as they are: no shell reads them', async () => {
    const started = programs();
    const program = ['/bin/sh', '-c', 'printf "%s" "$1" > "$FOLDER/seen"', 'sh', '$(reboot); *'];
    expect(await run(started, '', { program })).toBeNull();
    expect(await seen()).toBe('$(reboot); *');
  });

  test('run() says how a program failed: its exit code, a signal, or that there is none', async () => {
    const started = programs();
    expect(await run(started, 'echo no relay >&2; exit 3')).toBe('exit code 3');
    expect(await run(started, 'kill -9 $$')).toBe('ended by SIGKILL');
    expect(await run(started, '', { program: ['/nowhere/pump'] })).toContain('ENOENT');
    expect(await run(started, '', { program: [''] })).not.toBeNull();
    expect(started.log.lines).toContain('the program of an output failed');
  });

  test('run() kills a program that takes too long, and what it started', async () => {
    const started = programs(300);
    expect(await run(started, '(sleep 30; echo late > seen) & wait')).toBe(
      'killed: not done within 0.3 s',
    );
    expect(await seen()).toBe('');
  });

  test('run() does not wait for what a program leaves behind', async () => {
    const started = programs();
    expect(await run(started, 'sleep 30 & echo $! > seen')).toBeNull();
    process.kill(Number(await seen()));
  });

  test('run() never runs two programs of an output beside each other, and the newest command last', async () => {
    const started = programs();
    const first: (string | null)[] = [];
    void run(started, 'echo one begins >> seen; sleep 0.2; echo one ends >> seen').then((ended) =>
      first.push(ended),
    );
    await isRunning('one begins');
    void run(started, 'echo two >> seen').then((ended) => first.push(ended));
    expect(await run(started, 'echo three >> seen')).toBeNull();
    expect(await seen()).toBe('one begins\none ends\nthree\n');
    // Only the newest command has a result.
    expect(first).toEqual([]);
  });

  test('run() lets the program that makes an output safe wait for none that switches it on', async () => {
    const started = programs();
    void run(started, 'echo begins >> seen; sleep 30; echo on >> seen');
    await isRunning('begins');
    expect(await run(started, 'echo off >> seen', { isSafe: true, level: 'off' })).toBeNull();
    expect(await seen()).toBe('begins\noff\n');
  });

  test('run() runs the last program for a former device, whatever is wanted of the new one', async () => {
    const started = programs();
    void run(started, 'echo began >> seen; sleep 20');
    await isRunning('began');
    const safe = { level: 'off', isSafe: true } as const;
    void run(started, 'echo former off >> seen', { ...safe, isLast: true });
    void run(started, 'echo off >> seen', safe);
    await run(started, 'echo on >> seen');
    expect(await seen()).toBe('began\nformer off\non\n');
  });

  test('run() keeps outputs apart: one that hangs keeps no other waiting', async () => {
    const started = programs(5_000);
    const slow = run(started, 'echo begins >> seen; sleep 30');
    await isRunning('begins');
    expect(await run(started, 'true', { output: 'lamp' })).toBeNull();
    void run(started, 'true', { isSafe: true, level: 'off' });
    void slow;
    await started.idle();
  });
});

describe('idle()', () => {
  test('idle() waits for the last command, at a stop', async () => {
    const started = programs();
    void run(started, 'sleep 0.1; echo on >> seen');
    void run(started, 'echo off >> seen', { isSafe: true, level: 'off' });
    await started.idle();
    expect(await seen()).toBe('off\n');
  });

  test('idle() is over at once when nothing runs, and in the end when something hangs', async () => {
    const started = programs(100);
    await started.idle();
    void run(started, 'sleep 30');
    await started.idle();
  });
});
