import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const root = join(import.meta.dirname, '../..');

/** What a finished command left behind. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A scratch folder that goes away with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'limen-house-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable shell script; it stands for a program of the machine. */
export function writeProgram(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/** A stand-in for node: answers --version, and otherwise says its name and its arguments. */
export function writeNode(path: string, name: string, version: string): void {
  const echo = `printf '%s' ${name}; for a in "$@"; do printf ' <%s>' "$a"; done; exit 7`;
  writeProgram(path, `if [ "$1" = --version ]; then echo ${version}; exit 0; fi\n${echo}`);
}

/** A folder for PATH with the few tools the launchers use and no node. */
export function toolsFolder(folder: string): string {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  for (const name of ['sh', 'readlink', 'uname', 'getconf'])
    symlinkSync(`/usr/bin/${name}`, join(tools, name));
  return tools;
}

/** Runs a program with exactly this PATH. */
export function run(program: string, args: readonly string[], path: string, cwd = '/'): Ended {
  const env = { PATH: path, HOME: process.env['HOME'] ?? '/' };
  const { status, stdout, stderr } = spawnSync(program, args, { env, cwd, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}
