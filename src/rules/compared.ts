import type { Compared } from '../domain/engine.ts';
import { isAcknowledgeRequired, type AlertCell } from './alert-cell.ts';
import { comparedMembers } from './clauses/clause-compared.ts';
import { clearLimit } from './conditions.ts';
import type { EngineCore } from './engine-core.ts';
import { shownLimit } from './events.ts';

/** The numbers an alert is judged by, as they are now. */
export function comparedNumbers(core: EngineCore, cell: AlertCell): Compared {
  return {
    off_delay_ms: cell.rule.offDelayMs,
    latch: cell.rule.latch,
    acknowledge_required: isAcknowledgeRequired(cell),
    levels: cell.levels.map(({ level, region, breached, held }, index) => ({
      severity: level.severity,
      comparator: level.comparator.kind,
      limit: shownLimit(core, cell, index),
      clear_limit: clearLimit(region),
      on_delay_ms: level.onDelayMs,
      breached,
      held,
    })),
    members: cell.clause === null ? null : comparedMembers(core, cell.clause),
  };
}
