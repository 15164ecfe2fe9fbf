import { compilePattern, pointName, type PointPattern } from './point.ts';
import type { Clause, Comparator, CompoundClause, Rule } from './rule.ts';

/** One of several conditions that a clause joins. */
export type CompareClause = Extract<Clause, { kind: 'compare' }>;

/** Metric of the one alert of a compound rule: it is about no single quantity. */
export const compoundMetric = '-';

/** Whether a comparator asks several points at once. */
export function isCompound(comparator: Comparator): comparator is CompoundClause {
  switch (comparator.kind) {
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return true;
    case 'above':
    case 'below':
    case 'outside':
    case 'inside':
    case 'equals':
    case 'changes_to':
    case 'silent_for':
    case 'stuck_for':
    case 'rate_above':
    case 'rate_below':
      return false;
  }
}

/** The clause of a compound rule; null: the rule judges each of its points by itself. */
export function clauseOf({ levels }: Pick<Rule, 'levels'>): CompoundClause | null {
  const comparator = levels[0]?.comparator;
  return comparator !== undefined && isCompound(comparator) ? comparator : null;
}

/** Whose alert it is: that of a compound rule has a name of its own; null: each point has one. */
export function aboutOf(rule: Rule): { readonly device: string; readonly metric: string } | null {
  if (clauseOf(rule) === null) return null;
  return { device: rule.about ?? rule.name, metric: compoundMetric };
}

/** Whether a rule has an alert of that name, once its points are heard. */
export function hasAlert(rule: Rule, device: string, metric: string): boolean {
  const about = aboutOf(rule);
  if (about !== null) return about.device === device && about.metric === metric;
  return rule.points.some((pattern) => pattern.matches(device, metric));
}

/** Every comparison in a clause, in the order in which it is written. */
export function comparisonsOf(clause: Clause): readonly CompareClause[] {
  switch (clause.kind) {
    case 'compare':
      return [clause];
    case 'all':
    case 'any':
    case 'at_least':
      return clause.of.flatMap(comparisonsOf);
    case 'expression':
      return [];
  }
}

/** Every pattern of a clause, each text once. */
export function patternsOf(clause: Clause): readonly PointPattern[] {
  const byText = new Map(patternListOf(clause).map((pattern) => [pattern.text, pattern]));
  return [...byText.values()];
}

/** Every point that a rule judges: by itself, in a clause, or as the condition of its `active_when`. */
export function pointPatterns(rule: Rule): readonly PointPattern[] {
  const clause = clauseOf(rule);
  const judged = clause === null ? rule.points : patternsOf(clause);
  const condition = rule.activeWhen?.clause ?? null;
  return condition === null ? judged : [...judged, ...patternsOf(condition)];
}

/** Rules of which no pattern, or no pattern of one of their members, matches a point that is known. */
export function unmatchedRules(
  rules: readonly Rule[],
  known: readonly { readonly device: string; readonly metric: string }[],
): readonly string[] {
  const isUnmatched = (patterns: readonly PointPattern[]): boolean =>
    !known.some(({ device, metric }) => patterns.some((one) => one.matches(device, metric)));
  return rules.filter((rule) => membersOf(rule).some(isUnmatched)).map(({ name }) => name);
}

/** The patterns of a rule whose points can have text states. */
export function textPatterns(rule: Rule): readonly PointPattern[] {
  const { points, levels, acknowledgeWith, activeWhen } = rule;
  const isButton = acknowledgeWith !== null && typeof acknowledgeWith.equals === 'string';
  const buttons = isButton ? [compilePattern(pointName(acknowledgeWith))] : [];
  const judged = levels.flatMap(({ comparator }) => {
    if (isCompound(comparator)) return clauseTexts(comparator);
    return isText(comparator) ? points : [];
  });
  const condition = activeWhen?.clause ?? null;
  return [...judged, ...buttons, ...(condition === null ? [] : clauseTexts(condition))];
}

/** The patterns of a clause whose points can have text states. */
export function clauseTexts(clause: Clause): readonly PointPattern[] {
  const texts = comparisonsOf(clause).filter((each) => isText(each.comparator));
  return texts.flatMap((each) => each.points);
}

function isText(comparator: Comparator): boolean {
  const isState = comparator.kind === 'equals' || comparator.kind === 'changes_to';
  return isState && typeof comparator.value === 'string';
}

function membersOf(rule: Rule): readonly (readonly PointPattern[])[] {
  const clause = clauseOf(rule);
  const judged = clause === null ? [rule.points] : membersOfClause(clause);
  const condition = rule.activeWhen?.clause ?? null;
  return condition === null ? judged : [...judged, ...membersOfClause(condition)];
}

function membersOfClause(clause: Clause): readonly (readonly PointPattern[])[] {
  if (clause.kind === 'expression') return patternListOf(clause).map((pattern) => [pattern]);
  return comparisonsOf(clause).map(({ points }) => points);
}

function patternListOf(clause: Clause): readonly PointPattern[] {
  if (clause.kind !== 'expression') return comparisonsOf(clause).flatMap(({ points }) => points);
  return clause.expression.inputs.map(({ device, metric }) =>
    compilePattern(`${device}/${metric}`),
  );
}
