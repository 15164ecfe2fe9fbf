import {
  severities,
  type Comparator,
  type Quantity,
  type Rule,
  type Severity,
} from '../../domain/rule.ts';
import { compatible } from '../../domain/units.ts';
import { readDuration, readQuantity, type Context } from '../context.ts';
import { conditionKeys, readComparator, type ConditionKey } from './comparators.ts';
import { checkOrder, type PlacedLevel } from './level-order.ts';
import type { KnownSettings } from '../points/point-units.ts';
import { quantityText } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import { readRateDeadband } from './rates.ts';
import { isMap } from '../text/schema-parts.ts';
import type { RuleInput } from '../text/shape.ts';
import { checkCount, readWindow, settingsOfWindow, quantityOfAggregate } from './windows.ts';
import { readTolerance } from './tolerance.ts';

/**
 * What a rule judges, and its levels from least to most severe; without levels, with a problem, if there is no
 * condition.
 */
export function readJudgement(
  context: Context,
  path: Path,
  rule: RuleInput,
  pointSettings: readonly KnownSettings[],
): Pick<Rule, 'levels' | 'window'> {
  const condition = findCondition(context, path, rule);
  if (condition === null) return { levels: [], window: null };
  const window = readWindow(context, path, rule, condition);
  const tolerance = readTolerance(context, path, rule, condition);
  const settings = settingsOfWindow(window, pointSettings);
  const present = levelValues(rule[condition], rule.severity ?? 'warning');
  checkSeverity(context, path, rule, condition);
  const chosen = present.map(({ severity }) => severity);
  for (const key of ['deadband', 'on_delay'] as const) {
    checkLevelNames(context, [...path, key], rule[key], chosen);
  }
  if (rule.deadband !== undefined && withoutDeadband.includes(condition)) {
    const message = `a deadband has no meaning beside ${condition}:`;
    context.report.problem([...path, 'deadband'], {
      message,
      allowed: 'deadband beside above, below, outside, inside or a rate',
      atKey: true,
    });
  }
  const bareUnit = settings.find((known) => known.settings.unit !== null)?.settings.unit ?? null;
  const levels: PlacedLevel[] = [];
  for (const { severity, value, isOwn } of present) {
    const limitPath = isOwn ? [...path, condition, severity] : [...path, condition];
    const read = readComparator(context, limitPath, condition, value, bareUnit);
    const comparator = read?.kind === 'stuck_for' ? { ...read, tolerance } : read;
    const deadband = readDeadband(context, path, rule, { severity, comparator });
    const onDelayMs = readOnDelay(context, path, rule, severity);
    if (comparator !== null) {
      levels.push({ severity, comparator, deadband, onDelayMs, path: limitPath });
    }
  }
  const written = unitsWritten(path, levels);
  checkCount(context, window, written);
  checkUnits(context, written, settings);
  const others = [
    { quantity: tolerance, path: [...path, 'tolerance'] },
    ...quantityOfAggregate(window, path),
  ];
  checkUnits(context, others.flatMap(unitOf), pointSettings);
  checkOrder(context, levels, bareUnit);
  return {
    window,
    levels: levels.map(({ severity, comparator, deadband, onDelayMs }) => ({
      severity,
      comparator,
      deadband,
      onDelayMs,
    })),
  };
}

const withoutDeadband: readonly ConditionKey[] = [
  'equals',
  'changes_to',
  'silent_for',
  'stuck_for',
];

function findCondition(context: Context, path: Path, rule: RuleInput): ConditionKey | null {
  const given = conditionKeys.filter((key) => rule[key] !== undefined);
  const [first, second] = given;
  if (second !== undefined) {
    context.report.problem([...path, second], {
      message: `a second condition: ${given.join(' and ')}`,
      allowed: 'one condition in a rule',
      atKey: true,
    });
    return null;
  }
  if (first === undefined && !context.report.isTouched(path)) {
    const allowed = `one of ${conditionKeys.join(', ')}`;
    context.report.problem(path, { message: 'a rule without a condition', allowed, atKey: true });
  }
  return first ?? null;
}

interface LevelValue {
  readonly severity: Severity;
  readonly value: unknown;
  /** Whether it is written under its severity. */
  readonly isOwn: boolean;
}

function levelValues(value: unknown, single: Severity): readonly LevelValue[] {
  if (!isMap(value)) return [{ severity: single, value, isOwn: false }];
  return severities
    .filter((severity) => value[severity] !== undefined)
    .map((severity) => ({ severity, value: value[severity], isOwn: true }));
}

