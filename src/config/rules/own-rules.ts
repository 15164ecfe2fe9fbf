import { notifiersOf } from '../../domain/config.ts';
import {
  ownRules,
  ruleDefaults,
  type OwnRule,
  type OwnRuleSettings,
  type Rule,
} from '../../domain/rule.ts';
import { isReservedName } from '../../domain/name.ts';
import type { DurationMs } from '../../domain/time.ts';
import { readActions, type ActionNames } from './actions.ts';
import { readCalls } from '../points/calls.ts';
import { readDuration, readLine, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import { readMessage } from './message-template.ts';
import type { RuleInput, SalvagedConfig } from '../text/shape.ts';
import { closest } from '../text/suggest.ts';

/** The entry that stands for all of Limen's own rules. */
const allOwn = 'limen.*';

/** What may be set of them: everything but their judgement. */
const settableKeys =
  'severity acknowledge shelve_max message then group chain repeat re_alarm'.split(' ');

type Settings = Omit<OwnRuleSettings, 'name'>;

/** Whether a name in `rules:` is, or pretends to be, one of Limen's own. */
export function isOwnName(name: string): boolean {
  return isReservedName(name);
}

/** What is set of Limen's own rules: all entries that match merge in file order, later keys win. */
export function readOwnRules(
  context: Context,
  input: SalvagedConfig,
  names: ActionNames,
): readonly OwnRuleSettings[] {
  const found = new Map<OwnRule, Settings>();
  for (const [name, rule] of Object.entries(input.rules ?? {})) {
    if (!isOwnName(name)) continue;
    const path = ['rules', name];
    const meant = checkOwnName(context, path, name);
    if (rule === undefined) continue;
    const entry = readEntry(context, path, rule, names);
    for (const own of meant) {
      found.set(own, { ...defaults, ...found.get(own), ...entry });
    }
  }
  return ownRules.flatMap((name) => {
    const settings = found.get(name);
    return settings === undefined ? [] : [{ name, ...settings }];
  });
}

/**
 * In a flood no single alert is chained: who only stands in chains is called by that of the flood, after the shortest
 * time there, if nobody acknowledges it.
 */
export function chainFlood(
  own: readonly OwnRuleSettings[],
  rules: readonly Rule[],
): readonly OwnRuleSettings[] {
  const flood = own.find(({ name }) => name === 'limen.flood');
  const all = [...rules, ...own];
  const called = [
    ...all.flatMap(notifiersOf),
    ...(flood?.chain ?? []).map((step) => step.notifier),
  ];
  const firstMs = new Map<string, DurationMs>();
  for (const { notifier, afterMs } of all.flatMap((rule) => rule.chain)) {
    if (called.includes(notifier)) continue;
    firstMs.set(notifier, Math.min(afterMs, firstMs.get(notifier) ?? Infinity));
  }
  if (firstMs.size === 0) return own;
  const steps = [...firstMs].map(([notifier, afterMs]) => ({ notifier, afterMs }));
  const chained = [...(flood?.chain ?? []), ...steps].toSorted((a, b) => a.afterMs - b.afterMs);
  const others = own.filter((rule) => rule !== flood);
  return [...others, { name: 'limen.flood', ...defaults, ...flood, chain: chained }];
}

const { acknowledge, shelveMaxMs, message, then, group, chain, repeatMs, reAlarmMs } = ruleDefaults;
const defaults: Settings = {
  severity: null,
  acknowledge,
  shelveMaxMs,
  message,
  then,
  group,
  chain,
  repeatMs,
  reAlarmMs,
};

function checkOwnName(context: Context, path: Path, name: string): readonly OwnRule[] {
  if (name === allOwn) return ownRules;
  const own = ownRules.find((each) => each === name);
  if (own !== undefined) return [own];
  context.report.problem(path, {
    message: `the name ${quote(name)} is reserved`,
    allowed: `any name that does not begin with limen., or ${[...ownRules, allOwn].join(', ')}`,
    suggestion: closest(name, ownRules),
    atKey: true,
  });
  return [];
}

function readEntry(
  context: Context,
  path: Path,
  rule: RuleInput,
  names: ActionNames,
): Partial<Settings> {
  for (const [key, value] of Object.entries(rule)) {
    if (value === undefined || settableKeys.includes(key)) continue;
    context.report.problem([...path, key], {
      message: `${key}: cannot be set here: the judgement of this rule is Limen's own`,
      allowed: settableKeys.join(', '),
      atKey: true,
    });
  }
  const calls = readCalls(context, path, rule, names);
  const durationMs = readDuration(context, [...path, 'shelve_max'], rule.shelve_max);
  return {
    ...(rule.severity === undefined ? {} : { severity: rule.severity }),
    ...(rule.acknowledge === undefined ? {} : { acknowledge: rule.acknowledge }),
    ...(durationMs === undefined ? {} : { shelveMaxMs: durationMs }),
    ...(rule.message === undefined
      ? {}
      : { message: readMessage(context, [...path, 'message'], rule.message) }),
    ...(rule.group === undefined
      ? {}
      : { group: readLine(context, [...path, 'group'], rule.group, configLimits.nameCharsMax) }),
    ...(rule.then === undefined
      ? {}
      : { then: readActions(context, [...path, 'then'], rule.then ?? [], names) }),
    ...(rule.chain === undefined ? {} : { chain: calls.chain }),
    ...(rule.repeat === undefined ? {} : { repeatMs: calls.repeatMs }),
    ...(rule.re_alarm === undefined ? {} : { reAlarmMs: calls.reAlarmMs }),
  };
}
