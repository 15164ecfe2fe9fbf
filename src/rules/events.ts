import {
  byDesign,
  type Alert,
  type AlertEventKind,
  type AlertState,
  type Reason,
  type ShownLimit,
} from '../domain/alert.ts';
import { displayValue, type PointIndex } from '../domain/point.ts';
import type { Seq, Value } from '../domain/reading.ts';
import { severities, type Comparator, type Quantity, type Severity } from '../domain/rule.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { convert } from '../domain/units.ts';
import { nextDelayEnd, type AlertCell } from './alert-cell.ts';
import { encodeMemory } from './cell-memory.ts';
import type { EngineCore } from './engine-core.ts';
import { judgedValue } from './judge-gauge.ts';
import { composeMessage, tidy, type MessageFacts } from './message.ts';
import { waitedMs } from './watch.ts';

/** One conclusion about an alert, to be told. */
export interface Conclusion {
  readonly kind: AlertEventKind;
  readonly from: AlertState;
  readonly reason: Reason;
  readonly at: number;
  readonly cause: readonly number[];
}

/** Freezes the alert as it is now and emits it. */
export function announce(core: EngineCore, cell: AlertCell, conclusion: Conclusion): void {
  const { kind, from, reason, at, cause } = conclusion;
  cell.seq = core.surroundings.nextSeq();
  cell.reason = reason;
  if (kind === 'transition') cell.changedAt = toWall(core, at);
  cell.message = composeMessage(cell.rule.message, messageFacts(core, cell, conclusion));
  cell.dirty = false;
  core.surroundings.emit({
    kind,
    at: at as EngineMs,
    from,
    to: cell.state,
    reason,
    cause: distinct(cause),
    alert: presentAlert(core, cell, at),
    point: cell.pointIndex === 0 ? null : (cell.pointIndex as PointIndex),
    memory: encodeMemory(cell),
    drill: false,
  });
}

/** Emits a `condition` event if something that must survive a kill has changed since the last event. */
export function announceIfDirty(
  core: EngineCore,
  cell: AlertCell,
  at: number,
  cause: number,
): void {
  if (!cell.dirty) return;
  announce(core, cell, {
    kind: 'condition',
    from: cell.state,
    reason: 'condition',
    at,
    cause: [cause],
  });
}

/** The alert as the outside sees it: value and worst of this moment, message and reason of the last event. */
export function presentAlert(core: EngineCore, cell: AlertCell, at: number): Alert {
  const severity = severityOf(cell);
  const due = nextDelayEnd(cell);
  return {
    rule: cell.rule.name,
    device: cell.device,
    metric: cell.metric,
    id: `${cell.key}/${cell.n}`,
    state: cell.state,
    condition: cell.condition,
    quality: cell.quality,
    severity,
    severityMax: severities[cell.rankMax] ?? severity,
    value: shownValue(core, cell, at),
    unit: unitOf(core, cell),
    limit: shownLimit(core, cell),
    worst: shownWorst(core, cell),
    message: cell.message,
    breachedAt: cell.breachedAt,
    raisedAt: cell.raisedAt,
    returnedAt: cell.returnedAt,
    changedAt: cell.changedAt ?? toWall(core, cell.since),
    dueAt: Number.isNaN(due) ? null : toWall(core, due),
    raises: cell.raises,
    acknowledgedBy: cell.acknowledgedBy,
    acknowledgedAt: cell.acknowledgedAt,
    comment: cell.comment,
    latched: cell.latched,
    shelvedUntil: cell.shelf === null ? null : toWall(core, cell.shelf.dueMs),
    suppressedBy: suppressedBy(cell),
    outOfService: cell.outOfService !== null,
    reason: cell.reason,
    seq: cell.seq as Seq,
  };
}

/** What suppresses an alert, as it is shown; of several things the one that says most. */
export function suppressedBy({ suppressions }: AlertCell): string | null {
  const [first] = suppressions;
  if (first === undefined) return null;
  // That something else has failed is news; that it is not the hour for this one is not.
  const words: readonly string[] = byDesign;
  const shown = suppressions.find(({ by }) => !words.includes(by)) ?? first;
  return shown.by;
}

/** Engine time as wall time, by the mapping of this moment. */
export function toWall(core: EngineCore, engineMs: number): WallMs {
  return (engineMs + core.wallOffsetMs) as WallMs;
}

