import type { Grounds } from '../../domain/engine.ts';
import { coveredShare } from '../gauges/aggregate.ts';
import type { AlertCell } from '../alert-cell.ts';
import { clauseSentence } from '../clauses/clause-reasons.ts';
import { clauseProblem } from '../clauses/clause.ts';
import type { EngineCore } from '../engine-core.ts';

/** What the verdict of an alert rests on at this time, beside the numbers compared. */
export function groundsOf(core: EngineCore, cell: AlertCell, at: number): Grounds {
  const { points } = core;
  const slot = points.slot(cell.pointIndex);
  const limit = slot?.stale?.levels[0]?.level.comparator;
  const { gauge, clause } = cell;
  return {
    judged: judgedName(cell),
    problem: clause === null ? cell.problem : clauseProblem(clause),
    isStale: points.stale[cell.pointIndex] === 1,
    staleAfterMs: limit?.kind === 'silent_for' ? limit.forMs : null,
    window:
      gauge?.kind === 'window'
        ? {
            spanMs: gauge.samples.spanMs,
            covered: coveredShare(gauge.samples, gauge.question, at, slot?.expectEveryMs ?? null),
          }
        : null,
    sentence: clause === null ? null : clauseSentence(core, clause),
  };
}

function judgedName({ kind, gauge }: AlertCell): string {
  if (kind === 'value') return gauge?.label ?? (gauge?.kind === 'stuck' ? 'stuck' : 'value');
  return kind;
}
