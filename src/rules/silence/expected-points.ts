import { alertKey } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import type { AlertCell } from '../alert-cell.ts';
import { addCell, changeSpan, removeCell } from '../declare.ts';
import { orderedCells, type EngineCore } from '../engine-core.ts';
import { markClear } from '../levels.ts';
import { ownRule } from '../own-rules.ts';
import type { PointSlot } from '../point-table.ts';
import type { RuleBook } from '../rule-book.ts';
import { arm, settle, type Moment } from '../settle.ts';
import { breachDue, noteWait } from './watch.ts';

/** Watches for the points the config expects from the start, known or not, and ends the watch for all others. */
export function expectPoints(core: EngineCore, book: RuleBook, moment: Moment): void {
  const expected = new Set<string>();
  for (const name of book.expectedPoints) {
    const key = alertKey({ rule: 'limen.never_heard', ...name });
    expected.add(key);
    const everyMs = book.expectEveryMs(name) ?? limits.expectEveryDefaultMs;
    const rule = ownRule(core, 'limen.never_heard', everyMs);
    const cell = core.cells.get(key);
    if (cell === undefined) addCell(core, { kind: 'never_heard', rule, point: name }, moment);
    else {
      changeSpan(core, cell, rule);
      endIfEarly(core, cell, moment);
    }
  }
  core.counted = [];
  for (const count of book.expectedCounts) {
    const key = alertKey({ rule: 'limen.never_heard', device: count.device, metric: count.metric });
    if (expected.has(key)) continue;
    expected.add(key);
    const rule = ownRule(core, 'limen.never_heard', count.expectEveryMs);
    const cell =
      core.cells.get(key) ?? addCell(core, { kind: 'too_few', rule, point: count }, moment);
    changeSpan(core, cell, rule);
    endIfEarly(core, cell, moment);
    core.counted.push({ cell, expected: count, heard: countHeard(core, count.matches) });
  }
  for (const counted of core.counted) noteCount(core, counted, moment);
  for (const cell of orderedCells(core)) {
    if (cell.rule.name !== 'limen.never_heard' || expected.has(cell.key)) continue;
    removeCell(core, cell, moment);
  }
}

/** A point was heard for the first time. */
export function noteFirstHeard(
  core: EngineCore,
  { point, neverHeard }: PointSlot,
  moment: Moment,
): void {
  if (neverHeard !== null) endWait(core, neverHeard, moment);
  for (const counted of core.counted) {
    if (!counted.expected.matches(point.device, point.metric)) continue;
    counted.heard += 1;
    if (!counted.cell.enough) noteWait(core, counted.cell, moment.at);
    noteCount(core, counted, moment);
  }
}

/** The config gives what a timed alert waits for more time than has passed: it was too early. True if it was. */
export function endIfEarly(core: EngineCore, cell: AlertCell, moment: Moment): boolean {
  if (core.isAsleep || cell.condition !== 'breached') return false;
  if (cell.levels.some((one) => breachDue(core, cell, one) <= moment.at)) return false;
  endWait(core, cell, moment);
  return true;
}

/** What a timed alert waited for has happened. */
export function endWait(core: EngineCore, cell: AlertCell, moment: Moment): void {
  if (cell.condition === 'clear') return;
  markClear(cell);
  settle(core, cell, 'clear', moment);
  arm(core, cell);
}

function noteCount(core: EngineCore, counted: EngineCore['counted'][number], moment: Moment): void {
  const { cell, expected, heard } = counted;
  cell.enough = heard >= expected.atLeast;
  if (cell.enough) endWait(core, cell, moment);
}

function countHeard(
  core: EngineCore,
  matches: (device: string, metric: string) => boolean,
): number {
  let heard = 0;
  for (const { point } of core.points.slots()) {
    const isHeard = !Number.isNaN(core.points.heardAt[point.index]!);
    if (isHeard && matches(point.device, point.metric)) heard += 1;
  }
  return heard;
}
