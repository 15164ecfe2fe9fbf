import fc from 'fast-check';
import type { Alert, AlertEvent } from '../../src/domain/alert.ts';

/** How many worlds each property is tried on. A failure prints its seed. */
const numRuns = Number(process.env['LIMEN_RUNS'] ?? 50);
export const patience = { timeout: Math.max(20_000, numRuns * 200) };

/** Asserts something for any of what is given. */
export function holds<Given>(given: fc.Arbitrary<Given>, check: (given: Given) => void): void {
  fc.assert(fc.property(given, check), { numRuns });
}

export function nameOf({ from, to, reason }: AlertEvent): string {
  return `${from}>${to} ${reason}`;
}

export function transitions(events: readonly AlertEvent[]): readonly AlertEvent[] {
  return events.filter(({ kind }) => kind === 'transition');
}

// Of an alert that has never changed it is the last start.
export function changedAtOf({ state, changedAt }: Alert): number | null {
  return state === 'normal' ? null : changedAt;
}
