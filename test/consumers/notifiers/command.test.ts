import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCommand } from '../../../src/consumers/notifiers/command.ts';
import type { Delivery } from '../../../src/consumers/notifiers/delivery.ts';
import { alertJson } from '../../../src/domain/alert.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { createFakeClock } from '../../host/fake-clock.ts';
import { alertOf, seq } from '../fixtures.ts';

const id = 'freezer-warm/freezer-1/temperature/1';
const delivery: Delivery = {
  notification: {
    seq: seq(42),
    edge: 'active',
    id,
    alert: alertJson(alertOf({ message: 'too warm; $(reboot)\0' })),
    drill: false,
  },
  site: 'greenhouse',
  recorded: false,
};
const never = new AbortController().signal;
const environment = { PATH: process.env['PATH'] };
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limen-command-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function node(script: string, clock = createFakeClock()) {
  const command = [process.execPath, '-e', script, join(folder, 'out')];
  return createCommand({ command, environment, clock, timeoutMs: 30_000 });
}

/** Reads what a child wrote once it is there: the child has no other way to say that it runs. */
async function written(name: string): Promise<string> {
  for (;;) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (text !== '') return text;
    await new Promise((resolve) => systemClock.after(5, () => resolve(null)));
  }
}

describe('createCommand()', () => {
  test('createCommand() gives the alert on standard input and in the environment', async () => {
    const deliver = node(`
      const fs = require('fs');
      const { LIMEN_ALERT_ID, LIMEN_IDEMPOTENCY_KEY, LIMEN_MESSAGE, LIMEN_EVENT } = process.env;
      fs.writeFileSync(process.argv[1], JSON.stringify({
        input: JSON.parse(fs.readFileSync(0, 'utf8')),
        LIMEN_ALERT_ID, LIMEN_IDEMPOTENCY_KEY, LIMEN_MESSAGE, LIMEN_EVENT,
      }));
    `);
    expect(await deliver(delivery, never)).toEqual({ kind: 'delivered', status: 0, detail: null });
    expect(JSON.parse(await written('out'))).toEqual({
      input: {
        ...delivery.notification.alert,
        event: 'active',
        recorded: false,
        site: 'greenhouse',
        drill: false,
      },
      LIMEN_ALERT_ID: id,
      LIMEN_IDEMPOTENCY_KEY: `${id}:42`,
      LIMEN_MESSAGE: 'too warm; $(reboot)',
      LIMEN_EVENT: 'active',
    });
  });

  test('createCommand() tries again after another exit code, with the last words', async () => {
    const deliver = node(`process.stderr.write('no paper\\n', () => process.exit(3));`);
    expect(await deliver(delivery, never)).toEqual({
      kind: 'retry',
      status: 3,
      detail: 'exit code 3: no paper',
    });
  });

  test('createCommand() tries again when there is no such program', async () => {
    const command = [join(folder, 'missing')];
    const deliver = createCommand({ command, environment, clock: createFakeClock() });
    const outcome = await deliver(delivery, never);
    expect(outcome).toMatchObject({ kind: 'retry', status: null });
    expect(outcome.detail).toContain('ENOENT');
  });

  test('createCommand() does not mind a program that reads no input', async () => {
    const command = ['true'];
    const deliver = createCommand({ command, environment, clock: systemClock });
    const { alert } = delivery.notification;
    const large = { ...alert, message: 'x'.repeat(60_000), comment: 'y'.repeat(1_000_000) };
    const notification = { ...delivery.notification, alert: large };
    expect(await deliver({ ...delivery, notification }, never)).toMatchObject({
      kind: 'delivered',
    });
  });

  test('createCommand() kills what takes too long, with all it started', async () => {
    const clock = createFakeClock();
    const deliver = node(
      `const child = require('child_process').spawn(process.execPath,
         ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
       require('fs').writeFileSync(process.argv[1], String(child.pid));
       setInterval(() => {}, 1000);`,
      clock,
    );
    const attempt = deliver(delivery, never);
    const pid = Number(await written('out'));
    clock.advance(30_000);
    expect(await attempt).toEqual({
      kind: 'retry',
      status: null,
      detail: 'killed: not done within 30 s',
    });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('createCommand() does not wait for what a program left behind', async () => {
    const command = ['sh', '-c', `sleep 60 & echo $! > "${join(folder, 'out')}"`];
    const deliver = createCommand({ command, environment, clock: systemClock });
    expect(await deliver(delivery, never)).toMatchObject({ kind: 'delivered' });
    const pid = Number(await written('out'));
    expect(isRunning(pid)).toBe(true);
    process.kill(pid);
  });
});

// An ended process may stay as a zombie where nobody collects it: signals cannot tell it from a running one.
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
