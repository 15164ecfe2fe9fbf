import { isJudgedAt } from '../../domain/lateness.ts';
import { limits } from '../../domain/limits.ts';
import type { Seq } from '../../domain/reading.ts';
import type { WatchedClause } from '../../domain/rule.ts';
import { bindClause, judgeClause, unbindClause } from './clause.ts';
import type { WatchedCondition } from './clause-tree.ts';
import type { EngineCore } from '../engine-core.ts';
import type { Moment } from '../moment.ts';

/**
 * Takes over the conditions that another config watches; those that are the same go on. They change no alert: the
 * interlock of an output is judged here because here the points, their silence and Kleene's logic are known.
 */
export function watchConditions(
  core: EngineCore,
  watched: readonly WatchedClause[],
  moment: Moment,
): void {
  const wanted = new Map(watched.map(({ name, clause }) => [name, textOf(clause)]));
  for (const [name, { text, bound }] of core.watched) {
    if (wanted.get(name) === text) continue;
    unbindClause(core, bound);
    core.watched.delete(name);
  }
  for (const { name, clause } of watched) {
    if (core.watched.has(name)) continue;
    const bound = bindClause(core, {
      clause,
      order: `${name} watched`,
      subject: `${name} cannot be judged`,
      heed: (at) => judge(core, name, condition, at),
      heedFirst(at) {
        if (verdictOf(core, condition) !== 'breached') judge(core, name, condition, at);
      },
      // What was true some time ago permits nothing.
      judgesAt: (ageMs) => isJudgedAt(asRules, ageMs),
    });
    const condition: WatchedCondition = { text: textOf(clause), bound, verdict: 'unknown' };
    core.watched.set(name, condition);
    condition.verdict = verdictOf(core, condition);
    core.surroundings.watched?.(name, condition.verdict, moment.seq as Seq);
  }
}

/** Judges all of them anew: after a start. What only a deadband held does not hold any more. */
export function tellWatched(core: EngineCore, moment: Moment): void {
  for (const [name, condition] of core.watched) {
    condition.bound.isCurrent = false;
    judge(core, name, condition, moment);
  }
}

function judge(core: EngineCore, name: string, condition: WatchedCondition, moment: Moment): void {
  if (core.isAsleep) return;
  const before = condition.verdict;
  const verdict = verdictOf(core, condition);
  if (verdict === before) return;
  condition.verdict = verdict;
  core.surroundings.watched?.(name, verdict, moment.seq as Seq);
}

// The deadbands act while it is true, and not while nobody knows.
function verdictOf(
  core: EngineCore,
  { bound, verdict }: WatchedCondition,
): WatchedCondition['verdict'] {
  return judgeClause(core, bound, verdict === 'breached');
}

function textOf(clause: WatchedClause['clause']): string {
  return JSON.stringify(clause);
}

const asRules = { late: 'history_only', lateAfterMs: limits.lateAfterMs } as const;