function checkSeverity(
  context: Context,
  path: Path,
  rule: RuleInput,
  condition: ConditionKey,
): void {
  const value = rule[condition];
  if (!isMap(value)) return;
  if (rule.severity !== undefined) {
    const message = `severity: beside a limit for each severity`;
    context.report.problem([...path, 'severity'], {
      message,
      allowed: 'severity: beside a single limit',
      atKey: true,
    });
  }
  if (Object.keys(value).length > 0 || context.report.isTouched([...path, condition])) return;
  context.report.problem([...path, condition], {
    message: 'found an empty map',
    allowed: `at least one of ${severities.join(', ')}`,
    atKey: true,
  });
}

function checkLevelNames(
  context: Context,
  path: Path,
  value: unknown,
  present: readonly Severity[],
): void {
  if (!isMap(value)) return;
  for (const severity of severities) {
    if (value[severity] === undefined || present.includes(severity)) continue;
    context.report.problem([...path, severity], {
      message: `the rule has no limit for ${severity}`,
      allowed: present.join(', '),
      atKey: true,
    });
  }
}

/** The deadband of a level; none, with a problem, if it is wrong. */
export function readDeadband(
  context: Context,
  path: Path,
  { deadband }: Pick<RuleInput, 'deadband'>,
  { severity, comparator }: { severity: Severity; comparator: Comparator | null },
): Quantity {
  const ownPath = isMap(deadband) ? [...path, 'deadband', severity] : [...path, 'deadband'];
  const value = isMap(deadband) ? deadband[severity] : deadband;
  const none = { value: 0, unit: null };
  // A deadband that all levels share is read once for each: its mistakes are told once.
  if (context.report.isTouched(ownPath)) return none;
  const isRate = comparator?.kind === 'rate_above' || comparator?.kind === 'rate_below';
  const quantity =
    (isRate && value !== undefined
      ? readRateDeadband(context, ownPath, value, comparator.limit)
      : readQuantity(context, ownPath, value)) ?? none;
  if (quantity.value >= 0) return quantity;
  const message = `found ${quantityText(quantity)}`;
  context.report.problem(ownPath, { message, allowed: 'a deadband of 0 or more' });
  return none;
}

function readOnDelay(context: Context, path: Path, rule: RuleInput, severity: Severity): number {
  const delay = rule.on_delay;
  const ownPath = isMap(delay) ? [...path, 'on_delay', severity] : [...path, 'on_delay'];
  if (context.report.isTouched(ownPath)) return 0;
  return readDuration(context, ownPath, isMap(delay) ? delay[severity] : delay) ?? 0;
}

interface PlacedUnit {
  readonly unit: string;
  readonly path: Path;
}

/** Every unit of some levels, with its place. */
export function unitsWritten(path: Path, levels: readonly PlacedLevel[]): readonly PlacedUnit[] {
  return levels.flatMap((level) => [
    ...unitsOf(level.comparator).map((unit) => ({ unit, path: level.path })),
    ...(level.deadband.unit === null
      ? []
      : [{ unit: level.deadband.unit, path: [...path, 'deadband'] }]),
  ]);
}

function unitOf(placed: { quantity: Quantity; path: Path }): readonly PlacedUnit[] {
  const { unit } = placed.quantity;
  return unit === null ? [] : [{ unit, path: placed.path }];
}

/** Every unit of the rule must fit the points it judges, and the other units beside it. */
export function checkUnits(
  context: Context,
  written: readonly PlacedUnit[],
  settings: readonly KnownSettings[],
): void {
  const known = settings.flatMap(({ label, settings: { unit } }) =>
    unit === null ? [] : [{ label, unit }],
  );
  const first = written[0];
  for (const { unit, path: unitPath } of written) {
    const misfit = known.find((point) => !compatible(point.unit, unit));
    if (context.report.isTouched(unitPath)) continue;
    if (misfit !== undefined) {
      const message = `${unit} does not fit ${misfit.label}, which is in ${misfit.unit}`;
      context.report.problem(unitPath, {
        message,
        allowed: `a number, or a unit like ${misfit.unit}`,
      });
    } else if (first !== undefined && !compatible(first.unit, unit)) {
      const message = `${unit} does not fit ${first.unit} in the same rule`;
      context.report.problem(unitPath, { message, allowed: `a unit like ${first.unit}` });
    }
  }
}

function unitsOf(comparator: Comparator): readonly string[] {
  return quantitiesOf(comparator).flatMap(({ unit }) => (unit === null ? [] : [unit]));
}

function quantitiesOf(comparator: Comparator): readonly Quantity[] {
  switch (comparator.kind) {
    case 'above':
    case 'below':
    case 'rate_above':
    case 'rate_below':
      return [comparator.limit];
    case 'outside':
    case 'inside':
      return [comparator.low, comparator.high];
    case 'equals':
    case 'changes_to':
    case 'silent_for':
    case 'stuck_for':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return [];
  }
}
