import { patternsOf } from '../../domain/clause.ts';
import { limits } from '../../domain/limits.ts';
import type { PointPattern } from '../../domain/point.ts';
import type {
  Clause,
  ClauseComparator,
  Comparator,
  CompoundClause,
  Rule,
  Severity,
} from '../../domain/rule.ts';
import { conditionKeys, readComparator } from './comparators.ts';
import { readDuration, readLine, type Context } from '../context.ts';
import { readExpression } from '../points/expressions.ts';
import { checkOrder, type PlacedLevel } from './level-order.ts';
import { checkUnits, readDeadband, unitsWritten } from './levels.ts';
import { configLimits } from '../limits.ts';
import type { FindSettings } from '../points/point-units.ts';
import { readPatterns } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import { isMap } from '../text/schema-parts.ts';
import type { MemberInput, RuleInput, Salvaged } from '../text/shape.ts';

/** The keys of a rule that ask several points at once. */
const compoundKeys = ['all', 'any', 'at_least', 'expression'] as const;
/** What a member can be compared by: the value alone decides. */
const comparatorKeys = ['above', 'below', 'outside', 'inside', 'equals'] as const;
const gateKeys = ['all', 'any', 'at_least'] as const;
/** Keys of a rule that belong to a single point, or to its levels. */
const singleKeys = ['points', 'deadband', 'tolerance', 'window', 'of', 'overrides'] as const;

type Member = Salvaged<MemberInput>;
type Members = readonly (Member | undefined)[] | undefined;
interface Gates {
  readonly all?: Members;
  readonly any?: Members;
  readonly at_least?: { readonly n?: number | undefined; readonly of?: Members } | undefined;
}

/** What a compound rule judges, as parts of the rule. */
export type CompoundParts = Pick<Rule, 'points' | 'levels' | 'about'>;

/** Reads a rule over several points at once; null: it is none. With all that is wrong with it. */
export function readCompound(
  context: Context,
  path: Path,
  rule: RuleInput,
  findSettings: FindSettings,
): CompoundParts | null {
  const { report } = context;
  const given = compoundKeys.filter((key) => key in rule);
  const [kind] = given;
  if (kind === undefined) {
    for (const key of ['about', 'inputs'] as const) {
      if (rule[key] === undefined) continue;
      const message = `${key}: has no meaning without ${key === 'about' ? 'several points' : 'an expression'}`;
      const allowed = `${key} beside ${key === 'about' ? compoundKeys.join(', ') : 'expression'}`;
      report.problem([...path, key], { message, allowed, atKey: true });
    }
    return null;
  }
  const conditions = [...conditionKeys.filter((key) => rule[key] !== undefined), ...given];
  if (conditions.length > 1) {
    report.problem([...path, conditions[1] ?? kind], {
      message: `a second condition: ${conditions.join(' and ')}`,
      allowed: 'one condition in a rule',
      atKey: true,
    });
    return { points: [], levels: [], about: null };
  }
  for (const key of singleKeys) if (rule[key] !== undefined) refuseBeside(context, path, key, kind);
  if (kind !== 'expression' && rule.inputs) refuseBeside(context, path, 'inputs', kind);
  const about =
    rule.about === undefined
      ? null
      : readLine(context, [...path, 'about'], rule.about, configLimits.nameCharsMax);
  const severity = rule.severity ?? 'warning';
  const onDelayMs = readOnDelay(context, [...path, 'on_delay'], rule.on_delay);
  const clause =
    kind === 'expression'
      ? readCondition(context, path, rule, findSettings)
      : readGate(context, path, rule, kind, { findSettings, depth: 1 });
  if (clause === null) return { points: [], levels: [], about };
  const deadband = { value: 0, unit: null };
  const levels = [{ severity, comparator: clause, deadband, onDelayMs }];
  return { points: patternsOf(clause), levels, about };
}

/** One condition over a point, or over several: a comparison, or `all`, `any` or `at_least` of more; null if it is wrong. */
export function readClause(
  context: Context,
  path: Path,
  member: Member,
  options: { readonly findSettings: FindSettings; readonly depth: number },
): Clause | null {
  const given = [...comparatorKeys, ...gateKeys].filter((key) => member[key] !== undefined);
  const [kind, second] = given;
  if (second !== undefined) {
    context.report.problem([...path, second], {
      message: `a second condition: ${given.join(' and ')}`,
      allowed: 'one condition in a member',
      atKey: true,
    });
    return null;
  }
  if (kind === undefined) {
    if (context.report.isTouched(path)) return null;
    context.report.problem(path, {
      message: 'a member without a condition',
      allowed: `points with one of ${comparatorKeys.join(', ')}; or ${gateKeys.join(', ')}`,
    });
    return null;
  }
  if (kind !== 'all' && kind !== 'any' && kind !== 'at_least')
    return readComparison(context, path, member, kind, options.findSettings);
  for (const key of ['points', 'deadband'] as const)
    if (member[key] !== undefined) refuseBeside(context, path, key, kind);
  if (options.depth >= limits.clauseDepthMax) {
    context.report.problem([...path, kind], {
      message: `conditions nest more than ${limits.clauseDepthMax} deep`,
      allowed: 'fewer levels of all, any and at_least',
      atKey: true,
    });
    return null;
  }
  return readGate(context, path, member, kind, { ...options, depth: options.depth + 1 });
}

