import { byDesign, type Alert, type FirstOut, type ShownLimit } from '../domain/alert.ts';
import { isCompound } from '../domain/clause.ts';
import { limits } from '../domain/limits.ts';
import { displayValue, type PointIndex } from '../domain/point.ts';
import type { Seq, Value } from '../domain/reading.ts';
import {
  severities,
  type Comparator,
  type CompoundClause,
  type Quantity,
  type Severity,
} from '../domain/rule.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { convert } from '../domain/units.ts';
import { isHeld, nextDelayEnd, type AlertCell } from './alert-cell.ts';
import { encodeMemory } from './cell-memory.ts';
import { breachedCount, judgeClause } from './clauses/clause.ts';
import { breachReadings, clauseSentence } from './clauses/clause-reasons.ts';
import type { Conclusion } from './conclusion.ts';
import type { EngineCore } from './engine-core.ts';
import { judgedValue } from './gauges/judge-gauge.ts';
import {
  composeMessage,
  formatDuration,
  removalMessage,
  tidy,
  type MessageFacts,
} from './message.ts';
import { followTelling } from './telling/telling.ts';
import { waitedMs } from './silence/watch.ts';

/** Freezes the alert as it is now and emits it. */
export function announce(core: EngineCore, cell: AlertCell, conclusion: Conclusion): void {
  const { kind, from, reason, at, notice } = conclusion;
  if (cell.clause !== null) {
    judgeClause(core, cell.clause, isHeld(cell));
    // The memory of this event has it.
    cell.clause.hasMoved = false;
  }
  cell.seq = core.surroundings.nextSeq();
  const composed = composeMessage(cell.rule.message, messageFacts(core, cell, conclusion));
  const message = reason === 'removed' ? removalMessage(cell.key, from, composed) : composed;
  // A notice says something about the alert; the alert is as it was.
  if (notice === undefined) {
    cell.reason = reason;
    cell.message = message;
  }
  if (kind === 'transition') cell.changedAt = toWall(core, at);
  const hushed = followTelling(core, cell, conclusion);
  cell.dirty = false;
  core.surroundings.emit({
    kind,
    at: at as EngineMs,
    from,
    to: cell.state,
    reason,
    cause: distinct(withMembers(core, cell, conclusion)),
    alert: presentAlert(core, cell, at),
    point: cell.pointIndex === 0 ? null : (cell.pointIndex as PointIndex),
    memory: encodeMemory(cell),
    drill: false,
    ...(notice === undefined
      ? {}
      : { notice: { text: notice.text(message), notifiers: notice.notifiers } }),
    ...(hushed === null ? {} : { hushed }),
  });
  tellChatter(core, cell, conclusion);
}

