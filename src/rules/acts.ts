import type { Act } from '../domain/act.ts';
import { alertKey } from '../domain/alert.ts';
import type { ActVerdict } from '../domain/engine.ts';
import type { AlertCell, LevelCell } from './alert-cell.ts';
import { disturbPoints } from './clauses/compound.ts';
import type { EngineCore } from './engine-core.ts';
import { announce, presentAlert, toWall } from './events.ts';
import { performFlag, whyNotFlag, type FlagAct } from './telling/flags.ts';
import { arm, begin, end, settle, stepOf, type Moment } from './settle.ts';
import type { LifeCycleStep } from './life-cycle.ts';

type StepAct = Exclude<Act, FlagAct>;

/** Does what a person asks, or says why not (AcknowledgeableConditionType of OPC UA Part 9). */
export function perform(core: EngineCore, act: Act, moment: Moment): ActVerdict {
  const key = alertKey(act.alert);
  const cell = core.cells.get(key);
  if (cell === undefined) return { result: 'refused', reason: `there is no alert "${key}"` };
  const reason = act.id === null ? null : whyNotPresent(cell, act.id);
  if (reason !== null) return { result: 'refused', reason };
  switch (act.act) {
    case 'acknowledge':
    case 'reset':
      return takeStep(core, cell, act, moment);
    case 'shelve':
    case 'unshelve':
    case 'service':
      return takeFlag(core, cell, act, moment);
  }
}

// An act is for one occurrence: who looks at an old page must not acknowledge what he has not seen.
function whyNotPresent({ key, n, state }: AlertCell, id: string): string | null {
  const present = `${key}/${n}`;
  if (id === present) return null;
  const nth = id.startsWith(`${key}/`) ? id.slice(key.length + 1) : '';
  const isEarlier = /^[1-9]\d*$/.test(nth) && Number(nth) < n;
  const what = isEarlier ? 'is an earlier occurrence' : `is no occurrence of "${key}"`;
  if (n === 0) return `"${id}" ${what}, which has had none`;
  return `"${id}" ${what}; the ${state === 'normal' ? 'last one was' : 'present one is'} "${present}"`;
}

function takeStep(core: EngineCore, cell: AlertCell, act: StepAct, moment: Moment): ActVerdict {
  const step = stepOf(core, cell, act.act);
  switch (step.kind) {
    case 'refused':
      return { result: 'refused', reason: step.reason };
    case 'stay':
      return { result: 'refused', reason: `the alert is ${cell.state}` };
    case 'move': {
      cell.steady = false;
      const alert = apply(core, cell, act, step, moment);
      arm(core, cell);
      disturbPoints(core, cell);
      return { result: 'done', alert };
    }
  }
}

/** A button was pressed: it acknowledges as a person with its name would. */
export function acknowledgeBy(core: EngineCore, cell: AlertCell, by: string, moment: Moment): void {
  const alert = { rule: cell.rule.name, device: cell.device, metric: cell.metric };
  takeStep(core, cell, { act: 'acknowledge', alert, id: null, by, comment: null }, moment);
}

function takeFlag(core: EngineCore, cell: AlertCell, act: FlagAct, moment: Moment): ActVerdict {
  const reason = whyNotFlag(cell, act);
  if (reason !== null) return { result: 'refused', reason };
  cell.comment = act.comment ?? cell.comment;
  performFlag(core, cell, act, moment);
  arm(core, cell);
  return { result: 'done', alert: presentAlert(core, cell, moment.at) };
}

function apply(
  core: EngineCore,
  cell: AlertCell,
  act: StepAct,
  step: Extract<LifeCycleStep, { kind: 'move' }>,
  moment: Moment,
): ReturnType<typeof presentAlert> {
  const { at, seq } = moment;
  const from = cell.state;
  // Who saw it first stays on record: a further comment is told by its act and the answer to it.
  if (act.act === 'acknowledge' && from !== 'acknowledged') {
    cell.acknowledgedBy = act.by;
    cell.acknowledgedAt = toWall(core, at);
  }
  cell.comment = act.comment ?? cell.comment;
  if (step.to === 'normal' || step.to === 'returned') {
    const running = cell.levels.map((one) => ({ ...one }));
    end(core, cell, step, at, [seq]);
    const alert = presentAlert(core, cell, at);
    if (from === 'returned') goOnPending(core, cell, running, moment);
    return alert;
  }
  cell.state = step.to;
  announce(core, cell, { kind: 'transition', from, reason: step.reason, at, cause: [seq] });
  return presentAlert(core, cell, at);
}

/**
 * The limit had been passed again when somebody acknowledged the return: the occurrence ends, and its running on-delay
 * is the beginning of the next one. It counts from the moment the limit was passed. Where what nobody knows counts as
 * passed it does so from now on: a silent sensor sends nothing that would begin it later.
 */
function goOnPending(
  core: EngineCore,
  cell: AlertCell,
  running: readonly LevelCell[],
  moment: Moment,
): void {
  const first = running.find((one) => !Number.isNaN(one.onDue));
  if (first === undefined) {
    if (cell.condition === 'unknown') settle(core, cell, 'unknown', moment);
    return;
  }
  cell.levels.forEach((one, index) => {
    one.onDue = running[index]?.onDue ?? NaN;
    one.onSeq = running[index]?.onSeq ?? NaN;
    one.creditable = running[index]?.creditable ?? false;
  });
  const step = stepOf(core, cell, 'breached');
  const atMs = toWall(core, first.onDue - first.level.onDelayMs);
  if (step.kind === 'move') begin(core, cell, step, { at: moment.at, seq: first.onSeq, atMs });
}
