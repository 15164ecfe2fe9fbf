import { instructionText } from './instruction.ts';
import type { OutputLink, OutputSpec, PresentCommand } from '../../domain/output.ts';
import type { OutputReason } from './arbiter.ts';
import type { LinkState, OutputSurroundings } from './output-surroundings.ts';
import {
  isPlaceOf,
  readPlaces,
  safeInstruction,
  type OutputPlace,
  type OutputRow,
} from './output-memory.ts';

/** What the places need of the outputs that are driven now. */
export interface PlacesInUse {
  specs(): readonly OutputSpec[];
  /** Lets a running output write its row again; false: there is none of this name. */
  record(output: string): boolean;
  linkOf(link: OutputLink): LinkState;
  /** One output that fails must not keep the others from going on. */
  guard(output: string, step: () => void): void;
}

/**
 * Places that were driven and that no output drives any more: each is sent safe once, as soon as its link is there, for
 * nothing is energised without a claim. The rows of their outputs keep them until then.
 */
export interface LeftPlaces {
  /** What is left of an output. */
  of(output: string): readonly OutputPlace[];
  /** Takes over the last rows of the last run; what has a link is sent safe, and the rows of gone outputs are closed. */
  restore(rows: ReadonlyMap<string, unknown>): void;
  /** A place is given up while its link is down, and its last command with it. */
  add(output: string, place: OutputPlace): void;
  /** A place is given up, and was told to be safe just now. */
  told(place: OutputPlace): void;
  /** What was told in this run to places that no output drives. */
  present(broker: string): readonly PresentCommand[];
  /** Forgets what is driven again since the config has changed. */
  prune(): void;
  linkUp(broker: string): void;
}

/** Creates the places; there are none before `restore`. */
export function createLeftPlaces(around: OutputSurroundings, inUse: PlacesInUse): LeftPlaces {
  const left = new Map<string, readonly OutputPlace[]>();
  // A device may not have listened when it was told.
  const told = new Map<string, Extract<OutputPlace, { readonly topic: string }>>();
  const isDriven = (place: OutputPlace): boolean =>
    inUse.specs().some((spec) => isPlaceOf(place, spec));
  const remember = (place: OutputPlace): void => {
    if ('topic' in place) told.set(JSON.stringify([place.broker, place.topic]), place);
  };

  const keep = (output: string, places: readonly OutputPlace[]): void => {
    const kept = places.filter((place) => {
      if ('board' in place || 'chip' in place) return false;
      const broker = brokerOf(place);
      const isThere = broker === null || inUse.linkOf({ kind: 'broker', name: broker }) !== 'none';
      return isThere && !isDriven(place);
    });
    if (kept.length > 0) left.set(output, kept);
    else left.delete(output);
  };

  /** The last row of an output that nothing drives any more. */
  const retire = (output: string, place: OutputPlace): void => {
    const { safe: commanded } = place;
    const instruction = safeInstruction(place);
    const reason: OutputReason = 'removed';
    const sinceAt = around.wallMs();
    const row: OutputRow = {
      commanded,
      state: 'unknown',
      owner: null,
      reason,
      detail: null,
      cause: [],
      sent: instruction === null ? null : instructionText(instruction),
      since_at: sinceAt,
      spent: [],
      idle_spent: false,
      hold: null,
      trip: null,
      order: null,
      place,
      left: left.get(output) ?? [],
    };
    const seq = around.journal.append('output', output, row);
    around.publishStatus({
      name: output,
      state: 'unknown',
      commanded,
      owner: null,
      reason,
      sinceAt,
      seq,
      detail: null,
      hold: null,
      trip: null,
    });
  };

  const leave = (broker: string | null): void => {
    for (const [output, places] of left) {
      const there = places.filter((place) => brokerOf(place) === broker);
      const [first] = there;
      if (first === undefined) continue;
      const elsewhere = places.filter((place) => brokerOf(place) !== broker);
      keep(output, elsewhere);
      inUse.guard(output, () => {
        if (!inUse.record(output)) retire(output, first);
        for (const place of there) {
          const instruction = safeInstruction(place);
          if (instruction !== null) around.send(instruction, place.safe, output);
          remember(place);
        }
      });
    }
  };

  return {
    of: (output) => left.get(output) ?? [],
    restore(rows) {
      const names = new Set(inUse.specs().map(({ name }) => name));
      for (const [output, body] of rows) {
        const { isOver, place, places } = readPlaces(body);
        keep(output, places);
        const isGone = !isOver && !names.has(output) && !left.has(output);
        if (isGone && place !== null) inUse.guard(output, () => retire(output, place));
      }
      const brokers = new Set([...left.values()].flat().map(brokerOf));
      for (const broker of brokers)
        if (broker === null || inUse.linkOf({ kind: 'broker', name: broker }) === 'up')
          leave(broker);
    },
    add: (output, place) => keep(output, [place, ...(left.get(output) ?? [])]),
    told: remember,
    present: (broker) =>
      [...told.values()].filter((place) => place.broker === broker && !isDriven(place)),
    prune() {
      for (const [name, place] of told) if (isDriven(place)) told.delete(name);
      for (const [output, places] of left) keep(output, places);
    },
    linkUp: leave,
  };
}

function brokerOf(place: OutputPlace): string | null {
  return 'broker' in place ? place.broker : null;
}
