import type {
  AlertMark,
  HygieneReport,
  PriorityShare,
  ReportRange,
  StandingAlert,
} from '../../domain/hygiene.ts';
import { severities, type Severity } from '../../domain/rule.ts';
import { AlertTally, staleMs } from './hygiene-alert.ts';
import { findingsOf, isAlwaysShelved } from './hygiene-findings.ts';
import {
  AnnouncementRate,
  announcedPerPeriodTarget,
  floodAbove,
  periodMs,
} from './hygiene-rate.ts';

/** EEMUA 191 and ISA-18.2 (16.5.7): about 80 % low, 15 % medium, 5 % high priority. */
const targetShares: Readonly<Record<Severity, number>> = {
  info: 0.8,
  warning: 0.15,
  critical: 0.05,
};
const listMax = 10;

/**
 * The performance of the alarm system by ISA-18.2 clause 16 and EEMUA 191, over stored events in order. Memory grows with
 * the number of alerts, never with that of the events.
 */
export class Hygiene {
  readonly #rate = new AnnouncementRate();
  readonly #tallies = new Map<string, AlertTally>();
  readonly #bySeverity: Record<Severity, number> = { info: 0, warning: 0, critical: 0 };
  #wentBack = 0;
  #drills = 0;

  /** Takes the next event. */
  take(mark: AlertMark): void {
    if (mark.drill) {
      if (mark.from === 'normal') this.#drills += 1;
      return;
    }
    if (mark.reason === 'cleared_in_delay') this.#wentBack += 1;
    const tally = this.#tallies.get(mark.key) ?? new AlertTally(mark.key);
    this.#tallies.set(mark.key, tally);
    tally.take(mark);
    if (!isAnnouncement(mark)) return;
    tally.count += 1;
    this.#bySeverity[mark.severity] += 1;
    this.#rate.add(mark.atMs);
  }

  /**
   * The report, once. `sinceMs`: from when on there is history; `standing`: alerts that have been open without any event
   * since before the range.
   */
  report(
    range: ReportRange,
    sinceMs: number,
    standing: readonly StandingAlert[] = [],
  ): HygieneReport {
    const { fromMs, toMs } = range;
    const since = Math.min(Math.max(fromMs, sinceMs), toMs);
    const rate = this.#rate;
    rate.end();
    const tallies = [...this.#tallies.values()];
    for (const tally of tallies) tally.finish(since, toMs);
    const { announced } = rate;
    const all = tallies.map((tally) => tally.statistics(announced));
    const open = [...standing, ...tallies.flatMap((tally) => tally.standing(toMs) ?? [])].toSorted(
      (a, b) => a.raised_at - b.raised_at,
    );
    const sum = (of: (tally: AlertTally) => number): number =>
      tallies.reduce((total, tally) => total + of(tally), 0);
    const acknowledged = sum((tally) => tally.acknowledged);
    // Less than one period says nothing about a mean: it counts as one.
    const periods = Math.max(1, (toMs - since) / periodMs);
    const facts: Omit<HygieneReport, 'findings'> = {
      from: fromMs,
      to: toMs,
      since,
      announced,
      went_back: this.#wentBack,
      drills: this.#drills,
      per_10_minutes: {
        mean: announced / periods,
        peak: rate.peak,
        peak_at: rate.peakAt,
        target: announcedPerPeriodTarget,
      },
      flood: {
        limit: floodAbove,
        count: rate.floods,
        time_ms: rate.floodMs,
        share: Math.min(1, rate.floodMs / (periods * periodMs)),
      },
      priorities: severities.map((severity) => this.#priority(severity, announced)),
      acknowledgement: {
        acknowledged,
        mean_ms: acknowledged === 0 ? null : sum((tally) => tally.acknowledgeMs) / acknowledged,
        ended: sum((tally) => tally.ended),
        never_acknowledged: sum((tally) => tally.neverAcknowledged),
      },
      chattering: sum((tally) => tally.chattering),
      fleeting: sum((tally) => tally.fleeting),
      stale: sum((tally) => tally.stale) + standing.filter(isStale).length,
      always_shelved: all.filter(isAlwaysShelved).length,
      offenders: all
        .filter(({ count }) => count > 0)
        .toSorted((a, b) => b.count - a.count || (a.alert < b.alert ? -1 : 1))
        .slice(0, listMax),
      standing: open.slice(0, listMax),
      standing_count: open.length,
    };
    return { ...facts, findings: findingsOf(facts, all) };
  }

  #priority(severity: Severity, announced: number): PriorityShare {
    const count = this.#bySeverity[severity];
    return {
      severity,
      count,
      share: announced === 0 ? 0 : count / announced,
      target_share: targetShares[severity],
    };
  }
}

/** ISA-18.2 counts annunciations: a raise, an escalation, which calls anew, and the end of the last flag. */
function isAnnouncement({ kind, from, to, reason, isQuiet }: AlertMark): boolean {
  if (isQuiet) return false;
  if (kind === 'flag') return isFlagEnd(reason) && (to === 'active' || to === 'returned');
  if (kind !== 'transition' || to !== 'active') return false;
  return from !== 'active' || reason === 'escalated';
}

function isFlagEnd(reason: string): boolean {
  return reason === 'unshelved' || reason === 'unsuppressed' || reason === 'in_service';
}

function isStale({ state, for_ms: forMs }: StandingAlert): boolean {
  return state !== 'returned' && forMs > staleMs;
}
