import type { PointPattern } from '../../domain/point.ts';
import { severities, type RuleChanges, type RuleVariant } from '../../domain/rule.ts';
import { conditionKeys, type ConditionKey } from './comparators.ts';
import type { Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { overlap } from '../points/pattern-overlap.ts';
import { placeLayers, type Layer } from './override-layers.ts';
import { readPattern } from '../points/points.ts';
import { quote, type Path } from '../text/problem.ts';
import { isMap } from '../text/schema-parts.ts';
import { overrideKeys } from '../schema.ts';
import type { RuleInput } from '../text/shape.ts';
import { closest, withinEntry } from '../text/suggest.ts';

/** Reads what a rule with its overrides merged into it judges. */
export type ReadChanges = (context: Context, merged: RuleInput) => RuleChanges;

type OverrideInput = NonNullable<NonNullable<RuleInput['overrides']>[string]>;

/** One entry of `overrides:`, with the points that it is about. */
interface Override extends Layer {
  readonly name: string;
  readonly pattern: PointPattern;
  readonly input: OverrideInput;
}

/**
 * The overrides of a rule, worked out: each combination of entries that may hold for one point is merged, in file order,
 * and checked as a rule of its own. The one with the most entries comes first.
 */
export function readOverrides(
  context: Context,
  path: Path,
  { rule, points }: { readonly rule: RuleInput; readonly points: readonly PointPattern[] },
  read: ReadChanges,
): readonly RuleVariant[] {
  const overrides = readEntries(context, path, rule, points);
  if (overrides.length === 0) return [];
  const combinations = combine(overrides);
  if (combinations.length > configLimits.overridesMax) {
    const message = `found more than ${configLimits.overridesMax} overrides, or combinations of them`;
    const allowed = 'fewer entries that match the same points, or a rule of its own for some';
    context.report.problem([...path, 'overrides'], { message, allowed, atKey: true });
    return [];
  }
  const wrong: (readonly Override[])[] = [];
  const variants = combinations.flatMap((entries) => {
    // What is wrong with some of them has been told.
    if (wrong.some((some) => some.every((entry) => entries.includes(entry)))) return [];
    const placed = placeLayers(context, path, rule, entries);
    const merged = entries.reduce((before, { input }) => merge(before, input), rule);
    const changes = read(placed.context, merged);
    if (placed.isWrong()) wrong.push(entries);
    return [{ patterns: entries.map(({ pattern }) => pattern), changes }];
  });
  return variants.toSorted((a, b) => b.patterns.length - a.patterns.length);
}

function readEntries(
  context: Context,
  path: Path,
  rule: RuleInput,
  points: readonly PointPattern[],
): readonly Override[] {
  const condition = conditionKeys.find((key) => rule[key] !== undefined) ?? null;
  return Object.entries(rule.overrides ?? {}).flatMap(([name, input]) => {
    const entryPath = [...path, 'overrides', name];
    const text = name.includes('/') ? name : `${name}/*`;
    const pattern = readPattern(context, entryPath, text, true);
    if (pattern === null || input === undefined) return [];
    if (points.length > 0 && !points.some((point) => overlap(point, pattern))) {
      context.report.problem(entryPath, strayEntry(name, points));
      return [];
    }
    const isEmpty = Object.keys(input).length === 0;
    if (isEmpty) {
      const message = 'found an empty map';
      context.report.problem(entryPath, { message, allowed: 'what is different', atKey: true });
    }
    if (isEmpty || condition === null) return [];
    if (!checkCondition(context, entryPath, input, { rule, condition })) return [];
    return [{ name, pattern, path: entryPath, input }];
  });
}

function strayEntry(name: string, points: readonly PointPattern[]) {
  const texts = points.map(({ text }) => text);
  const devices = texts.map((text) => text.slice(0, text.lastIndexOf('/')));
  const meant = closest(name, name.includes('/') ? texts : [...devices, ...overrideKeys]);
  const key = overrideKeys.find((one) => one === name || one === meant);
  return {
    message: `no point of the rule matches ${quote(name)}`,
    allowed: `a device, or device/metric, of ${texts.join(', ')}`,
    suggestion: key === undefined ? meant : withinEntry('device', key),
    atKey: true,
  };
}

/** An override moves the limits of its rule; it does not compare in another way. */
function checkCondition(
  context: Context,
  path: Path,
  input: OverrideInput,
  { rule, condition }: { readonly rule: RuleInput; readonly condition: ConditionKey },
): boolean {
  for (const key of conditionKeys) {
    if (input[key] === undefined || key === condition) continue;
    const message = `${key}: in an override of a rule with ${condition}:`;
    context.report.problem([...path, key], { message, allowed: condition, atKey: true });
    return false;
  }
  const limit = input[condition];
  if (limit === undefined || isMap(limit) || !isMap(rule[condition])) return true;
  context.report.problem([...path, condition], {
    message: 'found one limit, where the rule has one for each severity',
    allowed: 'a map such as { warning: …, critical: … }',
  });
  return false;
}

/** Every set of entries that may all match one point, in file order. */
function combine(overrides: readonly Override[]): readonly (readonly Override[])[] {
  const sets: (readonly Override[])[] = [];
  for (const entry of overrides) {
    const joined = sets.filter((set) =>
      set.every((other) => overlap(other.pattern, entry.pattern)),
    );
    sets.push([entry], ...joined.map((set) => [...set, entry]));
    if (sets.length > configLimits.overridesMax) break;
  }
  return sets;
}

const delaysOfLevels: readonly string[] = ['deadband', 'on_delay'];

/** Later keys win; what is written for each severity merges severity by severity. */
function merge(rule: RuleInput, input: OverrideInput): RuleInput {
  const merged: Record<string, unknown> = { ...rule };
  const condition = conditionKeys.find((key) => rule[key] !== undefined);
  for (const [key, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const isLimit = key === condition;
    const isByLevel = isMap(value) && (isLimit || delaysOfLevels.includes(key));
    if (!isByLevel) merged[key] = value;
    else if (isLimit) {
      merged[key] = { ...byLevel(merged[key], [rule.severity ?? 'warning']), ...value };
      // It is said by the limits now.
      if (!isMap(rule[condition])) delete merged['severity'];
    } else merged[key] = { ...byLevel(merged[key], levelsOf(rule, input)), ...value };
  }
  // every part of it was accepted by the schema
  return merged as RuleInput;
}

function byLevel(value: unknown, levels: readonly string[]): Record<string, unknown> {
  if (isMap(value)) return value;
  return value === undefined ? {} : Object.fromEntries(levels.map((level) => [level, value]));
}

/** The severities that the merged limits are written for. */
function levelsOf(rule: RuleInput, input: OverrideInput): readonly string[] {
  return severities.filter((severity) =>
    [rule, input].some((layer) =>
      conditionKeys.some((key) => {
        const limits = layer[key];
        if (isMap(limits)) return limits[severity] !== undefined;
        return limits !== undefined && severity === (input.severity ?? rule.severity ?? 'warning');
      }),
    ),
  );
}
