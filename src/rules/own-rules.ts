import { limits } from '../domain/limits.ts';
import { ruleDefaults, type OwnRule, type OwnRuleSettings, type Rule } from '../domain/rule.ts';
import type { DurationMs } from '../domain/time.ts';
import type { EngineCore } from './engine-core.ts';

/**
 * One of Limen's own alerts as a rule: a silence of this length, a warning, nobody has to acknowledge it; and what the
 * config says of it. Made once for each config: the same rule is the same object.
 */
export function ownRule(
  { book }: Pick<EngineCore, 'book'>,
  name: OwnRule,
  forMs: DurationMs,
): Rule {
  const key = `${name} ${forMs}`;
  const known = book?.ownRules.get(key);
  if (known !== undefined) return known;
  const rule = makeRule(name, forMs, book?.findOwn(name) ?? null);
  book?.ownRules.set(key, rule);
  return rule;
}

function makeRule(name: OwnRule, forMs: DurationMs, settings: OwnRuleSettings | null): Rule {
  const { severity = null, acknowledge = null, ...others } = settings ?? {};
  return {
    ...ruleDefaults,
    ...others,
    name,
    points: [],
    levels: [
      {
        severity: severity ?? 'warning',
        comparator: { kind: 'silent_for', forMs },
        deadband: { value: 0, unit: null },
        onDelayMs: 0,
      },
    ],
    acknowledge: acknowledge ?? whoAcknowledges(name, severity),
  };
}

function whoAcknowledges(
  name: OwnRule,
  severity: OwnRuleSettings['severity'],
): Rule['acknowledge'] {
  // A stop is over when it is noticed: without an acknowledgement nobody would ever see it.
  if (name === 'limen.was_down') return 'required';
  // What somebody calls critical is acknowledged like any other critical alert.
  return severity === 'critical' ? null : 'not_required';
}

/** A point is stale when it has not been heard for this long. */
export function staleAfterMs(expectEveryMs: DurationMs): DurationMs {
  return limits.missedIntervals * expectEveryMs;
}

/** A point is reported when it has been bad without a break for this long. */
export function badAfterMs(expectEveryMs: DurationMs | null): DurationMs {
  return limits.missedIntervals * (expectEveryMs ?? limits.expectEveryDefaultMs);
}
