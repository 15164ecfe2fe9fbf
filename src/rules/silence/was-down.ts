import { alertKey } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import { displayValue, pointName, type Point } from '../../domain/point.ts';
import type { LocalOffsets } from '../../domain/time.ts';
import type { AlertCell, FirstValue, FirstValues } from '../alert-cell.ts';
import { addCell } from '../declare.ts';
import type { EngineCore } from '../engine-core.ts';
import { announceIfDirty, toWall } from '../events.ts';
import { markClear } from '../levels.ts';
import { formatClockTime, formatDuration, formatWallTime, withUnit } from '../message.ts';
import { ownRule } from '../own-rules.ts';
import { arm, settle, type Moment } from '../settle.ts';

/**
 * Raises `limen.was_down` and ends it in the same moment: Limen runs again. It stays returned until somebody has
 * seen it.
 */
export function tellWasDown(
  core: EngineCore,
  stop: { readonly downMs: number; readonly local: LocalOffsets | null },
  moment: Moment,
): void {
  const cell = core.cells.get(wasDownKey) ?? addWasDown(core, moment);
  const { downMs, local } = stop;
  cell.since = moment.at - downMs;
  cell.sinceSeq = moment.seq;
  const to = toWall(core, moment.at);
  const from = to - downMs;
  const span =
    local === null
      ? `from ${formatWallTime(from)} to ${formatWallTime(to)}`
      : `from ${formatClockTime(from, local.stopped)} to ${formatClockTime(to, local.started)}`;
  const firsts = lastValues(core, `Limen was down ${span} (${formatDuration(downMs)})`, moment.at);
  cell.note = noteOf(firsts, 'last values before', ({ name, last }) => `${name} ${last}`);
  if (firsts.points.length > 0) {
    cell.firsts = firsts;
    core.awaitsFirsts = cell;
  }
  for (const one of cell.levels) one.breached = true;
  settle(core, cell, 'breached', moment);
  markClear(cell);
  settle(core, cell, 'clear', moment);
  arm(core, cell);
}

/** A point was heard: if it is for the first time since the stop, its value belongs to what is told of it. */
export function noteFirstValue(
  core: EngineCore,
  cell: AlertCell,
  point: Point,
  { at, seq }: Moment,
): void {
  const points = cell.firsts?.points ?? [];
  const one = points.find(({ index }) => index === point.index);
  if (one === undefined || one.first !== null) return;
  one.first = valueText(core, point);
  if (points.every(({ first }) => first !== null)) tellFirsts(core, cell, at, seq);
}

/** All that were waited for have been heard, or had their expected interval for it. */
export function tellFirsts(core: EngineCore, cell: AlertCell, at: number, cause: number): void {
  const { firsts } = cell;
  if (firsts === null) return;
  cell.firsts = null;
  core.awaitsFirsts = null;
  cell.note = noteOf(
    firsts,
    'last and first values',
    ({ name, last, first }) => `${name} ${last} → ${first ?? 'not heard yet'}`,
  );
  cell.dirty = true;
  announceIfDirty(core, cell, at, cause);
  arm(core, cell);
}

/** Stopped again before they were told: what came in between is not in the memory of the alert. */
export function giveUpFirsts(core: EngineCore): void {
  if (core.awaitsFirsts !== null) core.awaitsFirsts.firsts = null;
  core.awaitsFirsts = null;
}

/** Goes on with a stored `limen.was_down`: it belongs to no rule and no point that would bring it back. */
export function recallWasDown(core: EngineCore, moment: Moment): void {
  if (core.dormant.has(wasDownKey)) addWasDown(core, moment);
}

// The points in the order of the registry, which is that of the rows in the files.
function lastValues(core: EngineCore, head: string, at: number): FirstValues {
  const points: FirstValue[] = [];
  let others = 0;
  let waitMs = 0;
  for (const { point, expectEveryMs } of core.points.slots()) {
    if (Number.isNaN(core.points.value[point.index]!)) continue;
    if (points.length === limits.wasDownPointsMax) {
      others += 1;
      continue;
    }
    const { index } = point;
    points.push({ index, name: pointName(point), last: valueText(core, point), first: null });
    waitMs = Math.max(waitMs, expectEveryMs ?? limits.expectEveryDefaultMs);
  }
  return { head, points, others, dueMs: at + waitMs };
}

function noteOf(
  { head, points, others }: FirstValues,
  title: string,
  textOf: (one: FirstValue) => string,
): string {
  if (points.length === 0) return `${head}; no point had a value before`;
  const more = others === 0 ? '' : ` and ${others} more`;
  return `${head}; ${title}: ${points.map(textOf).join(', ')}${more}`;
}

function valueText(core: EngineCore, point: Point): string {
  return withUnit(displayValue(point, core.points.value[point.index]!), point.unit);
}

function addWasDown(core: EngineCore, moment: Moment): AlertCell {
  const rule = ownRule(core, 'limen.was_down', limits.wasDownAfterMs);
  const cell = addCell(core, { kind: 'event', rule, point: limen }, moment);
  if (cell.firsts !== null) core.awaitsFirsts = cell;
  return cell;
}

const limen = { device: 'limen', metric: '-' };
const wasDownKey = alertKey({ rule: 'limen.was_down', ...limen });
