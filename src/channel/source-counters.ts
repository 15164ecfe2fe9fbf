import type { SourceStatus } from '../domain/api.ts';

/** Counters of one source. Conservation: accepted = stored + the sum of all reasons. */
export class SourceCounters {
  readonly source: string;
  accepted = 0;
  stored = 0;
  /** Source times that were not used. */
  timesRefused = 0;
  /** Readings that were late for a rule of their point, dropped ones included. */
  late = 0;
  /** Readings in time that came after a newer one of their point. */
  outOfOrder = 0;
  readonly reasons = new Map<string, number>();

  constructor(source: string) {
    this.source = source;
  }

  /** A reading that was accepted is not stored, for this reason. */
  reject(reason: string): void {
    this.accepted++;
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  status(): SourceStatus {
    const rejected = [...this.reasons.values()].reduce((sum, count) => sum + count, 0);
    return {
      source: this.source,
      accepted: this.accepted,
      rejected,
      reasons: Object.fromEntries(this.reasons),
      source_times_refused: this.timesRefused,
      late: this.late,
      out_of_order: this.outOfOrder,
    };
  }
}
