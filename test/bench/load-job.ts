import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** As fast as acknowledgements come back: each connection keeps its window full. */
export interface FullJob {
  readonly kind: 'full';
  readonly port: number;
  readonly connections: number;
  /** Unacknowledged readings of one connection. */
  readonly window: number;
  /** Readings of each connection: a multiple of `cycleLength`. */
  readonly countEach: number;
}

/** At a fixed rate, whatever the acknowledgements do. */
export interface PacedJob {
  readonly kind: 'paced';
  readonly port: number;
  readonly connections: number;
  readonly ratePerSecond: number;
  readonly forMs: number;
  /** Every nth reading crosses a limit; its alert is waited for. null: none does. */
  readonly crossingEvery: number | null;
}

export type LoadJob = FullJob | PacedJob;

export interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  /** Readings beyond a limit; each is followed by one of the same point that is not. */
  readonly crossings: number;
  readonly elapsedMs: number;
  /** CPU time of the load generator. */
  readonly cpuMs: number;
  /** From the publish call to the alert at a subscriber, one for each crossing that was answered. */
  readonly alertMs: readonly number[];
  /** From the publish call to the PUBACK; empty in a full job. */
  readonly ackMs: readonly number[];
}

/** Points of the load; each belongs to one connection, so that its readings have an order. */
export const deviceCount = 200;
/** Each connection repeats so many readings, one of which crosses a limit. */
export const cycleLength = 1_000;

/** The device of a number. */
export function deviceName(index: number): string {
  return `dev-${String(index).padStart(3, '0')}`;
}

/** Runs a job in a process of its own, so that its CPU time is apart from the program's. */
export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'load.ts'), [JSON.stringify(job)]);
  let result: LoadResult | null = null;
  child.on('message', (message) => {
    result = message as LoadResult;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (result === null) throw new Error(`the load generator ended with code ${String(code)}`);
  return result;
}
