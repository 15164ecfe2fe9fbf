import {
  isFlagged,
  isOpen,
  noticeReasons,
  type AlertEvent,
  type NoticeReason,
} from '../../domain/alert.ts';
import type { ActingRule } from '../../domain/config.ts';
import type { NotifyEdge } from '../../domain/rule.ts';

/** What somebody is told an event as: an edge of the alert's life, or what a notice says. */
export type ToldEdge = NotifyEdge | NoticeReason;

/** The part of an event that decides whether somebody is told. A stored event has it too. */
export type EdgeEvent = Pick<AlertEvent, 'kind' | 'from' | 'to' | 'reason'>;

/**
 * Every edge of an alert's life that an event is, the one it is told as first; empty: nobody is told. An escalation
 * that makes the alert active again is `active` too, and the acknowledgement of a returned alert is `normal` too: who
 * asked for either edge is told.
 */
export function notifyEdges({ kind, from, to, reason }: EdgeEvent): readonly NotifyEdge[] {
  if (kind === 'flag') return isAnnounced({ to, reason }) ? ['active'] : [];
  if (kind === 'notice') return noticeEdges({ to, reason });
  if (kind !== 'transition') return [];
  const isEntered = from !== to;
  switch (to) {
    case 'active':
      if (reason === 'escalated') return isEntered ? ['escalated', 'active'] : ['escalated'];
      return isEntered ? ['active'] : [];
    case 'acknowledged':
      return isEntered ? ['acknowledged'] : [];
    case 'returned':
      return isEntered ? ['returned'] : [];
    case 'normal':
      // A pending that goes back is an event, not an alert.
      if (!isOpen(from)) return [];
      return reason === 'acknowledged' ? ['normal', 'acknowledged'] : ['normal'];
    case 'pending':
      return [];
  }
}

// Nobody was told while the flag was set: what is true when it ends is told as if it had just been raised.
function isAnnounced({ to, reason }: Pick<EdgeEvent, 'to' | 'reason'>): boolean {
  const isEnd = reason === 'unshelved' || reason === 'unsuppressed' || reason === 'in_service';
  return isEnd && (to === 'active' || to === 'returned');
}

// Who is told when the alert becomes active is told again; who waits for its end learns of that too.
function noticeEdges({ to, reason }: Pick<EdgeEvent, 'to' | 'reason'>): readonly NotifyEdge[] {
  if (reason !== 'chatter_over') return ['active'];
  return to === 'returned' || to === 'normal' ? ['active', to] : ['active'];
}

/** What an event is told as; null: nobody is told. */
export function notifyEdge(event: EdgeEvent): ToldEdge | null {
  if (event.kind === 'notice')
    return noticeReasons.find((reason) => reason === event.reason) ?? null;
  return notifyEdges(event)[0] ?? null;
}

/** The notifiers that a rule sends an event to, each once, in the order of `then:`. Pure. */
export function notifyTargets(rule: Pick<ActingRule, 'then'>, event: AlertEvent): string[] {
  if (isFlagged(event.alert) || event.hushed !== undefined) return [];
  const named = event.notice?.notifiers ?? null;
  if (named !== null) return [...new Set(named)];
  const edges = notifyEdges(event);
  const targets = new Set<string>();
  for (const action of rule.then) {
    if (action.kind !== 'notify') continue;
    if (action.on.some((edge) => edges.includes(edge))) targets.add(action.notifier);
  }
  return [...targets];
}
