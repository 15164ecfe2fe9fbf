import type { Alert } from '../domain/alert.ts';
import { convertStored, type Point } from '../domain/point.ts';
import { severityRank, type Severity } from '../domain/rule.ts';
import type { AlertCell, FirstValues } from './alert-cell.ts';
import { clauseMemory } from './clauses/clause.ts';
import type { ClauseMemory } from './clauses/clause-tree.ts';
import type { DormantAlert } from './engine-core.ts';
import { isInUnitOf } from './gauges/gauge.ts';
import { judgementMark } from './judgement.ts';
import { orNull } from './point-table.ts';
import type { Telling } from './telling/telling-state.ts';

/** What an alert needs beside its published form to go on after a restart. Plain JSON; engine times, null for none. */
interface CellMemory {
  readonly n: number;
  readonly worst: number | null;
  readonly begun_at: number | null;
  readonly ended_at: number | null;
  readonly off_due: number | null;
  readonly off_seq: number | null;
  readonly off_over: boolean;
  readonly since: number;
  readonly since_seq: number;
  readonly floor: number | null;
  readonly note: string | null;
  readonly firsts: FirstValues | null;
  readonly shelf: {
    readonly due: number;
    readonly one_shot: boolean;
    readonly creditable: boolean;
    readonly seq: number;
  } | null;
  readonly suppressions: readonly {
    readonly by: string;
    readonly due: number | null;
    readonly creditable: boolean;
    readonly seq: number;
  }[];
  readonly first_out: { readonly group: string; readonly alert: string } | null;
  readonly out_of_service: { readonly remind: number; readonly seq: number } | null;
  /** By what it was judged; events of an earlier version do not say. */
  readonly judged_by?: string;
  readonly members: ClauseMemory | null;
  readonly telling?: TellingMemory;
  readonly changed: boolean;
  readonly levels: readonly LevelMemory[];
}

/** Left out where nothing has to be remembered. */
interface TellingMemory {
  readonly raised: readonly number[];
  readonly chatter: { readonly raises: number; readonly due: number; readonly seq: number } | null;
  readonly calls: {
    readonly from: number;
    readonly seq: number;
    readonly chained: number;
    readonly repeated: number;
  } | null;
  readonly counted?: readonly number[];
  readonly withheld?: { readonly since: number; readonly count: number } | null;
  readonly seen: {
    readonly from: number;
    readonly creditable: boolean;
    readonly seq: number;
  } | null;
}

interface LevelMemory {
  readonly severity: Severity;
  readonly breached: boolean;
  readonly held: boolean;
  readonly over: boolean;
  readonly on_due: number | null;
  readonly on_seq: number | null;
  readonly creditable: boolean;
  readonly off_due: number | null;
}

/** The memory of an alert, for `AlertEvent.memory` and snapshots. */
export function encodeMemory(cell: AlertCell): CellMemory {
  return {
    n: cell.n,
    worst: orNull(cell.worst),
    begun_at: orNull(cell.begunAt),
    ended_at: orNull(cell.endedAt),
    off_due: orNull(cell.offDue),
    off_seq: orNull(cell.offSeq),
    off_over: cell.offOver,
    since: cell.since,
    since_seq: cell.sinceSeq,
    floor: cell.floor === -Infinity ? null : cell.floor,
    note: cell.note,
    firsts:
      cell.firsts === null
        ? null
        : { ...cell.firsts, points: cell.firsts.points.map((one) => ({ ...one })) },
    shelf: encodeShelf(cell),
    first_out:
      cell.firstOut === null || cell.rule.group === null
        ? null
        : { group: cell.rule.group, alert: cell.firstOut },
    out_of_service:
      cell.outOfService === null
        ? null
        : { remind: cell.outOfService.remindMs, seq: cell.outOfService.seq },
    suppressions: cell.suppressions.map(({ by, dueMs, creditable, seq }) => ({
      by,
      due: dueMs === Infinity ? null : dueMs,
      creditable,
      seq,
    })),
    judged_by: judgementMark(cell.rule),
    members: cell.clause === null ? cell.recalled : clauseMemory(cell.clause),
    ...(cell.telling === null ? {} : { telling: encodeTelling(cell.telling) }),
    changed: cell.changedAt !== null,
    levels: cell.levels.map((one) => ({
      severity: one.level.severity,
      breached: one.breached,
      held: one.held,
      over: one.over,
      on_due: orNull(one.onDue),
      on_seq: orNull(one.onSeq),
      creditable: one.creditable,
      off_due: orNull(one.offDue),
    })),
  };
}

/**
 * Puts a stored alert into a new cell of its rule. Of a removed one only the count of occurrences goes on: ids never
 * repeat. `point`: what it is about; null: no known point.
 */