function severityOf(cell: AlertCell): Severity {
  return cell.levels[cell.present]?.level.severity ?? 'warning';
}

function shownValue(core: EngineCore, cell: AlertCell, at: number): Value | null {
  if (cell.kind === 'event') return Number.isNaN(cell.worst) ? null : cell.worst;
  if (cell.kind !== 'value') return waitedMs(core, cell, at) / 1000;
  return toShown(core, cell, judgedValue(core, cell));
}

function shownWorst(core: EngineCore, cell: AlertCell): Value | null {
  if (Number.isNaN(cell.worst)) return null;
  return cell.kind === 'value' ? toShown(core, cell, cell.worst) : cell.worst;
}

function toShown(core: EngineCore, cell: AlertCell, stored: number): Value | null {
  if (cell.gauge !== null && cell.gauge.kind !== 'change')
    return Number.isNaN(stored) ? null : tidy(stored);
  const slot = core.points.slot(cell.pointIndex);
  return slot === undefined ? null : displayValue(slot.point, stored);
}

function unitOf(core: EngineCore, cell: AlertCell): string | null {
  if (cell.kind !== 'value') return 's';
  if (cell.gauge !== null) return cell.gauge.unit;
  return core.points.slot(cell.pointIndex)?.point.unit ?? null;
}

/** A level's limit in the unit of the alert, which is the point's; as written if that is not possible. */
export function shownLimit(
  core: EngineCore,
  cell: AlertCell,
  index: number = cell.present,
): ShownLimit | null {
  const shownLevel = cell.levels[index];
  if (shownLevel === undefined) return null;
  const { comparator } = shownLevel.level;
  if (comparator.kind === 'rate_above') return tidy(shownLevel.region.high);
  if (comparator.kind === 'rate_below') return tidy(shownLevel.region.low);
  const unit = unitOf(core, cell);
  return limitOf(comparator, ({ value, unit: written }) => {
    if (written === null || unit === null || written === unit) return value;
    const converted = convert(value, written, unit);
    return converted === null ? value : tidy(converted);
  });
}

function limitOf(
  comparator: Exclude<Comparator, { kind: 'rate_above' | 'rate_below' }>,
  shown: (quantity: Quantity) => number,
): ShownLimit {
  switch (comparator.kind) {
    case 'above':
    case 'below':
      return shown(comparator.limit);
    case 'outside':
    case 'inside':
      return [shown(comparator.low), shown(comparator.high)];
    case 'equals':
    case 'changes_to':
      return comparator.value;
    case 'silent_for':
    case 'stuck_for':
      return comparator.forMs / 1000;
  }
}

function messageFacts(core: EngineCore, cell: AlertCell, conclusion: Conclusion): MessageFacts {
  const { at } = conclusion;
  return {
    device: cell.device,
    metric: cell.metric,
    value: shownValue(core, cell, at),
    unit: unitOf(core, cell),
    limit: shownLimit(core, cell),
    severity: severityOf(cell),
    rule: cell.rule.name,
    since: cell.breachedAt,
    durationMs: durationMs(cell, at),
    worst: shownWorst(core, cell),
    subject: subjectOf(cell),
    gauge: cell.gauge?.label ?? null,
    situation: situationOf(cell, conclusion),
    note: cell.note,
  };
}

function durationMs(cell: AlertCell, at: number): number | null {
  if (Number.isNaN(cell.begunAt)) return null;
  return (Number.isNaN(cell.endedAt) ? at : cell.endedAt) - cell.begunAt;
}

function subjectOf(cell: AlertCell): MessageFacts['subject'] {
  if (cell.kind === 'value' || cell.kind === 'silence') {
    return cell.levels[0]?.level.comparator.kind ?? 'silent_for';
  }
  return cell.kind;
}

function situationOf(cell: AlertCell, { kind }: Conclusion): MessageFacts['situation'] {
  const isOver =
    cell.state === 'returned' ||
    (cell.state === 'normal' && cell.raises > 0 && kind === 'transition');
  if (cell.condition === 'clear') return isOver ? 'back' : 'clear';
  return cell.condition;
}

function distinct(cause: readonly number[]): readonly Seq[] {
  return [...new Set(cause)].filter((seq) => seq > 0).map((seq) => seq as Seq);
}
