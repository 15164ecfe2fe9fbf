import type { Condition } from '../domain/alert.ts';
import { aboutOf } from '../domain/clause.ts';
import type { EngineInput } from '../domain/engine.ts';
import { ownRules, severityRank, type Rule } from '../domain/rule.ts';
import { compileCell, isHeld, type AlertCell } from './alert-cell.ts';
import { clauseMemory, judgeClause, unbindClause } from './clauses/clause.ts';
import { bindCompound, equipCompounds, judgeCompound } from './clauses/compound.ts';
import { adoptActiveWhen, followActiveWhen, suppressInactive } from './clauses/active-when.ts';
import { linkDerived } from './derived-links.ts';
import { equipPoint, kindOf, removeCell } from './declare.ts';
import { orderedCells, type EngineCore } from './engine-core.ts';
import { announce, announceIfDirty } from './events.ts';
import { expectPoints } from './silence/expected-points.ts';
import { giveRule, settleGroups } from './telling/first-out.ts';
import { recallFaults } from './telling/faults.ts';
import { limitShelf } from './telling/flags.ts';
import { recallFlood } from './telling/flood.ts';
import { shownRate } from './gauges/gauge.ts';
import { judgeGaugeAnew } from './gauges/judge-gauge.ts';
import { judgeCell } from './judge-reading.ts';
import { judgementOf } from './judgement.ts';
import {
  cancelAllLeaving,
  highestHeld,
  holdDueLevels,
  markByValue,
  markClear,
  runLevelDelays,
  startOnDelay,
} from './levels.ts';
import { ownRule } from './own-rules.ts';
import { judgeUnjudged } from './replace-point.ts';
import { createRuleBook, type RuleBook } from './rule-book.ts';
import { arm, end, raiseTo, settle, stepOf, type Moment } from './settle.ts';
import { reviewSilence, reviveFresh, stalePoints } from './silence/review-silence.ts';
import { recallSources, reviewSources } from './silence/source-lost.ts';
import { recallWasDown } from './silence/was-down.ts';
import { adoptTelling } from './telling/telling.ts';
import { markByTime } from './silence/watch.ts';
import { watchConditions } from './clauses/watched-conditions.ts';

type ConfigInput = Extract<EngineInput, { kind: 'config' }>;

/**
 * Applies a config. The first one only makes alerts. A later one is compared with the one before (contract 8): alerts
 * whose judgement is unchanged go on untouched, changed ones are judged anew, those of removed rules end.
 */
export function applyConfig(
  core: EngineCore,
  { rules, points, ownRules: ownSettings = [], watched = [] }: Omit<ConfigInput, 'kind'>,
  moment: Moment,
): void {
  const isFirst = core.book === null;
  const wereStale = stalePoints(core);
  const book = createRuleBook(rules, points, ownSettings);
  core.book = book;
  adoptActiveWhen(core, rules);
  for (const cell of orderedCells(core)) {
    if (!isConfigured(core, cell)) {
      adoptOwnRule(core, cell, moment);
      continue;
    }
    const rule = ruleOf(core, book, cell);
    if (rule === null) {
      removeCell(core, cell, moment);
    } else if (judgementOf(rule) === judgementOf(cell.rule)) {
      adoptRule(core, cell, rule, moment);
    } else {
      changeRule(core, cell, rule, moment);
    }
  }
  // Before the points: a new watch for a point that is there already has to find it.
  expectPoints(core, book, moment);
  recallWasDown(core, moment);
  recallSources(core, moment);
  recallFaults(core, moment);
  recallFlood(core, moment);
  for (const slot of core.points.slots()) {
    const added = equipPoint(core, slot, moment);
    reviewSilence(core, slot, moment);
    if (isFirst || !core.points.isUsable(slot.point.index)) continue;
    for (const cell of added) if (cell.kind === 'value') judgeCell(core, cell, moment);
  }
  linkDerived(core);
  for (const cell of equipCompounds(core, book.compound, moment)) {
    if (!isFirst) judgeCompound(core, cell, moment, false);
  }
  reviveFresh(core, wereStale);
  if (!isFirst) judgeUnjudged(core, moment);
  if (!isFirst) settleGroups(core, moment);
  if (!isFirst) reviewSources(core, moment);
  core.points.disturbAll();
  // Another interval may make a point stale, or not stale any more.
  for (const clause of core.clauses) clause.isCurrent = false;
  watchConditions(core, watched, moment);
}

// What Limen's own alerts wait for is not the config's to change: the rest of their rule is, and goes into force here.
function adoptOwnRule(core: EngineCore, cell: AlertCell, moment: Moment): void {
  const before = cell.levels[0]?.level;
  const name = ownRules.find((own) => own === cell.rule.name);
  if (name === undefined || before?.comparator.kind !== 'silent_for') return;
  const rule = ownRule(core, name, before.comparator.forMs);
  adoptSeverity(core, cell, rule, moment);
  adoptRule(core, cell, rule, moment);
}

