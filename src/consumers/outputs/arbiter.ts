import { alertKey, isOpen, type Alert } from '../../domain/alert.ts';
import type { ManualHold, OutputLevel, OutputSpec, Trip } from '../../domain/output.ts';
import { pointName } from '../../domain/point.ts';
import { severityRank, type Action, type ClaimSpan, type Severity } from '../../domain/rule.ts';

/** Why an output is at its level. */
export type OutputReason =
  | 'claim' // an alert holds it
  | 'drill' // a marked test alert holds it
  | 'manual' // a person holds it
  | 'on_unknown' // safe while the condition of its owner is unknown, or not heard since a restart
  | 'trip' // safe until somebody resets it
  | 'interlock' // safe while another output, or its only_while, forbids it
  | 'lease_lost' // the link was away for longer than the lease, or the board is: the device goes safe by itself
  | 'max_on' // energised for too long: the claims present then are spent
  | 'pulse' // its pulse is over: the claims present then are spent
  | 'min_on' // nobody holds it, and it has not been energised for long enough
  | 'min_off' // somebody holds it, and it has not been safe for long enough
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

/** Whether something else forbids that an output is energised; `violated`: it is known to, and not only unknown. */
export type Interlock =
  | { readonly kind: 'free' }
  | { readonly kind: 'unknown' | 'violated'; readonly why: string };

/** Everything the level of an output depends on. Times in engine milliseconds. */
export interface Situation {
  readonly spec: Pick<
    OutputSpec,
    'safe' | 'idle' | 'onUnknown' | 'minOnMs' | 'minOffMs' | 'pulseMs'
  >;
  /** In any order; at most one for each alert. */
  readonly claims: Iterable<Claim>;
  /** Spent claims by `rule/device/metric`. */
  readonly spent: ReadonlyMap<string, SpentClaim>;
  /** Whether an idle level that energises is spent as well. */
  readonly idleSpent: boolean;
  /** A hold that is not over. */
  readonly hold: ManualHold | null;
  readonly trip: Trip | null;
  readonly interlock: Interlock;
  /** Why its device has gone safe by itself, in words; null: it has not. */
  readonly leaseLost: string | null;
  /** Since when it has been energised; null: it is safe. */
  readonly energisedSince: number | null;
  /** Since when it has been safe, as far as that is known. */
  readonly safeSince: number;
  readonly now: number;
}

export interface Verdict {
  readonly level: OutputLevel;
  /** `rule/device/metric`, or who holds it by hand; null: nobody. */
  readonly owner: string | null;
  readonly reason: OutputReason;
  /** What the reason rests on, in words; null: nothing more to say. */
  readonly detail: string | null;
}

/**
 * The wanted level of an output: protection, then what a person holds by hand, then claims by severity, earlier raise,
 * rule name and point name, then `idle` (contract 4). `min_off` comes before all but protection; `min_on` keeps it
 * energised when nobody claims it any more, and gives way to whoever asks for safe. Pure.
 */
export function arbitrate(situation: Situation): Verdict {
  const { spec, trip, interlock, leaseLost, energisedSince, safeSince, now } = situation;
  const { safe, minOnMs, minOffMs } = spec;
  if (trip !== null) return { level: safe, owner: null, reason: 'trip', detail: trip.why };
  const wish = wishOf(situation);
  const isKeptOn =
    wish.level === safe &&
    wish.reason === 'idle' &&
    energisedSince !== null &&
    minOnMs !== null &&
    now - energisedSince < minOnMs;
  if (wish.level === safe && !isKeptOn) return wish;
  const { owner } = wish;
  if (interlock.kind !== 'free')
    return { level: safe, owner, reason: 'interlock', detail: interlock.why };
  if (leaseLost !== null) return { level: safe, owner, reason: 'lease_lost', detail: leaseLost };
  if (isKeptOn) return { level: otherThan(safe), owner: null, reason: 'min_on', detail: null };
  if (energisedSince === null && minOffMs !== null && now - safeSince < minOffMs)
    return { level: safe, owner, reason: 'min_off', detail: null };
  return wish;
}

/** What keeps a person from energising an output, in words; null: nothing. */
export function refusal(situation: Situation): string | null {
  const { spec, trip, interlock, leaseLost } = situation;
  if (trip !== null) return `it is tripped (${trip.why}): reset it first`;
  if (interlock.kind !== 'free') return `an interlock forbids it: ${interlock.why}`;
  if (leaseLost !== null) return `its lease is lost: ${leaseLost}`;
  const wish = wishOf({ ...situation, hold: null });
  if (wish.reason === 'max_on' && wish.level === spec.safe)
    return 'it was energised for longer than max_on: reset it first';
  return null;
}

/** The level that is not this one. */
export function otherThan(level: OutputLevel): OutputLevel {
  return level === 'on' ? 'off' : 'on';
}

function wishOf({ spec, claims, spent, idleSpent, hold }: Situation): Verdict {
  if (hold !== null)
    return { level: hold.level, owner: hold.by, reason: 'manual', detail: hold.comment };
  let winner: Claim | null = null;
  let isSpentThere = idleSpent;
  for (const claim of claims) {
    if (isSpent(claim, spec.safe, spent)) isSpentThere = true;
    else if (winner === null || compareClaims(claim, winner) < 0) winner = claim;
  }
  if (winner !== null) return verdictFor(winner, spec);
  if (isSpentThere) {
    const reason = spec.pulseMs === null ? 'max_on' : 'pulse';
    return { level: spec.safe, owner: null, reason, detail: null };
  }
  return { level: spec.idle, owner: null, reason: 'idle', detail: null };
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
  const detail = null;
  const { alert, level, drill, awaitsReading } = claim;
  const owner = alertKey(alert);
  const isUnknown = alert.condition === 'unknown' || awaitsReading;
  if (level !== spec.safe && spec.onUnknown === 'safe' && isUnknown) {
    return { level: spec.safe, owner, reason: 'on_unknown', detail };
  }
  return { level, owner, reason: drill ? 'drill' : 'claim', detail };
}

function raisedAt({ alert }: Claim): number {
  return alert.raisedAt ?? Number.MAX_SAFE_INTEGER;
}

// Not localeCompare: the order must not depend on the machine's language.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
