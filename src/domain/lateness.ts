import { limits } from './limits.ts';
import type { Rule } from './rule.ts';
import type { DurationMs } from './time.ts';

/** What a rule says about readings that come late. */
export type Lateness = Pick<Rule, 'late' | 'lateAfterMs'>;

/** What becomes of a reading by its age at arrival. */
export type LateFate = 'judged' | 'history_only' | 'dropped';

/** The age at arrival beyond which a reading is late for a rule at least; without a rule the default of all holds. */
export function lateFromMs(rules: readonly Lateness[]): DurationMs {
  if (rules.length === 0) return limits.lateAfterMs;
  return Math.min(...rules.map(({ lateAfterMs }) => lateAfterMs));
}

/** Whether a rule judges a reading of this age. */
export function isJudgedAt({ late, lateAfterMs }: Lateness, ageMs: DurationMs): boolean {
  return ageMs <= lateAfterMs || late === 'evaluate';
}

/** What becomes of a reading of a point with these rules: one that any of them judges is kept, whatever others say. */
export function lateFate(rules: readonly Lateness[], ageMs: DurationMs): LateFate {
  if (ageMs <= lateFromMs(rules) || rules.some((rule) => isJudgedAt(rule, ageMs))) return 'judged';
  return rules.some(({ late }) => late === 'drop') ? 'dropped' : 'history_only';
}
