import { compileTopicPattern } from './channel/topic-pattern.ts';
import { parseConfig } from './config/parse.ts';
import { findRuleText } from './config/rules/rule-text.ts';
import { closest } from './config/text/suggest.ts';
import type { AlertKey } from './domain/alert.ts';
import type { QuarantineRecord } from './domain/api.ts';
import { aboutOf, hasAlert } from './domain/clause.ts';
import type { Config } from './domain/config.ts';
import { isReservedName } from './domain/name.ts';
import { LimenError } from './domain/error.ts';
import { limits } from './domain/limits.ts';
import type { JournalRow } from './domain/journal.ts';
import { displayValue, pointName } from './domain/point.ts';
import { isJudgedAt } from './domain/lateness.ts';
import { historyOnlyFlag, lateFlag, qualityOf } from './domain/reading.ts';
import { ruleAt, type Rule } from './domain/rule.ts';
import type { WhyRule } from './domain/why.ts';
import type { WhyNotQuery, WhyNotReading, WhyNotReport } from './domain/why-not.ts';
import { formatLocalTime } from './host/local-time.ts';
import type { Log } from './host/log.ts';
import {
  alignStretch,
  findRaise,
  findStop,
  placeStretch,
  readHistory,
  type AlertHistory,
  type Stretch,
} from './rehearsal/alert-history.ts';
import { replayAlert, type AlertReplayed } from './rehearsal/alert-replay.ts';
import { rowWith, type NotificationBody } from './rules/explain/explain-rows.ts';
import { explainWhyNot } from './rules/explain/why-not.ts';
import type { WhyNotFacts } from './rules/explain/why-not-facts.ts';
import { eachEntryAfter, findEntryUpTo, type JournalFiles } from './storage/journal-rows.ts';
import { openQueries, passOver, type Queries } from './storage/queries.ts';
import { commitBefore, commitFrom, entriesBetween, isRetained } from './storage/stretch.ts';

// `limen why-not`, answered from the files like `limen why`: what is asked for is pure (rules/), the engine runs over the
// stored rows (rehearsal/), where they lie is SQL (storage/).

const { whyNotAroundMs: aroundMs } = limits;

/** When it is asked. */
export interface WhyNotNow {
  readonly nowMs: number;
  /** Limen runs: what is not stored yet has not happened. */
  readonly isRunning: boolean;
}

/**
 * Replays the journal around a moment and says which clause kept an alert from firing. Throws `invalid` for a moment to
 * come, `not_found` for a rule or a point that there never was, and for a moment before the history begins.
 */
export function whyNot(
  directory: string,
  query: WhyNotQuery,
  now: WhyNotNow,
  warn: Log['warn'],
): WhyNotReport {
  if (query.atMs > now.nowMs) {
    const message = `${formatLocalTime(query.atMs)} lies in the future: nobody knows yet what will fire`;
    throw new LimenError('invalid', message);
  }
  const queries = openQueries(directory, warn);
  if (queries === null) throw new LimenError('not_found', `There is no data in "${directory}" yet`);
  try {
    return answer({ directory, unreadable: passOver(warn) }, queries, query, now);
  } finally {
    queries.close();
  }
}

function answer(
  files: JournalFiles,
  queries: Queries,
  { rule: name, point, atMs }: WhyNotQuery,
  now: WhyNotNow,
): WhyNotReport {
  const key = keyOf(name, point);
  const configs = new Configs();
  const commit = commitBefore(files, atMs + 1);
  if (commit === null) throw noHistory(files, atMs);
  const newest = configs.ofText(queries.configText() ?? '');
  const configRow = findConfig(files, commit.seq, atMs);
  const config = configRow === null ? newest : configs.of(configRow);
  const known = queries.alerts(true);
  checkNames(key, { configs: [config, newest], known, queries });

  const written = config.rules.find((one) => one.name === name) ?? null;
  const rule = written === null ? null : ruleAt(written, key.device, key.metric);
  const names = namesOf(rule, key, queries);
  const placed = placeStretch(files, commit, { atMs, rule });
  const stretch = alignStretch(files, placed, rule, names);
  const { isRunning, nowMs } = now;
  const stop = findStop(files, commit, { atMs, toSeq: stretch.toSeq, isRunning });
  const momentMs = Math.min(atMs, stop?.stoppedAt ?? atMs);
  const history = readHistory(files, stretch, { key, names, known });
  const replayed = replay(files, { key, config, configs, stretch, history, momentMs });

  const rules = rulesOf(files, configRow, newest, name);
  const raise = findRaise(files, history.events, atMs);
  const isOwn = isReservedName(name);
  const { alert } = replayed.moment;
  const read = readingsAt(history, replayed, { stretch, momentMs, rule });
  // There is no alert about bad values before the first of them.
  const isOwnOfPoint = alert !== null || (name === 'limen.bad' && read.last !== null);
  const isMatched = rule !== null && hasAlert(rule, key.device, key.metric);
  const told = { fromSeq: raise?.seq ?? 0, toSeq: stretch.toSeq };
  return explainWhyNot({
    key,
    atMs,
    stop,
    rule,
    isOwnRule: isOwn,
    matched: isOwn ? isOwnOfPoint : isMatched,
    rules,
    changedAt: rules[1]?.at ?? null,
    moment: replayed.moment,
    closest: replayed.closest,
    ...read,
    rejected: rejectedOf(queries, config, key, atMs),
    events: history.events,
    raise,
    notifications:
      raise === null
        ? []
        : entriesBetween(files, told, ['notification']).map((row) =>
            rowWith<NotificationBody>(row),
          ),
    replay: {
      from: stretch.startAt + stretch.wallOffsetMs,
      to: Math.min(atMs + aroundMs, nowMs),
      readings: replayed.count,
      cut: stretch.isCut || history.isCut,
    },
  });
}

