import { describe, expect, test } from 'vitest';
import { alertStates, type AlertState, type Condition } from '../../src/domain/alert.ts';
import {
  lifeCycle,
  type LifeCycleFacts,
  type LifeCycleInput,
  type LifeCycleStep,
} from '../../src/rules/life-cycle.ts';

const facts: LifeCycleFacts = {
  condition: 'breached',
  dueAtOnce: false,
  unknownRaises: false,
  latch: false,
  acknowledgeRequired: false,
  offDelayOver: false,
};

/** A step in one line, the way the table of the contract writes it. */
function inWords(step: LifeCycleStep): string {
  if (step.kind === 'refused') return `refused: ${step.reason}`;
  const words = step.kind === 'move' ? [`→ ${step.to}, ${step.reason}`] : [];
  if (step.kind === 'move' && step.raised) words.push('raised');
  if (step.onDelay !== 'keep') words.push(`${step.onDelay} on-delay`);
  if (step.offDelay !== 'keep') words.push(`${step.offDelay} off-delay`);
  return words.length === 0 ? '–' : words.join(', ');
}

type Row = readonly [LifeCycleInput, Partial<LifeCycleFacts>, string];

const table: Readonly<Record<AlertState, readonly Row[]>> = {
  normal: [
    ['breached', {}, '→ pending, breached, start on-delay'],
    ['breached', { dueAtOnce: true }, '→ active, breached, raised, start on-delay'],
    ['clear', {}, '–'],
    ['unknown', {}, '–'],
    ['unknown', { dueAtOnce: true }, '–'],
    ['unknown', { unknownRaises: true }, '→ pending, breached, start on-delay'],
    [
      'unknown',
      { unknownRaises: true, dueAtOnce: true },
      '→ active, breached, raised, start on-delay',
    ],
    ['on_delay_over', {}, '–'],
    ['off_delay_over', {}, '–'],
    ['escalate', {}, '–'],
    ['deescalate', {}, '–'],
    ['acknowledge', {}, 'refused: there is nothing to acknowledge: the alert is normal'],
    ['reset', { latch: true }, 'refused: there is nothing to reset: the alert is normal'],
  ],
  pending: [
    ['breached', {}, '–'],
    ['clear', {}, '→ normal, cleared_in_delay, cancel on-delay'],
    ['unknown', {}, '–'],
    ['unknown', { unknownRaises: true }, '–'],
    ['on_delay_over', {}, '→ active, on_delay_over, raised'],
    ['off_delay_over', {}, '–'],
    ['escalate', {}, '–'],
    ['deescalate', {}, '–'],
    ['acknowledge', {}, 'refused: there is nothing to acknowledge yet: the alert is pending'],
    ['reset', { latch: true }, 'refused: there is nothing to reset: the alert is pending'],
  ],
  active: [
    ['breached', {}, 'cancel off-delay'],
    ['clear', {}, 'start off-delay'],
    ['unknown', {}, 'cancel off-delay'],
    ['unknown', { unknownRaises: true }, 'cancel off-delay'],
    ['on_delay_over', {}, '–'],
    ['off_delay_over', {}, '→ normal, off_delay_over'],
    ['off_delay_over', { acknowledgeRequired: true }, '→ returned, off_delay_over'],
    ['off_delay_over', { latch: true }, '–'],
    ['off_delay_over', { latch: true, acknowledgeRequired: true }, '–'],
    ['escalate', {}, '→ active, escalated'],
    ['deescalate', {}, '→ active, deescalated'],
    ['re_alarm', {}, '–'],
    ['acknowledge', {}, '→ acknowledged, acknowledged'],
    ['acknowledge', { latch: true }, '→ acknowledged, acknowledged'],
    ['acknowledge', { acknowledgeRequired: true }, '→ acknowledged, acknowledged'],
  ],
  acknowledged: [
    ['breached', {}, 'cancel off-delay'],
    ['clear', {}, 'start off-delay'],
    ['unknown', {}, 'cancel off-delay'],
    ['unknown', { unknownRaises: true }, 'cancel off-delay'],
    ['on_delay_over', {}, '–'],
    ['off_delay_over', {}, '→ normal, off_delay_over'],
    ['off_delay_over', { acknowledgeRequired: true }, '→ normal, off_delay_over'],
    ['off_delay_over', { latch: true }, '–'],
    ['escalate', {}, '→ active, escalated'],
    ['deescalate', {}, '→ acknowledged, deescalated'],
    ['re_alarm', {}, '→ active, re_alarmed'],
    ['re_alarm', { latch: true }, '→ active, re_alarmed'],
    ['acknowledge', {}, '→ acknowledged, acknowledged'],
    ['acknowledge', { latch: true }, '→ acknowledged, acknowledged'],
  ],
  returned: [
    ['breached', {}, 'start on-delay'],
    ['clear', {}, 'cancel on-delay'],
    ['unknown', {}, '–'],
    ['unknown', { unknownRaises: true }, '–'],
    ['on_delay_over', {}, '→ active, on_delay_over, raised'],
    ['off_delay_over', {}, '–'],
    ['escalate', {}, '→ active, escalated, raised'],
    ['deescalate', {}, '–'],
    ['re_alarm', {}, '–'],
    ['acknowledge', {}, '→ normal, acknowledged'],
    [
      'reset',
      { latch: true },
      'refused: there is nothing to reset: the alert has returned; acknowledge it',
    ],
  ],
};

describe.each(alertStates)('lifeCycle() from %s', (state) => {
  test.each(table[state])('answers %s with %o by: %s', (input, more, expected) => {
    expect(inWords(lifeCycle(state, input, { ...facts, ...more }))).toBe(expected);
  });

  test('ends as removed when its rule or point goes away', () => {
    expect(inWords(lifeCycle(state, 'remove', facts))).toBe(
      '→ normal, removed, cancel on-delay, cancel off-delay',
    );
  });
});

const refusals: readonly (readonly [boolean, Condition, boolean, string])[] = [
  [false, 'clear', true, 'refused: the rule has no latch'],
  [false, 'breached', false, 'refused: the rule has no latch'],
  [true, 'breached', false, 'refused: the condition is still breached'],
  [true, 'unknown', false, 'refused: the condition is unknown'],
  [true, 'clear', false, 'refused: the off-delay is not over'],
];

describe.each(['active', 'acknowledged'] as const)('lifeCycle() reset from %s', (state) => {
  test.each(refusals)(
    'with latch %s, condition %s, off-delay over %s: %s',
    (latch, condition, offDelayOver, expected) => {
      for (const acknowledgeRequired of [true, false]) {
        const asked = { ...facts, latch, condition, offDelayOver, acknowledgeRequired };
        expect(inWords(lifeCycle(state, 'reset', asked))).toBe(expected);
      }
    },
  );

  test.each([true, false])('goes back with acknowledgement required %s', (acknowledgeRequired) => {
    const ready = { ...facts, latch: true, offDelayOver: true, condition: 'clear' as const };
    const isLeft = state === 'active' && acknowledgeRequired;
    expect(inWords(lifeCycle(state, 'reset', { ...ready, acknowledgeRequired }))).toBe(
      isLeft ? '→ returned, reset' : '→ normal, reset',
    );
  });
});
