import type { OutputLevel } from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import { severities, type Severity } from '../../domain/rule.ts';
import type { OutputReason, SpentClaim } from './arbiter.ts';

/** Body of a journal row of kind `output`: what was commanded and why, and what a restart needs to go on from it. */
export interface OutputRow {
  readonly commanded: OutputLevel;
  readonly owner: string | null;
  readonly reason: OutputReason;
  /** Sequence numbers of the rows that caused it. */
  readonly cause: readonly Seq[];
  /** Wall milliseconds since when the output has been commanded to this level. */
  readonly since_at: number;
  readonly spent: readonly SpentClaim[];
  readonly idle_spent: boolean;
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
