import type { Alert, AlertEvent } from '../domain/alert.ts';
import type { Seq } from '../domain/reading.ts';
import type { Rule } from '../domain/rule.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';

/** The two ends of a drill. */
export interface DrillMoment {
  readonly seq: Seq;
  readonly at: EngineMs;
  readonly wallMs: WallMs;
  /** The row that asked for it. */
  readonly cause: Seq;
}

/**
 * The raise of a marked test alert: a device of its own named `drill`, so that no real alert is touched, with the rule's
 * most severe level, so that its whole chain is tried.
 */
export function drillRaise(rule: Rule, moment: DrillMoment): AlertEvent {
  const severity = rule.levels.at(-1)?.severity ?? 'critical';
  const alert: Alert = {
    id: `${rule.name}/drill/-/${moment.cause}`,
    rule: rule.name,
    device: 'drill',
    metric: '-',
    state: 'active',
    condition: 'breached',
    quality: 'good',
    severity,
    severityMax: severity,
    value: null,
    unit: null,
    limit: null,
    worst: null,
    message: `DRILL: a test of ${rule.name}, nothing is wrong`,
    breachedAt: moment.wallMs,
    raisedAt: moment.wallMs,
    returnedAt: null,
    changedAt: moment.wallMs,
    dueAt: null,
    raises: 1,
    acknowledgedBy: null,
    acknowledgedAt: null,
    comment: null,
    latched: false,
    shelvedUntil: null,
    suppressedBy: null,
    outOfService: false,
    firstOut: null,
    reason: 'drill',
    seq: moment.seq,
  };
  return eventOf(alert, 'normal', 'drill', moment);
}

/** The end of a drill: the test alert goes away, and with it what it held. */
export function drillEnd(raised: Alert, moment: DrillMoment): AlertEvent {
  const alert: Alert = {
    ...raised,
    state: 'normal',
    condition: 'clear',
    message: `DRILL: the test of ${raised.rule} is over`,
    returnedAt: moment.wallMs,
    changedAt: moment.wallMs,
    reason: 'removed',
    seq: moment.seq,
  };
  return eventOf(alert, raised.state, 'removed', moment);
}

function eventOf(
  alert: Alert,
  from: Alert['state'],
  reason: Alert['reason'],
  { at, cause }: DrillMoment,
): AlertEvent {
  return {
    kind: 'transition',
    at,
    from,
    to: alert.state,
    reason,
    cause: [cause],
    alert,
    point: null,
    memory: null,
    drill: true,
  };
}
