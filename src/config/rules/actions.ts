import type { Action } from '../../domain/rule.ts';
import { checkReference, readLevel, readText, type Context } from '../context.ts';
import type { Path } from '../text/problem.ts';
import type { RuleInput } from '../text/shape.ts';

/** What actions may refer to: every name in the file, sound or not. */
export interface ActionNames {
  readonly outputs: readonly string[];
  readonly notifiers: readonly string[];
}

type ActionInput = NonNullable<NonNullable<RuleInput['then']>[number]>;

/** What a rule does. */
export function readActions(
  context: Context,
  path: Path,
  inputs: NonNullable<RuleInput['then']>,
  names: ActionNames,
): readonly Action[] {
  return inputs.flatMap((input, index) => {
    const action = input === undefined ? null : readAction(context, [...path, index], input, names);
    return action === null ? [] : [action];
  });
}

function readAction(
  context: Context,
  path: Path,
  input: ActionInput,
  names: ActionNames,
): Action | null {
  const { output, notify } = input;
  if ((output === undefined) === (notify === undefined)) {
    if (context.report.isTouched(path)) return null;
    const message =
      output === undefined ? 'an action that does nothing' : 'two actions in one item';
    context.report.problem(path, { message, allowed: 'one of output, notify' });
    return null;
  }
  const [own, foreign] =
    output === undefined ? ['notify', ['set', 'while'] as const] : ['output', ['on'] as const];
  for (const key of foreign) {
    if (input[key] === undefined) continue;
    const message = `${key}: has no meaning beside ${own}:`;
    context.report.problem([...path, key], {
      message,
      allowed: own === 'notify' ? 'on' : 'set, while',
      atKey: true,
    });
  }
  if (output !== undefined) return readClaim(context, path, input, names.outputs);
  const notifyPath = [...path, 'notify'];
  const notifier = readText(context, notifyPath, notify ?? '');
  checkReference(context, notifyPath, { kind: 'notifier', name: notifier, known: names.notifiers });
  const edges = (input.on ?? ['active']).filter((edge) => edge !== undefined);
  if (edges.length === 0 && !context.report.isTouched([...path, 'on'])) {
    context.report.problem([...path, 'on'], {
      message: 'found an empty list',
      allowed: 'at least one of active, escalated, acknowledged, returned, normal',
    });
  }
  return { kind: 'notify', notifier, on: [...new Set(edges)] };
}

function readClaim(
  context: Context,
  path: Path,
  input: ActionInput,
  outputs: readonly string[],
): Action {
  const outputPath = [...path, 'output'];
  const output = readText(context, outputPath, input.output ?? '');
  checkReference(context, outputPath, { kind: 'output', name: output, known: outputs });
  return {
    kind: 'claim',
    output,
    level: readLevel(input.set) ?? 'on',
    span: input.while ?? 'raised',
  };
}
