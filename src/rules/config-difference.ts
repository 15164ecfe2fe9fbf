import { everyVariant, type Rule } from '../domain/rule.ts';
import { judgementOf } from './judgement.ts';

/** What a config changes about the rules before it (contract 8): their names. */
export interface RuleDifference {
  readonly unchanged: readonly string[];
  /** Judged otherwise, at some points at least: states are kept, running delays begin again. */
  readonly judgedAnew: readonly string[];
  /** Changed in what is not their judgement: states and delays go on. */
  readonly inPlace: readonly string[];
  readonly added: readonly string[];
  /** Their alerts end. */
  readonly removed: readonly string[];
}

/** Compares the rules of two configs. */
export function ruleDifference(before: readonly Rule[], after: readonly Rule[]): RuleDifference {
  const old = new Map(before.map((rule) => [rule.name, rule]));
  const kinds = Map.groupBy(after, (rule) => {
    const known = old.get(rule.name);
    if (known === undefined) return 'added';
    if (judgementsOf(known) !== judgementsOf(rule)) return 'judged anew';
    return JSON.stringify(known) === JSON.stringify(rule) ? 'unchanged' : 'in place';
  });
  const names = (kind: 'added' | 'judged anew' | 'in place' | 'unchanged'): readonly string[] =>
    (kinds.get(kind) ?? []).map(({ name }) => name);
  const present = new Set(after.map(({ name }) => name));
  return {
    unchanged: names('unchanged'),
    judgedAnew: names('judged anew'),
    inPlace: names('in place'),
    added: names('added'),
    removed: before.map(({ name }) => name).filter((name) => !present.has(name)),
  };
}

function judgementsOf(rule: Rule): string {
  const places = rule.variants.map(({ patterns }) => patterns.map(({ text }) => text));
  return JSON.stringify([places, everyVariant(rule).map(judgementOf)]);
}
