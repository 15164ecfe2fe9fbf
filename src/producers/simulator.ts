import { randomUUID } from 'node:crypto';
import { connectRemote } from '../broker/remote.ts';
import { LimenError } from '../domain/error.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log } from '../host/log.ts';
import { findScenario, scenarioNames, type Channel, type Scenario } from './scenarios.ts';

/** One message of a scripted device. */
export interface SimulatedReading {
  readonly device: string;
  readonly metric: string;
  readonly topic: string;
  readonly payload: string;
}

export interface ScenarioOptions {
  /** Name of a scenario (`scenarioNames`). */
  readonly scenario: string;
  /** Where the broker listens: `mqtt://host:port`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Default: the scenario's name. */
  readonly device?: string;
  /** How many times faster than life; default 1. */
  readonly speed?: number;
  /** The same seed gives the same readings; default 1. */
  readonly seed?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  readonly onReading?: (reading: SimulatedReading) => void;
}

export interface Simulation {
  /** Stops the device and closes its connection. */
  stop(): Promise<void>;
  /** Resolves when the simulation has stopped, by `stop` or by the signal. */
  readonly done: Promise<void>;
}

/** However fast a scenario runs, no channel speaks more often than this. */
const periodMinMs = 10;

/**
 * Plays a scripted device over a real MQTT connection at QoS 1, on `sensors/<device>/<metric>`, until it is stopped.
 * The script begins when the broker is reached. Like a simple device it forgets what it measures while the link is
 * down. Throws LimenError `invalid` for an unknown scenario.
 */
export function runScenario(options: ScenarioOptions): Simulation {
  const { clock, log, signal, onReading, speed = 1, seed = 1 } = options;
  const scenario = scenarioOf(options.scenario);
  const device = options.device ?? scenario.name;
  const remote = connectRemote({
    broker: {
      name: 'simulator',
      url: options.url,
      username: options.username ?? null,
      password: options.password ?? null,
    },
    // Two simulators of one scenario must not throw each other off the broker.
    clientId: `simulator-${randomUUID().slice(0, 8)}`,
    session: 'clean',
    will: null,
    clock,
    log,
  });
  const timers = new Map<Channel, Timer>();
  const finished = Promise.withResolvers<void>();
  let startMs: number | null = null;
  let isStopped = false;

  const publish = (metric: string, payload: string): void => {
    if (!remote.connected) return;
    const topic = `sensors/${device}/${metric}`;
    remote.publish(topic, payload, { retain: false });
    onReading?.({ device, metric, topic, payload });
  };

  const play = (channel: Channel, fromMs: number, tick: number): void => {
    const payload = channel.payload(tick * channel.everyMs);
    if (payload !== null) publish(channel.metric, payload);
    const periodMs = Math.max(channel.everyMs / speed, periodMinMs);
    const elapsedMs = clock.monotonicMs() - fromMs;
    // Missed ticks (a machine that slept) are left out, not caught up in a burst.
    const next = Math.max(tick + 1, Math.floor(elapsedMs / periodMs));
    timers.set(
      channel,
      clock.after(next * periodMs - elapsedMs, () => play(channel, fromMs, next)),
    );
  };

  remote.onLink((up) => {
    if (!up || startMs !== null || isStopped) return;
    startMs = clock.monotonicMs();
    for (const channel of scenario.channels(seed)) play(channel, startMs, 0);
  });

  const stop = (): Promise<void> => {
    if (!isStopped) {
      isStopped = true;
      signal?.removeEventListener('abort', stopOnAbort);
      for (const timer of timers.values()) timer.cancel();
      finished.resolve(remote.close());
    }
    return finished.promise;
  };
  const stopOnAbort = (): void => void stop();
  if (signal?.aborted === true) void stop();
  else signal?.addEventListener('abort', stopOnAbort);

  return { stop, done: finished.promise };
}

function scenarioOf(name: string): Scenario {
  const scenario = findScenario(name);
  if (scenario !== undefined) return scenario;
  const known = scenarioNames()
    .map((each) => each.name)
    .join(', ');
  throw new LimenError('invalid', `There is no scenario "${name}"; there are: ${known}`);
}
