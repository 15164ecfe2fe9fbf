import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts', 'firmware-bridge/**/*.test.ts'],
    pool: 'forks',
    // Most tests wait for sockets, disks and child processes: a third worker is worth it on two cores, too.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // A hung test must end long before the whole suite's 8 minutes.
    testTimeout: 20_000,
    // Programs, boards and disks are waited for: on a machine that others share, time may run out once. The end of the run
    // names such tests. What went wrong in any other way has failed.
    retry: { count: 1, condition: /^(?:Test timed out in|not within) / },
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    reporters: ['default', fileURLToPath(new URL('reporter.ts', import.meta.url))],
  },
});
