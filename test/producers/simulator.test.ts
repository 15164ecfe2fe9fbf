import { connectAsync } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { LimenError } from '../../src/domain/error.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createLog } from '../../src/host/log.ts';
import { runScenario, type SimulatedReading } from '../../src/producers/simulator.ts';
import { startBroker, type TestBroker } from '../broker/remote-fixture.ts';

const log = createLog(
  { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'debug' },
  () => 0,
);

async function start(): Promise<TestBroker> {
  const broker = await startBroker('aedes');
  onTestFinished(() => broker.stop());
  return broker;
}

it('runScenario() publishes at QoS 1 what it reports, in order, faster when asked', async () => {
  const broker = await start();
  const watcher = await connectAsync(broker.url);
  onTestFinished(() => watcher.endAsync(true));
  const heard: string[] = [];
  const enough = Promise.withResolvers<void>();
  watcher.on('message', (topic, payload, { qos }) => {
    heard.push(`${topic} ${payload.toString()} ${qos}`);
    if (heard.length === 20) enough.resolve();
  });
  await watcher.subscribeAsync('#', { qos: 1 });
  const reported: SimulatedReading[] = [];
  const simulation = runScenario({
    scenario: 'cold-room',
    url: broker.url,
    device: 'room-7',
    speed: 100,
    clock: systemClock,
    log,
    onReading: (reading) => reported.push(reading),
  });
  await enough.promise;
  await simulation.stop();
  await simulation.done;
  expect(heard[0]).toMatch(
    /^sensors\/room-7\/temperature \{"value":-1[78](\.\d)?,"unit":"°C"\} 1$/,
  );
  expect(heard).toEqual(
    reported.slice(0, heard.length).map(({ topic, payload }) => `${topic} ${payload} 1`),
  );
  expect(heard.some((line) => line.includes('"value":-12'))).toBe(true);
});

it('runScenario() stops by its signal and goes on after the link was lost', async () => {
  const broker = await start();
  const controller = new AbortController();
  let readings = 0;
  let look = (): void => undefined;
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (readings >= count) resolve();
      };
    });
  const simulation = runScenario({
    scenario: 'greenhouse',
    url: broker.url,
    speed: 100,
    clock: {
      ...systemClock,
      // Only the pause before the next attempt is longer than a second.
      after: (delayMs, callback) => systemClock.after(delayMs >= 1_000 ? 10 : delayMs, callback),
    },
    log,
    signal: controller.signal,
    onReading() {
      readings += 1;
      look();
    },
  });
  await until(3);
  broker.cut();
  await until(readings + 3);
  controller.abort();
  await simulation.done;
  const last = readings;
  await simulation.stop();
  expect(readings).toBe(last);
});

it('runScenario() refuses an unknown scenario and names those there are', () => {
  const run = (): unknown =>
    runScenario({ scenario: 'cold-rom', url: 'mqtt://127.0.0.1:1', clock: systemClock, log });
  expect(run).toThrow(LimenError);
  expect(run).toThrow(
    'There is no scenario "cold-rom"; there are: cold-room, greenhouse, freezer, sump-pump, faulty',
  );
});
