import type { Ask } from '../../domain/act.ts';
import type { Deed } from '../../domain/rehearsal.ts';
import { readSetting } from '../../domain/output.ts';
import { readDuration, readLevel, readText } from '../context.ts';
import type { Path } from '../text/problem.ts';
import { readSwitch } from '../text/schema-parts.ts';
import { checkName, readAlertRef, type TestContext } from './test-names.ts';
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
  const name = readText(context, at, named);
  const { by, comment } = step;
  const said = {
    by: by === undefined ? 'somebody' : readText(context, [...path, 'by'], by),
    comment: comment === undefined ? null : readText(context, [...path, 'comment'], comment),
    refused: readSwitch(step.refused) ?? false,
  };
  const outputs = context.config?.outputs.map(({ name }) => name) ?? [];
  if (key === 'reset' && outputs.includes(name))
    return { kind: 'command', ask: { act: 'reset' }, output: name, ...said };
  const alert = readAlertRef(context, at, name);
  const ask = key === 'shelve' ? readShelving(context, path, step) : plainAsks[key];
  if (alert === null || ask === null) return null;
  return { kind: 'act', ask, alert, ...said };
}

/** What a person sets outputs to in a step. */
export function readSettings(context: TestContext, path: Path, step: StepInput): readonly Deed[] {
  return Object.entries(step.set ?? {}).flatMap(([output, level]): Deed[] => {
    const at = [...path, 'set', output];
    if (level === undefined || !checkName(context, at, 'output', output)) return [];
    const { by, comment, for: time } = step;
    const holdFor = time === undefined ? null : readText(context, [...path, 'for'], time);
    const ask = readSetting({
      value: level === 'auto' ? level : (readLevel(level) ?? null),
      holdFor,
    });
    if (typeof ask === 'string') {
      context.report.problem(at, { message: ask, allowed: 'on, off, auto' });
      return [];
    }
    return [
      {
        kind: 'command',
        ask,
        output,
        by: by === undefined ? 'somebody' : readText(context, [...path, 'by'], by),
        comment: comment === undefined ? null : readText(context, [...path, 'comment'], comment),
        refused: readSwitch(step.refused) ?? false,
      },
    ];
  });
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
  const check = (keys: readonly (keyof StepInput)[], acts: readonly (ActKey | 'set')[]): void => {
    if (acts.some((act) => step[act] !== undefined)) return;
    for (const key of keys) {
      if (step[key] === undefined) continue;
      const what = acts.length > 2 ? 'an act' : acts.map((act) => `${act}:`).join(' or ');
      const message = `${key}: has no meaning without ${what}`;
      context.report.problem([...path, key], { message, allowed: acts.join(', '), atKey: true });
    }
  };
  check(['by', 'comment', 'refused'], [...actKeys, 'set']);
  check(['for'], ['shelve', 'set']);
  check(['one_shot'], ['shelve']);
}
