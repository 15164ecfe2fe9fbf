import { formatDuration } from '../../domain/duration.ts';
import type { ChainStep, Rule } from '../../domain/rule.ts';
import type { DurationMs } from '../../domain/time.ts';
import { checkReference, readDuration, readText, type Context } from '../context.ts';
import type { ActionNames } from '../rules/actions.ts';
import type { Path } from '../text/problem.ts';
import type { RuleInput } from '../text/shape.ts';

/** Nobody can be called more often. */
const callMsMin = 1_000;

/** Who is told again, and when. */
export function readCalls(
  context: Context,
  path: Path,
  rule: RuleInput,
  { notifiers }: ActionNames,
): Pick<Rule, 'chain' | 'repeatMs' | 'reAlarmMs'> {
  const bounds = { min: callMsMin };
  return {
    chain: readChain(context, [...path, 'chain'], rule.chain ?? [], notifiers),
    repeatMs: readRepeat(context, [...path, 'repeat'], rule.repeat),
    reAlarmMs: readDuration(context, [...path, 're_alarm'], rule.re_alarm, bounds) ?? null,
  };
}

// In order of time, however it is written.
function readChain(
  context: Context,
  path: Path,
  steps: NonNullable<RuleInput['chain']>,
  notifiers: readonly string[],
): readonly ChainStep[] {
  const chain = steps.flatMap((step, index) => {
    if (step?.notify === undefined) return [];
    const at = [...path, index];
    const notifier = readText(context, [...at, 'notify'], step.notify);
    const reference = { kind: 'notifier', name: notifier, known: notifiers };
    checkReference(context, [...at, 'notify'], reference);
    const afterMs = readDuration(context, [...at, 'after'], step.after, { min: callMsMin });
    return afterMs === undefined ? [] : [{ afterMs, notifier }];
  });
  return chain.toSorted((a, b) => a.afterMs - b.afterMs);
}

function readRepeat(
  context: Context,
  path: Path,
  values: RuleInput['repeat'],
): readonly DurationMs[] {
  if (values?.length === 0) {
    context.report.problem(path, {
      message: 'found an empty list',
      allowed: 'at least one duration',
    });
  }
  const times: DurationMs[] = [];
  for (const [index, value] of (values ?? []).entries()) {
    const at = [...path, index];
    const timeMs = readDuration(context, at, value, { min: callMsMin });
    if (timeMs === undefined) continue;
    const before = times.at(-1);
    if (before !== undefined && timeMs <= before) {
      context.report.problem(at, {
        message: `${formatDuration(timeMs)} does not come after ${formatDuration(before)}`,
        allowed: 'times since the raise, each later than the one before',
      });
    }
    times.push(timeMs);
  }
  return times;
}
