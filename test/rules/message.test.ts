import { describe, expect, test } from 'vitest';
import {
  composeMessage,
  formatDuration,
  formatWallTime,
  type MessageFacts,
} from '../../src/rules/message.ts';

const facts: MessageFacts = {
  device: 'cold-room',
  metric: 'temperature',
  value: -12.1,
  unit: '°C',
  limit: -15,
  severity: 'critical',
  rule: 'freezer-warm',
  since: 1_763_900_000_000,
  durationMs: 754_000,
  worst: -9.5,
  isBad: false,
  gauge: null,
  members: null,
  subject: 'above',
  situation: 'breached',
  note: null,
};

describe('composeMessage()', () => {
  test.each<[Partial<MessageFacts>, string]>([
    [{}, 'cold-room/temperature is -12.1 °C, above -15 °C'],
    [{ unit: null }, 'cold-room/temperature is -12.1, above -15'],
    [{ subject: 'below' }, 'cold-room/temperature is -12.1 °C, below -15 °C'],
    [{ subject: 'outside', limit: [2, 8] }, 'cold-room/temperature is -12.1 °C, outside 2 to 8 °C'],
    [{ subject: 'inside', limit: [2, 8] }, 'cold-room/temperature is -12.1 °C, inside 2 to 8 °C'],
    [{ subject: 'equals', value: 'open', unit: null }, 'cold-room/temperature is open'],
    [{ value: 0.1 + 0.2, limit: 0 }, 'cold-room/temperature is 0.3 °C, above 0 °C'],
    [
      { value: 5.090_999_338_19, limit: 5, gauge: 'mean over 10 min', unit: null },
      'mean over 10 min of cold-room/temperature is 5.091, above 5',
    ],
    [{ value: 5.000_000_01, limit: 5, unit: null }, 'cold-room/temperature is 5.00000001, above 5'],
    [
      { subject: 'rate_above', value: 119.306_126_3, limit: 10, gauge: 'rate', unit: '1/min' },
      'rate of cold-room/temperature is 119.306/min, above 10/min',
    ],
    [
      { subject: 'silent_for', value: 300, unit: 's' },
      'cold-room/temperature has not been heard for 5 min',
    ],
    [{ situation: 'clear' }, 'cold-room/temperature is -12.1 °C'],
    [
      { subject: 'silent_for', situation: 'clear', value: 0, unit: 's' },
      'cold-room/temperature is heard',
    ],
    [
      { subject: 'silent_for', situation: 'clear', value: 300, unit: 's' },
      'cold-room/temperature was heard 5 min ago',
    ],
    [{ situation: 'unknown' }, 'cold-room/temperature has no usable value, last -12.1 °C'],
    [{ situation: 'unknown', value: null }, 'cold-room/temperature has no usable value'],
    [
      { situation: 'back', value: -20 },
      'cold-room/temperature is -20 °C (worst -9.5 °C, lasted 12 min 34 s)',
    ],
  ])('has a readable sentence for %o', (more, expected) => {
    expect(composeMessage(null, { ...facts, ...more })).toBe(expected);
  });

  test('fills in every field of a template', () => {
    const template =
      '{device} {metric} {value} {unit} {limit} {severity} {rule} {since} {duration} {worst}';
    expect(composeMessage(template, facts)).toBe(
      'cold-room temperature -12.1 °C -15 critical freezer-warm 2025-11-23T12:13:20Z 12 min 34 s -9.5',
    );
  });

  test('leaves a field it does not know as it is written', () => {
    expect(composeMessage('{colour} {value}', facts)).toBe('{colour} -12.1');
  });

  test('does not take a value for a template', () => {
    expect(composeMessage('{device}', { ...facts, device: '{rule} $&' })).toBe('{rule} $&');
  });

  test('tells worst and duration of a return, also when the template does not', () => {
    const back: MessageFacts = { ...facts, situation: 'back' };
    expect(composeMessage('{device} is back', back)).toBe(
      'cold-room is back (worst -9.5 °C, lasted 12 min 34 s)',
    );
    expect(composeMessage('{worst} for {duration}', back)).toBe('-9.5 for 12 min 34 s');
  });
});

test.each([
  [0, '0 s'],
  [250, '250 ms'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000 + 300_000 + 9_000, '1 h 5 min'],
  [86_400_000 + 60_000, '1 d'],
])('formatDuration() of %d ms is %s', (durationMs, expected) => {
  expect(formatDuration(durationMs)).toBe(expected);
});

test('formatWallTime() is the ISO form of Date, for every day of 800 years', () => {
  for (let day = 0; day < 800 * 365; day += 1) {
    const wallMs = day * 86_400_000 + ((day * 7_919) % 86_400) * 1_000;
    const expected = `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
    if (formatWallTime(wallMs) !== expected) expect(formatWallTime(wallMs)).toBe(expected);
  }
});