// The one level of an own alert is the same one under another severity.
function adoptSeverity(core: EngineCore, cell: AlertCell, rule: Rule, moment: Moment): void {
  const [level] = rule.levels;
  const [one] = cell.levels;
  if (level === undefined || one === undefined || level.severity === one.level.severity) return;
  one.level = level;
  one.rank = severityRank(level.severity);
  cell.dirty = cell.state !== 'normal';
  if (isRaised(cell) && one.rank > cell.rankMax) {
    giveRule(core, cell, rule);
    raiseTo(core, cell, { level: 0, input: 'escalate', at: moment.at, cause: [moment.seq] });
  } else if (cell.state === 'returned') cell.rankMax = Math.max(cell.rankMax, one.rank);
}

// Not one of Limen's own.
function isConfigured(core: EngineCore, cell: AlertCell): boolean {
  if (cell.kind === 'value' || cell.kind === 'compound') return true;
  return cell.kind === 'silence' && core.points.slot(cell.pointIndex)?.stale !== cell;
}

// The rule of an alert as it is now; null: it has no such alert any more.
function ruleOf(core: EngineCore, book: RuleBook, cell: AlertCell): Rule | null {
  const isSame = ({ name }: Rule): boolean => name === cell.rule.name;
  if (cell.kind === 'compound') {
    const rule = book.compound.find(isSame);
    return rule !== undefined && aboutOf(rule)?.device === cell.device ? rule : null;
  }
  const slot = core.points.slot(cell.pointIndex);
  return slot === undefined ? null : (book.rulesOf(slot.point).find(isSame) ?? null);
}

// Everything about a rule but its judgement is applied in place; a latch that is gone holds nothing any more.
function adoptRule(core: EngineCore, cell: AlertCell, rule: Rule, moment: Moment): void {
  const { at, seq } = moment;
  const before = cell.rule;
  const isToldOtherwise = tellingText(before) !== tellingText(rule);
  giveRule(core, cell, rule);
  cell.steady = false;
  suppressInactive(core, cell, moment);
  noteLatch(cell);
  limitShelf(cell, at);
  if (isToldOtherwise) adoptTelling(cell, at);
  endLatched(core, cell, moment);
  // A sensor that is silent or bad already sends nothing that would raise it later.
  if (before.unknown !== rule.unknown && isUnusable(core, cell))
    settle(core, cell, 'unknown', moment);
  announceIfDirty(core, cell, at, seq);
  followActiveWhen(core, cell, moment);
  arm(core, cell);
}

// Nobody knows because of what was heard, or was not; not because nothing was judged since the start.
function isUnusable(
  { points }: EngineCore,
  { kind, clause, condition, pointIndex }: AlertCell,
): boolean {
  if (condition !== 'unknown') return false;
  if (clause !== null) return clause.members.some(({ slot }) => !points.isUsable(slot.point.index));
  return kind === 'value' && !points.isUsable(pointIndex);
}

function tellingText({ chain, repeatMs, reAlarmMs }: Rule): string {
  return JSON.stringify([chain, repeatMs, reAlarmMs]);
}

// The state is kept, the last good value is judged anew, running delays restart.
function changeRule(core: EngineCore, cell: AlertCell, rule: Rule, moment: Moment): void {
  const { at, seq } = moment;
  const rankBefore = presentRank(cell);
  const isToldOtherwise = tellingText(cell.rule) !== tellingText(rule);
  if (!isSameScale(cell.rule, rule)) cell.worst = NaN;
  giveRule(core, cell, rule);
  cell.kind = kindOf(rule);
  compileCell(cell, core.points.slot(cell.pointIndex)?.point ?? null);
  suppressInactive(core, cell, moment);
  keepHeld(cell);
  rebind(core, cell);
  noteLatch(cell);
  limitShelf(cell, at);
  if (isToldOtherwise) adoptTelling(cell, at);
  const verdict = judgeAnew(core, cell, at);
  restartDelays(cell, verdict, moment);
  cell.condition = verdict;
  announce(core, cell, {
    kind: 'transition',
    from: cell.state,
    reason: 'rule_changed',
    at,
    cause: [seq],
  });
  if (isRaised(cell) && verdict !== 'clear' && presentRank(cell) > rankBefore)
    escalate(core, cell, moment);
  settle(core, cell, verdict, moment);
  followActiveWhen(core, cell, moment);
  arm(core, cell);
}

/**
 * Goes on with a restored alert whose rule may have been changed while Limen was down, as with one that is changed while
 * it runs. But nothing that is remembered ends an alert that is raised: that takes a reading.
 */
export function adoptRestored(core: EngineCore, cell: AlertCell, moment: Moment): void {
  const isOtherwise = cell.judgedOtherwise && isConfigured(core, cell);
  cell.judgedOtherwise = false;
  noteLatch(cell);
  if (isOtherwise && cell.state !== 'normal') judgeRestored(core, cell, moment);
  else adoptLevels(core, cell, moment);
  endLatched(core, cell, moment);
}

