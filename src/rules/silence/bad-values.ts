import { severityRank, type Rule } from '../../domain/rule.ts';
import type { EngineCore } from '../engine-core.ts';
import type { PointSlot } from '../point-table.ts';
import type { Moment } from '../settle.ts';
import { suppress, unsuppress } from '../telling/suppress.ts';

/**
 * A point that sends only bad values is not heard, and so stale as well; but it is not silent, and people are told once:
 * `limen.bad` says it all. True if it does.
 */
export function blameBadValues(core: EngineCore, slot: PointSlot, moment: Moment): boolean {
  const { stale, bad } = slot;
  if (stale === null || bad === null || !isBad(core, slot)) return false;
  if (!doesAllOf(stale.rule, bad.rule)) return false;
  suppress(core, stale, bad.key, { at: moment.at, cause: [moment.seq] });
  return true;
}

/** The point has a good value again. To be called when its alerts are over. */
export function endBlame(core: EngineCore, { stale, bad }: PointSlot, moment: Moment): void {
  if (stale === null || bad === null) return;
  unsuppress(core, stale, bad.key, { at: moment.at, cause: [moment.seq] });
}

function isBad(core: EngineCore, { point }: PointSlot): boolean {
  return !Number.isNaN(core.points.badSince[point.index]!);
}

// What only the silence would do, or say more urgently, must not be lost with it.
function doesAllOf(silence: Rule, instead: Rule): boolean {
  const done = doings(instead);
  return (
    mostSevere(instead) >= mostSevere(silence) && doings(silence).every((one) => done.includes(one))
  );
}

function doings({ then, chain }: Rule): readonly string[] {
  return [
    ...then.map((action) =>
      action.kind === 'notify'
        ? `notify ${action.notifier}`
        : `${action.span} ${action.level} ${action.output}`,
    ),
    ...chain.map(({ notifier }) => `chain ${notifier}`),
  ];
}

function mostSevere({ levels }: Rule): number {
  return Math.max(...levels.map(({ severity }) => severityRank(severity)));
}
