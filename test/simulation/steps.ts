import fc from 'fast-check';
import type { Ask } from '../../src/domain/act.ts';
import type { Quality } from '../../src/domain/reading.ts';
import { plantPoints, plants, scheduleKeys } from './plant.ts';

/** Everything that can happen to an engine. */
export type Step =
  | { readonly kind: 'wait'; readonly waitMs: number }
  | {
      readonly kind: 'read';
      readonly waitMs: number;
      readonly point: string;
      readonly value: number;
      readonly quality: Quality;
      /** Age at arrival by its own time; null: it has none. */
      readonly ageMs: number | null;
    }
  | { readonly kind: 'act'; readonly rule: string; readonly point: string; readonly ask: Ask }
  | { readonly kind: 'schedule'; readonly key: string; readonly isOpen: boolean | null }
  | {
      readonly kind: 'source';
      readonly source: string;
      readonly connected: boolean;
      readonly bridge: boolean;
    }
  | {
      readonly kind: 'learned';
      readonly point: string;
      readonly staleAfterMs: number | null;
      readonly via: string | null;
    }
  | { readonly kind: 'config'; readonly index: number }
  | { readonly kind: 'unit'; readonly point: string }
  | {
      readonly kind: 'clock';
      readonly creditMs: number;
      readonly stepMs: number;
      readonly unsureMs: number | null;
    }
  | { readonly kind: 'start'; readonly downMs: number; readonly known: boolean };

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

const readPoints = plantPoints
  .map(({ device, metric }) => `${device}/${metric}`)
  .filter((name) => name !== 'room/dew');
const ruleNames = [...new Set(plants.flatMap(({ rules }) => rules.map(({ name }) => name)))];
const isFlag = ({ act }: Ask): boolean => act !== 'acknowledge' && act !== 'reset';

/** Of which alerts acts are asked: those that somebody would have an eye on, more often. */
const alert = fc.oneof(
  fc.constantFrom(
    { rule: 'warm', point: 'fridge-1/temperature' },
    { rule: 'warm', point: 'fridge-3/temperature' },
    { rule: 'chatty', point: 'fridge-1/temperature' },
    { rule: 'latched', point: 'fridge-2/temperature' },
    { rule: 'while-shut', point: 'fridge-2/temperature' },
    { rule: 'cold', point: 'fridge-3/temperature' },
    { rule: 'door', point: 'room/door' },
    { rule: 'some-warm', point: 'fridges/-' },
    { rule: 'limen.stale', point: 'fridge-2/temperature' },
    { rule: 'limen.source_lost', point: 'gateway/-' },
    { rule: 'limen.was_down', point: 'limen/-' },
  ),
  fc.record({ rule: fc.constantFrom(...ruleNames), point: fc.constantFrom(...readPoints) }),
);
const ask = fc.oneof(
  { arbitrary: fc.constant<Ask>({ act: 'acknowledge' }), weight: 3 },
  { arbitrary: fc.constant<Ask>({ act: 'reset' }), weight: 2 },
  {
    arbitrary: fc.constantFrom<Ask>(
      { act: 'shelve', forMs: 5_000 },
      { act: 'shelve', forMs: 20_000 },
      { act: 'shelve', forMs: 20_001 },
      { act: 'shelve', forMs: null },
      { act: 'unshelve' },
      { act: 'service', in: false },
      { act: 'service', in: true },
    ),
    weight: 3,
  },
);
const arbitraries: { readonly [Kind in Step['kind']]: fc.Arbitrary<Of<Kind>> } = {
  wait: fc.record({
    kind: fc.constant('wait'),
    waitMs: fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 9_000 }), weight: 8 },
      { arbitrary: fc.constantFrom(61_000, 301_000), weight: 1 },
    ),
  }),
  read: fc.record({
    kind: fc.constant('read'),
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 })),
    point: fc.constantFrom(...readPoints),
    value: fc.constantFrom(0, 1, 1.5, 3, 3.5, 4.2, 5, 5.3, 6, 6.5, 7.5, 8, 8.5, 9.5, NaN),
    quality: fc.constantFrom<Quality>(
      'good',
      'good',
      'good',
      'good',
      'good',
      'suspect',
      'bad',
      'stale',
    ),
    ageMs: fc.constantFrom(null, null, null, null, null, 0, 500, 3_000, 6_000, 130_000),
  }),
  act: fc
    .tuple(alert, ask)
    .map(([{ rule, point }, asked]) => ({ kind: 'act', rule, point, ask: asked })),
  schedule: fc.record({
    kind: fc.constant('schedule'),
    key: fc.constantFrom(...scheduleKeys),
    isOpen: fc.constantFrom(true, true, false, null),
  }),
  source: fc
    .record({ isConnected: fc.boolean(), isBridge: fc.boolean() })
    .map(({ isConnected, isBridge }) => ({
      kind: 'source',
      source: isBridge ? 'home' : 'gateway',
      connected: isConnected,
      bridge: isBridge,
    })),
  learned: fc.record({
    kind: fc.constant('learned'),
    point: fc.constantFrom('room/humidity', 'room/door', 'fridge-1/temperature'),
    staleAfterMs: fc.constantFrom(null, 10_000, 12_000),
    via: fc.constantFrom(null, 'gateway', 'home'),
  }),
  config: fc.record({ kind: fc.constant('config'), index: fc.nat({ max: plants.length - 1 }) }),
  unit: fc.constant({ kind: 'unit', point: 'fridge-1/temperature' }),
  clock: fc.record({
    kind: fc.constant('clock'),
    creditMs: fc.constantFrom(0, 0, 4_000),
    stepMs: fc.constantFrom(0, -5_000, 1e9, -1e9),
    unsureMs: fc.constantFrom(null, 8_000),
  }),
  start: fc.record({
    kind: fc.constant('start'),
    downMs: fc.oneof(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 0, max: 90_000 })),
    known: fc.boolean(),
  }),
};

const weights: Readonly<Record<Step['kind'], number>> = {
  read: 24,
  wait: 6,
  act: 9,
  schedule: 2,
  source: 2,
  learned: 1,
  config: 1,
  unit: 1,
  clock: 1,
  start: 1,
};

/** Any steps; of some kinds more or fewer than usual, or none. */
export function stepsWith(
  changed: Partial<Record<Step['kind'], number>> = {},
): fc.Arbitrary<Step[]> {
  const wanted = Object.entries({ ...weights, ...changed }) as [Step['kind'], number][];
  const choices = wanted.map(([kind, weight]) => ({
    arbitrary: arbitraries[kind] as fc.Arbitrary<Step>,
    weight,
  }));
  return fc.array(fc.oneof(...choices), { maxLength: 60, size: 'max' });
}

export const anySteps = stepsWith();
export const anyStart = arbitraries.start;

/** Whether a step only sets or ends what keeps alerts from people. */
export function setsFlag(step: Step): boolean {
  return step.kind === 'schedule' || (step.kind === 'act' && isFlag(step.ask));
}
