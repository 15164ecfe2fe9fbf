import type { AlertKey } from '../domain/alert.ts';
import type { AlertDifference, AlertFigures, BacktestLine } from '../domain/backtest.ts';
import { RaisedSpans } from './raised-spans.ts';

/** How two runs are compared. */
export interface Comparison {
  /** What lies before or after is cut off. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How long it usually takes from one reading of a point to the next; 0: not known. */
  intervalMs(key: AlertKey): number;
  /** Told of each difference, by rule and point, in the order of time. */
  onDifference(difference: AlertDifference): void;
}

/** Alerts that begin or end less than this apart are the same; or less than the interval of the point. */
const sameWithinMs = 1_000;
/** An alert that comes back within this time has not been over; or within three intervals of the point. */
const chatterWithinMs = 60_000;
const chatterIntervals = 3;

/** Compares what two configs made of the same history: a line for each alert that was raised under one of them. */
export function compareAlerts(
  before: ReadonlyMap<string, RaisedSpans>,
  after: ReadonlyMap<string, RaisedSpans>,
  comparison: Comparison,
): BacktestLine[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return keys.flatMap((name) => {
    const old = before.get(name);
    const fresh = after.get(name);
    const key = (old ?? fresh)?.key;
    if (key === undefined) return [];
    const none = new RaisedSpans(key);
    return [compareOne(key, old ?? none, fresh ?? none, comparison)];
  });
}

/** How much there was of one alert. */
export function figuresOf(
  spans: RaisedSpans,
  { fromMs, toMs, intervalMs }: Omit<Comparison, 'onDifference'>,
): AlertFigures {
  const nearMs = Math.max(chatterWithinMs, chatterIntervals * intervalMs(spans.key));
  let raisedMs = 0;
  let chatter = 0;
  for (let index = 0; index < spans.length; index += 1) {
    raisedMs += Math.max(
      0,
      Math.min(spans.end(index), toMs) - Math.max(spans.start(index), fromMs),
    );
    if (index > 0 && spans.start(index) - spans.end(index - 1) <= nearMs) chatter += 1;
  }
  return { alerts: spans.length, raisedMs, chatter };
}

/**
 * Goes through both in the order of time. Two that overlap are one alert: the same, or moved; what overlaps none is gained
 * or lost. Of several that overlap one, the first is that one.
 */
function compareOne(
  key: AlertKey,
  before: RaisedSpans,
  after: RaisedSpans,
  comparison: Comparison,
): BacktestLine {
  const counts = { gained: 0, lost: 0, moved: 0 };
  const tell = (difference: AlertDifference): void => {
    counts[difference.kind] += 1;
    comparison.onDifference(difference);
  };
  const nearMs = Math.max(sameWithinMs, comparison.intervalMs(key));
  let old = 0;
  let fresh = 0;
  while (old < before.length || fresh < after.length) {
    const isGone = fresh >= after.length || before.end(old) + nearMs < after.start(fresh);
    const isNew = old >= before.length || after.end(fresh) + nearMs < before.start(old);
    if (isNew) {
      tell({ ...key, kind: 'gained', before: null, after: after.span(fresh) });
      fresh += 1;
    } else if (isGone) {
      tell({ ...key, kind: 'lost', before: before.span(old), after: null });
      old += 1;
    } else {
      const isSame =
        isNear(before.start(old), after.start(fresh), nearMs) &&
        isNear(before.end(old), after.end(fresh), nearMs) &&
        before.rank(old) === after.rank(fresh);
      if (!isSame)
        tell({ ...key, kind: 'moved', before: before.span(old), after: after.span(fresh) });
      old += 1;
      fresh += 1;
    }
  }
  return {
    ...key,
    before: figuresOf(before, comparison),
    after: figuresOf(after, comparison),
    ...counts,
  };
}

// Both may still be raised at the end.
function isNear(a: number, b: number, nearMs: number): boolean {
  return a === b || Math.abs(a - b) <= nearMs;
}
