import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Quality } from '../../src/domain/reading.ts';
import { severityRank, type Rule } from '../../src/domain/rule.ts';
import { convert } from '../../src/domain/units.ts';
import {
  above,
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  pointEntry,
  quantity,
  startBench,
  type Bench,
} from '../rules/bench.ts';

const entries = [pointEntry('fridge/temperature', { expectEveryMs: 5_000 })];
const levelOf = fc.record({
  limit: fc.constantFrom(3, 5, 8),
  onDelayMs: fc.constantFrom(0, 0, 2_000),
  deadband: fc.constantFrom(0, 1),
});
const ruleOf = fc
  .record({
    levels: fc.tuple(levelOf, levelOf, levelOf),
    severities: fc.subarray(['info', 'warning', 'critical'] as const, { minLength: 1 }),
    offDelayMs: fc.constantFrom(0, 1_500),
    acknowledge: fc.constantFrom('required' as const, 'not_required' as const, null),
    latch: fc.boolean(),
    unknown: fc.constantFrom('hold' as const, 'raise' as const),
  })
  .map(({ levels, severities, ...rest }): Rule =>
    makeRule({
      ...rest,
      levels: severities.map((severity, index) =>
        level({
          severity,
          // A more severe level lies further out.
          comparator: above((levels[index]?.limit ?? 0) + 10 * index, '°C'),
          deadband: quantity(levels[index]?.deadband ?? 0, '°C'),
          onDelayMs: levels[index]?.onDelayMs ?? 0,
        }),
      ),
    }),
  );

const units = ['°C', '°F', 'K'];
const step = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      // Never on a limit: where rounding decides, two units may differ.
      value: fc.integer({ min: 0, max: 35 }).map((whole) => whole + 0.3),
      quality: fc.constantFrom<Quality>('good', 'good', 'good', 'bad'),
    }),
    weight: 8,
  },
  { arbitrary: fc.record({ kind: fc.constant('config' as const), rule: ruleOf }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('unit' as const) }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('remove' as const) }), weight: 1 },
  {
    arbitrary: fc.record({
      kind: fc.constant('act' as const),
      act: fc.constantFrom('acknowledge' as const, 'reset' as const),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('start' as const) }), weight: 1 },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), step }), {
  maxLength: 40,
});

/** A bench whose point may change its unit, with what is needed to bring it back after a kill. */
interface Plant {
  bench: Bench;
  rules: readonly Rule[];
  point: typeof fridge;
}

function take(plant: Plant, at: number, given: Step, changesUnit: boolean): void {
  const { bench, point } = plant;
  switch (given.kind) {
    case 'read':
      bench.read(at, convert(given.value, '°C', point.unit ?? '') ?? NaN, given.quality, point);
      break;
    case 'config':
    case 'remove':
      plant.rules = given.kind === 'config' ? [given.rule] : [];
      bench.config(at, plant.rules, entries);
      break;
    case 'unit': {
      if (!changesUnit) break;
      const unit = units[point.index % units.length] ?? null;
      plant.point = makePoint(point.index + 1, 'fridge', 'temperature', { unit });
      bench.point(at, plant.point, point);
      break;
    }
    case 'act':
      bench.act(at, given.act);
      break;
    case 'start':
      plant.bench = bench.reborn(at, plant.rules, entries, [point]);
      plant.bench.started(at, { elapsedMs: 0, downMs: 0 });
      break;
  }
}

function run(
  all: readonly { readonly waitMs: number; readonly step: Step }[],
  changesUnit: boolean,
  look: (bench: Bench) => void = () => {},
): string[] {
  const plant: Plant = {
    bench: startBench([makeRule()], entries),
    rules: [makeRule()],
    point: fridge,
  };
  let at = 0;
  const told: string[] = [];
  for (const { waitMs, step: given } of all) {
    at += waitMs;
    plant.bench.advance(at);
    // Of what a start brings is told with the next step: the bench before it is gone.
    told.push(...edges(plant.bench.take()));
    take(plant, at, given, changesUnit);
    told.push(...edges(plant.bench.take()));
    look(plant.bench);
  }
  return told;
}

describe('createEngine() over reloads', () => {
  test('never shows an alert as more severe than it has been', () => {
    fc.assert(
      fc.property(steps, (all) => {
        run(all, true, (bench) => {
          for (const alert of bench.engine.open()) {
            expect(severityRank(alert.severityMax)).toBeGreaterThanOrEqual(
              severityRank(alert.severity),
            );
          }
        });
      }),
    );
  });

  test('ends no raised alert unseen that has been critical, unless its rule says so', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const plain = all.filter(
          ({ step: given }) => given.kind !== 'config' || given.rule.acknowledge === null,
        );
        let before = new Map<string, boolean>();
        run(plain, false, (bench) => {
          const present = bench.engine.all().filter(({ rule }) => rule === 'warm');
          for (const alert of present) {
            const wasUnseen = before.get(alert.id) ?? false;
            if (wasUnseen && alert.state === 'normal' && alert.reason !== 'removed') {
              expect(alert.acknowledgedBy).not.toBeNull();
            }
          }
          before = new Map(
            present.map(({ id, state, severityMax }) => [
              id,
              (state === 'active' || state === 'returned') && severityMax === 'critical',
            ]),
          );
        });
      }),
    );
  });

  test('concludes the same whatever unit the point has meanwhile', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const plain = all.filter(({ step: given }) => given.kind !== 'remove');
        const rule = makeRule({ levels: [level({ comparator: above(5, '°C') })] });
        const first = { waitMs: 0, step: { kind: 'config' as const, rule } };
        expect(run([first, ...plain], true)).toEqual(run([first, ...plain], false));
      }),
    );
  });
});
