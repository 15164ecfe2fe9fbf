import type {
  Instruction,
  ManualHold,
  OutputLevel,
  OutputSpec,
  OutputStatus,
  Trip,
} from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import { severities, type Severity } from '../../domain/rule.ts';
import type { EngineMs, WallMs } from '../../domain/time.ts';
import type { OutputReason, SpentClaim } from './arbiter.ts';
import { instructionFor } from './instruction.ts';

/** Where an output is driven, and what makes it safe there. */
export type OutputPlace = { readonly safe: OutputLevel } & (
  | { readonly broker: string; readonly topic: string; readonly payload: string }
  | { readonly program: readonly string[] }
  /** Its board makes it safe by itself, as soon as nobody drives it. */
  | { readonly board: string; readonly pin: string }
  /** Whoever holds it makes it safe when Limen ends. */
  | { readonly chip: string; readonly line: number }
);

/** Body of a journal row of kind `output`: what was commanded and why, and what a restart needs to go on from it. */
export interface OutputRow {
  readonly commanded: OutputLevel;
  /** As it was read back then. */
  readonly state: OutputStatus['state'];
  readonly owner: string | null;
  readonly reason: string;
  readonly detail: string | null;
  /** Sequence numbers of the rows that caused it. */
  readonly cause: readonly Seq[];
  /** What was sent to `place`; null: nothing was, a row may change only the owner. */
  readonly sent: string | null;
  /** Wall milliseconds since when the output has been commanded to this level. */
  readonly since_at: number;
  readonly spent: readonly SpentClaim[];
  readonly idle_spent: boolean;
  readonly hold: StoredHold | null;
  readonly trip: Trip | null;
  /** The highest number of a command; null: none had one. */
  readonly order: number | null;
  readonly place: OutputPlace;
  /** Former places that could not be sent safe yet, because their link was down. */
  readonly left: readonly OutputPlace[];
}

interface StoredHold {
  readonly level: OutputLevel;
  readonly by: string;
  readonly comment: string | null;
  /** Engine milliseconds. */
  readonly ends_ms: number;
}

/** The part of a row that is needed again after a restart. */
export interface OutputMemory {
  readonly spent: readonly SpentClaim[];
  readonly idleSpent: boolean;
  readonly hold: ManualHold | null;
  readonly trip: Trip | null;
  readonly order: number | null;
  /** Whether it was energised when the row was written. */
  readonly wasEnergised: boolean;
  /** Whether its place may have been driven before: by an earlier run, or another output. */
  readonly mayBeEnergised: boolean;
}

export const noMemory: OutputMemory = {
  spent: [],
  idleSpent: false,
  hold: null,
  trip: null,
  order: null,
  wasEnergised: false,
  mayBeEnergised: false,
};

/** Reads the body of the last row of an output; anything that is not one counts as no memory. */
export function readOutputMemory(body: unknown): OutputMemory {
  if (!isRecord(body)) return noMemory;
  const { spent, idle_spent: idleSpent, hold, trip, order, place, commanded } = body;
  return {
    spent: Array.isArray(spent) ? spent.flatMap(readSpent) : [],
    idleSpent: idleSpent === true,
    hold: readHold(hold),
    trip: readTrip(trip),
    order: typeof order === 'number' ? order : null,
    wasEnergised: isRecord(place) && isLevel(commanded) && commanded !== place['safe'],
    mayBeEnergised: true,
  };
}

/** A hold as a row keeps it. */
export function storedHold(hold: ManualHold | null): StoredHold | null {
  if (hold === null) return null;
  const { level, by, comment, endsMs } = hold;
  return { level, by, comment, ends_ms: endsMs };
}

