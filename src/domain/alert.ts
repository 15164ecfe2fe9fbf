import type { PointIndex } from './point.ts';
import type { Quality, Seq, Value } from './reading.ts';
import type { Severity } from './rule.ts';
import type { EngineMs, WallMs } from './time.ts';

export const alertStates = ['normal', 'pending', 'active', 'acknowledged', 'returned'] as const;
export type AlertState = (typeof alertStates)[number];

/** The verdict after the deadband and before the delays. */
export const conditions = ['breached', 'clear', 'unknown'] as const;
export type Condition = (typeof conditions)[number];

/** Why an alert changed (contract 3). */
export const reasons = [
  'breached', // normal → pending, or → active without a delay
  'on_delay_over', // pending or returned → active
  'cleared_in_delay', // pending → normal
  'off_delay_over', // active or acknowledged → returned or normal
  'acknowledged', // active → acknowledged, returned → normal, or a further comment
  'reset', // a latch was reset
  'escalated', // a more severe level became due
  'deescalated', // a more severe level was left
  'shelved', // nobody is told for a time
  'unshelved', // the shelf ended, by its time, at normal or by a person
  'out_of_service', // taken out of service, or still out of it after another day
  'in_service', // put back in service
  'suppressed', // kept from people by design: active_when, or its parent is lost
  'unsuppressed', // not suppressed any more
  're_alarmed', // acknowledged → active: it has lasted too long
  'chattering', // raised so often that single raises are not told any more
  'chatter_over', // it has been quiet again for a while
  'repeated', // told again
  'chained', // told to the next one of the chain
  'removed', // the rule, device or point went away
  'rule_changed', // the rule is judged by other limits or delays now
  'restored', // published again at start
  'condition', // condition or quality changed, state did not
  'drill', // a marked test alert
] as const;
export type Reason = (typeof reasons)[number];

/** Why a flag of an alert was set or ended. */
export const flagReasons = [
  'shelved',
  'unshelved',
  'out_of_service',
  'in_service',
  'suppressed',
  'unsuppressed',
] as const satisfies readonly Reason[];
export type FlagReason = (typeof flagReasons)[number];

/** What of its own rule suppresses an alert; everything else in `suppressed_by` is the key of another alert. */
export const byDesign = ['active_when', 'settle'] as const;

/** Which alert: one per rule and point. */
export interface AlertKey {
  readonly rule: string;
  readonly device: string;
  readonly metric: string;
}

/** `rule/device/metric`: the key as one string, for maps and tables. */
export function alertKey(key: AlertKey): string {
  return `${key.rule}/${key.device}/${key.metric}`;
}

/** The order in which alerts are listed, and in which what is due at the same time happens: by rule, then point. */
export function compareKeys(a: AlertKey, b: AlertKey): number {
  return (
    compareText(a.rule, b.rule) ||
    compareText(a.device, b.device) ||
    compareText(a.metric, b.metric)
  );
}

/** By code unit: the order of a locale may differ between two machines. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** A limit as it is shown: a number, a pair, or a state. */
export type ShownLimit = number | readonly [number, number] | string | boolean;

/** First-out of ISA-18.2: the first active alert of a group since the whole group was normal. */
export interface FirstOut {
  readonly group: string;
  /** `rule/device/metric` of the one that was first. */
  readonly alert: string;
}

/** Who was first, in words, for an alert with this key. */
export function firstOutText(key: string, { group, alert }: FirstOut): string {
  return alert === key ? `first of group ${group}` : `after ${alert} in group ${group}`;
}

/** A payload that may have come from an earlier version: the first-out in it, if there is one. */
export function firstOutOf(json: Readonly<Record<string, unknown>>): FirstOut | null {
  const found = json['first_out'];
  if (typeof found !== 'object' || found === null) return null;
  if (!('group' in found) || !('alert' in found)) return null;
  const { group, alert } = found;
  return typeof group === 'string' && typeof alert === 'string' ? { group, alert } : null;
}

/**
 * An alert as the outside sees it, frozen at one event. Times are wall times, stamped from the clock mapping that was
 * valid at the event.
 */
export interface Alert extends AlertKey {
  /** `<rule>/<device>/<metric>/<n>`: the occurrence. While normal: the last one, or n = 0 if there was none. */
  readonly id: string;
  readonly state: AlertState;
  readonly condition: Condition;
  readonly quality: Quality;
  readonly severity: Severity;
  readonly severityMax: Severity;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly limit: ShownLimit | null;
  readonly worst: Value | null;
  readonly message: string;
  readonly breachedAt: WallMs | null;
  readonly raisedAt: WallMs | null;
  readonly returnedAt: WallMs | null;
  readonly changedAt: WallMs;
  readonly dueAt: WallMs | null;
  readonly raises: number;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: WallMs | null;
  readonly comment: string | null;
  readonly latched: boolean;
  readonly shelvedUntil: WallMs | null;
  readonly suppressedBy: string | null;
  readonly outOfService: boolean;
  /** Who was first in its group, while it is not normal; null: nobody yet, or it is in no group. */
  readonly firstOut: FirstOut | null;
  readonly reason: Reason;
  /** Sequence number of the event that made it so. */
  readonly seq: Seq;
}

