import { connectAsync, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { connectRemote, type RemoteBroker, type RemoteMessage } from '../../src/broker/remote.ts';
import { systemClock, type Clock } from '../../src/host/clock.ts';
import { createLog } from '../../src/host/log.ts';
import type { Metrics } from '../../src/host/metrics.ts';
import type { TestBroker } from './remote-fixture.ts';

const silent = createLog(
  { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'debug' },
  () => 0,
);
// The pauses between attempts are real time and are not what most tests look at.
const impatient: Clock = {
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(delayMs / 50, callback),
};

/** What differs between the links of the tests. */
interface Open {
  readonly url: string;
  readonly clientId?: string;
  readonly will?: { topic: string; payload: string; retain: boolean };
  readonly clock?: Clock;
  readonly metrics?: Metrics;
}

/** A link to the broker, closed at the end of the test. */
export function open({
  url,
  clientId = 'limen-test',
  will,
  clock = impatient,
  metrics,
}: Open): RemoteBroker {
  const remote = connectRemote({
    broker: { name: 'home', url, username: null, password: null },
    clientId,
    will: will ?? null,
    log: silent,
    clock,
    ...(metrics === undefined ? {} : { metrics }),
  });
  onTestFinished(() => remote.close());
  return remote;
}

/** Resolves when the link is up, or down. */
export function link(remote: RemoteBroker, wanted: boolean): Promise<void> {
  return new Promise((resolve) => {
    remote.onLink((up) => {
      if (up === wanted) resolve();
    });
  });
}

/** A message with the function that says it is on disk. */
export interface Taken {
  readonly message: RemoteMessage;
  readonly done: () => void;
}

/** Collects messages and lets a test wait for the nth. */
export function inbox(): {
  taken: Taken[];
  take: (message: RemoteMessage, done: () => void) => void;
  until: (count: number) => Promise<void>;
} {
  const taken: Taken[] = [];
  let look = (): void => undefined;
  return {
    taken,
    take(message, done) {
      taken.push({ message, done });
      look();
    },
    until(count) {
      return new Promise((resolve) => {
        look = () => {
          if (taken.length >= count) resolve();
        };
        look();
      });
    },
  };
}

/** A plain client of the same broker. */
export async function device(url: string): Promise<MqttClient> {
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync(true));
  return client;
}

/** The payloads as text. */
export function texts(taken: readonly Taken[]): string[] {
  return taken.map(({ message }) => message.payload.toString());
}

/** How many PUBACKs the broker has got. */
export function pubacks(broker: TestBroker): number {
  return broker.sent.filter(({ cmd }) => cmd === 'puback').length;
}
