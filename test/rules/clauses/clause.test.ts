import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertJson, type Condition } from '../../../src/domain/alert.ts';
import type { Clause, CompoundClause } from '../../../src/domain/rule.ts';
import { startBench, type Bench } from '../bench.ts';
import { all, any, atLeast, compoundRule, hotter, probes, room } from '../clause-fixture.ts';

const values: Readonly<Record<string, number>> = { b: 9, c: 1, u: NaN };

// Readings of the first probes: b breached, c clear, u unknown.
function judge(clause: CompoundClause, readings: string): Condition {
  const bench = startBench([compoundRule(clause)], [], probes);
  for (const [index, letter] of readings.split('').entries()) {
    const value = values[letter] ?? NaN;
    bench.read(1_000, value, Number.isNaN(value) ? 'bad' : 'good', probes[index]);
  }
  return bench.alert('warm', room).condition;
}

const [first, second, third] = [hotter('p1/t'), hotter('p2/t'), hotter('p3/t')];

describe('Kleene logic', () => {
  test.each([
    ['bb', 'breached'],
    ['bc', 'clear'],
    ['cb', 'clear'],
    ['cc', 'clear'],
    ['bu', 'unknown'],
    ['uu', 'unknown'],
    ['cu', 'clear'],
    ['uc', 'clear'],
  ])('all of %s is %s', (readings, verdict) => {
    expect(judge(all(first, second), readings)).toBe(verdict);
  });

  test.each([
    ['bb', 'breached'],
    ['bc', 'breached'],
    ['bu', 'breached'],
    ['ub', 'breached'],
    ['cu', 'unknown'],
    ['uu', 'unknown'],
    ['cc', 'clear'],
  ])('any of %s is %s', (readings, verdict) => {
    expect(judge(any(first, second), readings)).toBe(verdict);
  });

  test.each([
    ['bbc', 'breached'],
    ['bbu', 'breached'],
    ['bcu', 'unknown'],
    ['buu', 'unknown'],
    ['ccu', 'clear'],
    ['bcc', 'clear'],
    ['uuu', 'unknown'],
    ['cuu', 'unknown'],
  ])('at least 2 of %s is %s', (readings, verdict) => {
    expect(judge(atLeast(2, first, second, third), readings)).toBe(verdict);
  });

  test('a pattern counts once for each point it matches, and once for those it does not find', () => {
    expect(judge(all(hotter('p*/t')), 'bbbb')).toBe('breached');
    expect(judge(all(hotter('p*/t')), 'bbb')).toBe('unknown');
    expect(judge(atLeast(2, hotter('p*/t')), 'bcb')).toBe('breached');
    expect(judge(atLeast(5, hotter('p*/t')), 'bbbb')).toBe('unknown');
    expect(judge(any(first, hotter('q*/t')), 'c')).toBe('unknown');
  });
});

/** What a tree says by the definition of the contract. */
function naive(clause: Clause, of: (comparison: Clause) => readonly Condition[]): Condition {
  if (clause.kind === 'compare' || clause.kind === 'expression') throw new Error('not a gate');
  const votes = clause.of.flatMap((each) =>
    each.kind === 'compare' ? of(each) : [naive(each, of)],
  );
  const count = (verdict: Condition): number => votes.filter((one) => one === verdict).length;
  switch (clause.kind) {
    case 'all':
      if (count('clear') > 0) return 'clear';
      return count('unknown') > 0 ? 'unknown' : 'breached';
    case 'any':
      if (count('breached') > 0) return 'breached';
      return count('unknown') > 0 ? 'unknown' : 'clear';
    case 'at_least': {
      // Points that are not known yet may come, as many as it takes.
      const toCome = Math.max(0, clause.n - votes.length);
      if (count('breached') >= clause.n) return 'breached';
      return votes.length - count('clear') + toCome < clause.n ? 'clear' : 'unknown';
    }
  }
}

const leaves = fc
  .record({
    pattern: fc.constantFrom('p1/t', 'p2/t', 'p3/t', 'p*/t', 'q*/t'),
    limit: fc.constantFrom(3, 5),
    deadband: fc.constantFrom(0, 0, 2),
  })
  .map(({ pattern, limit, deadband }) => hotter(pattern, limit, deadband));

