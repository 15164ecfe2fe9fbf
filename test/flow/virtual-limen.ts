import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Act, ActAnswer } from '../../src/domain/act.ts';
import type { ReadingRecord, StatusReport } from '../../src/domain/api.ts';
import { onFileFinished } from './clean-up.ts';
import type { VirtualRequest, VirtualStart } from './virtual-limen-process.ts';

/** A running Limen in a process of its own, whose clock goes only when it is moved. */
export interface VirtualLimen {
  /** Sends one message at QoS 1; resolves with its PUBACK: it is on disk. */
  publish(topic: string, payload: string): Promise<void>;
  /** Lets time pass; what falls due happens on the way. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock, and says whether a time service did it. */
  clock(wallMs: number, isTrusted: boolean): Promise<void>;
  /** Takes over another config. */
  apply(yaml: string): Promise<void>;
  act(act: Act): Promise<ActAnswer>;
  /** Every alert, by `rule/device/metric`. */
  alerts(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  status(): Promise<StatusReport>;
  readings(): Promise<readonly ReadingRecord[]>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Where a run begins: the monotonic clock tells of one boot only. */
export type RunStart = Pick<VirtualStart, 'monotonicMs' | 'wallMs' | 'bootId' | 'isTrusted'>;

/** Makes a data folder that goes away with the file of tests; each call of the result starts Limen on it. */
export function createVirtualSite(
  yaml: string,
): (start: RunStart, changed?: string) => Promise<VirtualLimen> {
  const folder = mkdtempSync(join(tmpdir(), 'limen-virtual-'));
  const children: ChildProcess[] = [];
  onFileFinished(async () => {
    for (const child of children) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  });
  return async (start, changed = yaml) => {
    const script = join(import.meta.dirname, 'virtual-limen-process.ts');
    const whole = (text: string): string => `${place}${text}`;
    const begin: VirtualStart = { ...start, folder, yaml: whole(changed) };
    const child = fork(script, [JSON.stringify(begin)], { execArgv: [] });
    child.setMaxListeners(0);
    children.push(child);
    const ask = async (request: VirtualRequest | null): Promise<unknown> => {
      if (request !== null) child.send(request);
      const answer = once(child, 'message');
      const end = once(child, 'exit').then(() => Promise.reject(new Error('Limen ended')));
      const [message] = (await Promise.race([answer, end])) as [unknown];
      return message;
    };
    await ask(null);
    return {
      publish: async (topic, payload) => void (await ask({ kind: 'publish', topic, payload })),
      pass: async (ms) => void (await ask({ kind: 'pass', ms })),
      clock: async (wallMs, isTrusted) => void (await ask({ kind: 'clock', wallMs, isTrusted })),
      apply: async (text) => void (await ask({ kind: 'apply', yaml: whole(text) })),
      // as the process has it
      act: async (act) => (await ask({ kind: 'act', act })) as ActAnswer,
      async alerts() {
        const alerts = (await ask({ kind: 'alerts' })) as Record<string, unknown>[];
        return new Map(
          alerts.map((alert) => [
            [alert['rule'], alert['device'], alert['metric']].join('/'),
            alert,
          ]),
        );
      },
      status: async () => (await ask({ kind: 'status' })) as StatusReport,
      readings: async () => (await ask({ kind: 'readings' })) as readonly ReadingRecord[],
      kill: () => kill(child),
    };
  };
}

const place = `
site: virtual
broker: { listen: [mqtt://127.0.0.1:0] }
http: { listen: http://127.0.0.1:0 }
storage: { directory: data, commit_delay: 0ms }
`;

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
