import { alertKey } from '../../domain/alert.ts';
import type { EngineCore } from '../engine-core.ts';
import type { PointSlot, SourceState } from '../point-table.ts';
import { unsuppress } from '../telling/suppress.ts';

/** What points come through, by its name: a gateway (`via:`), a client of the embedded broker, another broker. */
export function sourceOf(core: EngineCore, name: string): SourceState {
  const known = core.sources.get(name);
  if (known !== undefined) return known;
  const source: SourceState = {
    name,
    key: alertKey({ rule: 'limen.source_lost', ...aboutSource(name) }),
    children: new Set(),
    isBridge: false,
    lostAt: NaN,
    awaitsLink: true,
    cell: null,
  };
  core.sources.set(name, source);
  return source;
}

/** What the alert of a source is about. */
export function aboutSource(name: string): { readonly device: string; readonly metric: string } {
  return { device: name, metric: '-' };
}

/** A point comes through this source from now on; null: through none that is known. */
export function assignSource(
  core: EngineCore,
  slot: PointSlot,
  name: string | null,
  { at, seq }: { readonly at: number; readonly seq: number },
): void {
  const before = slot.source;
  if (before !== null && before.name === name) return;
  slot.source = name === null ? null : sourceOf(core, name);
  slot.source?.children.add(slot);
  if (before === null) return;
  before.children.delete(slot);
  if (slot.stale !== null) unsuppress(core, slot.stale, before.key, { at, cause: [seq] });
  dropIdle(core, before);
}

/** Forgets a source of which nothing is left to be told: a client that came under this name only once. */
export function dropIdle(core: EngineCore, { name, children, cell, isBridge }: SourceState): void {
  if (children.size === 0 && cell === null && !isBridge) core.sources.delete(name);
}
