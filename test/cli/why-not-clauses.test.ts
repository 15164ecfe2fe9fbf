import { expect, test } from 'vitest';
import { clauseLines } from '../../src/cli/why-not-clauses.ts';
import type {
  ConditionClause,
  LateClause,
  WhyNotClause,
  WhyNotLevel,
  WhyNotReport,
} from '../../src/domain/why-not.ts';

const report: WhyNotReport = {
  rule: 'warm',
  device: 'box',
  metric: 't',
  at: 0,
  fired: false,
  reason: null,
  clauses: [],
  rules: [],
  replay: { from: 0, to: 0, readings: 0, cut: false, agrees: null },
};

function firstLine(clause: WhyNotClause): string {
  return clauseLines(clause, report)[0] ?? '';
}

function condition(
  comparator: WhyNotLevel['comparator'],
  more: Partial<ConditionClause>,
  level: Partial<WhyNotLevel>,
): ConditionClause {
  return {
    clause: 'condition',
    held: true,
    condition: 'clear',
    judged: 'value',
    value: 5,
    unit: null,
    reading: null,
    age_ms: null,
    problem: null,
    window: null,
    members: null,
    rests_on: null,
    closest: null,
    ...more,
    levels: [
      {
        severity: 'warning',
        comparator,
        limit: 5,
        clear_limit: null,
        on_delay_ms: 0,
        breached: false,
        held: false,
        missing: null,
        ...level,
      },
    ],
  };
}

test('clauseLines() says of each comparator what the value was not', () => {
  expect(
    [
      condition('above', { value: 4 }, { missing: 1 }),
      condition('changes_to', {}, {}),
      condition('equals', { value: 'shut' }, { limit: 'open' }),
      condition('rate_above', { judged: 'rate over 2 min', value: 0 }, { limit: 1, missing: 1 }),
      condition(
        'silent_for',
        { judged: 'silence', value: 60, unit: 's' },
        { limit: 90, missing: 30 },
      ),
      condition(
        'stuck_for',
        { judged: 'stuck', value: 95, unit: 's' },
        { limit: 90, breached: true },
      ),
      condition('silent_for', { judged: 'bad', value: 0, unit: 's' }, { limit: 90, missing: 90 }),
    ].map(firstLine),
  ).toEqual([
    '4 was not above 5 (warning), 1 missing',
    '5 was not a change to 5 (warning)',
    'shut was not equal to open (warning)',
    'rate over 2 min 0 was not above 1 (warning), 1 missing',
    'silent for 60 s, not for 90 s (warning), 30 s missing',
    'stuck for 95 s, beyond 90 s (warning)',
    'bad for 0 s, not for 90 s (warning), 90 s missing',
  ]);
});

test('clauseLines() does not say that nothing came late where the rule drops what comes late', () => {
  const late: LateClause = {
    clause: 'late',
    held: false,
    policy: 'history_only',
    late_after_ms: 120_000,
    count: 0,
    worst: null,
  };
  expect(firstLine(late)).toBe('no reading came too late to be judged');
  expect(firstLine({ ...late, policy: 'drop' })).toBe(
    'what comes more than 2m late is dropped: not stored, so not known here',
  );
});
