import {
  createRandom,
  cycle,
  drift,
  dropout,
  isWithin,
  noise,
  spikes,
  steady,
  step,
  stuck,
  sum,
  type Random,
  type Signal,
  type Window,
} from './scenarios-signals.ts';

/** One metric of a scripted device: its payload at a time, or null while it is silent. A pure function. */
export interface Channel {
  readonly metric: string;
  readonly everyMs: number;
  payload(timeMs: number): string | null;
}

/** A scripted device. */
export interface Scenario {
  readonly name: string;
  /** One line for lists. */
  readonly description: string;
  /** The device's metrics; the same seed gives the same readings. */
  channels(seed: number): readonly Channel[];
}

const secondMs = 1_000;
const minuteMs = 60_000;

const coldRoom: Scenario = {
  name: 'cold-room',
  description: 'a cold room at -18 °C that warms to -12 °C for some seconds, every 2 minutes',
  channels(seed) {
    const course = step(
      [
        [4 * secondMs, -18],
        [7 * secondMs, -12],
        [13 * secondMs, -12],
        [16 * secondMs, -18],
      ],
      2 * minuteMs,
    );
    const temperature = sum(course, noise(0.2, createRandom(seed)));
    return [quantity('temperature', temperature, { unit: '°C', decimals: 1, everyMs: secondMs })];
  },
};

const greenhouse: Scenario = {
  name: 'greenhouse',
  description: 'temperature and humidity of a greenhouse, a day in 10 minutes',
  channels(seed) {
    const dayMs = 10 * minuteMs;
    const random = createRandom(seed);
    const temperature = sum(steady(21), cycle(9, dayMs), noise(0.3, random));
    const humidity = sum(steady(65), cycle(-20, dayMs), noise(1, createRandom(seed + 1)));
    return [
      quantity('temperature', temperature, { unit: '°C', decimals: 1, everyMs: 2 * secondMs }),
      quantity('humidity', humidity, { unit: '%', decimals: 0, everyMs: 5 * secondMs }),
    ];
  },
};

const freezer: Scenario = {
  name: 'freezer',
  description: 'a freezer that slowly loses its cold and whose door opens every 5 minutes',
  channels(seed) {
    const doorMs = 5 * minuteMs;
    const open: Window = { fromMs: 2 * minuteMs, toMs: 2.5 * minuteMs, periodMs: doorMs };
    const warming = step(
      [
        [open.fromMs, 0],
        [open.toMs, 7],
        [open.toMs + minuteMs, 0],
      ],
      doorMs,
    );
    const temperature = sum(
      steady(-21),
      drift(4, 60 * minuteMs),
      warming,
      noise(0.15, createRandom(seed)),
    );
    return [
      quantity('temperature', temperature, { unit: '°C', decimals: 2, everyMs: 2 * secondMs }),
      {
        metric: 'door',
        everyMs: 2 * secondMs,
        payload: (timeMs) => (isWithin(timeMs, open) ? 'open' : 'closed'),
      },
    ];
  },
};

const sumpPump: Scenario = {
  name: 'sump-pump',
  description: 'water that rises in a sump until its pump switches on, every 90 seconds',
  channels(seed) {
    const periodMs = 90 * secondMs;
    const running: Window = { fromMs: 60 * secondMs, toMs: 75 * secondMs, periodMs };
    const level = step(
      [
        [0, 12],
        [running.fromMs, 58],
        [running.toMs, 12],
      ],
      periodMs,
    );
    const power = step(
      [
        [running.fromMs, 0],
        [running.fromMs, 410],
        [running.toMs, 410],
        [running.toMs, 0],
      ],
      periodMs,
    );
    const random = createRandom(seed);
    return [
      quantity('level', sum(level, noise(0.5, random)), {
        unit: 'cm',
        decimals: 1,
        everyMs: 2 * secondMs,
      }),
      quantity('power', power, { unit: 'W', decimals: 0, everyMs: 2 * secondMs }),
      {
        metric: 'pump',
        everyMs: 2 * secondMs,
        payload: (timeMs) => (isWithin(timeMs, running) ? 'on' : 'off'),
      },
    ];
  },
};

const faulty: Scenario = {
  name: 'faulty',
  description: 'a sensor that hangs, spikes, falls silent and says words that are no values',
  channels(seed) {
    const periodMs = 2 * minuteMs;
    const random = createRandom(seed);
    const healthy = sum(steady(20), cycle(1, minuteMs), noise(0.1, random));
    const spiky = sum(healthy, spikes(60, 0.03, createRandom(seed + 1)));
    const hanging = stuck(spiky, { fromMs: 20 * secondMs, toMs: 40 * secondMs, periodMs });
    const signal = dropout(hanging, { fromMs: 60 * secondMs, toMs: 80 * secondMs, periodMs });
    const healthyPayload = quantity('temperature', signal, {
      unit: '°C',
      decimals: 2,
      everyMs: secondMs,
    });
    const babbling: Window = { fromMs: 95 * secondMs, toMs: 105 * secondMs, periodMs };
    return [
      {
        ...healthyPayload,
        payload: (timeMs) =>
          isWithin(timeMs, babbling)
            ? wordAt(timeMs, createRandom(seed + 2))
            : healthyPayload.payload(timeMs),
      },
    ];
  },
};

const scenarios: readonly Scenario[] = [coldRoom, greenhouse, freezer, sumpPump, faulty];

/** The scripted devices there are, with a line of description each. */
export function scenarioNames(): readonly Pick<Scenario, 'name' | 'description'>[] {
  return scenarios.map(({ name, description }) => ({ name, description }));
}

/** A scenario by its name. */
export function findScenario(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}

interface QuantityOptions {
  readonly unit: string;
  readonly decimals: number;
  readonly everyMs: number;
}

function quantity(metric: string, signal: Signal, options: QuantityOptions): Channel {
  const { unit, decimals, everyMs } = options;
  return {
    metric,
    everyMs,
    payload(timeMs) {
      const value = signal(timeMs);
      // Number() turns "-18.0" into -18 and "-0.0" into 0: a number as a device would write it.
      return value === null
        ? null
        : JSON.stringify({ value: Number(value.toFixed(decimals)), unit });
    },
  };
}

const words = ['nan', 'unavailable', 'null', '--', 'unknown'] as const;

function wordAt(timeMs: number, random: Random): string {
  return words[Math.floor(random(timeMs) * words.length)] ?? 'nan';
}
