import { compilePattern, type Point } from '../../src/domain/point.ts';
import type { Clause, CompoundClause, Rule } from '../../src/domain/rule.ts';
import { patternsOf } from '../../src/domain/clause.ts';
import { above, level, makePoint, makeRule, quantity } from './bench.ts';

/** Four probes: `p1/t` to `p4/t`, with the indexes 1 to 4. */
export const probes = [probe(1), probe(2), probe(3), probe(4)] as const;

function probe(index: number): Point {
  return makePoint(index, `p${index}`, 't', { unit: '°C' });
}

/** A comparison of the points of one pattern with a limit. */
export function hotter(pattern: string, limit = 5, deadband = 0): Clause {
  return {
    kind: 'compare',
    points: [compilePattern(pattern)],
    comparator: above(limit) as Extract<Clause, { kind: 'compare' }>['comparator'],
    deadband: quantity(deadband),
  };
}

export function all(...of: readonly Clause[]): CompoundClause {
  return { kind: 'all', of };
}

export function any(...of: readonly Clause[]): CompoundClause {
  return { kind: 'any', of };
}

export function atLeast(n: number, ...of: readonly Clause[]): CompoundClause {
  return { kind: 'at_least', n, of };
}

/** The rule `warm` about a room, over a clause. */
export function compoundRule(clause: CompoundClause, more: Partial<Rule> = {}): Rule {
  return makeRule({
    points: patternsOf(clause),
    levels: [level({ comparator: clause })],
    about: 'room',
    acknowledge: 'not_required',
    ...more,
  });
}

export const room = { device: 'room', metric: '-' };
