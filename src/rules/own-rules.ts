import { limits } from '../domain/limits.ts';
import { ruleDefaults, type OwnRule, type Rule } from '../domain/rule.ts';
import type { DurationMs } from '../domain/time.ts';

/** One of Limen's own alerts as a rule: a silence of this length, a warning, nobody has to acknowledge it. */
export function ownRule(name: OwnRule, forMs: DurationMs): Rule {
  const key = `${name} ${forMs}`;
  const known = rules.get(key);
  if (known !== undefined) return known;
  const rule: Rule = {
    ...ruleDefaults,
    name,
    points: [],
    levels: [
      {
        severity: 'warning',
        comparator: { kind: 'silent_for', forMs },
        deadband: { value: 0, unit: null },
        onDelayMs: 0,
      },
    ],
    // A stop is over when it is noticed: without an acknowledgement nobody would ever see it.
    acknowledge: name === 'limen.was_down' ? 'required' : 'not_required',
  };
  rules.set(key, rule);
  return rule;
}

// Thousands of points share a few intervals.
const rules = new Map<string, Rule>();

/** A point is stale when it has not been heard for this long. */
export function staleAfterMs(expectEveryMs: DurationMs): DurationMs {
  return limits.missedIntervals * expectEveryMs;
}

/** A point is reported when it has been bad without a break for this long. */
export function badAfterMs(expectEveryMs: DurationMs | null): DurationMs {
  return limits.missedIntervals * (expectEveryMs ?? limits.expectEveryDefaultMs);
}
