import { alertKey } from '../../domain/alert.ts';
import { limits } from '../../domain/limits.ts';
import { naturalOrder } from '../../domain/natural-order.ts';
import type { AlertCell } from '../alert-cell.ts';
import { orderedCells, type EngineCore } from '../engine-core.ts';
import { announceIfDirty } from '../events.ts';
import { addFault, judgeFault } from './faults.ts';
import { formatDuration } from '../message.ts';
import { arm, type Moment } from '../settle.ts';
import {
  floodEndMs,
  isFloodable,
  isKeptFromPeople,
  showsFlood,
  startCalls,
  withheldIn,
} from './telling.ts';

const device = 'limen';
const floodKey = alertKey({ rule: 'limen.flood', device, metric: '-' });

/**
 * More alerts than people can take in (EEMUA 191; ISA-18.2 16.5.3): its alert is raised, after the event that showed it.
 * To be called when everything of that moment is done.
 */
export function beginFlood(core: EngineCore): void {
  const { flood } = core;
  if (!flood.isToBeTold) return;
  flood.isToBeTold = false;
  const moment: Moment = { at: flood.sinceMs, seq: flood.seq, atMs: NaN };
  flood.cell ??= addFault(core, 'limen.flood', device, moment);
  flood.cell.since = flood.sinceMs;
  judgeFault(core, flood.cell, { isThere: true, note: beginText(core, flood.sinceMs) }, moment);
}

/** Fewer alerts for long enough: what people were not told of is summed up, and calls go on. */
export function finishFlood(core: EngineCore, cell: AlertCell, at: number): void {
  const { flood } = core;
  if (cell !== flood.cell || Number.isNaN(flood.sinceMs) || floodEndMs(flood) > at) return;
  const { sinceMs, seq } = flood;
  const note = endText(core, sinceMs, at);
  const waiting = orderedCells(core).filter(
    (each) => isStanding(each) && withheldIn(each, sinceMs) > 0,
  );
  flood.sinceMs = NaN;
  judgeFault(core, cell, { isThere: false, note }, { at, seq, atMs: NaN });
  for (const each of waiting) {
    // It was named in the summary: its chain and its repetition count from there.
    startCalls(each, at, cell.seq);
    each.dirty = true;
    announceIfDirty(core, each, at, cell.seq);
    arm(core, each);
  }
}

/** Goes on with the flood that was stored; what was counted is remembered by the alerts that were. */
export function restartFlood(core: EngineCore, { at, seq }: Moment): void {
  const { flood } = core;
  const cell = core.cells.get(floodKey) ?? null;
  const times = [...core.cells.values()].flatMap(({ telling }) => telling?.countedMs ?? []);
  flood.timesMs = times.toSorted((a, b) => a - b).slice(-(limits.floodAlertsMax + 1));
  flood.floorMs = at;
  flood.cell = cell;
  flood.seq = seq;
  flood.sinceMs = cell?.condition === 'breached' ? cell.since : NaN;
  // Killed between the alert that showed it and its own.
  if (!showsFlood(flood, at) || !Number.isNaN(flood.sinceMs)) return;
  flood.sinceMs = at;
  flood.isToBeTold = true;
}

/** Goes on with the stored alert of a flood. */
export function recallFlood(core: EngineCore, moment: Moment): void {
  const stored = core.dormant.get(floodKey);
  if (stored === undefined || stored.alert.reason === 'removed') return;
  core.flood.cell = addFault(core, 'limen.flood', device, moment);
}

function beginText(core: EngineCore, at: number): string {
  const { floodWithinMs } = limits;
  const cells = orderedCells(core).filter(({ telling }) =>
    telling?.countedMs.some((time) => time > at - floodWithinMs),
  );
  const count = core.flood.timesMs.length;
  return `Flood: ${count} alerts in ${formatDuration(floodWithinMs)}: ${namesOf(cells)}; until it is over only critical ones are told one by one`;
}

function endText(core: EngineCore, sinceMs: number, at: number): string {
  const cells = orderedCells(core);
  const withheld = cells.reduce((sum, cell) => sum + withheldIn(cell, sinceMs), 0);
  const standing = cells.filter(isStanding);
  const rest = standing.length === 0 ? 'none is active' : `still active: ${namesOf(standing)}`;
  return `The flood is over after ${formatDuration(at - sinceMs)}: ${withheld === 1 ? '1 event was' : `${withheld} events were`} not told; ${rest}`;
}

function isStanding(cell: AlertCell): boolean {
  return cell.state === 'active' && isFloodable(cell) && !isKeptFromPeople(cell);
}

/** `warm on freezer-1, freezer-2 and 6 more; door-open on shed`. */
function namesOf(cells: readonly AlertCell[]): string {
  const byRule = [...Map.groupBy(cells, ({ rule }) => rule.name)].toSorted(([a], [b]) =>
    naturalOrder(a, b),
  );
  const { floodRulesNamedMax, floodDevicesNamedMax } = limits;
  const named = byRule.slice(0, floodRulesNamedMax).map(([rule, of]) => {
    const devices = [...new Set(of.map((cell) => cell.device))].toSorted(naturalOrder);
    return `${rule} on ${enumerate(devices, floodDevicesNamedMax)}`;
  });
  const others = byRule.length - named.length;
  return named.join('; ') + (others === 0 ? '' : `; and ${others} more rules`);
}

function enumerate(names: readonly string[], max: number): string {
  const others = names.length - max;
  return names.slice(0, max).join(', ') + (others > 0 ? ` and ${others} more` : '');
}
