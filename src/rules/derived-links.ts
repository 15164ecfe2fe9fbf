import { pointName } from '../domain/point.ts';
import type { EngineCore } from './engine-core.ts';
import type { DerivedLink, PointSlot } from './point-table.ts';
import { breachDue } from './silence/watch.ts';

/** Joins the derived points of the present config with what they are calculated from, as far as it is declared. */
export function linkDerived(core: EngineCore): void {
  for (const { slot } of core.links.values()) if (slot !== null) slot.link = null;
  core.links.clear();
  const linkOf = (name: string): DerivedLink => {
    const known = core.links.get(name);
    if (known !== undefined) return known;
    const link: DerivedLink = { slot: null, inputs: [], dependents: [] };
    core.links.set(name, link);
    return link;
  };
  for (const [name, inputs] of core.book?.derived ?? []) {
    const link = linkOf(name);
    for (const input of inputs) {
      link.inputs.push(linkOf(input));
      linkOf(input).dependents.push(link);
    }
  }
  if (core.links.size === 0) return;
  for (const slot of core.points.slots()) linkDerivedPoint(core, slot);
  followInputs(core);
}

/** Joins a point that was declared. */
export function linkDerivedPoint(core: EngineCore, slot: PointSlot): void {
  slot.link = core.links.get(pointName(slot.point)) ?? null;
  if (slot.link !== null) slot.link.slot = slot;
}

/** A derived point is stale exactly while an input is: it has no interval of its own. */
export function followInputs(core: EngineCore): void {
  const { points } = core;
  for (const { slot, inputs } of core.links.values()) {
    if (slot === null || inputs.length === 0) continue;
    points.stale[slot.point.index] = inputs.some((input) => isStale(core, input)) ? 1 : 0;
    points.disturb(slot.point.index);
  }
}

/** Whether all that a derived point is calculated from can be used: if not, its inputs tell of it themselves. */
export function areInputsUsable(core: EngineCore, { inputs }: DerivedLink): boolean {
  return inputs.every(({ slot }) => slot !== null && core.points.isUsable(slot.point.index));
}

/** Whether silence makes a point stale at this time or before, by its own interval or by that of an input. */
export function isSilenceDue(core: EngineCore, slot: PointSlot | null, at: number): boolean {
  const stale = slot?.stale ?? null;
  const level = stale?.levels[0];
  if (stale !== null && level !== undefined && breachDue(core, stale, level) <= at) return true;
  return slot?.link?.inputs.some((input) => isSilenceDue(core, input.slot, at)) ?? false;
}

function isStale(core: EngineCore, { slot, inputs }: DerivedLink): boolean {
  if (inputs.length > 0) return inputs.some((input) => isStale(core, input));
  return slot !== null && core.points.stale[slot.point.index] === 1;
}