export function recall(
  cell: AlertCell,
  { alert, memory }: DormantAlert,
  point: Pick<Point, 'kind' | 'unit'> | null,
): void {
  // The test alert of a drill has none, and is never gone on with.
  if (memory === null) return;
  const stored = memory as CellMemory;
  cell.n = stored.n;
  if (alert.reason === 'removed') return;
  recallAlert(cell, alert, stored.changed);
  cell.worst = stored.worst ?? NaN;
  // The unit may have changed since: the number is one of the unit that the alert was shown in.
  if (cell.kind === 'value' && point !== null && isInUnitOf(cell.gauge, point)) {
    cell.worst = convertStored(cell.worst, { kind: point.kind, unit: alert.unit }, point.unit);
  }
  cell.begunAt = stored.begun_at ?? NaN;
  cell.endedAt = stored.ended_at ?? NaN;
  cell.offDue = stored.off_due ?? NaN;
  cell.offSeq = stored.off_seq ?? NaN;
  cell.offOver = stored.off_over;
  cell.since = stored.since;
  cell.sinceSeq = stored.since_seq;
  cell.floor = stored.floor ?? -Infinity;
  cell.note = stored.note;
  cell.firsts = stored.firsts ?? null;
  const { judged_by: judgedBy } = stored;
  cell.judgedOtherwise = judgedBy !== undefined && judgedBy !== judgementMark(cell.rule);
  cell.recalled = stored.members ?? null;
  // Of another group than that of today it says nothing.
  if (stored.first_out?.group === cell.rule.group) cell.firstOut = stored.first_out.alert;
  recallFlags(cell, stored);
  cell.telling = stored.telling === undefined ? null : recallTelling(stored.telling);
  for (const one of cell.levels) {
    const level = stored.levels.find(({ severity }) => severity === one.level.severity);
    if (level === undefined) continue;
    one.breached = level.breached;
    one.held = level.held;
    one.over = level.over;
    one.onDue = level.on_due ?? NaN;
    one.onSeq = level.on_seq ?? NaN;
    one.creditable = level.creditable;
    one.offDue = level.off_due ?? NaN;
  }
}

function encodeTelling({
  raisedMs,
  chatter,
  calls,
  countedMs,
  withheld,
  seen,
}: Telling): TellingMemory {
  return {
    raised: raisedMs,
    ...(countedMs.length === 0 ? {} : { counted: countedMs }),
    ...(withheld === null ? {} : { withheld: { since: withheld.sinceMs, count: withheld.count } }),
    chatter:
      chatter === null ? null : { raises: chatter.raises, due: chatter.dueMs, seq: chatter.seq },
    calls:
      calls === null
        ? null
        : {
            from: calls.fromMs,
            seq: calls.seq,
            chained: calls.chainedMs,
            repeated: calls.repeatedMs,
          },
    seen: seen === null ? null : { from: seen.fromMs, creditable: seen.creditable, seq: seen.seq },
  };
}

function recallTelling({
  raised,
  chatter,
  calls,
  counted = [],
  withheld = null,
  seen,
}: TellingMemory): Telling {
  return {
    raisedMs: raised,
    countedMs: counted,
    withheld: withheld === null ? null : { sinceMs: withheld.since, count: withheld.count },
    chatter:
      chatter === null
        ? null
        : { raises: chatter.raises, dueMs: chatter.due, isTold: true, seq: chatter.seq },
    calls:
      calls === null
        ? null
        : {
            fromMs: calls.from,
            seq: calls.seq,
            chainedMs: calls.chained,
            repeatedMs: calls.repeated,
            floorMs: calls.from,
          },
    seen: seen === null ? null : { fromMs: seen.from, creditable: seen.creditable, seq: seen.seq },
  };
}

function encodeShelf({ shelf }: AlertCell): CellMemory['shelf'] {
  if (shelf === null) return null;
  const { dueMs, oneShot, creditable, seq } = shelf;
  return { due: dueMs, one_shot: oneShot, creditable, seq };
}

function recallFlags(
  cell: AlertCell,
  { shelf, out_of_service: out, suppressions = [] }: Partial<CellMemory>,
): void {
  cell.suppressions = suppressions.map(({ by, due, creditable, seq }) => ({
    by,
    dueMs: due ?? Infinity,
    creditable,
    seq,
  }));
  cell.shelf = null;
  cell.outOfService = null;
  if (shelf) {
    const { due, one_shot: oneShot, creditable, seq } = shelf;
    cell.shelf = { dueMs: due, oneShot, creditable, seq };
  }
  if (out) cell.outOfService = { remindMs: out.remind, seq: out.seq };
}

function recallAlert(cell: AlertCell, alert: Alert, changed: boolean): void {
  cell.state = alert.state;
  cell.condition = alert.condition;
  cell.quality = alert.quality;
  cell.present = Math.max(
    0,
    cell.levels.findIndex((one) => one.level.severity === alert.severity),
  );
  cell.raises = alert.raises;
  cell.rankMax = alert.raises > 0 ? severityRank(alert.severityMax) : -1;
  cell.latched = alert.latched;
  cell.breachedAt = alert.breachedAt;
  cell.raisedAt = alert.raisedAt;
  cell.returnedAt = alert.returnedAt;
  cell.changedAt = changed ? alert.changedAt : null;
  cell.acknowledgedBy = alert.acknowledgedBy;
  cell.acknowledgedAt = alert.acknowledgedAt;
  cell.comment = alert.comment;
  cell.reason = alert.reason;
  cell.seq = alert.seq;
  cell.message = alert.message;
}