// The raise that shows that an alert chatters is told as that.
function tellChatter(core: EngineCore, cell: AlertCell, { at }: Conclusion): void {
  const chatter = cell.telling?.chatter ?? null;
  if (chatter === null || chatter.isTold) return;
  chatter.isTold = true;
  chatter.seq = cell.seq;
  const { chatterRaises, chatterWithinMs, chatterQuietMs } = limits;
  const often = `raised ${chatterRaises} times within ${formatDuration(chatterWithinMs)}`;
  const quiet = formatDuration(chatterQuietMs);
  announce(core, cell, {
    kind: 'notice',
    from: cell.state,
    reason: 'chattering',
    at,
    cause: [cell.seq],
    notice: {
      notifiers: null,
      text: (message) =>
        `${cell.key} is chattering: ${often}; single raises are not told until it is quiet for ${quiet}: ${message}`,
    },
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
  if (cell.clause !== null) judgeClause(core, cell.clause, isHeld(cell));
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
    firstOut: firstOutOf(cell),
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

function firstOutOf({ rule, firstOut }: AlertCell): FirstOut | null {
  return rule.group === null || firstOut === null ? null : { group: rule.group, alert: firstOut };
}

/** Engine time as wall time, by the mapping of this moment. */
export function toWall(core: EngineCore, engineMs: number): WallMs {
  return (engineMs + core.wallOffsetMs) as WallMs;
}

function severityOf(cell: AlertCell): Severity {
  return cell.levels[cell.present]?.level.severity ?? 'warning';
}

function shownValue(core: EngineCore, cell: AlertCell, at: number): Value | null {
  if (cell.kind === 'fault') return null;
  if (cell.kind === 'event') return Number.isNaN(cell.worst) ? null : cell.worst;
  if (cell.kind === 'compound') return shownCount(cell, countOf(cell));
  if (cell.kind !== 'value') return waitedMs(core, cell, at) / 1000;
  return toShown(core, cell, judgedValue(core, cell));
}

function shownWorst(core: EngineCore, cell: AlertCell): Value | null {
  if (Number.isNaN(cell.worst)) return null;
  if (cell.kind === 'compound') return shownCount(cell, cell.worst);
  return cell.kind === 'value' ? toShown(core, cell, cell.worst) : cell.worst;
}

// How many members are breached, of an expression whether it is true.
function shownCount({ clause }: AlertCell, count: number): Value | null {
  if (Number.isNaN(count)) return null;
  return clause?.root.kind === 'expression' ? count !== 0 : count;
}

function countOf({ clause }: AlertCell): number {
  return clause === null ? NaN : breachedCount(clause);
}

function toShown(core: EngineCore, cell: AlertCell, stored: number): Value | null {
  if (cell.gauge !== null && cell.gauge.kind !== 'change')
    return Number.isNaN(stored) ? null : tidy(stored);
  const slot = core.points.slot(cell.pointIndex);
  return slot === undefined ? null : displayValue(slot.point, stored);
}

function unitOf(core: EngineCore, cell: AlertCell): string | null {
  if (cell.kind === 'compound' || cell.kind === 'fault') return null;
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
  // Nothing is compared with a number of its own: it is there, or lost with its points.
  if (shownLevel === undefined || cell.kind === 'fault' || cell.kind === 'source') return null;
  const { comparator } = shownLevel.level;
  if (isCompound(comparator)) return neededOf(cell);
  if (comparator.kind === 'rate_above') return tidy(shownLevel.region.high);
  if (comparator.kind === 'rate_below') return tidy(shownLevel.region.low);
  const unit = unitOf(core, cell);
  return limitOf(comparator, ({ value, unit: written }) => {
    if (written === null || unit === null || written === unit) return value;
    const converted = convert(value, written, unit);
    return converted === null ? value : tidy(converted);
  });
}

function neededOf({ clause }: AlertCell): ShownLimit | null {
  if (clause === null) return null;
  return clause.root.kind === 'expression' ? true : clause.root.needed;
}

function limitOf(
  comparator: Exclude<Comparator, CompoundClause | { kind: 'rate_above' | 'rate_below' }>,
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
    isBad: !Number.isNaN(core.points.badSince[cell.pointIndex] ?? NaN),
    gauge: cell.gauge?.label ?? null,
    situation: situationOf(cell, conclusion),
    members: cell.clause === null ? null : clauseSentence(core, cell.clause),
    note: cell.note,
  };
}

function durationMs(cell: AlertCell, at: number): number | null {
  if (Number.isNaN(cell.begunAt)) return null;
  return (Number.isNaN(cell.endedAt) ? at : cell.endedAt) - cell.begunAt;
}

function subjectOf(cell: AlertCell): MessageFacts['subject'] {
  if (cell.kind === 'value' || cell.kind === 'compound' || cell.kind === 'silence') {
    return cell.levels[0]?.level.comparator.kind ?? 'silent_for';
  }
  return cell.kind === 'source' || cell.kind === 'fault' ? 'event' : cell.kind;
}

function situationOf(cell: AlertCell, { kind }: Conclusion): MessageFacts['situation'] {
  const isOver =
    cell.state === 'returned' ||
    (cell.state === 'normal' && cell.raises > 0 && kind === 'transition');
  if (cell.condition === 'clear') return isOver ? 'back' : 'clear';
  return cell.condition;
}

// A compound alert rests on the readings of all members that are breached. The one that decided stays the last.
function withMembers(
  core: EngineCore,
  { clause }: AlertCell,
  { cause, reason }: Conclusion,
): readonly number[] {
  if (clause === null || (reason !== 'breached' && reason !== 'on_delay_over')) return cause;
  const last = cause.at(-1) ?? NaN;
  return [
    ...cause.slice(0, -1),
    ...breachReadings(core, clause).filter((seq) => seq !== last),
    last,
  ];
}

function distinct(cause: readonly number[]): readonly Seq[] {
  return [...new Set(cause)].filter((seq) => seq > 0).map((seq) => seq as Seq);
}
