import { onTestFinished } from 'vitest';
import { EmbeddedBroker } from '../../src/broker/embedded.ts';
import type { ListenRequest } from '../../src/broker/listeners.ts';
import { createMetrics, type Metrics } from '../../src/host/metrics.ts';
import { memoryLog } from '../consumers/fixtures.ts';
import { createTestDoor, type TestDoor } from './test-door.ts';

/** A broker with a door of the test's own. */
export interface TestEmbedded {
  readonly broker: EmbeddedBroker;
  readonly door: TestDoor;
  readonly metrics: Metrics;
  readonly log: ReturnType<typeof memoryLog>;
  readonly url: string;
  readonly port: number;
}

/** Starts a broker on a free port of the loopback; it ends with the test. */
export async function startEmbedded(
  options: {
    readonly listen?: Partial<ListenRequest>;
    readonly verify?: (name: string, password: string) => Promise<boolean>;
    readonly monotonicMs?: () => number;
  } = {},
): Promise<TestEmbedded> {
  const door = createTestDoor();
  const metrics = createMetrics();
  const log = memoryLog();
  const broker = await EmbeddedBroker.start({
    id: 'test',
    door,
    log,
    metrics,
    verify: options.verify ?? (async () => false),
    ...(options.monotonicMs === undefined ? {} : { monotonicMs: options.monotonicMs }),
  });
  onTestFinished(() => broker.close());
  const [url = ''] = await broker.listen([
    { scheme: 'mqtt', host: '127.0.0.1', port: 0, loginRequired: false, ...options.listen },
  ]);
  return { broker, door, metrics, log, url, port: Number(new URL(url).port) };
}

/** Lets everything that is due happen: a few turns of the event loop. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the condition holds; fails after two seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 2_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`never: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
