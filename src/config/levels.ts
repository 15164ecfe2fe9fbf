import {
  severities,
  type Comparator,
  type Level,
  type Quantity,
  type Severity,
} from '../domain/rule.ts';
import { compatible } from '../domain/units.ts';
import { readDuration, readQuantity, type Context } from './context.ts';
import { conditionKeys, readComparator, type ConditionKey } from './comparators.ts';
import { checkOrder, type PlacedLevel } from './level-order.ts';
import type { KnownSettings } from './point-units.ts';
import { quantityText } from './points.ts';
import type { Path } from './problem.ts';
import { isMap } from './schema-parts.ts';
import type { RuleInput } from './shape.ts';

/** The levels of a rule, from least to most severe; empty, with a problem, if there is no condition. */
export function readLevels(
  context: Context,
  path: Path,
  rule: RuleInput,
  settings: readonly KnownSettings[],
): readonly Level[] {
  const condition = findCondition(context, path, rule);
  if (condition === null) return [];
  const present = levelValues(rule[condition], rule.severity ?? 'warning');
  checkSeverity(context, path, rule, condition);
  const chosen = present.map(({ severity }) => severity);
  for (const key of ['deadband', 'on_delay'] as const) {
    checkLevelNames(context, [...path, key], rule[key], chosen);
  }
  if (rule.deadband !== undefined && (condition === 'equals' || condition === 'silent_for')) {
    const message = `a deadband has no meaning beside ${condition}:`;
    context.report.problem([...path, 'deadband'], {
      message,
      allowed: 'deadband beside above, below, outside or inside',
      atKey: true,
    });
  }
  const bareUnit = settings.find((known) => known.settings.unit !== null)?.settings.unit ?? null;
  const levels: PlacedLevel[] = [];
  for (const { severity, value, isOwn } of present) {
    const limitPath = isOwn ? [...path, condition, severity] : [...path, condition];
    const comparator = readComparator(context, limitPath, condition, value, bareUnit);
    const deadband = readDeadband(context, path, rule, severity);
    const onDelayMs = readOnDelay(context, path, rule, severity);
    if (comparator !== null) {
      levels.push({ severity, comparator, deadband, onDelayMs, path: limitPath });
    }
  }
  checkUnits(context, path, levels, settings);
  checkOrder(context, levels, bareUnit);
  return levels.map(({ severity, comparator, deadband, onDelayMs }) => ({
    severity,
    comparator,
    deadband,
    onDelayMs,
  }));
}

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

function readDeadband(context: Context, path: Path, rule: RuleInput, severity: Severity): Quantity {
  const { deadband } = rule;
  const ownPath = isMap(deadband) ? [...path, 'deadband', severity] : [...path, 'deadband'];
  const value = isMap(deadband) ? deadband[severity] : deadband;
  const none = { value: 0, unit: null };
  // A deadband that all levels share is read once for each: its mistakes are told once.
  if (context.report.isTouched(ownPath)) return none;
  const quantity = readQuantity(context, ownPath, value) ?? none;
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

/** Every unit of the rule must fit the points it judges, and the other units beside it. */
function checkUnits(
  context: Context,
  path: Path,
  levels: readonly PlacedLevel[],
  settings: readonly KnownSettings[],
): void {
  const written = levels.flatMap((level) => [
    ...unitsOf(level.comparator).map((unit) => ({ unit, path: level.path })),
    ...(level.deadband.unit === null
      ? []
      : [{ unit: level.deadband.unit, path: [...path, 'deadband'] }]),
  ]);
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
  const quantities =
    comparator.kind === 'above' || comparator.kind === 'below'
      ? [comparator.limit]
      : comparator.kind === 'outside' || comparator.kind === 'inside'
        ? [comparator.low, comparator.high]
        : [];
  return quantities.flatMap(({ unit }) => (unit === null ? [] : [unit]));
}
