import type { Ask } from '../domain/act.ts';
import type { Deed } from '../domain/rehearsal.ts';
import { readDuration, readText } from './context.ts';
import type { Path } from './problem.ts';
import { readSwitch } from './schema-parts.ts';
import { readAlertRef, type TestContext } from './test-names.ts';
import type { StepInput } from './test-schema.ts';

/** Keys of what a person may do in a step; their value is the alert. */
export const actKeys = [
  'acknowledge',
  'reset',
  'shelve',
  'unshelve',
  'out_of_service',
  'in_service',
] as const;
type ActKey = (typeof actKeys)[number];

/** What a person does in a step; null: nothing of that kind, or it is not written soundly. */
export function readAct(
  context: TestContext,
  path: Path,
  step: StepInput,
  key: ActKey,
): Deed | null {
  const named = step[key];
  if (named === undefined) return null;
  const at = [...path, key];
  const alert = readAlertRef(context, at, readText(context, at, named));
  const ask = key === 'shelve' ? readShelving(context, path, step) : plainAsks[key];
  if (alert === null || ask === null) return null;
  const { by, comment } = step;
  return {
    kind: 'act',
    ask,
    alert,
    by: by === undefined ? 'somebody' : readText(context, [...path, 'by'], by),
    comment: comment === undefined ? null : readText(context, [...path, 'comment'], comment),
    refused: readSwitch(step.refused) ?? false,
  };
}

const plainAsks: Readonly<Record<Exclude<ActKey, 'shelve'>, Ask>> = {
  acknowledge: { act: 'acknowledge' },
  reset: { act: 'reset' },
  unshelve: { act: 'unshelve' },
  out_of_service: { act: 'service', in: false },
  in_service: { act: 'service', in: true },
};

// A shelf always has an end.
function readShelving(context: TestContext, path: Path, step: StepInput): Ask | null {
  const isOneShot = readSwitch(step.one_shot) ?? false;
  const forMs = readDuration(context, [...path, 'for'], step.for, { min: 1 });
  if (isOneShot && step.for === undefined) return { act: 'shelve', forMs: null };
  if (!isOneShot && forMs !== undefined) return { act: 'shelve', forMs };
  if (!context.report.isTouched([...path, 'for'])) {
    const message = isOneShot ? 'shelve: with for: and one_shot:' : 'a shelf without an end';
    context.report.problem([...path, 'shelve'], { message, allowed: 'for, or one_shot: true' });
  }
  return null;
}

/** What has no meaning without an act beside it. */
export function checkActCompany(context: TestContext, path: Path, step: StepInput): void {
  const check = (keys: readonly (keyof StepInput)[], acts: readonly ActKey[]): void => {
    if (acts.some((act) => step[act] !== undefined)) return;
    for (const key of keys) {
      if (step[key] === undefined) continue;
      const what = acts.length === 1 ? `${acts.join()}:` : 'an act';
      const message = `${key}: has no meaning without ${what}`;
      context.report.problem([...path, key], { message, allowed: acts.join(', '), atKey: true });
    }
  };
  check(['by', 'comment', 'refused'], actKeys);
  check(['for', 'one_shot'], ['shelve']);
}
