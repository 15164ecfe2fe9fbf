import { describe, expect, test } from 'vitest';
import {
  day,
  hour,
  minute,
  random,
  second,
  startSilenceRun,
  type SilenceRun,
} from './silence-run.ts';

/** The time until the next reading of a device, in the way such devices report. */
type Trace = (next: () => number, atMs: number) => number;

const uniform = (next: () => number, from: number, to: number): number =>
  Math.round(from + next() * (to - from));
const exponential = (next: () => number, mean: number): number =>
  Math.round(-mean * Math.log(1 - next()));
const isNight = (atMs: number): boolean => atMs % day > 14 * hour;

const traces: Readonly<Record<string, Trace>> = {
  'periodic, every minute': () => minute,
  'periodic, once an hour': () => hour,
  'periodic, ten times a second for a while, then every 10 s': (_next, atMs) =>
    atMs % hour < 20 * second ? 100 : 10 * second,
  'jittered, a minute and a half of it to either side': (next) =>
    uniform(next, 0.5 * minute, 1.5 * minute),
  'on change, at the latest every hour (a Zigbee thermometer)': (next, atMs) =>
    Math.max(10 * second, Math.min(hour, exponential(next, (isNight(atMs) ? 60 : 6) * minute))),
  'on change, at the latest every minute (a Shelly plug)': (next, atMs) =>
    Math.max(second, Math.min(minute, exponential(next, (isNight(atMs) ? 300 : 15) * second))),
  'in bursts of some 200 readings, then 5 to 20 minutes of pause': (next) =>
    next() < 1 / 200 ? uniform(next, 5 * minute, 20 * minute) : uniform(next, 1, 10),
  'each message three times, once in ten minutes': (next) =>
    next() < 1 / 3 ? 10 * minute : uniform(next, 50, 200),
};

const learningMs = 3 * day;
const watchedMs = 7 * day;
const shortestMs = 10 * second;

/** The bound of the contract, over the gaps between arrivals: readings within a second are one. */
function boundMs(times: readonly number[]): number {
  const gaps: number[] = [];
  let lastMs = times[0] ?? 0;
  for (const atMs of times) {
    if (atMs - lastMs < second) continue;
    gaps.push(atMs - lastMs);
    lastMs = atMs;
  }
  gaps.sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] ?? 0;
  const longest = gaps[Math.ceil(0.99 * gaps.length) - 1] ?? 0;
  return Math.max(3 * median, 1.5 * longest, shortestMs);
}

function play(run: SilenceRun, trace: Trace, seed: number, untilMs: number): readonly number[] {
  const next = random(seed);
  const times: number[] = [];
  for (let atMs = 0; atMs < untilMs; atMs += trace(next, atMs)) {
    run.read(atMs, 'shed/temperature');
    times.push(atMs);
  }
  return times;
}

describe.each(Object.entries(traces))('reports %s', (_name, trace) => {
  test.each([1, 2, 3])(
    'no false alert in 7 days, death noticed within the bound (seed %i)',
    (seed) => {
      const run = startSilenceRun('site: test');
      const times = play(run, trace, seed, learningMs + watchedMs);
      const diedMs = times.at(-1) ?? NaN;
      expect(run.edges('limen.stale')).toEqual([]);

      run.goTo(diedMs + 3 * day);
      const noticedMs = (run.told[0]?.atMs ?? NaN) - diedMs;
      expect(run.told.map(({ event }) => event.alert.rule)).toEqual(['limen.stale']);
      // The counts are exact to 2.2 %, an interval is told anew when it has changed by 5 %.
      const bound = boundMs(times);
      expect(noticedMs).toBeLessThanOrEqual(bound * 1.08 + second);
      expect(noticedMs).toBeGreaterThanOrEqual(bound * 0.94);
      run.end();
    },
  );
});

const everyMinute: Trace = () => minute;

test('what has reported for less than a day is not expected yet', () => {
  const run = startSilenceRun('site: test');
  play(run, everyMinute, 1, 23 * hour);
  run.goTo(3 * day);
  expect(run.edges('limen.stale')).toEqual([]);
});

test('a set interval wins over what has shown', () => {
  const run = startSilenceRun('points: { shed/temperature: { expect_every: 1h } }');
  const diedMs = play(run, everyMinute, 1, 2 * day).at(-1) ?? NaN;
  run.goTo(diedMs + day);
  expect(run.told[0]?.atMs).toBe(diedMs + 3 * hour);
});

test('a device that is restarted with Limen every day is learned all the same', () => {
  const run = startSilenceRun('site: test', { disk: true });
  let atMs = 0;
  for (let days = 0; days < 4; days += 1) {
    for (const endMs = atMs + 20 * hour; atMs < endMs; atMs += 5 * minute)
      run.read(atMs, 'shed/temperature');
    run.restart(4 * hour);
    atMs += 4 * hour;
  }
  run.read(atMs, 'shed/temperature');
  run.goTo(atMs + day);
  const stale = run.told.filter(({ event }) => event.alert.rule === 'limen.stale');
  expect(stale.map((one) => Math.round((one.atMs - atMs) / minute))).toEqual([15]);
  run.end();
});
