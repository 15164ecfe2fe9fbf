import type { Quantity, Rate } from '../../domain/rule.ts';
import { convertDifference } from '../../domain/units.ts';
import { readQuantity, type Context } from '../context.ts';
import { quantityText } from '../points/points.ts';
import { describeValue, type Path } from '../text/problem.ts';
import { rateExpected, ratePattern } from '../text/schema-parts.ts';

const unitMs = new Map([
  ['min', 60_000],
  ['h', 3_600_000],
]);

/** Reads `2 °C/min`, whose shape the schema has checked; undefined and a problem if its unit is not in the table. */
export function readRate(context: Context, path: Path, value: string): Rate | undefined {
  const [, digits = '', unitText = '', time = ''] = ratePattern.exec(value) ?? [];
  const quantity = readQuantity(context, path, `${digits} ${unitText}`.trim());
  return quantity === undefined ? undefined : { ...quantity, perMs: unitMs.get(time) ?? NaN };
}

/**
 * Reads the deadband of a rate: a bare number is in the unit and the time of the limit; one with a time is converted to
 * that of the limit.
 */
export function readRateDeadband(
  context: Context,
  path: Path,
  value: string | number,
  { perMs }: Rate,
): Quantity | undefined {
  if (typeof value === 'number') return { value, unit: null };
  if (!ratePattern.test(value)) {
    const bare = readQuantity(context, path, value);
    if (bare === undefined || bare.unit === null) return bare;
    const message = `found ${describeValue(value)}`;
    context.report.problem(path, { message, allowed: `a number, or ${rateExpected}` });
    return undefined;
  }
  const rate = readRate(context, path, value);
  return rate === undefined
    ? undefined
    : { value: rate.value * (perMs / rate.perMs), unit: rate.unit };
}

/** a − b, a bare one in this unit; null: not comparable. */
export function compareRates(a: Rate, b: Rate, bareUnit: string | null): number | null {
  const [unit, to] = [a.unit ?? bareUnit, b.unit ?? bareUnit];
  const value = unit === to ? a.value : unit && to ? convertDifference(a.value, unit, to) : null;
  return value === null ? null : value * (b.perMs / a.perMs) - b.value;
}

/** A rate as the config writes it. */
export function rateText(rate: Rate): string {
  return `${quantityText(rate)}/${rate.perMs === 60_000 ? 'min' : 'h'}`;
}
