import type {
  AlertMark,
  AlertStatistics,
  SparingDelay,
  StandingAlert,
} from '../../domain/hygiene.ts';
import { ShelfTally } from './hygiene-shelf.ts';
import type { AlertState } from '../../domain/alert.ts';
import type { Severity } from '../../domain/rule.ts';

/** Delays that are worth proposing. */
const delaysMs = [5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 300, 600, 900, 1_800].map(
  (seconds) => seconds * 1000,
);
/** A delay is proposed if it spares this share. */
const sparedShareMin = 0.5;
/** Three raises in a minute are chattering (ISA-18.2, 16.5.4). */
const chatterMs = 60_000;
/** Raises shorter than this are fleeting (ISA-18.2, 16.5.4). */
const fleetingMs = 10_000;
/** An alarm that has been active for longer is stale (ISA-18.2, 16.5.5). */
export const staleMs = 86_400_000;

/** Collects what one alert did: numbers only, however many events there are. */
export class AlertTally {
  readonly key: string;
  /** One of Limen's own alerts: what they wait for is not the rule's to delay. */
  readonly #isOwn: boolean;
  severity: Severity = 'warning';
  count = 0;
  chattering = 0;
  fleeting = 0;
  stale = 0;
  ended = 0;
  neverAcknowledged = 0;
  acknowledged = 0;
  acknowledgeMs = 0;
  #raises = 0;
  readonly #breaches = new DelayCounts();
  readonly #gaps = new DelayCounts();
  #state: AlertState = 'normal';
  #raisedAt: number | null = null;
  #breachAt: number | null = null;
  #clearAt: number | null = null;
  #endedAt: number | null = null;
  #wasAcknowledged = false;
  readonly #shelf = new ShelfTally();
  #lastRaises: readonly [number, number] = [-Infinity, -Infinity];

  constructor(key: string) {
    this.key = key;
    this.#isOwn = isOwnAlert(key);
  }

  take(mark: AlertMark): void {
    this.#followCondition(mark);
    this.#shelf.take(mark);
    this.severity = mark.severity;
    if (mark.acknowledgedAt !== null) this.#noteAcknowledged(mark);
    const wasRaised = isRaised(mark.from);
    if (isRaised(mark.to) && !wasRaised) this.#raise(mark);
    else if (isRaised(mark.to)) this.#raisedAt ??= mark.raisedAt;
    else if (wasRaised) this.#return(mark);
    if (mark.to === 'normal' && mark.from !== 'normal') this.#end(mark);
    this.#state = mark.to;
  }

  /** What it is at the end of the time; null: normal, or only pending. */
  standing(endMs: number): StandingAlert | null {
    const raisedAt = this.#raisedAt;
    if (raisedAt === null || this.#state === 'normal' || this.#state === 'pending') return null;
    return {
      alert: this.key,
      severity: this.severity,
      state: this.#state,
      raised_at: raisedAt,
      for_ms: endMs - raisedAt,
    };
  }

  /** What began before the time, and what goes on at its end, counts within it. */
  finish(beginMs: number, endMs: number): void {
    this.#shelf.finish(beginMs, endMs);
    if (isRaised(this.#state) && endMs - (this.#raisedAt ?? endMs) > staleMs) this.stale += 1;
  }

  statistics(announced: number): AlertStatistics {
    return {
      alert: this.key,
      severity: this.severity,
      count: this.count,
      share: announced === 0 ? 0 : this.count / announced,
      chattering: this.chattering,
      fleeting: this.fleeting,
      stale: this.stale,
      never_acknowledged: this.neverAcknowledged,
      ended: this.ended,
      mean_acknowledge_ms: this.acknowledged === 0 ? null : this.acknowledgeMs / this.acknowledged,
      shelvings: this.#shelf.count,
      shelved_ms: this.#shelf.totalMs,
      shelved_share: this.#shelf.share,
      on_delay: this.#isOwn ? null : this.#breaches.sparing(this.#raises),
      off_delay: this.#isOwn ? null : this.#gaps.sparing(this.#raises),
    };
  }

  // How long a breach lasted is told by the condition, not by the state: off-delay and acknowledgement come on top.
  #followCondition({ condition, atMs, from, breachedAt }: AlertMark): void {
    if (from === 'normal') {
      this.#breachAt = breachedAt ?? atMs;
      this.#clearAt = null;
    }
    if (condition === 'breached' && (this.#clearAt !== null || this.#breachAt === null)) {
      this.#breachAt = atMs;
      this.#clearAt = null;
    } else if (condition === 'clear') {
      this.#clearAt ??= atMs;
    }
  }

  #raise({ atMs }: AlertMark): void {
    this.#raises += 1;
    this.#raisedAt = atMs;
    const [before] = this.#lastRaises;
    if (atMs - before <= chatterMs) this.chattering += 1;
    this.#lastRaises = [this.#lastRaises[1], atMs];
    if (this.#endedAt !== null) this.#gaps.add(atMs - this.#endedAt);
  }

  #return({ atMs, raisedAt }: AlertMark): void {
    const raised = this.#raisedAt ?? raisedAt ?? atMs;
    this.#raisedAt = raised;
    this.#endedAt = atMs;
    // A stop is over when it is noticed: that says nothing of how long it was.
    const isFleeting = atMs - raised < fleetingMs && !this.key.startsWith('limen.was_down/');
    if (isFleeting) this.fleeting += 1;
    if (atMs - raised > staleMs) this.stale += 1;
    if (this.#breachAt !== null) this.#breaches.add((this.#clearAt ?? atMs) - this.#breachAt);
  }

  #noteAcknowledged({ acknowledgedAt, raisedAt }: AlertMark): void {
    if (this.#wasAcknowledged || acknowledgedAt === null) return;
    this.#wasAcknowledged = true;
    this.acknowledged += 1;
    this.acknowledgeMs += Math.max(0, acknowledgedAt - (raisedAt ?? acknowledgedAt));
  }

  #end({ from }: AlertMark): void {
    if (from !== 'pending') {
      this.ended += 1;
      if (!this.#wasAcknowledged) this.neverAcknowledged += 1;
    }
    this.#wasAcknowledged = false;
    this.#raisedAt = null;
    this.#breachAt = null;
    this.#clearAt = null;
  }
}

/** How many lengths of time lie below each delay. */
class DelayCounts {
  readonly #below: number[] = delaysMs.map(() => 0);

  add(lengthMs: number): void {
    const index = delaysMs.findIndex((delayMs) => lengthMs < delayMs);
    if (index >= 0) this.#below[index] = (this.#below[index] ?? 0) + 1;
  }

  /** The delay beyond which a longer one spares little more; null: none spares enough. */
  sparing(of: number): SparingDelay | null {
    let spared = 0;
    let best: SparingDelay | null = null;
    for (const [index, count] of this.#below.entries()) {
      spared += count;
      const isEnough = of > 1 && spared / of >= sparedShareMin;
      // Each further step has to spare another tenth: an alarm that comes late has a price.
      const isWorth = spared - (best?.spared ?? 0) >= of / 10;
      if (isEnough && isWorth)
        best = { delay_ms: delaysMs[index] ?? 0, spared, of: Math.max(of, spared) };
    }
    return best;
  }
}

/** Whether an alert is one of those about Limen itself, or about how its points report. */
export function isOwnAlert(key: string): boolean {
  return key.startsWith('limen.');
}

function isRaised(state: AlertState): boolean {
  return state === 'active' || state === 'acknowledged';
}
