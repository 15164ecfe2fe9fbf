import { describe, expect, test } from 'vitest';
import type { Terminal } from '../../src/cli/terminal.ts';
import { durationText, readingText } from '../../src/cli/why-format.ts';
import { whyText } from '../../src/cli/why-text.ts';
import type { JournalRow } from '../../src/domain/journal.ts';
import type { WhyReading } from '../../src/domain/why.ts';
import { explain } from '../../src/rules/explain/explain.ts';
import { eventRow, key, row, wall, type EventParts } from '../rules/explain/explain-fixture.ts';

/** The explanation of events at 10, 20, 30 ms..., as `limen why` prints it. */
function printed(
  [first = {}, ...events]: readonly EventParts[],
  causes: readonly JournalRow[] = [],
): string {
  const why = explain({
    id: `${key}/1`,
    events: [
      eventRow(10, first),
      ...events.map((parts, index) => eventRow(10 * (index + 2), parts)),
    ],
    eventsLeftOff: 0,
    others: [],
    readings: [],
    causes,
    rules: [],
  });
  return whyText(why, file);
}

const file: Terminal = {
  isTerminal: false,
  hasColors: false,
  columns: null,
  write: async () => {},
};

describe('whyText()', () => {
  test('whyText() says of a raise that a flag kept from people why they were not told', () => {
    const shelved = { shelved_until: wall + 60_000 };
    const text = printed([
      { shown: shelved },
      { from: 'active', reason: 'escalated', shown: { ...shelved, suppressed_by: 'settle' } },
      { from: 'active', to: 'returned', reason: 'off_delay_over', shown: { out_of_service: true } },
    ]);
    expect(text).toContain('normal → active: breached, warning, not told: shelved: the oven');
    expect(text).toContain('active: escalated, warning, not told: shelved, suppressed by settle:');
    expect(text).toContain('active → returned: off delay over, warning, not told: out of service:');
  });

  test('whyText() says until when an alert is shelved, and that an end under another flag is not told', () => {
    const text = printed([
      {},
      {
        kind: 'flag',
        from: 'active',
        reason: 'shelved',
        shown: { shelved_until: wall + 90_000 },
      },
      { kind: 'flag', from: 'active', reason: 'unshelved', shown: { out_of_service: true } },
      { kind: 'flag', from: 'active', reason: 'in_service' },
    ]);
    expect(text).toMatch(/active: shelved until \d\d:\d1:30\.000, warning: the oven/);
    expect(text).toContain('active: unshelved, warning, not told: out of service:');
    expect(text).toContain('active: in service, warning: the oven');
  });

  test('whyText() says nothing of people where nobody would have been told', () => {
    const shown = { out_of_service: true };
    const text = printed([
      { to: 'pending', shown },
      { from: 'pending', to: 'normal', reason: 'cleared_in_delay', shown },
    ]);
    expect(text).not.toContain('not told');
  });

  test('whyText() tells the row that caused an event, each once', () => {
    const text = printed(
      [
        { reason: 'rule_changed', cause: [9] },
        { kind: 'flag', from: 'active', reason: 'suppressed', cause: [19] },
        { kind: 'flag', from: 'active', reason: 'unsuppressed', cause: [19] },
      ],
      [row(9, 'config', 'config', {}), row(19, 'source', 'gate\u001Bway', { connected: false })],
    );
    expect(text).toMatch(/^Began {5}\S+ \S+, row 9\n {10}config applied\n/m);
    expect(text).toMatch(/rule changed, warning.*\n +row 9: config applied\n/);
    expect(text.match(/row 19: source gate.*way lost$/gm)).toHaveLength(1);
    expect(text).not.toContain('\u001B');
  });

  test('whyText() says that a cause is no longer stored', () => {
    expect(printed([{}])).toContain('Began     by row 9, which is no longer stored\n');
    expect(printed([{ cause: [] }])).toContain('Began     by no reading\n');
  });

  test('whyText() compares no numbers where there are none: a drill, a flood, a lost source', () => {
    const drill = printed([{ reason: 'drill', drill: true, shown: { value: null, limit: null } }]);
    expect(drill).toContain('Began     by limen drill');
    expect(drill).toContain('Verdict   none: a drill judges nothing');
    const compared = {
      off_delay_ms: 0,
      latch: false,
      acknowledge_required: true,
      members: null,
      levels: [
        {
          severity: 'warning',
          comparator: 'silent_for',
          limit: null,
          clear_limit: null,
          on_delay_ms: 0,
          breached: true,
          held: true,
        },
      ],
    } as const;
    const flood = { rule: 'limen.flood', value: null, limit: null };
    expect(printed([{ compared, shown: flood }])).toContain(
      'Verdict   breached, to be acknowledged\nDelay',
    );
    const lost = { rule: 'limen.source_lost', value: 3, unit: 's', limit: null };
    expect(printed([{ compared, shown: lost }])).toContain('Verdict   3 s, breached, to be');
  });
});

describe('readingText()', () => {
  const reading: WhyReading = {
    seq: 1,
    at: wall,
    received_at: wall,
    device: 'box',
    metric: 't',
    value: 10.6,
    raw: 10,
    unit: '°C',
    quality: 'good',
    topic: null,
    payload: null,
    payload_base64: null,
    calibration: { from_at: null, scale: 1.1, offset: -0.4 },
  };

  test('readingText() tells how a value came of its number, so that it can be reckoned anew', () => {
    expect(readingText(reading)).toBe('box/t 10.6 °C (raw 10, × 1.1 − 0.4), good');
    expect(readingText({ ...reading, raw: 50 })).toBe(
      'box/t 10.6 °C (raw 50, converted to °C, × 1.1 − 0.4), good',
    );
    expect(readingText({ ...reading, raw: 51.08, calibration: null })).toBe(
      'box/t 10.6 °C (before conversion 51.08), good',
    );
  });
});

describe('durationText()', () => {
  test.each([
    [120, '120ms'],
    [4_500, '4.5s'],
    [60_000, '1m'],
    [92_000, '1m 32s'],
    [3_600_000, '1h'],
    [12_030_000, '3h 20m'],
  ])('durationText() writes %i ms as %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });
});
