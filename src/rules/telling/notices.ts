import type { AlertCell } from '../alert-cell.ts';
import type { EngineCore } from '../engine-core.ts';
import { announce, announceIfDirty } from '../events.ts';
import { formatDuration } from '../message.ts';
import {
  calledBy,
  chainDue,
  isKeptFromPeople,
  nextAfter,
  reAlarmDue,
  repeatDue,
  startCalls,
} from './telling.ts';
import { reAlarm } from '../settle.ts';

/** The time of something that people are told again has come. */
export function finishTelling(core: EngineCore, cell: AlertCell, at: number): void {
  const seen = cell.telling?.seen ?? null;
  if (seen !== null && reAlarmDue(cell) <= at) reAlarm(core, cell, { at, cause: [seen.seq] });
  finishChatter(core, cell, at);
  finishCalls(core, cell, at);
}

// Who is told again is no further step of the chain at the same time, and of several steps that are due one.
function finishCalls(core: EngineCore, cell: AlertCell, at: number): void {
  const repeats = repeatDue(cell) <= at;
  const told = new Set(repeats ? calledBy(cell.rule) : []);
  while (chainDue(cell) <= at) tellChain(core, cell, at, told);
  if (repeats) repeat(core, cell, at);
  announceIfDirty(core, cell, at, cell.seq);
}

// No raise has come for long enough: what is true now is told as if it had just come about.
function finishChatter(core: EngineCore, cell: AlertCell, at: number): void {
  const { telling } = cell;
  const chatter = telling?.chatter ?? null;
  if (telling === null || chatter === null || chatter.dueMs > at) return;
  telling.chatter = null;
  if (cell.state === 'active' && !isKeptFromPeople(cell)) startCalls(cell, at, chatter.seq);
  announce(core, cell, {
    kind: 'notice',
    from: cell.state,
    reason: 'chatter_over',
    at,
    cause: [chatter.seq],
    notice: {
      notifiers: null,
      text: (message) =>
        `${message}; ${cell.key} is ${cell.state} and has stopped chattering, raised ${chatter.raises} times`,
    },
  });
}

// The step goes to whom it names, whoever was told before.
function tellChain(core: EngineCore, cell: AlertCell, at: number, told: Set<string>): void {
  const calls = cell.telling?.calls ?? null;
  const afterMs = calls === null ? undefined : nextAfter(cell.rule, calls);
  if (calls === null || afterMs === undefined) return;
  calls.chainedMs = afterMs;
  const notifiers = cell.rule.chain
    .filter((step) => step.afterMs === afterMs && !told.has(step.notifier))
    .map(({ notifier }) => notifier);
  if (notifiers.length === 0) {
    // Everybody has been told: only that must be remembered.
    cell.dirty = true;
    return;
  }
  for (const notifier of notifiers) told.add(notifier);
  announce(core, cell, {
    kind: 'notice',
    from: cell.state,
    reason: 'chained',
    at,
    cause: [calls.seq],
    notice: {
      notifiers,
      text: (message) =>
        `${message} (nobody has acknowledged it for ${formatDuration(at - calls.fromMs)})`,
    },
  });
}

function repeat(core: EngineCore, cell: AlertCell, at: number): void {
  const calls = cell.telling?.calls ?? null;
  if (calls === null) return;
  // What came due meanwhile is told with this one.
  calls.repeatedMs = at - calls.fromMs;
  announce(core, cell, {
    kind: 'notice',
    from: cell.state,
    reason: 'repeated',
    at,
    cause: [calls.seq],
    notice: {
      notifiers: null,
      text: (message) => `${message} (told again after ${formatDuration(at - calls.fromMs)})`,
    },
  });
}