function replay(
  files: JournalFiles,
  given: {
    readonly key: AlertKey;
    readonly config: Config;
    readonly configs: Configs;
    readonly stretch: Stretch;
    readonly history: AlertHistory;
    readonly momentMs: number;
  },
): AlertReplayed {
  const { key, config, configs, stretch, history, momentMs } = given;
  const { points, memories, learned, schedules, alerts, earlier, readings, inputs } = history;
  const before = findEntryUpTo(files, 'config', stretch.fromSeq - 1);
  return replayAlert(
    {
      key,
      config: before === null ? config : configs.of(before),
      at: stretch.startAt,
      wallOffsetMs: stretch.wallOffsetMs,
      points,
      memories,
      learned,
      schedules,
      alerts,
    },
    { earlier, readings, inputs, momentMs, parse: (row) => configs.of(row) },
  );
}

/** The readings that the clauses tell of. */
function readingsAt(
  history: AlertHistory,
  { points, receivedMs }: AlertReplayed,
  given: { readonly stretch: Stretch; readonly momentMs: number; readonly rule: Rule | null },
): Pick<WhyNotFacts, 'last' | 'lastUsable' | 'late' | 'reading'> {
  const { momentMs, rule } = given;
  const { wallOffsetMs } = given.stretch;
  const isJudged = (ageMs: number): boolean => rule !== null && isJudgedAt(rule, ageMs);
  const rows = [...history.before, ...history.readings].flatMap((stored) => {
    const { seq, atMs: at, engineMs, point: index, value: number, quality } = stored;
    const point = points.get(index);
    const value = point === undefined || number === null ? null : displayValue(point, number);
    const received = receivedMs.get(seq) ?? engineMs + wallOffsetMs;
    const unit = point?.unit ?? null;
    const isLate = (quality & lateFlag) !== 0 && !isJudged(received - at);
    const isPast = (quality & historyOnlyFlag) !== 0;
    const reading = { seq, at, received_at: received, value, unit, quality: qualityOf(quality) };
    return [{ reading, isLate, isPast, isKept: isRetained(quality) }];
  });
  const isUsable = ({ quality, value }: WhyNotReading): boolean =>
    (quality === 'good' || quality === 'suspect') && value !== null;
  const judged = rows.flatMap(({ reading, isLate, isPast }) =>
    isLate || isPast || reading.received_at > momentMs ? [] : [reading],
  );
  // What another broker had kept is shown as the last value, and never judged.
  const kept = rows.filter(({ reading, isKept }) => isKept && reading.received_at <= momentMs);
  const bySeq = new Map(rows.map(({ reading }) => [reading.seq, reading]));
  return {
    last: judged.at(-1) ?? kept.at(-1)?.reading ?? null,
    lastUsable: judged.findLast(isUsable) ?? null,
    late: rows.flatMap(({ reading, isLate }) =>
      isLate && isUsable(reading) && reading.at <= momentMs ? [reading] : [],
    ),
    reading: (seq) => bySeq.get(seq ?? 0) ?? null,
  };
}

/** The configs of the past, each parsed once. */
class Configs {
  readonly #byText = new Map<string, Config>();

  of(row: JournalRow): Config {
    return this.ofText(rowWith<{ readonly text: string }>(row).body.text);
  }

  ofText(text: string): Config {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const loaded = parseConfig(text, { file: 'config of that time', directory: '/', isPast: true });
    if (!loaded.ok) {
      const [first] = loaded.problems;
      const message = `This version cannot read the config of that time: ${first?.message ?? ''}`;
      throw new LimenError('conflict', message);
    }
    this.#byText.set(text, loaded.config);
    return loaded.config;
  }
}

/** The config in force at a moment; one of the next group may have come before it. */
function findConfig(files: JournalFiles, seq: number, atMs: number): JournalRow | null {
  const later = entriesBetween(files, { fromSeq: seq + 1, toSeq: seq + 100 }, ['config']);
  return later.findLast((row) => row.atMs <= atMs) ?? findEntryUpTo(files, 'config', seq);
}

