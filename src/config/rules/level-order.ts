import type { Clause, Comparator, Level, Quantity } from '../../domain/rule.ts';
import { convertDifference } from '../../domain/units.ts';
import type { Context } from '../context.ts';
import { formatDuration } from '../../domain/duration.ts';
import { inUnit, quantityText } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import { compareRates, rateText } from './rates.ts';

/** A level that is being read, with the place of its limit. */
export interface PlacedLevel extends Level {
  readonly path: Path;
}

/**
 * A more severe level must lie further out: else it could be raised before the less severe one. Limits that cannot be
 * compared yet, because a bare number waits for the unit of its point, pass.
 */
export function checkOrder(
  context: Context,
  levels: readonly PlacedLevel[],
  bareUnit: string | null,
): void {
  for (const [index, level] of levels.entries()) {
    checkDeadband(context, level, bareUnit);
    const milder = levels[index - 1];
    if (milder === undefined || liesFurtherOut(level, milder, bareUnit) !== false) continue;
    const limits = `${limitText(milder.comparator)} of ${milder.severity}`;
    context.report.problem(level.path, {
      message: `${limitText(level.comparator)} does not lie further out than ${limits}`,
      allowed: allowedOrder(level.comparator.kind),
    });
  }
}

function liesFurtherOut(
  { comparator: severe }: PlacedLevel,
  { comparator: mild }: PlacedLevel,
  bareUnit: string | null,
): boolean | null {
  const order = (a: Quantity, b: Quantity): number | null => compare(a, b, bareUnit);
  switch (severe.kind) {
    case 'above':
      return mild.kind === 'above' ? isPositive(order(severe.limit, mild.limit)) : null;
    case 'below':
      return mild.kind === 'below' ? isPositive(order(mild.limit, severe.limit)) : null;
    case 'outside':
      return mild.kind === 'outside'
        ? isNested(order(mild.low, severe.low), order(severe.high, mild.high))
        : null;
    case 'inside':
      return mild.kind === 'inside'
        ? isNested(order(severe.low, mild.low), order(mild.high, severe.high))
        : null;
    case 'equals':
      return mild.kind === 'equals' ? severe.value !== mild.value : null;
    case 'changes_to':
      return mild.kind === 'changes_to' ? severe.value !== mild.value : null;
    case 'silent_for':
      return mild.kind === 'silent_for' ? severe.forMs > mild.forMs : null;
    case 'stuck_for':
      return mild.kind === 'stuck_for' ? severe.forMs > mild.forMs : null;
    case 'rate_above':
      return mild.kind === 'rate_above'
        ? isPositive(compareRates(severe.limit, mild.limit, bareUnit))
        : null;
    case 'rate_below':
      return mild.kind === 'rate_below'
        ? isPositive(compareRates(mild.limit, severe.limit, bareUnit))
        : null;
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return null;
  }
}

function isPositive(order: number | null): boolean | null {
  return order === null ? null : order > 0;
}

// One side may stay where it is, not both.
function isNested(low: number | null, high: number | null): boolean | null {
  return low === null || high === null ? null : low >= 0 && high >= 0 && low + high > 0;
}

/** a − b in the unit of b; null: not comparable. */
function compare(a: Quantity, b: Quantity, bareUnit: string | null): number | null {
  const value = inUnit(a, a.unit ?? bareUnit, b.unit ?? bareUnit);
  return value === null ? null : value - b.value;
}

/** A deadband as wide as the range would never let the alert clear. */
function checkDeadband(context: Context, level: PlacedLevel, bareUnit: string | null): void {
  const { comparator, deadband } = level;
  if (comparator.kind !== 'outside') return;
  const unit = comparator.high.unit ?? bareUnit;
  const low = inUnit(comparator.low, comparator.low.unit ?? bareUnit, unit);
  const deadbandUnit = deadband.unit ?? bareUnit;
  const width =
    unit === deadbandUnit
      ? deadband.value
      : unit === null || deadbandUnit === null
        ? null
        : convertDifference(deadband.value, deadbandUnit, unit);
  if (low === null || width === null || 2 * width <= comparator.high.value - low) return;
  context.report.problem(level.path, {
    message: `the deadband ${quantityText(deadband)} leaves nothing of ${limitText(comparator)}: the alert would never clear`,
    allowed: 'a deadband of at most half the range',
  });
}

/** A limit as the config writes it. */
export function limitText(comparator: Comparator): string {
  switch (comparator.kind) {
    case 'above':
    case 'below':
      return quantityText(comparator.limit);
    case 'outside':
    case 'inside':
      return `[${quantityText(comparator.low)}, ${quantityText(comparator.high)}]`;
    case 'equals':
    case 'changes_to':
      return String(comparator.value);
    case 'silent_for':
    case 'stuck_for':
      return formatDuration(comparator.forMs);
    case 'rate_above':
    case 'rate_below':
      return rateText(comparator.limit);
    case 'all':
    case 'any':
      return comparator.of.map(clauseText).join('; ');
    case 'at_least':
      return `${comparator.n} of ${comparator.of.map(clauseText).join('; ')}`;
    case 'expression':
      return comparator.expression.text;
  }
}

function clauseText(clause: Clause): string {
  if (clause.kind !== 'compare') return `${clause.kind} (${limitText(clause)})`;
  const { points, comparator } = clause;
  return `${points.map(({ text }) => text).join(', ')} ${comparator.kind} ${limitText(comparator)}`;
}

function allowedOrder(kind: Comparator['kind']): string {
  switch (kind) {
    case 'above':
    case 'rate_above':
      return 'a higher limit for the more severe level';
    case 'below':
    case 'rate_below':
      return 'a lower limit for the more severe level';
    case 'outside':
      return 'a wider range for the more severe level';
    case 'inside':
      return 'a narrower range for the more severe level';
    case 'equals':
    case 'changes_to':
      return 'another value for each level';
    case 'silent_for':
    case 'stuck_for':
      return 'a longer time for the more severe level';
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return 'one severity';
  }
}
