import type { PointEntry } from '../../domain/config.ts';
import { compilePattern, type PointPattern } from '../../domain/point.ts';
import type { Quantity } from '../../domain/rule.ts';
import { convert } from '../../domain/units.ts';
import { readCalibrations } from './calibrations.ts';
import { configLimits } from '../limits.ts';
import {
  readDuration,
  readLine,
  readQuantity,
  readText,
  readUnit,
  type Context,
} from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import type { RuleInput, SalvagedConfig } from '../text/shape.ts';

/** What the config says about points, in file order. */
export function readPoints(context: Context, input: SalvagedConfig): readonly PointEntry[] {
  return Object.entries(input.points ?? {}).flatMap(([text, entry]) => {
    const path = ['points', text];
    const pattern = readPattern(context, path, text, true);
    if (entry === undefined || pattern === null) return [];
    const unitPath = [...path, 'unit'];
    const unit =
      entry.unit === undefined
        ? undefined
        : readUnit(context, unitPath, readText(context, unitPath, entry.unit));
    const validPath = [...path, 'valid'];
    const valid = readRange(context, validPath, entry.valid, unit ?? null);
    const expectPath = [...path, 'expect_every'];
    const expectEveryMs = readDuration(context, expectPath, entry.expect_every, { min: 1 });
    const via =
      entry.via === undefined
        ? null
        : readLine(context, [...path, 'via'], entry.via, configLimits.nameCharsMax);
    const calibrations = readCalibrations(context, [...path, 'calibrations'], entry.calibrations);
    const atLeast = readAtLeast(context, [...path, 'at_least'], entry.at_least, pattern);
    return [
      {
        pattern,
        unit: unit ?? null,
        valid: valid === null ? null : ([valid.low, valid.high] as const),
        expectEveryMs: expectEveryMs ?? null,
        atLeast,
        via,
        calibrations,
        expression: null,
      },
    ];
  });
}

function readAtLeast(
  context: Context,
  path: Path,
  value: number | undefined,
  pattern: PointPattern,
): number | null {
  if (value === undefined) return null;
  if (pattern.exact) {
    const message = `${quote(pattern.text)} names one point`;
    context.report.problem(path, {
      message,
      allowed: 'at_least beside a glob with *',
      atKey: true,
    });
    return null;
  }
  if (value >= 1) return value;
  context.report.problem(path, { message: `found ${value}`, allowed: 'a whole number from 1' });
  return null;
}

/** Compiles `device/metric`; null and a problem if it is not of that form. */
export function readPattern(
  context: Context,
  path: Path,
  value: string | number | boolean,
  isKey: boolean,
): PointPattern | null {
  const text = isKey ? String(value) : readLine(context, path, value);
  if (text === null) return null;
  const slash = text.lastIndexOf('/');
  if (slash > 0 && slash < text.length - 1 && /^\P{Cc}+$/u.test(text)) return compilePattern(text);
  const allowed = 'device/metric; * stands for any text within one part';
  const suggestion = slash < 0 && text !== '' ? quote(text === '*' ? '*/*' : `${text}/*`) : null;
  const message = slash < 0 ? `${quote(text)} has no slash` : `${quote(text)} lacks a part`;
  context.report.problem(path, { message, allowed, suggestion, atKey: isKey });
  return null;
}

/** One pattern, or a list of them; none, with a problem, if there is none. */
export function readPatterns(
  context: Context,
  path: Path,
  points: RuleInput['points'],
): readonly PointPattern[] {
  if (points === undefined) {
    // Not in the schema: Limen's own rules have none.
    if (!context.report.isTouched(path))
      context.report.problem(path, { message: 'the key "points" is missing' });
    return [];
  }
  const isList = typeof points === 'object';
  const values = isList ? points : [points];
  if (values.length === 0) {
    context.report.problem(path, { message: 'found an empty list', allowed: 'at least one point' });
  }
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    const pattern = readPattern(context, isList ? [...path, index] : path, value, false);
    return pattern === null ? [] : [pattern];
  });
}

/** A low and a high limit. */
export interface Range {
  readonly low: Quantity;
  readonly high: Quantity;
}

/**
 * Reads `[low, high]`; null, with a problem if it is there, unless low < high. A bare number is in `bareUnit`; without
 * one it is in an unknown unit, and cannot be compared with a number that has one.
 */
export function readRange(
  context: Context,
  path: Path,
  values: readonly (string | number | undefined)[] | undefined,
  bareUnit: string | null,
): Range | null {
  const low = readQuantity(context, [...path, 0], values?.[0]);
  const high = readQuantity(context, [...path, 1], values?.[1]);
  if (low === undefined || high === undefined) return null;
  const highUnit = high.unit ?? bareUnit;
  const lowUnit = low.unit ?? bareUnit;
  const lowInHigh = inUnit(low, lowUnit, highUnit);
  if (lowInHigh === null) {
    if (lowUnit === null || highUnit === null) return { low, high };
    context.report.problem(path, {
      message: `${lowUnit} and ${highUnit} cannot be compared`,
      allowed: 'two limits in one unit',
    });
    return null;
  }
  for (const [index, { unit }] of [low, high].entries()) {
    if (unit === null || bareUnit === null || convert(0, unit, bareUnit) !== null) continue;
    context.report.problem([...path, index], {
      message: `${unit} cannot be converted to ${bareUnit}`,
      allowed: `a number, or a unit like ${bareUnit}`,
    });
    return null;
  }
  if (lowInHigh < high.value) return { low, high };
  context.report.problem(path, {
    message: `the low limit ${quantityText(low)} is not below the high limit ${quantityText(high)}`,
    allowed: '[low, high] with low < high',
  });
  return null;
}

/** The number in another unit; null if that is impossible or a unit is unknown. */
export function inUnit(quantity: Quantity, unit: string | null, to: string | null): number | null {
  if (unit === to) return quantity.value;
  return unit === null || to === null ? null : convert(quantity.value, unit, to);
}

/** A quantity as the config writes it. */
export function quantityText({ value, unit }: Quantity): string {
  return unit === null ? String(value) : `${value} ${unit}`;
}
