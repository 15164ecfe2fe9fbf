import type { AlertKey } from '../domain/alert.ts';
import type { AlertDifference, BacktestOutcome, BacktestRequest } from '../domain/backtest.ts';
import { LimenError, messageOf } from '../domain/error.ts';
import { mergePointEntries } from '../domain/point-settings.ts';
import { pointName } from '../domain/point.ts';
import { everyVariant, type Rule } from '../domain/rule.ts';
import type { DurationMs, WallMs } from '../domain/time.ts';
import { formatLocalTime } from '../host/local-time.ts';
import { findReplayRange, replay } from '../storage/replay.ts';
import { compareAlerts, type Comparison } from './compare-alerts.ts';
import { HistoryRun } from './history-run.ts';
import { createIndexes, replayRules, sharedRules } from './replayed-rules.ts';
import { suggest } from './suggestions.ts';

/** What is listed of the differences; all of them are counted. */
const differencesMax = 10_000;
/** How far back a run begins at most, so that delays and windows are under way where it counts. */
const leadMsMax = 86_400_000;

/**
 * Runs two configs over the same stored history, with the engine of the live program in the time of the history, and tells
 * what differs. Reads the day files and nothing else; Limen may run meanwhile. Throws `not_found` if there is no history.
 */
export function backtest(request: BacktestRequest): BacktestOutcome {
  const { directory, before, after, rule, onProgress } = request;
  const onUnreadable = (path: string, error: unknown): void =>
    request.onUnreadable(path, messageOf(error));
  const leadMs = Math.min(leadMsMax, longestMs([...before.rules, ...after.rules]));
  const range = findReplayRange(directory, request.fromMs - leadMs, request.toMs, onUnreadable);
  if (range === null) throw nothingStored(request);
  const fromMs = Math.max(request.fromMs, range.startAt + range.startOffsetMs) as WallMs;
  const toMs = (range.endAt + range.endOffsetMs) as WallMs;
  // Only what the rules look back at is there.
  if (fromMs > toMs) throw nothingStored(request);

  const indexOf = createIndexes(range.points);
  const start = { at: range.startAt, wallOffsetMs: range.startOffsetMs, fromMs, rule, indexOf };
  const shared = sharedRules(before, after);
  const old = replayRules(before, { ...start, spared: new Set() });
  const fresh = replayRules(after, { ...start, spared: shared });
  const run = new HistoryRun(range, old, fresh, onProgress);
  replay(range, run, onUnreadable);
  run.finish(range.endAt);
  onProgress(1, run.count);

  const differences: AlertDifference[] = [];
  let differenceCount = 0;
  const comparison: Comparison = {
    fromMs,
    toMs,
    intervalMs: ({ device, metric }: AlertKey) =>
      mergePointEntries(after.points, device, metric).expectEveryMs ??
      run.noiseOf(pointName({ device, metric }))?.intervalMs ??
      0,
    onDifference(difference) {
      differenceCount += 1;
      if (differences.length < differencesMax) differences.push(difference);
    },
  };
  const spans = new Map(fresh.recorder.spans);
  for (const [key, one] of old.recorder.spans) if (shared.has(one.key.rule)) spans.set(key, one);
  const lines = compareAlerts(old.recorder.spans, spans, comparison);
  return {
    fromMs,
    toMs,
    readings: run.count,
    lines,
    differences: differences.toSorted((a, b) => beginOf(a) - beginOf(b)),
    differencesOmitted: differenceCount - differences.length,
    suggestions: suggest({
      rules: fresh.rules,
      lines,
      spans,
      noiseOf: (key) => run.noiseOf(pointName(key)),
      unitOf: (key) =>
        range.points.findLast((one) => pointName(one) === pointName(key))?.unit ?? null,
    }),
    problems: fresh.engine.problems(),
  };
}

function beginOf({ before, after }: AlertDifference): number {
  return Math.min(before?.startMs ?? Infinity, after?.startMs ?? Infinity);
}

/** The longest that a rule looks back. */
function longestMs(rules: readonly Rule[]): DurationMs {
  const times = rules.flatMap(everyVariant).flatMap(({ levels, window, offDelayMs, settleMs }) => [
    settleMs ?? 0,
    2 * (window?.spanMs ?? 0),
    ...levels.map(({ comparator, onDelayMs }) => {
      const isLong = comparator.kind === 'silent_for' || comparator.kind === 'stuck_for';
      return onDelayMs + offDelayMs + (isLong ? comparator.forMs : 0);
    }),
  ]);
  return Math.max(0, ...times);
}

function nothingStored({ directory, fromMs, toMs }: BacktestRequest): LimenError {
  const whole = findReplayRange(directory, -Infinity, null, () => undefined);
  if (whole === null) {
    return new LimenError(
      'not_found',
      `There is no history in "${directory}" yet: let Limen run for a while (limen run), or name its folder at storage.directory`,
    );
  }
  const [first, last] = [whole.startAt + whole.startOffsetMs, whole.endAt + whole.endOffsetMs];
  const to = toMs === null ? '' : ` to ${formatLocalTime(toMs)}`;
  return new LimenError(
    'not_found',
    `There is no history from ${formatLocalTime(fromMs)}${to}: it begins at ${formatLocalTime(first)} and ends at ${formatLocalTime(last)}; choose --from and --to within`,
  );
}
