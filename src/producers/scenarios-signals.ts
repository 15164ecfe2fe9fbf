/** A value as a function of the scenario's time in milliseconds; null: the device is silent. */
export type Signal = (timeMs: number) => number | null;

/** A repeatable random number in [0, 1) for each moment: no state, so that a scenario can be asked about any time. */
export type Random = (timeMs: number) => number;

/** Creates a generator; the same seed gives the same numbers. */
export function createRandom(seed: number): Random {
  return (timeMs) => {
    // Two rounds of a 32-bit mixer (murmur3's finaliser): neighbouring times give unrelated numbers.
    let bits = Math.imul(Math.trunc(timeMs) ^ Math.imul(seed, 0x9e37_79b1), 0x85eb_ca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
    bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
    return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Always the same value. */
export function steady(value: number): Signal {
  return () => value;
}

/** Starts at 0, moves by so much an hour, and starts anew every period. */
export function drift(perHour: number, periodMs: number): Signal {
  return (timeMs) => (perHour * (timeMs % periodMs)) / 3_600_000;
}

/** A sine around 0, starting at 0 and rising. */
export function cycle(amplitude: number, periodMs: number): Signal {
  return (timeMs) => amplitude * Math.sin((2 * Math.PI * timeMs) / periodMs);
}

/**
 * A course through given points of [time, value], repeated every period. Between two points it goes in a straight
 * line; two points at one time are a jump. Before the first and after the last the value holds.
 */
export function step(course: readonly (readonly [number, number])[], periodMs: number): Signal {
  return (timeMs) => {
    const now = timeMs % periodMs;
    let [fromMs, from] = course[0] ?? [0, 0];
    for (const [toMs, to] of course) {
      if (now < toMs) {
        return toMs === fromMs ? to : from + ((to - from) * (now - fromMs)) / (toMs - fromMs);
      }
      [fromMs, from] = [toMs, to];
    }
    return from;
  };
}

/** Random values between -amplitude and +amplitude. */
export function noise(amplitude: number, random: Random): Signal {
  return (timeMs) => amplitude * (2 * random(timeMs) - 1);
}

/** Now and then, with this chance a reading, a spike of this height; else 0. */
export function spikes(height: number, chance: number, random: Random): Signal {
  return (timeMs) => (random(timeMs) < chance ? height : 0);
}

/** A window of the period, in milliseconds from its start. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
}

/** Whether a time lies in the window. */
export function isWithin(timeMs: number, { fromMs, toMs, periodMs }: Window): boolean {
  const now = timeMs % periodMs;
  return now >= fromMs && now < toMs;
}

/** Repeats the value of the window's start all through the window, as a sensor does whose converter hangs. */
export function stuck(signal: Signal, window: Window): Signal {
  return (timeMs) =>
    signal(isWithin(timeMs, window) ? timeMs - (timeMs % window.periodMs) + window.fromMs : timeMs);
}

/** Says nothing during the window. */
export function dropout(signal: Signal, window: Window): Signal {
  return (timeMs) => (isWithin(timeMs, window) ? null : signal(timeMs));
}

/** The sum of all; silent while one of them is. */
export function sum(...signals: readonly Signal[]): Signal {
  return (timeMs) => {
    let total = 0;
    for (const signal of signals) {
      const value = signal(timeMs);
      if (value === null) return null;
      total += value;
    }
    return total;
  };
}
