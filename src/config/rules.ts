import { ruleDefaults, type Rule, type RuleChanges } from '../domain/rule.ts';
import { readActiveWhen } from './active-when.ts';
import { readActions, type ActionNames } from './actions.ts';
import { checkName, readDuration, readLine, type Context } from './context.ts';
import { readJudgement } from './levels.ts';
import { configLimits } from './limits.ts';
import { readMessage } from './message-template.ts';
import { isOwnName } from './own-rules.ts';
import { readOverrides } from './overrides.ts';
import type { FindSettings, KnownSettings } from './point-units.ts';
import { readPattern } from './points.ts';
import type { Path } from './problem.ts';
import type { RuleInput, SalvagedConfig } from './shape.ts';
import { readSwitch } from './schema-parts.ts';

/** What raises an alert. */
export function readRules(
  context: Context,
  input: SalvagedConfig,
  findSettings: FindSettings,
  names: ActionNames,
): readonly Rule[] {
  return Object.entries(input.rules ?? {}).flatMap(([name, rule]) => {
    if (isOwnName(name)) return [];
    const path = ['rules', name];
    checkName(context, path);
    if (rule === undefined) return [];
    const points = readPatterns(context, [...path, 'points'], rule.points);
    const settings = points.flatMap(findSettings);
    const { window, changes } = readChanges(context, path, rule, settings);
    return [
      {
        ...ruleDefaults,
        name,
        points,
        window,
        ...changes,
        acknowledge: rule.acknowledge ?? ruleDefaults.acknowledge,
        latch: readSwitch(rule.latch) ?? ruleDefaults.latch,
        shelveMaxMs:
          readDuration(context, [...path, 'shelve_max'], rule.shelve_max) ??
          ruleDefaults.shelveMaxMs,
        group: readGroup(context, [...path, 'group'], rule.group),
        late: rule.late ?? ruleDefaults.late,
        lateAfterMs:
          readDuration(context, [...path, 'late_after'], rule.late_after) ??
          ruleDefaults.lateAfterMs,
        ...readActiveWhen(context, path, rule),
        then: readActions(context, [...path, 'then'], rule.then ?? [], names),
        variants: readOverrides(context, path, { rule, points }, (placed, merged) => {
          return readChanges(placed, path, merged, settings).changes;
        }),
      },
    ];
  });
}

/** What overrides may change, and the window, which they may not. */
function readChanges(
  context: Context,
  path: Path,
  rule: RuleInput,
  settings: readonly KnownSettings[],
): { readonly window: Rule['window']; readonly changes: RuleChanges } {
  const { levels, window } = readJudgement(context, path, rule, settings);
  return {
    window,
    changes: {
      levels,
      offDelayMs: readDuration(context, [...path, 'off_delay'], rule.off_delay) ?? 0,
      unknown: rule.unknown ?? ruleDefaults.unknown,
      message: readMessage(context, [...path, 'message'], rule.message),
    },
  };
}

function readGroup(context: Context, path: Path, value: RuleInput['group']): string | null {
  return value === undefined ? null : readLine(context, path, value, configLimits.nameCharsMax);
}

function readPatterns(context: Context, path: Path, points: RuleInput['points']): Rule['points'] {
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
