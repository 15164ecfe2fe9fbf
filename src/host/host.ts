import { existsSync, readFileSync } from 'node:fs';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** What Limen needs of the machine it runs on, passed in. */
export interface Host {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  /** The kernel's id of this boot: the monotonic clock can be compared within it. */
  readonly bootId: string;
  /** Whether a time service has set the wall clock; null: there is no way to know. */
  isClockSynchronised(): boolean | null;
  /**
   * A named place in the program at which a test can end it: `LIMEN_FAULT_POINT=name`, or `name:3` for the third time
   * it gets there. Does nothing unless the environment asks for it.
   */
  readonly faultPoint: (name: string) => void;
}

const timeServiceDirectory = '/run/systemd/timesync';

/** The host of a real process. */
export function createHost(options: { clock: Clock; log: Log; version: string }): Host {
  const [killAt, timeText = '1'] = (process.env['LIMEN_FAULT_POINT'] ?? '').split(':');
  let timesLeft = Number(timeText);
  return {
    ...options,
    metrics: createMetrics(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    isClockSynchronised: () =>
      existsSync(timeServiceDirectory) ? existsSync(`${timeServiceDirectory}/synchronized`) : null,
    faultPoint: (name) => {
      if (name !== killAt) return;
      timesLeft -= 1;
      if (timesLeft === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}