/**
 * What kind of conclusion an event is. `transition`: state or severity changed. `flag`: a flag was set or ended.
 * `condition`: only condition, quality or a running delay changed: the retained alert is published, no event topic.
 * `notice`: nothing changed, people are told something: no topic at all.
 */
export type AlertEventKind = 'transition' | 'flag' | 'condition' | 'notice';

/** What people are told beside the edges of an alert's life: the reasons of a `notice`. */
export const noticeReasons = ['repeated', 'chained', 'chattering', 'chatter_over'] as const;
export type NoticeReason = (typeof noticeReasons)[number];

/** What a `notice` says, and to whom. */
export interface Notice {
  /** In place of the alert's message. */
  readonly text: string;
  /** null: those who are told when the alert becomes active. */
  readonly notifiers: readonly string[] | null;
}

/** Why people are not told of an event that they would be told of else. */
export type Hush = 'chatter' | 'flood';

/** One conclusion of the engine about one alert: immutable, with the sequence numbers of its causes. */
export interface AlertEvent {
  readonly kind: AlertEventKind;
  /** Engine time: a timer's transition carries its due time, not the time it was noticed. */
  readonly at: EngineMs;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly reason: Reason;
  readonly cause: readonly Seq[];
  readonly alert: Alert;
  readonly point: PointIndex | null;
  /** What the engine needs to go on with this alert after a restart: plain JSON, private to `rules`. */
  readonly memory: unknown;
  /** Marked test alert of `limen drill`. */
  readonly drill: boolean;
  /** What a `notice` tells; left out with every other kind. */
  readonly notice?: Notice;
  /** Left out: people are told as ever. Decided by the engine and stored with the event. */
  readonly hushed?: Hush;
}

/** Whether this alert's claims and notifications are in force at all, whoever acknowledged it. */
export function isOpen(state: AlertState): boolean {
  return state === 'active' || state === 'acknowledged' || state === 'returned';
}

/** Whether a flag keeps an alert from people. */
export function isFlagged(
  alert: Pick<Alert, 'shelvedUntil' | 'suppressedBy' | 'outOfService'>,
): boolean {
  return alert.shelvedUntil !== null || alert.suppressedBy !== null || alert.outOfService;
}

/** Whether there is something to show of an alert: it is not normal, or kept from people. */
export function isShown(alert: Alert): boolean {
  return alert.state !== 'normal' || isFlagged(alert);
}

/** The alert in events, lists and notifications: the retained payload, and who was first in its group. */
export function alertFacts(alert: Alert): Record<string, unknown> {
  return { ...alertJson(alert), first_out: alert.firstOut };
}

/** The retained payload (contract 6): every key always present. */
export function alertJson(alert: Alert): Record<string, unknown> {
  return {
    id: alert.id,
    rule: alert.rule,
    device: alert.device,
    metric: alert.metric,
    state: alert.state,
    condition: alert.condition,
    quality: alert.quality,
    severity: alert.severity,
    severity_max: alert.severityMax,
    value: alert.value,
    unit: alert.unit,
    limit: alert.limit,
    worst: alert.worst,
    message: alert.message,
    breached_at: alert.breachedAt,
    raised_at: alert.raisedAt,
    returned_at: alert.returnedAt,
    changed_at: alert.changedAt,
    due_at: alert.dueAt,
    raises: alert.raises,
    acknowledged_by: alert.acknowledgedBy,
    acknowledged_at: alert.acknowledgedAt,
    comment: alert.comment,
    latched: alert.latched,
    shelved_until: alert.shelvedUntil,
    suppressed_by: alert.suppressedBy,
    out_of_service: alert.outOfService,
    reason: alert.reason,
    seq: alert.seq,
  };
}

/** `isFlagged` for a payload of `alertJson`. */
export function isFlaggedJson(json: Readonly<Record<string, unknown>>): boolean {
  const at = (key: string): unknown => json[key] ?? null;
  return (
    at('shelved_until') !== null || at('suppressed_by') !== null || at('out_of_service') === true
  );
}

/** The alert in a payload of `alertFacts`. Only for what Limen itself has written: nothing is checked. */
export function alertOfJson(json: Readonly<Record<string, unknown>>): Alert {
  const camel = Object.entries(json).map(([key, value]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  // the inverse of alertFacts
  return { firstOut: null, ...Object.fromEntries(camel) } as Alert;
}