/** The place of an output, as it is configured. */
export function placeOf(spec: OutputSpec, seq: number): OutputPlace {
  const { safe } = spec;
  const instruction = instructionFor(spec, { level: safe, seq, text: null });
  switch (instruction.kind) {
    case 'command':
      return { safe, program: instruction.program };
    case 'pin': {
      const { board, pin } = instruction.command;
      return { safe, board, pin };
    }
    case 'gpio': {
      const { chip, line } = instruction.setting;
      return { safe, chip, line };
    }
    case 'mqtt': {
      const { broker, topic, payload } = instruction;
      return { broker, topic, safe, payload };
    }
  }
}

/** What makes a place safe; null: nothing needs to be sent. */
export function safeInstruction(place: OutputPlace): Instruction | null {
  if ('board' in place || 'chip' in place) return null;
  if ('program' in place) return { kind: 'command', program: place.program };
  const { broker, topic, payload } = place;
  return { kind: 'mqtt', broker, topic, payload };
}

/** Whether both are one device: what is sent to the one reaches the other. */
export function isPlaceOf(place: OutputPlace, { way }: OutputSpec): boolean {
  if ('board' in place)
    return way.kind === 'pin' && way.board === place.board && way.pin === place.pin;
  if ('chip' in place)
    return way.kind === 'gpio' && way.chip === place.chip && way.line === place.line;
  if ('program' in place) {
    const isSame = (program: readonly string[]): boolean =>
      JSON.stringify(program) === JSON.stringify(place.program);
    return way.kind === 'command' && isSame(way.programs[place.safe]);
  }
  return way.kind === 'mqtt' && way.broker === place.broker && way.topic === place.topic;
}

/** Reads, out of the body of the last row of an output, where it may be energised; nowhere if it is done with. */
export function readPlaces(body: unknown): {
  readonly isOver: boolean;
  readonly place: OutputPlace | null;
  readonly places: readonly OutputPlace[];
} {
  if (!isRecord(body)) return { isOver: true, place: null, places: [] };
  const [place] = readPlace(body['place']);
  const left = Array.isArray(body['left']) ? body['left'].flatMap(readPlace) : [];
  const isRemoved = body['reason'] === ('removed' satisfies OutputReason);
  const places = isRemoved || place === undefined ? left : [place, ...left];
  return { isOver: isRemoved && left.length === 0, place: place ?? null, places };
}

function readPlace(value: unknown): OutputPlace[] {
  if (!isRecord(value)) return [];
  const { broker, topic, safe, payload, program, board, pin, chip, line } = value;
  if (!isLevel(safe)) return [];
  if (Array.isArray(program) && program.every((part) => typeof part === 'string'))
    return [{ safe, program }];
  if (typeof board === 'string' && typeof pin === 'string') return [{ safe, board, pin }];
  if (typeof chip === 'string' && typeof line === 'number') return [{ safe, chip, line }];
  if (typeof broker !== 'string' || typeof topic !== 'string') return [];
  return typeof payload === 'string' ? [{ broker, topic, safe, payload }] : [];
}

function readSpent(value: unknown): SpentClaim[] {
  if (!isRecord(value)) return [];
  const { alert, id, raises, severity } = value;
  if (typeof alert !== 'string' || typeof id !== 'string' || typeof raises !== 'number') return [];
  return isSeverity(severity) ? [{ alert, id, raises, severity }] : [];
}

function readHold(value: unknown): ManualHold | null {
  if (!isRecord(value)) return null;
  const { level, by, comment, ends_ms: endsMs } = value;
  if (!isLevel(level) || typeof by !== 'string' || typeof endsMs !== 'number') return null;
  const said = typeof comment === 'string' ? comment : null;
  return { level, by, comment: said, endsMs: endsMs as EngineMs };
}

function readTrip(value: unknown): Trip | null {
  if (!isRecord(value)) return null;
  const { why, at } = value;
  // A trip that cannot be read is a trip all the same.
  return { why: typeof why === 'string' ? why : 'unknown', at: Number(at ?? 0) as WallMs };
}

function isLevel(value: unknown): value is OutputLevel {
  return value === 'on' || value === 'off';
}

function isSeverity(value: unknown): value is Severity {
  return severities.some((severity) => severity === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