function judgeRestored(core: EngineCore, cell: AlertCell, moment: Moment): void {
  const { at, seq } = moment;
  const isWorse = isRaised(cell) && presentRank(cell) > cell.rankMax;
  keepHeld(cell);
  // A silence is over when the point is heard, and not by other words for it.
  const verdict = cell.kind === 'silence' ? cell.condition : judgeAnew(core, cell, at);
  restartDelays(cell, verdict, moment);
  const waits = isRaised(cell) && verdict === 'clear';
  if (waits) cancelAllLeaving(cell);
  cell.condition = verdict;
  announce(core, cell, {
    kind: 'transition',
    from: cell.state,
    reason: 'rule_changed',
    at,
    cause: [seq],
  });
  if (isWorse && verdict !== 'clear') escalate(core, cell, moment);
  if (!waits) settle(core, cell, verdict, moment);
}

// A latch that is gone holds nothing any more.
function endLatched(core: EngineCore, cell: AlertCell, { at, seq }: Moment): void {
  if (!cell.offOver || cell.rule.latch) return;
  const step = stepOf(core, cell, 'off_delay_over');
  if (step.kind === 'move') end(core, cell, step, at, [seq]);
}

// Its level may not be there any more.
function adoptLevels(core: EngineCore, cell: AlertCell, moment: Moment): void {
  if (!isRaised(cell) || highestHeld(cell) >= 0) return;
  const isWorse = presentRank(cell) > cell.rankMax;
  keepHeld(cell);
  cell.dirty = true;
  if (isWorse) escalate(core, cell, moment);
}

// A raised alert stays raised at the level of the same severity, or at the least severe one if that is gone. An alert
// is never shown as more severe than it has been: who has to acknowledge it goes by that.
function keepHeld(cell: AlertCell): void {
  if (isRaised(cell)) {
    const present = cell.levels[cell.present];
    if (highestHeld(cell) < 0 && present !== undefined) present.held = true;
    cell.present = highestHeld(cell);
  } else if (cell.state !== 'returned') return;
  cell.rankMax = Math.max(cell.rankMax, presentRank(cell));
}

// Whoever acknowledged it, or was told, knows of a less severe alert. A level that is due by now comes with it: nobody
// is to be told twice.
function escalate(core: EngineCore, cell: AlertCell, { at, seq }: Moment): void {
  const level = Math.max(cell.present, holdDueLevels(cell, at));
  raiseTo(core, cell, { level, input: 'escalate', at, cause: [seq] });
}

// The worst value of another scale says nothing on this one.
function isSameScale(before: Rule, after: Rule): boolean {
  const [one, other] = [before, after].map((rule) => {
    const rate = shownRate(rule, null);
    return JSON.stringify([
      rule.levels[0]?.comparator.kind,
      rule.window?.of,
      rate?.unit,
      rate?.perMs,
    ]);
  });
  return one === other;
}

function isRaised({ state }: AlertCell): boolean {
  return state === 'active' || state === 'acknowledged';
}

function presentRank(cell: AlertCell): number {
  return cell.levels[cell.present]?.rank ?? -1;
}

function noteLatch(cell: AlertCell): void {
  if (!isRaised(cell) || cell.latched === cell.rule.latch) return;
  cell.latched = cell.rule.latch;
  cell.dirty = true;
}

// A comparison that is still there with the same point goes on: its deadband holds it as before.
function rebind(core: EngineCore, cell: AlertCell): void {
  if (cell.clause === null) return;
  const memory = clauseMemory(cell.clause);
  unbindClause(core, cell.clause);
  bindCompound(core, cell, memory);
}

function judgeAnew(core: EngineCore, cell: AlertCell, at: number): Condition {
  if (cell.clause !== null) {
    const verdict = judgeClause(core, cell.clause, isHeld(cell));
    const [level] = cell.levels;
    if (level !== undefined && verdict !== 'unknown') level.breached = verdict === 'breached';
    return verdict;
  }
  if (cell.kind === 'silence') {
    markClear(cell);
    markByTime(core, cell, at);
    return cell.levels.some((one) => one.breached) ? 'breached' : 'clear';
  }
  if (cell.gauge !== null) return judgeGaugeAnew(core, cell, cell.gauge, at);
  if (cell.problem !== null || !core.points.isUsable(cell.pointIndex)) return 'unknown';
  return markByValue(cell, core.points.value[cell.pointIndex]!) ? 'breached' : 'clear';
}

function restartDelays(cell: AlertCell, verdict: Condition, { at, seq }: Moment): void {
  cell.offDue = NaN;
  cell.offOver = false;
  for (const one of cell.levels) {
    // Only a clear verdict cancels an on-delay: without one it starts again.
    if (!Number.isNaN(one.onDue)) startOnDelay(cell, one, at, seq);
    one.offDue = NaN;
    one.over = false;
  }
  if (verdict !== 'unknown') runLevelDelays(cell, at, seq);
  const first = cell.levels[0];
  const isLost = cell.state === 'pending' && cell.levels.every((one) => Number.isNaN(one.onDue));
  if (verdict === 'unknown' && isLost && first !== undefined) startOnDelay(cell, first, at, seq);
}
