import { alertKey, isOpen, type Alert } from '../../domain/alert.ts';
import type { OutputLevel, OutputSpec } from '../../domain/output.ts';
import { pointName } from '../../domain/point.ts';
import { severityRank, type Action, type ClaimSpan, type Severity } from '../../domain/rule.ts';

/** Why an output is at its level. */
export type OutputReason =
  | 'claim' // an alert holds it
  | 'drill' // a marked test alert holds it
  | 'on_unknown' // safe while the condition of its owner is unknown, or not heard since a restart
  | 'max_on' // energised for too long: the claims present then are spent
  | 'idle' // nobody holds it
  | 'start' // sent safe because Limen started
  | 'link_up' // sent safe because its link came back
  | 'stop' // sent safe because Limen stops
  | 'removed'; // the config no longer has it, or drives it elsewhere

export type ClaimAction = Extract<Action, { kind: 'claim' }>;

/** The hold of one alert (a rule and a point) on one output. */
export interface Claim {
  readonly alert: Alert;
  readonly level: OutputLevel;
  readonly drill: boolean;
  /** Restored from before a restart, and nothing good was heard of its point since. */
  readonly awaitsReading: boolean;
}

/** A claim that was present when `max_on` was over, as it was then. Plain JSON: it is kept in the journal. */
export interface SpentClaim {
  /** `rule/device/metric`. */
  readonly alert: string;
  readonly id: string;
  readonly raises: number;
  /** The lowest severity since: rising above it is an escalation. */
  readonly severity: Severity;
}

/** Everything the level of an output depends on. */
export interface Situation {
  readonly spec: Pick<OutputSpec, 'safe' | 'idle' | 'onUnknown'>;
  /** In any order; at most one for each alert. */
  readonly claims: Iterable<Claim>;
  /** Spent claims by `rule/device/metric`. */
  readonly spent: ReadonlyMap<string, SpentClaim>;
  /** Whether an idle level that energises is spent as well. */
  readonly idleSpent: boolean;
}

export interface Verdict {
  readonly level: OutputLevel;
  /** `rule/device/metric`; null: nobody. */
  readonly owner: string | null;
  readonly reason: OutputReason;
}

/**
 * The wanted level of an output: protection, then claims by severity, earlier raise, rule name and point name, then
 * `idle` (contract 4). Pure.
 */
export function arbitrate({ spec, claims, spent, idleSpent }: Situation): Verdict {
  let winner: Claim | null = null;
  let isProtected = idleSpent;
  for (const claim of claims) {
    if (isSpent(claim, spec.safe, spent)) isProtected = true;
    else if (winner === null || compareClaims(claim, winner) < 0) winner = claim;
  }
  if (winner !== null) return verdictFor(winner, spec);
  if (isProtected) return { level: spec.safe, owner: null, reason: 'max_on' };
  return { level: spec.idle, owner: null, reason: 'idle' };
}

/** The level an alert claims on an output by its rule's actions; null: none. The first action that holds counts. */
export function claimedLevel(alert: Alert, actions: readonly ClaimAction[]): OutputLevel | null {
  return actions.find(({ span }) => isHeld(alert, span))?.level ?? null;
}

/** Whether an alert holds a claim of this span: by its state, and unless it is withheld by a flag. */
export function isHeld(alert: Alert, span: ClaimSpan): boolean {
  if (alert.suppressedBy !== null || alert.outOfService) return false;
  switch (span) {
    case 'raised':
      return alert.state === 'active' || alert.state === 'acknowledged';
    case 'unacknowledged':
      // Shelving silences people, not protection: only this span is for people.
      return (
        (alert.state === 'active' || alert.state === 'returned') && alert.shelvedUntil === null
      );
    case 'open':
      return isOpen(alert.state);
  }
}

/** Order of claims on one output: negative if `a` goes before `b`. */
export function compareClaims(a: Claim, b: Claim): number {
  return (
    severityRank(b.alert.severity) - severityRank(a.alert.severity) ||
    raisedAt(a) - raisedAt(b) ||
    compareText(a.alert.rule, b.alert.rule) ||
    compareText(pointName(a.alert), pointName(b.alert))
  );
}

/** What is kept of a claim when it is spent. */
export function spend(alert: Alert): SpentClaim {
  const { id, raises, severity } = alert;
  return { alert: alertKey(alert), id, raises, severity };
}

/**
 * What is left of a spent claim after its alert changed: null once the alert is normal, or after a new raise or an
 * escalation. A reset is told by its event alone; the caller looks for it.
 */
export function respend(spent: SpentClaim, alert: Alert): SpentClaim | null {
  if (!isOpen(alert.state) || alert.id !== spent.id || alert.raises !== spent.raises) return null;
  const rank = severityRank(alert.severity);
  if (rank > severityRank(spent.severity)) return null;
  return rank < severityRank(spent.severity) ? { ...spent, severity: alert.severity } : spent;
}

// A claim on the safe level cannot energise; spending it would only take protection away.
function isSpent(claim: Claim, safe: OutputLevel, spent: ReadonlyMap<string, SpentClaim>): boolean {
  return claim.level !== safe && spent.has(alertKey(claim.alert));
}

function verdictFor(claim: Claim, spec: Situation['spec']): Verdict {
  const { alert, level, drill, awaitsReading } = claim;
  const owner = alertKey(alert);
  const isUnknown = alert.condition === 'unknown' || awaitsReading;
  if (level !== spec.safe && spec.onUnknown === 'safe' && isUnknown) {
    return { level: spec.safe, owner, reason: 'on_unknown' };
  }
  return { level, owner, reason: drill ? 'drill' : 'claim' };
}

function raisedAt({ alert }: Claim): number {
  return alert.raisedAt ?? Number.MAX_SAFE_INTEGER;
}

// Not localeCompare: the order must not depend on the machine's language.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
