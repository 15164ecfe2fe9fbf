import { conditions, type AlertState, type Condition, type Reason } from '../domain/alert.ts';

/**
 * What can happen to an alert. The first seven are the columns of the table in the contract; `escalate` and
 * `deescalate` are its paragraph on levels, `re_alarm` is the key of that name, `remove` is the end of the rule or point.
 */
export const lifeCycleInputs = [
  ...conditions,
  'on_delay_over',
  'off_delay_over',
  'acknowledge',
  'reset',
  'escalate',
  'deescalate',
  're_alarm',
  'remove',
] as const;
export type LifeCycleInput = (typeof lifeCycleInputs)[number];

/** What the table needs to know beside the state. */
export interface LifeCycleFacts {
  /** The present condition, for a reset. */
  readonly condition: Condition;
  /** A breached level has an on-delay of 0. */
  readonly dueAtOnce: boolean;
  /** The rule says `unknown: raise`. */
  readonly unknownRaises: boolean;
  readonly latch: boolean;
  readonly acknowledgeRequired: boolean;
  /** The condition has been clear for the whole off-delay. */
  readonly offDelayOver: boolean;
}

/** What becomes of a running delay. */
export type DelayEffect = 'keep' | 'start' | 'cancel';

/** One cell of the table. */
export type LifeCycleStep =
  | { readonly kind: 'stay'; readonly onDelay: DelayEffect; readonly offDelay: DelayEffect }
  | {
      readonly kind: 'move';
      readonly to: AlertState;
      readonly reason: Reason;
      readonly onDelay: DelayEffect;
      readonly offDelay: DelayEffect;
      /** The alert is raised by it: `raises` + 1. */
      readonly raised: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: string };

type Move = Extract<LifeCycleStep, { kind: 'move' }>;

// Every step is made once: judging a reading that changes nothing must not allocate.
const nothing = stay('keep', 'keep');
const startOnDelay = stay('start', 'keep');
const cancelOnDelay = stay('cancel', 'keep');
const startOffDelay = stay('keep', 'start');
const cancelOffDelay = stay('keep', 'cancel');

const toPending = move('pending', 'breached', { onDelay: 'start' });
const toActiveAtOnce = move('active', 'breached', { onDelay: 'start', raised: true });
const clearedInDelay = move('normal', 'cleared_in_delay', { onDelay: 'cancel' });
const onDelayOver = move('active', 'on_delay_over', { raised: true });
const escalated = move('active', 'escalated', {});
const escalatedFromReturned = move('active', 'escalated', { raised: true });
const offDelayOverToReturned = move('returned', 'off_delay_over', {});
const offDelayOverToNormal = move('normal', 'off_delay_over', {});
const reAlarmed = move('active', 're_alarmed', {});
const acknowledged = move('acknowledged', 'acknowledged', {});
const acknowledgedReturn = move('normal', 'acknowledged', {});
const resetToReturned = move('returned', 'reset', {});
const resetToNormal = move('normal', 'reset', {});
const removed = move('normal', 'removed', { onDelay: 'cancel', offDelay: 'cancel' });
const deescalated = {
  active: move('active', 'deescalated', {}),
  acknowledged: move('acknowledged', 'deescalated', {}),
};

const nothingToAcknowledge = refused('there is nothing to acknowledge: the alert is normal');
const notYetActive = refused('there is nothing to acknowledge yet: the alert is pending');
const nothingToReset = refused('there is nothing to reset: the alert is normal');
const pendingIsNotLatched = refused('there is nothing to reset: the alert is pending');
const returnedIsNotLatched = refused(
  'there is nothing to reset: the alert has returned; acknowledge it',
);
const noLatch = refused('the rule has no latch');
const stillBreached = refused('the condition is still breached');
const conditionUnknown = refused('the condition is unknown');
const offDelayRuns = refused('the off-delay is not over');

/**
 * The life of an alert: state and input → what to do, exactly the table in contract 3. It is the alarm state machine
 * of ISA-18.2 (normal, unacknowledged, acknowledged, returned to normal unacknowledged) with a pending state before
 * it, and the ConditionType / AcknowledgeableConditionType of OPC UA Part 9. Pure; allocates nothing.
 */
