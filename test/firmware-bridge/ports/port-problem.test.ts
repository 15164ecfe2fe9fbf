import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findHolder } from '../../../firmware-bridge/ports/port-problem.ts';
import { SerialDevice } from '../serial-device.ts';

const opens = `
require('node:fs').openSync(process.argv[2], 'r+');
process.stdout.write('open');
setInterval(() => {}, 1000);
`;

/** A program that has a port open, and its number. */
async function hold(command: readonly string[], path: string): Promise<number> {
  const [program = '', ...words] = command;
  const child = spawn(program, [...words, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'limen-holder-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('findHolder() names a program, of one that runs others the one that it runs, and Limen itself', async () => {
  const made = folder();
  const script = join(made, 'zigbee2mqtt.cjs');
  writeFileSync(script, opens);
  mkdirSync(join(made, 'threads'));
  const threads = join(made, 'threads/ports.js');
  copyFileSync(script, threads);
  const program = join(made, 'a-program-with-a-long-name');
  copyFileSync('/usr/bin/sleep', program);

  const byNode = new SerialDevice();
  const nodePid = await hold([process.execPath, '--no-warnings', script], byNode.path);
  expect(findHolder(byNode.path)).toBe(`node ${script} (process ${nodePid})`);
  const byLimen = new SerialDevice();
  const limenPid = await hold([process.execPath, threads], byLimen.path);
  expect(findHolder(byLimen.path)).toBe(`Limen (process ${limenPid})`);
  const byProgram = new SerialDevice();
  const port = openSync(byProgram.path, 'r+');
  const sleeper = spawn(program, ['60'], { stdio: [port, 'ignore', 'ignore'] });
  onTestFinished(() => void sleeper.kill('SIGKILL'));
  closeSync(port);
  expect(findHolder(byProgram.path)).toBe(`${basename(program)} (process ${sleeper.pid})`);
  expect(findHolder(new SerialDevice().path)).toBe(null);
});