function readGate(
  context: Context,
  path: Path,
  gates: Gates,
  kind: (typeof gateKeys)[number],
  options: { readonly findSettings: FindSettings; readonly depth: number },
): CompoundClause | null {
  const isCounted = kind === 'at_least';
  const members = isCounted ? gates.at_least?.of : gates[kind];
  const ofPath = [...path, kind, ...(isCounted ? ['of'] : [])];
  if (members === undefined) return null;
  if (members.length === 0) {
    const allowed = 'at least one member';
    context.report.problem(ofPath, { message: 'found an empty list', allowed });
    return null;
  }
  const read = members.map((member, index) =>
    member === undefined ? null : readClause(context, [...ofPath, index], member, options),
  );
  const of = read.filter((each) => each !== null);
  if (isCounted) {
    const nPath = [...path, kind, 'n'];
    const n = gates.at_least?.n;
    if (n === undefined || of.length < read.length) return null;
    return checkCount(context, nPath, n, of) ? { kind, n, of } : null;
  }
  return of.length < read.length ? null : { kind, of };
}

// A glob may find any number of points.
function checkCount(context: Context, path: Path, n: number, of: readonly Clause[]): boolean {
  const most = of.reduce((sum, each) => sum + votesMax(each), 0);
  if (n >= 1 && n <= most) return true;
  const message = n < 1 ? `found ${n}` : `${n} of ${most} can never be reached`;
  const allowed = most === Infinity ? 'a whole number from 1' : `a whole number from 1 to ${most}`;
  context.report.problem(path, { message, allowed });
  return false;
}

function votesMax(clause: Clause): number {
  if (clause.kind !== 'compare') return 1;
  const isOpen = clause.points.some(({ exact }) => !exact);
  return isOpen ? Infinity : new Set(clause.points.map(({ text }) => text)).size;
}

function readComparison(
  context: Context,
  path: Path,
  member: Member,
  kind: (typeof comparatorKeys)[number],
  findSettings: FindSettings,
): Clause | null {
  const points: readonly PointPattern[] = readPatterns(context, [...path, 'points'], member.points);
  if (kind === 'equals' && member.deadband !== undefined) {
    context.report.problem([...path, 'deadband'], {
      message: 'a deadband has no meaning beside equals:',
      allowed: 'deadband beside above, below, outside or inside',
      atKey: true,
    });
  }
  const settings = points.flatMap(findSettings);
  const bareUnit = settings.find((known) => known.settings.unit !== null)?.settings.unit ?? null;
  const limitPath = [...path, kind];
  const comparator = readComparator(context, limitPath, kind, member[kind], bareUnit);
  const severity: Severity = 'warning';
  const deadband = readDeadband(context, path, member, { severity, comparator });
  if (comparator === null || !isClauseComparator(comparator) || points.length === 0) return null;
  const level: PlacedLevel = { severity, comparator, deadband, onDelayMs: 0, path: limitPath };
  checkUnits(context, unitsWritten(path, [level]), settings);
  checkOrder(context, [level], bareUnit);
  return { kind: 'compare', points, comparator, deadband };
}

function isClauseComparator(comparator: Comparator): comparator is ClauseComparator {
  return comparatorKeys.some((key) => key === comparator.kind);
}

// A rule can only be true or not; a number is a point, which rules can then compare with their limits.
function readCondition(
  context: Context,
  path: Path,
  rule: RuleInput,
  findSettings: FindSettings,
): CompoundClause | null {
  const { expression: text, inputs } = rule;
  const expression = readExpression(context, path, { expression: text, inputs }, findSettings);
  if (expression === null) return null;
  if (expression.kind === 'boolean') return { kind: 'expression', expression };
  context.report.problem([...path, 'expression'], {
    message: 'the expression is a number: it is neither true nor false',
    allowed: 'a comparison such as flow < 2, or this expression as a point of its own in points:',
  });
  return null;
}

function readOnDelay(context: Context, path: Path, delay: RuleInput['on_delay']): number {
  if (!isMap(delay)) return readDuration(context, path, delay) ?? 0;
  const allowed = 'one duration: the rule has one severity';
  context.report.problem(path, { message: 'found a delay for each severity', allowed });
  return 0;
}

function refuseBeside(context: Context, path: Path, key: string, kind: string): void {
  if (context.report.isTouched([...path, key])) return;
  const allowed =
    kind === 'expression' ? 'limits in the expression, points in inputs:' : `${key} in its members`;
  const message = `${key}: has no meaning beside ${kind}:`;
  context.report.problem([...path, key], { message, allowed, atKey: true });
}
