import { alertKey } from '../../domain/alert.ts';
import type { EngineInput } from '../../domain/engine.ts';
import { faultRules, type OwnRule } from '../../domain/rule.ts';
import type { AlertCell } from '../alert-cell.ts';
import { addCell } from '../declare.ts';
import type { EngineCore } from '../engine-core.ts';
import { ownRule } from '../own-rules.ts';
import { arm, settle, type Moment } from '../settle.ts';

/** Raises or ends the alert of a fault of Limen itself; nothing if it is known already. */
export function setFault(
  core: EngineCore,
  { rule, device, isThere, note }: Omit<Extract<EngineInput, { kind: 'fault' }>, 'kind'>,
  moment: Moment,
): void {
  const known = core.cells.get(alertKey({ rule, device, metric: '-' }));
  if (known === undefined && !isThere) return;
  const cell = known ?? addFault(core, rule, device, moment);
  if ((cell.condition === 'breached') === isThere) return;
  judgeFault(core, cell, { isThere, note }, moment);
}

/** What the alert waits for has come about or is over. */
export function judgeFault(
  core: EngineCore,
  cell: AlertCell,
  { isThere, note }: { readonly isThere: boolean; readonly note: string },
  moment: Moment,
): void {
  cell.note = note;
  cell.sinceSeq = moment.seq;
  for (const one of cell.levels) one.breached = isThere;
  settle(core, cell, isThere ? 'breached' : 'clear', moment);
  arm(core, cell);
}

/** Makes the alert of a fault; goes on with a stored one. */
export function addFault(
  core: EngineCore,
  name: OwnRule,
  device: string,
  moment: Moment,
): AlertCell {
  // There is no span: what it is about is there or not.
  const rule = ownRule(core, name, 0);
  return addCell(core, { kind: 'fault', rule, point: { device, metric: '-' } }, moment);
}

/** Goes on with stored faults: they belong to no rule and no point that would bring them back. */
export function recallFaults(core: EngineCore, moment: Moment): void {
  for (const { alert } of Array.from(core.dormant.values())) {
    const name = faultRules.find((each) => each === alert.rule);
    if (name === undefined || alert.reason === 'removed') continue;
    addFault(core, name, alert.device, moment);
  }
}
