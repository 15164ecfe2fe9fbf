import { alertKey } from '../domain/alert.ts';
import { limits } from '../domain/limits.ts';
import type { WallMs } from '../domain/time.ts';
import type { AlertCell } from './alert-cell.ts';
import { addCell } from './declare.ts';
import type { EngineCore } from './engine-core.ts';
import { toWall } from './events.ts';
import { markClear } from './levels.ts';
import { formatDuration, formatWallTime } from './message.ts';
import { ownRule } from './own-rules.ts';
import { settle, type Moment } from './settle.ts';

/**
 * Raises `limen.was_down` and ends it in the same moment: Limen runs again. It stays returned until somebody has
 * seen it.
 */
export function tellWasDown(
  core: EngineCore,
  downMs: number,
  stoppedAt: WallMs | null,
  moment: Moment,
): void {
  const cell = core.cells.get(wasDownKey) ?? addWasDown(core, moment);
  const to = toWall(core, moment.at);
  cell.since = moment.at - downMs;
  cell.sinceSeq = moment.seq;
  cell.note = wasDownNote(core, stoppedAt ?? to - downMs, to, downMs);
  for (const one of cell.levels) one.breached = true;
  settle(core, cell, 'breached', moment);
  markClear(cell);
  settle(core, cell, 'clear', moment);
}

/** Goes on with a stored `limen.was_down`: it belongs to no rule and no point that would bring it back. */
export function recallWasDown(core: EngineCore, moment: Moment): void {
  if (core.dormant.has(wasDownKey)) addWasDown(core, moment);
}

function wasDownNote(core: EngineCore, from: number, to: number, downMs: number): string {
  let known = 0;
  let heard = 0;
  for (const { point } of core.points.slots()) {
    known += 1;
    if (!Number.isNaN(core.points.value[point.index]!)) heard += 1;
  }
  const span = `from ${formatWallTime(from)} to ${formatWallTime(to)} (${formatDuration(downMs)})`;
  return `Limen was down ${span}; ${heard} of ${known} points had a value before`;
}

function addWasDown(core: EngineCore, moment: Moment): AlertCell {
  const rule = ownRule('limen.was_down', limits.wasDownAfterMs);
  return addCell(core, { kind: 'event', rule, point: limen }, moment);
}

const limen = { device: 'limen', metric: '-' };
const wasDownKey = alertKey({ rule: 'limen.was_down', ...limen });
