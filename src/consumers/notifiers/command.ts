import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../host/clock.ts';
import {
  deliveryText,
  idempotencyKey,
  shortDetail,
  type Deliver,
  type Delivery,
  type Outcome,
} from './delivery.ts';

export interface CommandOptions {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  /** The environment the program inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

// What a program said last may still be in the pipe when it has ended.
const lastWordsMs = 100;

/** A notifier that runs a program with the alert as JSON on its standard input. Exit code 0: delivered. */
export function createCommand(options: CommandOptions): Deliver {
  return (delivery, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve(retry('stopped'));
      try {
        run(options, delivery, signal, resolve);
      } catch (error) {
        resolve(retry(messageOf(error)));
      }
    });
}

function run(
  { command, environment, clock, timeoutMs = limits.notifyCommandTimeoutMs }: CommandOptions,
  delivery: Delivery,
  signal: AbortSignal,
  resolve: (outcome: Outcome) => void,
): void {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    shell: false,
    // A group of its own: what the program started is killed with it.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...environment, ...alertVariables(delivery) },
  });
  let said = '';
  let isOver = false;
  const timer = clock.after(timeoutMs, () => {
    finish(retry(`killed: not done within ${timeoutMs / 1000} s`));
  });
  const finish = (outcome: Outcome): void => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    signal.removeEventListener('abort', stop);
    // Only a program that still runs: the group of an ended one may go on by its own will.
    if (child.exitCode === null && child.signalCode === null) killGroup(child);
    child.stdin.destroy();
    child.stderr.destroy();
    resolve(outcome);
  };
  const stop = (): void => finish(retry('stopped'));
  signal.addEventListener('abort', stop);

  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-limits.notifyDetailCharsMax);
  });
  // A program need not read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(deliveryText(delivery));
  child.on('error', (error) => finish(retry(error.message)));
  child.on('close', (code, by) => finish(outcomeOf(code, by, said)));
  // Something it left behind may hold the pipe open: then `close` does not come.
  child.on('exit', (code, by) => {
    clock.after(lastWordsMs, () => finish(outcomeOf(code, by, said)));
  });
}

function alertVariables({ notification, site, recorded }: Delivery): Record<string, string> {
  const { alert, edge, id, drill } = notification;
  const text = (name: string): string => {
    const value = alert[name];
    // A value may come from a payload; the environment cannot hold a NUL.
    return typeof value === 'string' ? value.replaceAll('\0', '') : '';
  };
  return {
    LIMEN_ALERT_ID: id,
    LIMEN_EVENT: edge,
    LIMEN_RULE: text('rule'),
    LIMEN_DEVICE: text('device'),
    LIMEN_METRIC: text('metric'),
    LIMEN_STATE: text('state'),
    LIMEN_SEVERITY: text('severity'),
    LIMEN_MESSAGE: text('message'),
    LIMEN_SITE: site,
    LIMEN_RECORDED: String(recorded),
    LIMEN_DRILL: String(drill),
    LIMEN_IDEMPOTENCY_KEY: idempotencyKey(notification),
  };
}

function outcomeOf(code: number | null, by: string | null, said: string): Outcome {
  if (code === 0) return { kind: 'delivered', status: 0, detail: null };
  const ending = code === null ? `ended by ${by ?? 'a signal'}` : `exit code ${code}`;
  const detail = said.trim() === '' ? ending : `${ending}: ${said}`;
  return { kind: 'retry', status: code, detail: shortDetail(detail) };
}

function retry(detail: string): Outcome {
  return { kind: 'retry', status: null, detail: shortDetail(detail) };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
