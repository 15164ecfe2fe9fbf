import type { OutputLevel, OutputSpec } from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import { severities, type Severity } from '../../domain/rule.ts';
import type { OutputReason, SpentClaim } from './arbiter.ts';
import { commandPayload } from './command-payload.ts';

/** Where an output is driven, and what makes it safe there. */
export interface OutputPlace {
  readonly broker: string;
  readonly topic: string;
  readonly safe: OutputLevel;
  readonly payload: string;
}

/** Body of a journal row of kind `output`: what was commanded and why, and what a restart needs to go on from it. */
export interface OutputRow {
  readonly commanded: OutputLevel;
  readonly owner: string | null;
  readonly reason: string;
  /** Sequence numbers of the rows that caused it. */
  readonly cause: readonly Seq[];
  /** The payload sent to `place`; null: nothing was, a row may change only the owner. */
  readonly sent: string | null;
  /** Wall milliseconds since when the output has been commanded to this level. */
  readonly since_at: number;
  readonly spent: readonly SpentClaim[];
  readonly idle_spent: boolean;
  readonly place: OutputPlace;
  /** Former places that could not be sent safe yet, because their link was down. */
  readonly left: readonly OutputPlace[];
}

/** The part of a row that protection needs again after a restart: spent claims stay spent. */
export interface OutputMemory {
  readonly spent: readonly SpentClaim[];
  readonly idleSpent: boolean;
}

const nothing: OutputMemory = { spent: [], idleSpent: false };

/** Reads the body of the last row of an output; anything that is not one counts as no memory. */
export function readOutputMemory(body: unknown): OutputMemory {
  if (!isRecord(body)) return nothing;
  const spent = body['spent'];
  return {
    spent: Array.isArray(spent) ? spent.flatMap(readSpent) : [],
    idleSpent: body['idle_spent'] === true,
  };
}

/** The place of an output, as it is configured. */
export function placeOf(spec: OutputSpec): OutputPlace {
  const { broker, topic, safe } = spec;
  return { broker, topic, safe, payload: commandPayload(spec, safe) };
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
  const { broker, topic, safe, payload } = value;
  if (typeof broker !== 'string' || typeof topic !== 'string') return [];
  if (typeof payload !== 'string' || (safe !== 'on' && safe !== 'off')) return [];
  return [{ broker, topic, safe, payload }];
}

function readSpent(value: unknown): SpentClaim[] {
  if (!isRecord(value)) return [];
  const { alert, id, raises, severity } = value;
  if (typeof alert !== 'string' || typeof id !== 'string' || typeof raises !== 'number') return [];
  return isSeverity(severity) ? [{ alert, id, raises, severity }] : [];
}

function isSeverity(value: unknown): value is Severity {
  return severities.some((severity) => severity === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