export function lifeCycle(
  state: AlertState,
  input: LifeCycleInput,
  facts: LifeCycleFacts,
): LifeCycleStep {
  if (input === 'remove') return removed;
  switch (state) {
    case 'normal':
      return fromNormal(input, facts);
    case 'pending':
      return fromPending(input);
    case 'active':
      return fromActive(input, facts);
    case 'acknowledged':
      return fromAcknowledged(input, facts);
    case 'returned':
      return fromReturned(input);
  }
}

type Input = Exclude<LifeCycleInput, 'remove'>;

function fromNormal(input: Input, facts: LifeCycleFacts): LifeCycleStep {
  switch (input) {
    case 'breached':
      return facts.dueAtOnce ? toActiveAtOnce : toPending;
    case 'unknown':
      if (!facts.unknownRaises) return nothing;
      return facts.dueAtOnce ? toActiveAtOnce : toPending;
    case 'acknowledge':
      return nothingToAcknowledge;
    case 'reset':
      return nothingToReset;
    case 'clear':
    case 'on_delay_over':
    case 'off_delay_over':
    case 'escalate':
    case 'deescalate':
    case 're_alarm':
      return nothing;
  }
}

function fromPending(input: Input): LifeCycleStep {
  switch (input) {
    case 'clear':
      return clearedInDelay;
    case 'on_delay_over':
      return onDelayOver;
    case 'acknowledge':
      return notYetActive;
    case 'reset':
      return pendingIsNotLatched;
    case 'breached':
    case 'unknown':
    case 'off_delay_over':
    case 'escalate':
    case 'deescalate':
    case 're_alarm':
      return nothing;
  }
}

function fromActive(input: Input, facts: LifeCycleFacts): LifeCycleStep {
  switch (input) {
    case 'breached':
    case 'unknown':
      return cancelOffDelay;
    case 'clear':
      return startOffDelay;
    case 'off_delay_over':
      if (facts.latch) return nothing;
      return facts.acknowledgeRequired ? offDelayOverToReturned : offDelayOverToNormal;
    case 'escalate':
      return escalated;
    case 'deescalate':
      return deescalated.active;
    case 'acknowledge':
      return acknowledged;
    case 'reset':
      return whyNotReset(facts) ?? (facts.acknowledgeRequired ? resetToReturned : resetToNormal);
    case 'on_delay_over':
    case 're_alarm':
      return nothing;
  }
}

function fromAcknowledged(input: Input, facts: LifeCycleFacts): LifeCycleStep {
  switch (input) {
    case 'breached':
    case 'unknown':
      return cancelOffDelay;
    case 'clear':
      return startOffDelay;
    case 'off_delay_over':
      return facts.latch ? nothing : offDelayOverToNormal;
    case 'escalate':
      return escalated;
    case 'deescalate':
      return deescalated.acknowledged;
    case 'acknowledge':
      return acknowledged;
    case 're_alarm':
      return reAlarmed;
    case 'reset':
      return whyNotReset(facts) ?? resetToNormal;
    case 'on_delay_over':
      return nothing;
  }
}

function fromReturned(input: Input): LifeCycleStep {
  switch (input) {
    case 'breached':
      return startOnDelay;
    case 'clear':
      return cancelOnDelay;
    case 'on_delay_over':
      return onDelayOver;
    case 'escalate':
      return escalatedFromReturned;
    case 'acknowledge':
      return acknowledgedReturn;
    case 'reset':
      return returnedIsNotLatched;
    case 'unknown':
    case 'off_delay_over':
    case 'deescalate':
    case 're_alarm':
      return nothing;
  }
}

function whyNotReset(facts: LifeCycleFacts): LifeCycleStep | null {
  if (!facts.latch) return noLatch;
  if (facts.condition === 'breached') return stillBreached;
  if (facts.condition === 'unknown') return conditionUnknown;
  return facts.offDelayOver ? null : offDelayRuns;
}

function stay(onDelay: DelayEffect, offDelay: DelayEffect): LifeCycleStep {
  return { kind: 'stay', onDelay, offDelay };
}

function move(
  to: AlertState,
  reason: Reason,
  effects: Partial<Pick<Move, 'onDelay' | 'offDelay' | 'raised'>>,
): Move {
  return { kind: 'move', to, reason, onDelay: 'keep', offDelay: 'keep', raised: false, ...effects };
}

function refused(reason: string): LifeCycleStep {
  return { kind: 'refused', reason };
}
