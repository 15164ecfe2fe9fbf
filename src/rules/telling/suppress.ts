import type { AlertCell, Suppression } from '../alert-cell.ts';
import type { EngineCore } from '../engine-core.ts';
import { announce, announceIfDirty, suppressedBy } from '../events.ts';

type When = { readonly at: number; readonly cause: readonly number[] };
/** `untilMs`: engine time at which it ends by itself (default: never). */
type Until = When & { readonly untilMs?: number };

/**
 * Keeps an alert from people by design (ISA-18.2 "suppressed by design") until `unsuppress` with the same `by`: the key
 * of the alert that makes this one needless, or a word of `byDesign`. Evaluation goes on; nothing is notified and no
 * output is held. Does nothing if it is suppressed by that already. For an alert whose `by` is another alert the two
 * calls are that alert's affair, over restarts too.
 */
export function suppress(core: EngineCore, cell: AlertCell, by: string, when: Until): void {
  if (isSuppressedBy(cell, by)) return;
  changeSuppressions(core, cell, [...cell.suppressions, suppressionBy(by, when)], when);
}

/**
 * Ends one of the things that suppress an alert; does nothing if it is not there. With the last one the alert is
 * announced, unless another flag is set.
 */
export function unsuppress(core: EngineCore, cell: AlertCell, by: string, when: When): void {
  if (!isSuppressedBy(cell, by)) return;
  const rest = cell.suppressions.filter((one) => one.by !== by);
  changeSuppressions(core, cell, rest, when);
}

export function isSuppressedBy(cell: AlertCell, by: string): boolean {
  return cell.suppressions.some((one) => one.by === by);
}

/** A suppression from now on. */
export function suppressionBy(by: string, { cause, untilMs = Infinity }: Until): Suppression {
  return { by, dueMs: untilMs, creditable: false, seq: cause[0] ?? 0 };
}

/**
 * Replaces what suppresses an alert, and tells it as a flag if the outside sees a difference. What is behind another
 * suppression is only kept.
 */
export function changeSuppressions(
  core: EngineCore,
  cell: AlertCell,
  next: readonly Suppression[],
  { at, cause }: When,
): void {
  const before = suppressedBy(cell);
  cell.suppressions = next;
  const after = suppressedBy(cell);
  if (after === before) {
    cell.dirty = true;
    announceIfDirty(core, cell, at, cause[0] ?? 0);
    return;
  }
  const reason = after === null ? 'unsuppressed' : 'suppressed';
  announce(core, cell, { kind: 'flag', from: cell.state, reason, at, cause });
}

/** When the first suppression ends by itself; Infinity: none does. */
export function nextSuppressionEnd({ suppressions }: AlertCell): number {
  let end = Infinity;
  for (const { dueMs } of suppressions) end = Math.min(end, dueMs);
  return end;
}

/** What lasts for a time, and has lasted that long, suppresses no more. */
export function finishSuppressions(core: EngineCore, cell: AlertCell, at: number): void {
  for (const { by, dueMs, seq } of cell.suppressions)
    if (dueMs <= at) unsuppress(core, cell, by, { at, cause: [seq] });
}

/** The restart table of contract 3: it counts as an on-delay does. */
export function restartSuppressions(cell: AlertCell, isElapsedKnown: boolean, at: number): void {
  for (const one of cell.suppressions) {
    if (one.dueMs === Infinity) continue;
    one.dueMs = Math.max(one.dueMs, at);
    if (isElapsedKnown || one.creditable) continue;
    one.creditable = true;
    cell.dirty = true;
  }
}

/** It is known now how long Limen was down. */
export function creditSuppressions(cell: AlertCell, creditMs: number, at: number): void {
  for (const one of cell.suppressions) {
    if (!one.creditable) continue;
    one.dueMs = Math.max(at, one.dueMs - creditMs);
    one.creditable = false;
    cell.dirty = true;
  }
}