/** The rule as it was, and as it was next written. */
function rulesOf(
  files: JournalFiles,
  configRow: JournalRow | null,
  newest: Config,
  name: string,
): WhyRule[] {
  if (configRow === null) return [];
  const first = ruleOf(configRow, name);
  const isSame = (findRuleText(newest.text, name)?.text ?? null) === first.text;
  if (isSame) return [first];
  let next: WhyRule | null = null;
  eachEntryAfter(files, configRow.seq, ['config'], (row) => {
    const found = ruleOf(row, name);
    if (found.text === first.text) return undefined;
    next = found;
    return 'stop';
  });
  return next === null ? [first] : [first, next];
}

function ruleOf(row: JournalRow, name: string): WhyRule {
  const { hash, text } = rowWith<{ readonly hash: string; readonly text: string }>(row).body;
  const found = findRuleText(text, name);
  return { seq: row.seq, at: row.atMs, hash, line: found?.line ?? null, text: found?.text ?? null };
}

/** What came on the topics, or at the port, of the point at that time and could not be read. */
function rejectedOf(
  queries: Queries,
  { sources }: Config,
  { device, metric }: AlertKey,
  atMs: number,
): QuarantineRecord[] {
  const patterns = sources.flatMap((source) =>
    source.kind === 'mqtt' ? [compileTopicPattern(source.pattern)] : [],
  );
  const ports = sources.flatMap((source) =>
    (source.kind === 'serial' || source.kind === 'firmata') && source.device === device
      ? [source.path]
      : [],
  );
  return queries.quarantined().filter((record) => {
    if (record.first_at > atMs || record.last_at < atMs - aroundMs) return false;
    if (ports.includes(record.topic)) return true;
    const levels = record.topic.split('/');
    return patterns.some((pattern) => {
      const found = pattern.match(levels);
      return found?.device === device && (found.metric === null || found.metric === metric);
    });
  });
}

function keyOf(rule: string, point: string): AlertKey {
  const slash = point.lastIndexOf('/');
  if (slash <= 0 || slash === point.length - 1) {
    const message = `"${point}" must be device/metric, such as freezer-1/temperature`;
    throw new LimenError('invalid', message);
  }
  return { rule, device: point.slice(0, slash), metric: point.slice(slash + 1) };
}

/** A rule or a point that there never was is a slip of the pen, not an answer. */
function checkNames(
  key: AlertKey,
  known: {
    readonly configs: readonly Config[];
    readonly known: readonly Record<string, unknown>[];
    readonly queries: Queries;
  },
): void {
  const rules = new Set([
    ...known.configs.flatMap((config) => config.rules.map(({ name }) => name)),
    ...known.known.map(({ rule }) => String(rule)),
  ]);
  if (!rules.has(key.rule) && !isReservedName(key.rule)) {
    throw new LimenError('not_found', `There is no rule "${key.rule}"${meant(key.rule, rules)}`);
  }
  const name = pointName(key);
  const points = new Set([
    ...known.queries.points().map(pointName),
    ...known.configs.flatMap(({ rules }) => rules.flatMap(namesInFull)),
  ]);
  const isAlert = known.known.some(
    ({ device, metric }) => `${String(device)}/${String(metric)}` === name,
  );
  if (points.has(name) || isAlert) return;
  throw new LimenError('not_found', `There is no point "${name}"${meant(name, points)}`);
}

/** The alerts of a rule that are known by the config alone. */
function namesInFull(rule: Rule): readonly string[] {
  const about = aboutOf(rule);
  if (about !== null) return [pointName(about)];
  return rule.points.flatMap(({ exact, text }) => (exact ? [text] : []));
}

/** The points that an alert judges: its own, or those of a compound rule. */
function namesOf(rule: Rule | null, key: AlertKey, queries: Queries): ReadonlySet<string> {
  if (rule === null || aboutOf(rule) === null) return new Set([pointName(key)]);
  const members = queries
    .points()
    .filter(({ device, metric }) => rule.points.some((one) => one.matches(device, metric)));
  return new Set(members.map(pointName));
}

function meant(word: string, candidates: ReadonlySet<string>): string {
  const found = closest(word, candidates);
  if (found !== null) return `; did you mean "${found}"?`;
  const some = [...candidates].slice(0, 10).map((one) => `"${one}"`);
  return some.length === 0 ? '' : `; there is ${some.join(', ')}`;
}

function noHistory(files: JournalFiles, atMs: number): LimenError {
  const first = commitFrom(files, -Infinity);
  const begins = first === null ? '' : `; it begins at ${formatLocalTime(first.wallMs)}`;
  return new LimenError('not_found', `There is no history at ${formatLocalTime(atMs)}${begins}`);
}
