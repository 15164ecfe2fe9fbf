import type { ShownLimit } from '../domain/alert.ts';
import type { Compared, ComparedLevel } from '../domain/engine.ts';
import type { Value } from '../domain/reading.ts';
import type { Severity } from '../domain/rule.ts';
import { isState } from '../domain/state.ts';
import { tidy } from './message.ts';

/** The level that the least was missing to. */
export interface Nearest {
  readonly value: Value;
  readonly severity: Severity;
  readonly limit: ShownLimit | null;
  /** 0: the limit was passed. */
  readonly missing: number;
}

/** How far a value is from breaching a level, in its unit; null: it breaches it, or that is no matter of distance. */
export function missingTo(level: ComparedLevel, value: Value | null): number | null {
  if (level.breached || typeof value !== 'number') return null;
  const beyond = beyondBy(level, value);
  return beyond === null ? null : Math.max(0, tidy(-beyond));
}

/** Whether a value lies beyond the limit of a level, whatever its deadband. */
export function isBeyond(level: ComparedLevel, value: Value | null): boolean {
  if (level.comparator === 'equals' || level.comparator === 'changes_to')
    return value !== null && isSingle(level.limit) && isState(value, level.limit);
  const beyond = typeof value === 'number' ? beyondBy(level, value) : null;
  return beyond !== null && (level.comparator === 'inside' ? beyond >= 0 : beyond > 0);
}

/** The level that is nearest to being breached, or is; null: distances mean nothing here. */
export function nearestLevel({ levels }: Compared, value: Value | null): Nearest | null {
  let nearest: Nearest | null = null;
  if (value === null) return null;
  for (const level of levels) {
    const { severity, limit } = level;
    const missing = level.breached ? 0 : missingTo(level, value);
    if (missing === null || missing >= (nearest?.missing ?? Infinity)) continue;
    nearest = { value, severity, limit, missing };
  }
  return nearest;
}

/** How far a value lies beyond a limit: negative short of it; null: that is no matter of distance. */
function beyondBy({ comparator, limit }: ComparedLevel, value: number): number | null {
  switch (comparator) {
    case 'above':
    case 'rate_above':
    case 'silent_for':
    case 'stuck_for':
    case 'all':
    case 'any':
    case 'at_least':
      return typeof limit === 'number' ? value - limit : null;
    case 'below':
    case 'rate_below':
      return typeof limit === 'number' ? limit - value : null;
    case 'outside':
      return isPair(limit) ? Math.max(limit[0] - value, value - limit[1]) : null;
    case 'inside':
      return isPair(limit) ? Math.min(value - limit[0], limit[1] - value) : null;
    case 'equals':
    case 'changes_to':
    case 'expression':
      return null;
  }
}

function isSingle(limit: ShownLimit | null): limit is number | string | boolean {
  return limit !== null && !isPair(limit);
}

function isPair(limit: ShownLimit | null): limit is readonly [number, number] {
  return typeof limit === 'object' && limit !== null;
}
