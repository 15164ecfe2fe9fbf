import type { Aggregate, Quantity, RuleWindow } from '../../domain/rule.ts';
import type { ConditionKey } from './comparators.ts';
import { readDuration, readQuantity, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import type { KnownSettings } from '../points/point-units.ts';
import type { Path } from '../text/problem.ts';
import { aggregateExpected } from '../text/schema-parts.ts';
import type { RuleInput } from '../text/shape.ts';

const aggregated = ['above', 'below', 'outside', 'inside'];
const rates = ['rate_above', 'rate_below'];

/** The window of a rule; null if it has none, with a problem if it should have one, or none. */
export function readWindow(
  context: Context,
  path: Path,
  rule: RuleInput,
  condition: ConditionKey,
): RuleWindow | null {
  const isRate = rates.includes(condition);
  const isAggregated = aggregated.includes(condition);
  if (!isRate && !isAggregated) refuse(context, path, rule, 'window', condition);
  if (!isAggregated) refuse(context, path, rule, 'of', condition);
  if (!isRate && !isAggregated) return null;
  const isWanted = isRate || rule.of !== undefined;
  if (rule.window === undefined) {
    if (isWanted && !context.report.isTouched([...path, 'window'])) {
      const key = isRate ? condition : 'of';
      const message = `${key}: without a window`;
      const allowed = 'window: 10m beside it';
      context.report.problem([...path, key], { message, allowed, atKey: true });
    }
    return null;
  }
  const bounds = { min: configLimits.windowMsMin, max: configLimits.windowMsMax };
  const spanMs = readDuration(context, [...path, 'window'], rule.window, bounds);
  const of = isRate ? ({ kind: 'rate' } as const) : readAggregate(context, path, rule);
  return spanMs === undefined || of === null ? null : { spanMs, of };
}

/** What the limits of a rule are in, where that is not the unit of the point. */
export function settingsOfWindow(
  window: RuleWindow | null,
  settings: readonly KnownSettings[],
): readonly KnownSettings[] {
  if (window?.of.kind === 'count') return [];
  if (window?.of.kind !== 'time_above') return settings;
  return [{ label: 'time_above', settings: { unit: 's', valid: null } }];
}

/** A count has no unit, and so neither have its limits. */
export function checkCount(
  context: Context,
  window: RuleWindow | null,
  written: readonly { readonly unit: string; readonly path: Path }[],
): void {
  if (window?.of.kind !== 'count') return;
  for (const { unit, path } of written) {
    if (context.report.isTouched(path)) continue;
    const message = `${unit} does not fit a count`;
    context.report.problem(path, { message, allowed: 'a number without a unit' });
  }
}

/** The limit of `time_above`, which is in the unit of the point whatever the limits of the rule are in. */
export function quantityOfAggregate(
  window: RuleWindow | null,
  path: Path,
): readonly { readonly quantity: Quantity; readonly path: Path }[] {
  if (window?.of.kind !== 'time_above') return [];
  return [{ quantity: window.of.limit, path: [...path, 'of', 'time_above'] }];
}

/** Whether the limits of a rule with this window are places on the scale of the point. */
export function isOnScale(window: RuleWindow | null): boolean {
  return window === null || !['count', 'time_above'].includes(window.of.kind);
}

function refuse(
  context: Context,
  path: Path,
  rule: RuleInput,
  key: 'window' | 'of',
  condition: ConditionKey,
): void {
  if (rule[key] === undefined) return;
  const beside = key === 'window' ? [...aggregated, ...rates] : aggregated;
  context.report.problem([...path, key], {
    message: `${key}: has no meaning beside ${condition}:`,
    allowed: `${key} beside ${beside.slice(0, -1).join(', ')} or ${beside.at(-1) ?? ''}`,
    atKey: true,
  });
}

function readAggregate(context: Context, path: Path, rule: RuleInput): Aggregate | null {
  const { of } = rule;
  const ofPath = [...path, 'of'];
  if (of === undefined) {
    if (context.report.isTouched(ofPath)) return null;
    const message = 'a window without of:';
    const allowed = `of: ${aggregateExpected}`;
    context.report.problem([...path, 'window'], { message, allowed, atKey: true });
    return null;
  }
  if (typeof of === 'string') return { kind: of };
  const { percentile, time_above: timeAbove } = of;
  const isPercentile = percentile !== undefined;
  if (isPercentile === (timeAbove !== undefined)) {
    if (context.report.isTouched(ofPath)) return null;
    const message = isPercentile ? 'found two aggregates' : 'found an empty map';
    context.report.problem(ofPath, { message, allowed: aggregateExpected });
    return null;
  }
  if (!isPercentile) {
    const limit = readQuantity(context, [...ofPath, 'time_above'], timeAbove);
    return limit === undefined ? null : { kind: 'time_above', limit };
  }
  if (percentile >= 0 && percentile <= 100) return { kind: 'percentile', percent: percentile };
  context.report.problem([...ofPath, 'percentile'], {
    message: `found ${percentile}`,
    allowed: 'a number from 0 to 100',
  });
  return null;
}
