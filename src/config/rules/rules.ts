import { ruleDefaults, type Rule, type RuleChanges } from '../../domain/rule.ts';
import { readAcknowledgeWith } from './acknowledge-with.ts';
import { readActiveWhen } from './active-when.ts';
import { readActions, type ActionNames } from './actions.ts';
import { readCalls } from '../points/calls.ts';
import { checkName, readDuration, readLine, type Context } from '../context.ts';
import { readCompound } from './clauses.ts';
import { readJudgement } from './levels.ts';
import { configLimits } from '../limits.ts';
import { readMessage } from './message-template.ts';
import { isOwnName } from './own-rules.ts';
import { readOverrides } from './overrides.ts';
import type { FindSettings } from '../points/point-units.ts';
import { readPatterns } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import type { RuleInput, SalvagedConfig } from '../text/shape.ts';
import { readSwitch } from '../text/schema-parts.ts';

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
    const compound = readCompound(context, path, rule, findSettings);
    const points = compound?.points ?? readPatterns(context, [...path, 'points'], rule.points);
    const settings = points.flatMap(findSettings);
    const judged = compound === null ? readJudgement(context, path, rule, settings) : null;
    const levels = compound?.levels ?? judged?.levels ?? [];
    return [
      {
        ...ruleDefaults,
        name,
        points,
        levels,
        about: compound?.about ?? ruleDefaults.about,
        window: judged?.window ?? ruleDefaults.window,
        ...readOthers(context, path, rule),
        acknowledge: rule.acknowledge ?? ruleDefaults.acknowledge,
        acknowledgeWith: readAcknowledgeWith(
          context,
          [...path, 'acknowledge_with'],
          rule.acknowledge_with,
        ),
        latch: readSwitch(rule.latch) ?? ruleDefaults.latch,
        shelveMaxMs:
          readDuration(context, [...path, 'shelve_max'], rule.shelve_max) ??
          ruleDefaults.shelveMaxMs,
        group: readGroup(context, [...path, 'group'], rule.group),
        late: rule.late ?? ruleDefaults.late,
        lateAfterMs:
          readDuration(context, [...path, 'late_after'], rule.late_after) ??
          ruleDefaults.lateAfterMs,
        ...readActiveWhen(context, path, rule, findSettings),
        then: readActions(context, [...path, 'then'], rule.then ?? [], names),
        ...readCalls(context, path, rule, names),
        variants:
          compound === null
            ? readOverrides(context, path, { rule, points }, (placed, merged) => ({
                levels: readJudgement(placed, path, merged, settings).levels,
                ...readOthers(placed, path, merged),
              }))
            : ruleDefaults.variants,
      },
    ];
  });
}

/** What overrides may change beside the levels. */
function readOthers(context: Context, path: Path, rule: RuleInput): Omit<RuleChanges, 'levels'> {
  return {
    offDelayMs: readDuration(context, [...path, 'off_delay'], rule.off_delay) ?? 0,
    unknown: rule.unknown ?? ruleDefaults.unknown,
    message: readMessage(context, [...path, 'message'], rule.message),
  };
}

function readGroup(context: Context, path: Path, value: RuleInput['group']): string | null {
  return value === undefined ? null : readLine(context, path, value, configLimits.nameCharsMax);
}