function trees(depth: number): fc.Arbitrary<CompoundClause> {
  const part: fc.Arbitrary<Clause> =
    depth === 0 ? leaves : fc.oneof({ weight: 2, arbitrary: leaves }, trees(depth - 1));
  const of = fc.array(part, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    of.map((parts) => all(...parts)),
    of.map((parts) => any(...parts)),
    fc.tuple(fc.integer({ min: 1, max: 4 }), of).map(([n, parts]) => atLeast(n, ...parts)),
  );
}

const readings = fc.array(
  fc.record({
    probe: fc.integer({ min: 0, max: 3 }),
    value: fc.constantFrom(1, 2, 3, 4, 4.5, 5, 6, NaN),
    forMs: fc.constantFrom(1, 500, 1_000),
  }),
  { maxLength: 40 },
);
type Reading = typeof readings extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

/** Judges every member anew at every reading, in the plainest way. */
class Model {
  readonly #last = new Map<string, number>();
  /** Breached at the last look, or at any since the alert was raised. */
  readonly #held = new Set<string>();
  readonly #clause: CompoundClause;

  constructor(clause: CompoundClause) {
    this.#clause = clause;
  }

  read(probe: string, value: number): void {
    this.#last.set(probe, value);
  }

  verdict(isHeld: boolean): Condition {
    let place = 0;
    const votes = (comparison: Clause): readonly Condition[] => {
      if (comparison.kind !== 'compare' || comparison.comparator.kind !== 'above') return [];
      place += 1;
      const { limit } = comparison.comparator;
      const deadband = comparison.deadband.value;
      const found = probes.filter(({ device }) =>
        comparison.points.some((pattern) => pattern.matches(device, 't')),
      );
      if (found.length === 0) return ['unknown'];
      return found.map(({ device }): Condition => {
        const key = `${place} ${device}`;
        const value = this.#last.get(device) ?? NaN;
        if (Number.isNaN(value)) return 'unknown';
        const isBack = isHeld && this.#held.has(key);
        if (!isHeld) this.#held.delete(key);
        const breached = value > limit.value - (isBack ? deadband : 0);
        if (breached) this.#held.add(key);
        else if (!isHeld) this.#held.delete(key);
        return breached ? 'breached' : 'clear';
      });
    };
    return naive(this.#clause, votes);
  }
}

function feed(bench: Bench, at: number, { probe, value }: Reading): void {
  bench.read(at, value, Number.isNaN(value) ? 'bad' : 'good', probes[probe]);
}

const isRaised = (bench: Bench): boolean =>
  ['active', 'acknowledged'].includes(bench.alert('warm', room).state);

test('any tree over any readings has the verdict of its definition, deadbands included', () => {
  fc.assert(
    fc.property(trees(2), readings, (clause, sequence) => {
      const bench = startBench([compoundRule(clause)], [], probes);
      const model = new Model(clause);
      let at = 0;
      for (const reading of sequence) {
        at += reading.forMs;
        const isHeld = isRaised(bench);
        feed(bench, at, reading);
        model.read(`p${reading.probe + 1}`, reading.value);
        expect(bench.alert('warm', room).condition).toBe(model.verdict(isHeld));
      }
    }),
    { numRuns: 500 },
  );
});

test('an engine that goes on from a snapshot does what the first one does', () => {
  fc.assert(
    fc.property(trees(2), readings, readings, (clause, before, after) => {
      const levels = compoundRule(clause).levels.map((each) => ({ ...each, onDelayMs: 700 }));
      const rules = [compoundRule(clause, { levels, offDelayMs: 600 })];
      const bench = startBench(rules, [], probes);
      let at = 0;
      for (const reading of before) feed(bench, (at += reading.forMs), reading);
      bench.take();
      const next = bench.reborn(at, rules, [], probes);
      for (const reading of after) {
        at += reading.forMs;
        feed(bench, at, reading);
        feed(next, at, reading);
      }
      const told = ({ take }: Bench): unknown =>
        take().map(({ alert, ...event }) => ({ ...event, ...alertJson(alert) }));
      expect(told(next)).toEqual(told(bench));
    }),
    { numRuns: 300 },
  );
});
