// Aim: for every interleaving of commands, claims, trips, restarts, lost links, read-backs and leases up to a depth, O1
// to O7 hold: tripped is safe until reset, nothing is energised without a reason, an old command has no effect, times hold
// over restarts, safe comes first and last, a state is read back or unknown, one writer. Method: every order of the steps
// of a small world, over the real outputs in virtual time; states that are equal are entered once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutputSpec } from '../../../src/domain/output.ts';
import { unprotected } from '../fixtures.ts';
import { World } from './output-world.ts';

type Step = readonly [name: string, step: (world: World) => void];

interface Plan {
  readonly title: string;
  readonly specs: readonly OutputSpec[];
  readonly steps: readonly Step[];
  readonly depth: number;
  /** So much time has passed before. */
  readonly afterMs?: number;
}

const base = (name: string): OutputSpec => ({
  name,
  way: { kind: 'mqtt', broker: 'home', topic: name, payloads: { on: 'on', off: 'off' } },
  safe: 'off',
  idle: 'off',
  onUnknown: null,
  ...unprotected,
});
const pin = (name: string): OutputSpec => ({
  ...base(name),
  way: { kind: 'pin', board: 'bench', pin: name, inverted: false, device: { kind: 'relay' } },
});
const anything = { kind: 'expression' } as unknown as NonNullable<OutputSpec['onlyWhile']>;

const raise = (rule: string): Step => [`raise ${rule}`, (world) => world.raise(rule)];
const clear = (rule: string): Step => [`clear ${rule}`, (world) => world.clear(rule)];
const set = (output: string, value: 'on' | 'off' | 'auto'): Step => [
  `set ${output} ${value}`,
  (world) => world.set(output, value),
];
const reset = (output: string): Step => [`reset ${output}`, (world) => world.reset(output)];
const allow = (output: string, verdict: 'breached' | 'clear' | 'unknown'): Step => [
  `${output} is ${{ breached: 'allowed', clear: 'forbidden', unknown: 'perhaps allowed' }[verdict]}`,
  (world) => world.allow(output, verdict),
];
const toggle = (link: string): Step => [`${link} goes or comes`, (world) => world.toggle(link)];
const tick: Step = ['a second passes', (world) => world.tick()];
const kill: Step = ['kill', (world) => world.restart('kill', 0)];
const killLong: Step = ['kill for 3 s', (world) => world.restart('kill', 3_000)];
const stop: Step = ['stop and start', (world) => world.restart('stop', 1_000)];

const plans: readonly Plan[] = [
  {
    title: 'outputs that exclude each other, one at a broker and one at a board',
    specs: [
      { ...base('pump'), maxOnMs: 3_000, onlyWhile: anything },
      { ...pin('valve'), neverWith: ['pump'] },
    ],
    steps: [
      raise('pump'),
      clear('pump'),
      raise('valve'),
      set('pump', 'on'),
      set('valve', 'on'),
      reset('pump'),
      allow('pump', 'breached'),
      allow('pump', 'clear'),
      allow('pump', 'unknown'),
      toggle('home'),
      toggle('bench'),
      ['the relay of valve sticks on', (world) => world.stick('valve', 'on')],
      ['the relay of valve is free', (world) => world.stick('valve', null)],
      tick,
      kill,
      stop,
    ],
    depth: 5,
  },
  {
    title: 'a compressor with times and a lease',
    specs: [
      {
        ...base('fan'),
        minOnMs: 2_000,
        minOffMs: 2_000,
        maxOnMs: 4_000,
        leaseMs: 2_000,
        onUnknown: 'safe',
      },
    ],
    steps: [
      raise('fan'),
      clear('fan'),
      ['escalate fan', (world) => world.raise('fan', 'critical')],
      ['nobody knows about fan', (world) => world.sense('fan', 'unknown')],
      ['somebody knows about fan', (world) => world.sense('fan', 'breached')],
      raise('fan-lock'),
      clear('fan-lock'),
      set('fan', 'on'),
      set('fan', 'off'),
      set('fan', 'auto'),
      reset('fan'),
      toggle('home'),
      tick,
      killLong,
      stop,
    ],
    depth: 6,
    afterMs: 2_000,
  },
  {
    title: 'a heater that is read back',
    specs: [
      { ...base('heater'), feedback: { device: 'h', metric: 's', withinMs: 1_000, retries: 1 } },
    ],
    steps: [
      raise('heater'),
      clear('heater'),
      ['the relay of heater sticks on', (world) => world.stick('heater', 'on')],
      ['the relay of heater sticks off', (world) => world.stick('heater', 'off')],
      ['the relay of heater is free', (world) => world.stick('heater', null)],
      ['nobody sees heater', (world) => world.blind('heater')],
      set('heater', 'on'),
      ['an order of the past', (world) => world.set('heater', 'on', { ageMs: 61_000 })],
      ['order 2', (world) => world.set('heater', 'off', { order: 2 })],
      ['order 1', (world) => world.set('heater', 'on', { order: 1 })],
      reset('heater'),
      toggle('home'),
      tick,
      kill,
      stop,
    ],
    depth: 5,
  },
  {
    title: 'a gong with a pulse, switched by a program',
    specs: [
      {
        ...base('gong'),
        pulseMs: 2_000,
        way: { kind: 'command', programs: { on: ['gong', 'on'], off: ['gong', 'off'] } },
      },
    ],
    steps: [
      raise('gong'),
      clear('gong'),
      ['escalate gong', (world) => world.raise('gong', 'critical')],
      ['the program has run', (world) => world.end(null)],
      ['the program has failed', (world) => world.end('exit code 1')],
      set('gong', 'on'),
      reset('gong'),
      tick,
      kill,
      stop,
    ],
    depth: 7,
  },
];

function follow(plan: Plan, path: readonly number[]): World {
  const world = new World(plan.specs);
  world.tick(plan.afterMs ?? 0);
  for (const index of path) plan.steps[index]?.[1](world);
  return world;
}

test.each(plans)(
  'O1 to O7 hold in every order of $depth steps: $title',
  (plan) => {
    const seen = new Set([follow(plan, []).fingerprint]);
    let frontier: (readonly number[])[] = [[]];
    let runs = 0;
    let energised = 0;
    let tripped = 0;
    for (let depth = 1; depth <= plan.depth; depth += 1) {
      const next: (readonly number[])[] = [];
      for (const path of frontier) {
        for (const index of plan.steps.keys()) {
          const longer = [...path, index];
          let world: World;
          try {
            world = follow(plan, longer);
          } catch (error) {
            const names = longer.map((each) => plan.steps[each]?.[0]).join(' → ');
            throw new Error(`after ${names}: ${String(error)}`, { cause: error });
          }
          runs += 1;
          const { fingerprint, counts } = world;
          if (seen.has(fingerprint)) continue;
          seen.add(fingerprint);
          next.push(longer);
          energised += counts.energised;
          tripped += counts.tripped;
        }
      }
      frontier = next;
    }
    process.stdout.write(
      `${plan.title}: depth ${plan.depth}, ${runs} runs, ${seen.size} states, ${energised} energised, ${tripped} tripped\n`,
    );
    expect(energised, 'something is energised at all').toBeGreaterThan(50);
  },
  300_000,
);

test.each(plans)(
  'O1 to O7 hold in random orders of up to 60 steps: $title',
  (plan) => {
    const index = fc.nat({ max: plan.steps.length - 1 });
    fc.assert(
      fc.property(fc.array(index, { minLength: plan.depth, maxLength: 60 }), (path) => {
        follow(plan, path);
      }),
      { numRuns: 1_000 },
    );
  },
  120_000,
);
