import { describe, expect, it } from 'vitest';
import {
  createRandom,
  cycle,
  drift,
  dropout,
  noise,
  spikes,
  steady,
  step,
  stuck,
  sum,
} from '../../src/producers/scenarios-signals.ts';
import { findScenario, scenarioNames } from '../../src/producers/scenarios.ts';

/** The payloads of one metric, one for each of its ticks, over a time. */
function payloads(scenario: string, metric: string, forMs: number, seed = 1): (string | null)[] {
  const channel = findScenario(scenario)
    ?.channels(seed)
    .find((each) => each.metric === metric);
  if (channel === undefined) throw new Error(`no ${metric} in ${scenario}`);
  return Array.from({ length: forMs / channel.everyMs }, (_, tick) =>
    channel.payload(tick * channel.everyMs),
  );
}

function valueOf(payload: string | null | undefined): number {
  const { value } = JSON.parse(payload ?? '{}') as { value?: unknown };
  return typeof value === 'number' ? value : Number.NaN;
}

describe('signals', () => {
  it('createRandom() gives the same numbers for a seed, others for another, evenly spread', () => {
    const times = Array.from({ length: 10_000 }, (_, n) => n * 1_000);
    const random = createRandom(7);
    const numbers = times.map((time) => random(time));
    expect(numbers).toEqual(times.map((time) => createRandom(7)(time)));
    expect(numbers).not.toEqual(times.map((time) => createRandom(8)(time)));
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length,
    );
    for (const count of tenths) expect(count).toBeGreaterThan(850);
  });

  it('step() holds before and after, goes straight between points and jumps at one time', () => {
    const course = step(
      [
        [100, 1],
        [200, 3],
        [300, 3],
        [300, 0],
      ],
      1_000,
    );
    expect([0, 100, 150, 200, 299, 300, 999, 1_150].map(course)).toEqual([1, 1, 2, 3, 3, 0, 0, 2]);
  });

  it('drift(), cycle(), noise() and spikes() stay within what they promise', () => {
    expect(drift(4, 7_200_000)(1_800_000)).toBe(2);
    expect(drift(4, 7_200_000)(7_200_000)).toBe(0);
    expect(cycle(5, 1_000)(250)).toBeCloseTo(5);
    const random = createRandom(1);
    const values = Array.from({ length: 1_000 }, (_, n) => noise(0.5, random)(n) ?? 9);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.5);
    const hits = Array.from({ length: 1_000 }, (_, n) => spikes(60, 0.1, random)(n));
    expect(new Set(hits)).toEqual(new Set([0, 60]));
  });

  it('stuck() repeats one value, dropout() is silent, and a sum with silence is silent', () => {
    const window = { fromMs: 10, toMs: 20, periodMs: 100 };
    expect([9, 10, 15, 20, 115].map(stuck((time) => time, window))).toEqual([9, 10, 10, 20, 110]);
    expect([9, 10, 19, 20].map(dropout(steady(1), window))).toEqual([1, null, null, 1]);
    expect(sum(steady(1), () => null)(0)).toBeNull();
  });
});

describe('scenarios', () => {
  it('are the same for the same seed and other for another', () => {
    for (const { name } of scenarioNames()) {
      for (const { metric } of findScenario(name)?.channels(1) ?? []) {
        const first = payloads(name, metric, 120_000);
        expect(payloads(name, metric, 120_000)).toEqual(first);
      }
    }
    expect(payloads('cold-room', 'temperature', 60_000, 2)).not.toEqual(
      payloads('cold-room', 'temperature', 60_000, 1),
    );
  });

  it('cold-room speaks every second, rises after 4 s to -12 °C, holds and falls back', () => {
    const values = payloads('cold-room', 'temperature', 240_000);
    expect(values).toHaveLength(240);
    expect(values[0]).toMatch(/^\{"value":-1[78](\.\d)?,"unit":"°C"\}$/);
    const near = (second: number, wanted: number): void =>
      expect(Math.abs(valueOf(values[second]) - wanted)).toBeLessThanOrEqual(0.21);
    for (const second of [0, 1, 2, 3, 4, 16, 60, 119, 120, 124]) near(second, -18);
    for (const second of [7, 9, 13, 127, 133]) near(second, -12);
    expect(valueOf(values[6])).toBeGreaterThan(-15);
  });

  it('greenhouse goes through a day, dry when it is warm', () => {
    const temperature = payloads('greenhouse', 'temperature', 600_000).map(valueOf);
    const humidity = payloads('greenhouse', 'humidity', 600_000).map(valueOf);
    expect(Math.max(...temperature)).toBeGreaterThan(29);
    expect(Math.min(...temperature)).toBeLessThan(13);
    expect(humidity[30]).toBeLessThan(50);
    expect(humidity[90]).toBeGreaterThan(80);
  });

  it('freezer warms while its door is open', () => {
    const door = payloads('freezer', 'door', 300_000);
    const temperature = payloads('freezer', 'temperature', 300_000).map(valueOf);
    expect(door.filter((state) => state === 'open')).toHaveLength(15);
    expect(Math.max(...temperature)).toBeGreaterThan(-15);
    expect(Math.min(...temperature.slice(0, 60))).toBeLessThan(-20);
  });

  it('sump-pump runs its pump while the level falls', () => {
    const level = payloads('sump-pump', 'level', 90_000).map(valueOf);
    const pump = payloads('sump-pump', 'pump', 90_000);
    const power = payloads('sump-pump', 'power', 90_000).map(valueOf);
    expect(level[29]).toBeGreaterThan(50);
    expect(level[44]).toBeLessThan(14);
    expect(pump.map((state) => state === 'on')).toEqual(power.map((watts) => watts > 0));
  });

  it('faulty hangs, spikes, is silent and says words', () => {
    const values = payloads('faulty', 'temperature', 120_000);
    expect(new Set(values.slice(20, 40)).size).toBe(1);
    expect(values.slice(60, 80).every((payload) => payload === null)).toBe(true);
    expect(values.slice(95, 105).every((payload) => payload?.startsWith('{') === false)).toBe(true);
    const all = payloads('faulty', 'temperature', 1_200_000);
    expect(all.some((payload) => payload?.startsWith('{') === true && valueOf(payload) > 70)).toBe(
      true,
    );
  });
});
