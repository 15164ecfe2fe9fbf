import type { AlertEvent, AlertKey } from '../domain/alert.ts';
import { alertKey } from '../domain/alert.ts';
import { severities, severityRank } from '../domain/rule.ts';
import type { RaisedSpan } from '../domain/backtest.ts';
import type { WallMs } from '../domain/time.ts';

/**
 * All times that one alert was raised, in their order. Columns of numbers: a rule that chatters over a long history has
 * a million of them.
 */
export class RaisedSpans {
  readonly key: AlertKey;
  readonly #starts: number[] = [];
  /** NaN: still raised. */
  readonly #ends: number[] = [];
  readonly #ranks: number[] = [];

  constructor(key: AlertKey) {
    this.key = key;
  }

  /** Raised at the end of what is kept. */
  get isUp(): boolean {
    return this.length > 0 && this.end(this.length - 1) === Infinity;
  }

  get length(): number {
    return this.#starts.length;
  }

  start(index: number): number {
    return this.#starts[index] ?? NaN;
  }

  /** Infinity: still raised where the history ends. */
  end(index: number): number {
    const end = this.#ends[index] ?? NaN;
    return Number.isNaN(end) ? Infinity : end;
  }

  rank(index: number): number {
    return this.#ranks[index] ?? 0;
  }

  span(index: number): RaisedSpan {
    const end = this.end(index);
    return {
      startMs: this.start(index) as WallMs,
      endMs: end === Infinity ? null : (end as WallMs),
      severity: severities[this.rank(index)] ?? 'info',
    };
  }

  raise(atMs: number, rank: number): void {
    this.#starts.push(atMs);
    this.#ends.push(NaN);
    this.#ranks.push(rank);
  }

  /** Nothing if it is not raised. */
  worsen(rank: number): void {
    const last = this.length - 1;
    if (last >= 0 && this.end(last) === Infinity)
      this.#ranks[last] = Math.max(rank, this.rank(last));
  }

  finish(atMs: number): void {
    const last = this.length - 1;
    if (last >= 0 && this.end(last) === Infinity) this.#ends[last] = atMs;
  }
}

/** Takes the events of an engine and keeps when each alert was raised, and not suppressed by design. */
export class SpanRecorder {
  readonly spans = new Map<string, RaisedSpans>();
  /** Add to engine time to get wall time. */
  wallOffsetMs: number;
  readonly #from: number;
  readonly #isWanted: (rule: string) => boolean;

  /** Alerts that ended before `fromMs` are not kept. */
  constructor(wallOffsetMs: number, fromMs: number, isWanted: (rule: string) => boolean) {
    this.wallOffsetMs = wallOffsetMs;
    this.#from = fromMs;
    this.#isWanted = isWanted;
  }

  take({ alert, at, to }: AlertEvent): void {
    const isUp = isRaised(to) && alert.suppressedBy === null;
    const key = alertKey(alert);
    let spans = this.spans.get(key);
    const wasUp = spans?.isUp === true;
    if (!(wasUp || isUp) || !this.#isWanted(alert.rule)) return;
    const atMs = at + this.wallOffsetMs;
    if (spans === undefined) {
      const { rule, device, metric } = alert;
      spans = new RaisedSpans({ rule, device, metric });
      this.spans.set(key, spans);
    }
    if (isUp) {
      const rank = severityRank(alert.severityMax);
      if (wasUp) spans.worsen(rank);
      else spans.raise(atMs, rank);
    } else {
      spans.finish(atMs);
      if (atMs < this.#from) this.spans.delete(key);
    }
  }
}

function isRaised(state: AlertEvent['from']): boolean {
  return state === 'active' || state === 'acknowledged';
}
