import type { EngineCore } from '../engine-core.ts';
import type { PointSlot } from '../point-table.ts';
import type { Moment } from '../settle.ts';
import { endBlame } from './bad-values.ts';
import { endIfEarly } from './expected-points.ts';
import { noteSourceHeard } from './source-lost.ts';

/** The points that are stale now. */
export function stalePoints(core: EngineCore): readonly PointSlot[] {
  return [...core.points.slots()].filter(({ point }) => core.points.stale[point.index] === 1);
}

/** The config may expect the point less often now: alerts of silence that were raised too early for that end. */
export function reviewSilence(core: EngineCore, slot: PointSlot, moment: Moment): void {
  const { stale, bad } = slot;
  if (stale !== null && endIfEarly(core, stale, moment)) {
    core.points.stale[slot.point.index] = 0;
    endBlame(core, slot, moment);
    noteSourceHeard(core, slot, moment);
  }
  if (bad !== null && endIfEarly(core, bad, moment)) endBlame(core, slot, moment);
}

/** Points that were stale and are not: their last values are to be judged again, although none of them spoke. */
export function reviveFresh(core: EngineCore, wereStale: readonly PointSlot[]): void {
  for (const { point, clauses } of wereStale) {
    if (core.points.stale[point.index] === 1) continue;
    for (const { bound } of clauses) bound.isCurrent = false;
    core.unjudged.push(point.index);
  }
}
